"""Run what readers download, where nothing of this project is installed: `nox -s cleanroom`.

``python cleanroom.py SITE [PREFIX…]`` is started in an empty virtual environment. It serves a built
site on 127.0.0.1, installs what the scripts' blocks list, the wheel from that server, runs all
scripts and ten notebooks (or those whose names begin with a prefix), and compares the claims that
they make with those of the site.
"""

import functools
import http.server
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NUMBER = re.compile(r"(?<![\w.])[-−]?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
SECONDS = 600


def requirements(script: str) -> list[str]:
    """Return the dependencies that a script's PEP 723 block lists."""
    block = script.split("# /// script\n", 1)[1].split("# ///\n", 1)[0]
    return list(
        tomllib.loads("".join(line[2:] + "\n" for line in block.splitlines()))["dependencies"]
    )


def moved(text: str, address: str) -> str:
    """Return a downloaded file's text with the site's address exchanged for `address`."""
    found = re.search(r"steepest\[plot\] @ (\S+/)downloads/", text)
    if found is None:
        raise ValueError("moved: wanted a file that names the wheel's address, found none")
    return text.replace(found[1], address)


def same(here: str, recorded: dict[str, Any], line: str) -> bool:
    """Say whether a claim's line agrees with the record of the site, whose line is `line`.

    Statement and relation have to agree; for ≈ so do the numbers, but for their last digits. Words
    are said once, without a relation, and have to be the same.
    """
    if here == line:
        return True
    start = f"{recorded['statement']}: "
    relation = f" {recorded['relation']} "
    if not here.startswith(start) or relation not in here[len(start) :]:
        return False
    if recorded["relation"] != "≈":
        return True
    if NUMBER.split(here) != NUMBER.split(line):
        return False
    for ours, theirs in zip(
        *(map(_number, NUMBER.findall(text)) for text in (here, line)), strict=True
    ):
        largest = max(abs(ours), abs(theirs))
        slack = 2 * recorded["atol"] + 3 * recorded["rtol"] * largest + 1e-6 * max(1, largest)
        if abs(ours - theirs) > slack:
            return False
    return True


def _number(text: str) -> float:
    return float(text.replace("−", "-"))


def differences(claims: Sequence[str], records: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield in words how a run's claims differ from the site's."""
    from steepest.claims import Claim  # from the wheel

    lines = [Claim(**{key: v for key, v in r.items() if key != "page"}).line for r in records]
    if len(claims) != len(lines):
        yield f"{len(claims)} claims here, {len(lines)} on the site"
    for here, record, line in zip(claims, records, lines, strict=False):
        if not same(here, record, line):
            yield f"here {here!r}, on the site {line!r}"


def run_script(path: Path) -> list[str]:
    """Run a script and return the lines of its claims."""
    done = subprocess.run(
        [sys.executable, path.name],
        cwd=path.parent,
        env=os.environ | {"MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return [line[2:] for line in done.stdout.splitlines() if line.startswith("✓ ")]


def run_notebook(path: Path) -> list[str]:
    """Run a notebook and return the lines of its claims."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    NotebookClient(
        notebook, timeout=SECONDS, resources={"metadata": {"path": path.parent}}
    ).execute()
    return [
        output.data["text/plain"][2:]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "steepest.claim" in output.get("metadata", {})
    ]


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves without a line for every request."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve a folder on 127.0.0.1 and yield its address."""
    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def pip(*arguments: str) -> None:
    """Run pip in this environment."""
    options = ["--quiet", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", *arguments, *options], check=True)


def chosen(site: Path, prefixes: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the pages whose scripts and those whose notebooks are run."""
    seconds = json.loads((site / "build.json").read_text(encoding="utf-8"))["seconds"]
    found = {
        ending: [
            str(path.relative_to(site / "downloads").with_suffix(""))
            for path in sorted((site / "downloads").rglob(f"*{ending}"))
        ]
        for ending in (".py", ".ipynb")
    }
    if prefixes:
        begins = tuple(prefixes)
        scripts, notebooks = (
            [n for n in names if n.startswith(begins)] for names in found.values()
        )
        return scripts, notebooks
    quickest = sorted(found[".ipynb"], key=lambda name: seconds[name])
    lectures = [name for name in quickest if name not in found[".py"]]
    return found[".py"], lectures[:8] + [name for name in quickest if name in found[".py"]][:2]


def main(site: Path, *prefixes: str) -> int:
    """Run all, print what differs, and return the exit status."""
    records = json.loads((site / "verification.json").read_text(encoding="utf-8"))
    scripts, notebooks = chosen(site, prefixes)
    if not scripts or not notebooks:
        print(f"cleanroom: no script or no notebook in {site}/downloads begins with {prefixes}")
        return 2
    troubles = 0
    with served(site) as address, tempfile.TemporaryDirectory() as folder:

        def fetched(name: str) -> Path:
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            text = (site / "downloads" / name).read_text(encoding="utf-8")
            path.write_text(moved(text, address), encoding="utf-8")
            return path

        def check(name: str, run: Any, ending: str) -> int:
            try:
                claims = run(fetched(f"{name}{ending}"))
                wrong = list(differences(claims, [r for r in records if r["page"] == name]))
            except Exception as error:
                wrong = [f"{type(error).__name__}: {error}"]
            print(f"cleanroom: {name}{ending}: {'; '.join(wrong) or 'as on the site'}", flush=True)
            return bool(wrong)

        wanted = {
            need for name in scripts for need in requirements(fetched(f"{name}.py").read_text())
        }
        pip("install", *sorted(wanted))
        troubles += sum(check(name, run_script, ".py") for name in scripts)
        # The first notebook has to install the package by itself.
        pip("install", "nbclient", "ipykernel")
        pip("uninstall", "--yes", "steepest")
        troubles += sum(check(name, run_notebook, ".ipynb") for name in notebooks)
    total = len(scripts) + len(notebooks)
    print(f"cleanroom: {total - troubles} of {total} downloads make the site's claims")
    return min(troubles, 1)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
