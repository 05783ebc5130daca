# /// script
# requires-python = ">=3.11"
# dependencies = ["nox"]
# ///
"""The project's commands. `nox -l` lists them; `docs` and `tests` come first."""

import json
import os
import shutil
from pathlib import Path

import nox
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parent
CONSTRAINTS = ROOT / "constraints.txt"

nox.options.sessions = ["docs", "tests"]
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = True


def install(session: nox.Session, *what: str, pinned: bool = True) -> None:
    """Install through the pins, those of the build backend included."""
    pins = {"PIP_CONSTRAINT": str(CONSTRAINTS), "PIP_BUILD_CONSTRAINT": str(CONSTRAINTS)}
    session.install(*what, env=pins if pinned else {})


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site into docs/_build/html: run every page and script, check every claim."""
    install(session, "-e", ".[docs]")
    session.run("python", "docs/build.py", *session.posargs)


@nox.session
def serve(session: nox.Session) -> None:
    """Serve the site on 127.0.0.1 and build it again whenever a file changes."""
    install(session, "-e", ".[docs]", "--group", "serve")
    session.run("python", "docs/build.py", "--only-katex")
    watched = [f"--watch={folder}" for folder in ("src", "gallery", "docs/_ext", "constraints.txt")]
    ignored = [f"--ignore={ROOT / 'docs' / folder}/*" for folder in ("_build", "gallery")]
    options = ["--host=127.0.0.1", "--port=8000", "--jobs=auto", *session.posargs]
    session.run("sphinx-autobuild", *options, *watched, *ignored, "docs", "docs/_build/serve")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the unit tests, the doctests of package and pages, and the build's own tests."""
    install(session, "-e", ".[docs]", "--group", "test")
    session.run("python", "docs/build.py", "--only-katex")
    # In their own order: the tests of whole builds are few, and would otherwise come last.
    side_by_side = ("-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder")
    session.run("pytest", *side_by_side, "--ignore=tests/site", "-m", "not gpu", *session.posargs)


@nox.session
def site(session: nox.Session) -> None:
    """Drive the built site in a headless Chromium: run `nox -s docs` first."""
    install(session, "-e", ".[docs]", "--group", "test", "--group", "site")
    chosen = ("-n", "auto", "-m", "browser and not every", "tests/site")
    session.run("pytest", *chosen, *session.posargs)


@nox.session
def axe(session: nox.Session) -> None:
    """Let axe look at every page of the built site, light and dark: an hour, before a release."""
    install(session, "-e", ".[docs]", "--group", "test", "--group", "site")
    session.run("pytest", "-n", "auto", "-m", "every", "tests/site", *session.posargs)


@nox.session
def pdf(session: nox.Session) -> None:
    """Print the course of the built site as a PDF: needs a Chromium, and `nox -s docs` first."""
    install(session, "-e", ".[docs]", "--group", "site")
    make_book(session, "pdf")


@nox.session
def epub(session: nox.Session) -> None:
    """Make an EPUB of the course of the built site: run `nox -s docs` first."""
    install(session, "-e", ".[docs]")
    make_book(session, "epub")


def make_book(session: nox.Session, kind: str) -> None:
    """Make the book of one kind out of docs/_build/html."""
    built = ROOT / "docs" / "_build"
    target = built / kind / f"steepest.{kind}"
    session.run("python", f"docs/_ext/{kind}.py", str(built / "html"), str(target))


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and types: ruff and strict mypy."""
    install(
        session, "-e", ".[docs]", "--group", "test", "--group", "site", "--group", "lint", "nox"
    )
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("mypy")


@nox.session
def bench(session: nox.Session) -> None:
    """Run the benchmarks of the package, or the programs that are named after `--`.

    Each prints a table of ratios and writes JSON to build/bench. `bench/build.py` and
    `bench/pages.py` measure the site, take longer or need a Chromium, and run where they are named.
    """
    install(session, "-e", ".[docs]", "--group", "bench")
    by_name = {"harness.py", "build.py", "pages.py"}
    programs = [[str(p)] for p in sorted(Path("bench").glob("*.py")) if p.name not in by_name]
    if session.posargs:
        programs = [session.posargs]
    for program in programs:
        session.run("python", *program)


@nox.session
def linkcheck(session: nox.Session) -> None:
    """Ask every address that the pages link to; needs the internet."""
    install(session, "-e", ".[docs]")
    session.run("python", "docs/build.py", "--only-katex")
    session.run(
        *("sphinx-build", "-W", "-b", "linkcheck", "-D", "sphinx_gallery_conf.plot_gallery=0"),
        *("docs", "docs/_build/linkcheck", *session.posargs),
    )


@nox.session
def audit(session: nox.Session) -> None:
    """Ask whether a pinned package has a known weakness; needs the internet."""
    install(session, "--group", "audit")
    session.run(
        "pip-audit", "--requirement", str(CONSTRAINTS), "--no-deps", "--disable-pip", "--strict"
    )
    session.run("npm", "audit", "--prefix", str(ROOT / "web"))


@nox.session
def minimums(session: nox.Session) -> None:
    """Run the unit tests with the lowest versions that pyproject.toml allows (hosted CI only)."""
    lowest = [
        requirement.replace(">=", "==")
        for requirement in nox.project.load_toml(ROOT / "pyproject.toml")["project"]["dependencies"]
    ]
    install(session, *lowest, pinned=False)
    install(session, "-e", ".[plot]", "--group", "test", pinned=False)
    folders = ("--ignore=tests/site", "--ignore=tests/docs")
    chosen = (*folders, "-m", "not gpu and not build", "tests")
    session.run("pytest", *chosen, *session.posargs)


@nox.session
def gpu(session: nox.Session) -> None:
    """Run all that needs CUDA and renew the parity page; stops where there is none."""
    install(session, "-e", ".[docs]", "--group", "test")
    found = session.run(
        *("python", "-c", "import torch; print(torch.cuda.is_available())"), silent=True
    )
    if str(found).strip() != "True":
        session.skip("PyTorch finds no CUDA device here: nothing was run")
    session.run("pytest", "--ignore=tests/site", "-m", "gpu", "tests", *session.posargs)
    site, on_cpu = ROOT / "docs" / "_build" / "html", Path(session.create_tmp()) / "cpu"
    session.run("python", "docs/build.py", env={"CUDA_VISIBLE_DEVICES": ""})
    shutil.rmtree(on_cpu, ignore_errors=True)
    shutil.copytree(site, on_cpu)
    session.run("python", "docs/build.py")
    session.run("python", "docs/_ext/parity.py", str(site), str(on_cpu))


@nox.session
def lock(session: nox.Session) -> None:
    """Write constraints.txt anew: the newest version of everything, but PyTorch as it is pinned.

    Give requirements to override that: `nox -s lock -- torch==2.14.0`.
    """
    kept = [line for line in CONSTRAINTS.read_text().splitlines() if line.startswith("torch==")]
    wanted = [*(session.posargs or kept), "hatchling", "editables", "nox", "-e", ".[docs]"]
    project = nox.project.load_toml(ROOT / "pyproject.toml")
    for group in project["dependency-groups"]:
        wanted += ["--group", group]
    report = Path(session.create_tmp()) / "report.json"
    session.run(
        *("python", "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"),
        *("--report", str(report), *wanted),
    )
    found = [entry["metadata"] for entry in json.loads(report.read_text())["install"]]
    lowest = project["project"]["requires-python"].removeprefix(">=")
    newer = [
        f"{entry['name']} {entry['version']} ({entry['requires_python']})"
        for entry in found
        if lowest not in SpecifierSet(entry.get("requires_python", ""))
    ]
    if newer:
        session.error(f"too new for Python {lowest}, ask for older ones: {', '.join(newer)}")
    pins = {entry["name"]: entry["version"] for entry in found}
    # torch pins its own CUDA packages, and a CPU build has none.
    lines = [
        f"{name.lower().replace('_', '-')}=={version.split('+')[0]}"
        for name, version in pins.items()
        if name != "steepest" and not name.startswith(("nvidia", "cuda", "triton"))
    ]
    head = "# Every version that a session installs. Written by `nox -s lock`.\n"
    CONSTRAINTS.write_text(head + "\n".join(sorted(lines)) + "\n")
    session.log(f"{len(lines)} pins in {CONSTRAINTS.name}")


@nox.session
def package(session: nox.Session) -> None:
    """Build the wheel, and import it in an empty environment without the docs' dependencies."""
    install(session, "--group", "package")
    dist = Path(session.create_tmp()) / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", str(dist))
    session.run("python", "-m", "venv", "--clear", str(dist / "empty"))
    python = str(dist / "empty" / ("Scripts" if os.name == "nt" else "bin") / "python")
    (wheel,) = dist.glob("*.whl")
    pins = {"PIP_CONSTRAINT": str(CONSTRAINTS)}
    session.run(python, "-m", "pip", "install", "-q", str(wheel), external=True, env=pins)
    example = "import steepest, torch; print(steepest.record(torch.sin, torch.tensor(1.0)))"
    session.run(python, "-W", "error", "-c", example, external=True)


@nox.session
def cleanroom(session: nox.Session) -> None:
    """Run the built site's downloads in an empty environment: run `nox -s docs` first.

    All scripts and ten notebooks; or, with arguments, those whose names begin with one of them,
    like `gallery/tensors`.
    """
    empty = Path(session.create_tmp()) / "empty"
    session.run("python", "-m", "venv", "--clear", str(empty))
    python = str(empty / ("Scripts" if os.name == "nt" else "bin") / "python")
    site = ROOT / "docs" / "_build" / "html"
    settings = {"PIP_CONSTRAINT": str(CONSTRAINTS), "PYTHONPATH": "", "OMP_NUM_THREADS": "1"}
    program = ("tests/cleanroom.py", str(site), *session.posargs)
    session.run(python, *program, external=True, env=settings)


if __name__ == "__main__":
    nox.main()
