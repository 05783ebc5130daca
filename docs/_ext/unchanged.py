"""Whether anything that a build reads has changed since the site was built."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]

RECORD = ".inputs"
"""The file of a site that holds the digest of what it was built from."""

SETTINGS = (
    *("STEEPEST_SITE", "STEEPEST_REPOSITORY", "STEEPEST_DOWNLOADS"),
    *("SOURCE_DATE_EPOCH", "CUDA_VISIBLE_DEVICES"),
)
"""The environment's variables that a site depends on."""


def inputs(root: Path = ROOT) -> str | None:
    """Digest the commit, its files as they are now, what is installed and the settings.

    Files that git ignores are not read by a build. Without git the answer is None: all may have
    changed.
    """
    try:
        head = _git(root, "rev-parse", "HEAD")
        listed = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    except (OSError, subprocess.CalledProcessError):
        return None
    names = [name for name in sorted(listed.split("\0")) if (root / name).is_file()]
    facts = [
        *(head, sys.version, _gpus(), [os.environ.get(name) for name in SETTINGS]),
        sorted(f"{found.name} {found.version}" for found in distributions()),
        [(name, hashlib.sha256((root / name).read_bytes()).hexdigest()) for name in names],
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest() + "\n"


def _gpus() -> str:
    """Return what the driver says of its GPUs: asking PyTorch would take seconds."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ""
    return subprocess.run([program, "-L"], capture_output=True, text=True, check=False).stdout


def _git(root: Path, *arguments: str) -> str:
    run = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True)
    return run.stdout
