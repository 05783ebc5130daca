"""The time that the site's build takes, and whether it gives the same bytes twice.

A copy of the working tree is built with empty caches; then every lecture and script is run by hand,
one after another, as a reader would: ``jupyter execute`` for the notebook that the site offers of a
lecture, ``python`` for a script. Both sides have the same number of threads in each process, and
everything is installed. By hand nothing is written, searched or linked, and films stay undrawn.

Then the copy is built again, unchanged and with one word of a lecture changed.

``nox -s bench -- bench/build.py`` runs it; by itself ``nox -s bench`` leaves it out, for it takes
longer than all the others together.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from harness import OURS, Report, Row, parser

ROOT = Path(__file__).parents[1]
COLD, EDITED, UNCHANGED = 0.8, 20.0, 10.0
"""Targets: a share of the time by hand, and two times in seconds."""

CAPS = {"OMP_NUM_THREADS": "1", "MPLBACKEND": "agg", "GIT_OPTIONAL_LOCKS": "0"}
TIMED = re.compile(r"\bperf_counter\b|\btimeit\b|\bbenchmark\.Timer\b")
"""What stands in the source of a page that shows times of its own run."""

RAN = re.compile(rb"(?<=Total running time of the script:</strong>)[^<]*")
"""What a script's page says of the seconds that it took."""

DRAWN = re.compile(r"_images/sphx_glr_(\w+)_(?:\d{3}|thumb)(?:-dark)?\.svg")
"""A figure of a script or its thumbnail, which other pages show as well."""

VARYING = {
    ".shown": "digests the claims, those of timed pages too",
    "build.json": "holds seconds",
    "downloads/steepest.zip": "holds the notebooks of timed lectures",
    "reference/ledger.html": "shows verification.json, which is compared",
    "reference/run-times.html": "shows seconds",
    "searchindex.js": "holds the words of timed pages",
}
"""Files that may differ between two builds, and why."""


def working_tree(target: Path) -> Path:
    """Copy what git knows or does not ignore; node_modules are linked, git's own folder named."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    where = ["git", "rev-parse", "--absolute-git-dir"]
    folder = subprocess.run(where, cwd=ROOT, capture_output=True, text=True, check=True)
    (target / ".git").write_text(f"gitdir: {folder.stdout.strip()}\n", encoding="utf-8")
    if (ROOT / "web" / "node_modules").is_dir():
        (target / "web" / "node_modules").symlink_to(ROOT / "web" / "node_modules")
    return target


def timed(call: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def run(command: list[str], folder: Path) -> None:
    """Run a command to its end, and stop where it fails."""
    settings = os.environ | CAPS | {"PYTHONPATH": str(folder / "src")}
    done = subprocess.run(
        command, cwd=folder, env=settings, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")


def build(tree: Path) -> float:
    """Build the site of a tree and return the seconds."""
    return timed(lambda: run([sys.executable, "docs/build.py"], tree))


def by_hand(tree: Path, names: list[str]) -> dict[str, float]:
    """Run lectures and scripts of a built tree one after another; return the seconds of each."""
    offered = tree / "docs" / "_build" / "html" / "downloads"
    jupyter = [str(Path(sys.executable).with_name("jupyter-execute"))]
    seconds = {}
    for path in [*sorted(offered.glob("lectures/*.ipynb")), *sorted(offered.rglob("*.py"))]:
        name = str(path.relative_to(offered).with_suffix(""))
        if chosen(name, names):
            start = [sys.executable] if path.suffix == ".py" else jupyter
            seconds[name] = timed(lambda: run([*start, str(path)], tree))  # noqa: B023
            print(f"  by hand {seconds[name]:6.1f} s  {name}", flush=True)
    return seconds


def chosen(name: str, names: list[str]) -> bool:
    """Say whether a page is among those asked for: all are where none is named."""
    return not names or any(name.endswith(f"/{one}") for one in names)


def thin(tree: Path, names: list[str]) -> None:
    """Take away the lectures and scripts that are not asked for, and have their links tolerated."""
    for path in [*tree.glob("docs/lectures/*.md"), *tree.glob("gallery/*/*.py")]:
        if not chosen(str(path.relative_to(tree).with_suffix("")), names):
            path.unlink()
    runner = tree / "docs" / "_ext" / "runner.py"
    text = runner.read_text(encoding="utf-8")
    runner.write_text(text.replace("warningiserror=True", "warningiserror=False"), encoding="utf-8")


def change_a_word(text: str) -> str:
    """Return a lecture with one word of its prose changed: the first ``the`` within a line."""
    fenced, front = False, text.startswith("---\n")
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if front:
            front = number == 0 or line != "---"
        elif re.match(r"```|:::|~~~", line):
            fenced = not fenced
        elif not fenced and re.match(r"[A-Z][a-z]", line) and " the " in line:
            lines[number] = line.replace(" the ", " that ", 1)
            return "\n".join(lines)
    raise ValueError("change_a_word: wanted a line of prose with the word `the`, found none")


def contents(site: Path) -> dict[str, bytes]:
    """Return the files of a site, pages without the line that says how long a script ran."""
    return {
        path.relative_to(site).as_posix(): RAN.sub(b"", path.read_bytes())
        for path in sorted(site.rglob("*"))
        if path.is_file()
    }


def timed_pages(tree: Path) -> set[str]:
    """Return the pages whose source measures time."""
    sources = {
        **{f"lectures/{path.stem}": path for path in tree.glob("docs/lectures/*.md")},
        **{f"gallery/{path.parent.name}/{path.stem}": path for path in tree.glob("gallery/*/*.py")},
    }
    return {page for page, path in sources.items() if TIMED.search(path.read_text("utf-8"))}


def without(pages: set[str], ledger: bytes) -> list[dict[str, object]]:
    """Return the claims of a ledger but for those of some pages."""
    return [claim for claim in json.loads(ledger) if claim["page"] not in pages]


def differing(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> list[str]:
    """Return the files that differ, or that only one of two sites has."""
    return [name for name in sorted({*one, *other}) if one.get(name) != other.get(name)]


def allowed(name: str, sites: tuple[Mapping[str, bytes], ...], pages: set[str]) -> str | None:
    """Say why a file may differ, None where it may not.

    What a timed page alone refers to, such as its figures, is part of that page.
    """
    if name == "verification.json":
        one, other = (without(pages, site[name]) for site in sites)
        return "differs in claims of timed pages alone" if one == other else None
    if name in VARYING:
        return VARYING[name]
    page = re.sub(r"^downloads/|\.(html|ipynb|py|zip)$", "", name)
    if page in pages:
        return "is a timed page"
    if (drawn := DRAWN.fullmatch(name)) and any(one.endswith(f"/{drawn[1]}") for one in pages):
        return "is drawn by a timed script"
    file = name.rsplit("/", 1)[-1].encode()
    users = {
        user.removesuffix(".html")
        for site in sites
        for user, text in site.items()
        if user.endswith(".html") and file in text
    }
    return "belongs to a timed page" if users and users <= pages else None


def compare(report: Report, one: Path, other: Path, tree: Path) -> None:
    """Report every file that differs between two sites of one commit."""
    sites, pages = (contents(one), contents(other)), timed_pages(tree)
    faults = 0
    for name in differing(*sites):
        why = allowed(name, sites, pages)
        faults += why is None
        report.note(f"  {'differs, and must not' if why is None else 'may differ'}: {name}: {why}")
    total = len({*sites[0], *sites[1]})
    report.note(f"two builds: {total} files, {faults} differ that must not")
    report.add(Row("files that differ and must not", "two builds of a commit", faults, 0.0))


def measure(report: Report, tree: Path, names: list[str], lecture: str) -> None:
    """Build cold, run by hand, build again unchanged and with a word changed."""
    cold = build(tree)
    print(f"  cold build {cold:.1f} s", flush=True)
    # beside the tree: a new file in it would be a change
    shutil.copytree(tree / "docs" / "_build" / "html", tree.with_name("first"))
    hand = by_hand(tree, names)
    total = sum(hand.values())
    note = f"{cold:.0f} s and {total:.0f} s; {len(hand)} lectures and scripts"
    target = None if names else COLD
    report.add(
        Row("cold build of everything", "each by hand, in turn", cold / total, target, note=note)
    )
    report.series = {OURS: [(1, cold)], "by hand": [(1, total)]} if not names else {}
    again = build(tree)
    page = tree / "docs" / "lectures" / f"{lecture}.md"
    page.write_text(change_a_word(page.read_text(encoding="utf-8")), encoding="utf-8")
    edited = build(tree)
    for what, seconds, limit in (
        ("build with nothing changed", again, UNCHANGED),
        (f"build with a word changed in {lecture}", edited, EDITED),
    ):
        note = f"{seconds:.1f} s; {seconds / cold:.3f} of the cold build"
        report.add(Row(what, f"{limit:.0f} s", seconds / limit, 1.0, note=note))


def main() -> None:
    known = parser()
    known.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these pages alone")
    known.add_argument("--lecture", default="minima", help="the lecture in which a word changes")
    known.add_argument("--twice", action="store_true", help="build cold twice, and compare")
    given = known.parse_args()
    report = Report("build", "Time of the site's build, and whether it gives the same bytes twice")
    report.axes = ("everything once", "seconds on this machine")
    report.head()
    with tempfile.TemporaryDirectory() as name:
        tree, first = working_tree(Path(name, "tree")), Path(name, "first")
        names = [*given.only, given.lecture] if given.only else []
        if names:
            thin(tree, names)
        measure(report, tree, names, given.lecture)
        site = ROOT / "docs" / "_build" / "html"
        if given.twice:
            # in the same place: the address of its folder is no part of the commit
            shutil.rmtree(tree)
            working_tree(tree)
            if names:
                thin(tree, names)
            build(tree)
            compare(report, first, tree / "docs" / "_build" / "html", ROOT)
        elif not names and _commit(site) == _commit(first):
            compare(report, first, site, ROOT)
        else:
            report.note("not compared with docs/_build/html: not there, or of another commit")
    report.save(given.out)


def _commit(site: Path) -> str | None:
    record = site / "build.json"
    if not record.is_file():
        return None
    return str(json.loads(record.read_text(encoding="utf-8"))["commit"])


if __name__ == "__main__":
    main()
