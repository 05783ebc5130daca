"""The package's wheel, with the same bytes for the same commit."""

import os
import subprocess
import sys
from pathlib import Path

from freshness import ROOT


def seconds() -> int:
    """Return the time of the commit, or what ``SOURCE_DATE_EPOCH`` says, in seconds since 1970."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    log = ["git", "log", "-1", "--format=%ct"]
    try:
        return int(subprocess.run(log, cwd=ROOT, capture_output=True, check=True).stdout)
    except (OSError, subprocess.CalledProcessError, ValueError):
        return 315532800  # no git checkout: the first second of 1980, where a zip's calendar begins


def build(folder: Path) -> Path:
    """Build the wheel into `folder`, instead of any that is there, and return its path."""
    for old in folder.glob("*.whl"):
        old.unlink()
    run = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder.resolve())]
    fixed = os.environ | {"SOURCE_DATE_EPOCH": str(seconds())}
    done = subprocess.run(
        run, cwd=ROOT, env=fixed, capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode:
        raise RuntimeError(f"the wheel was not built:\n{done.stdout}{done.stderr}")
    (wheel,) = folder.glob("*.whl")
    return wheel
