"""Caches that cannot lie: what was run before is reused only while all that made it is the same."""

import hashlib
import os
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import Any

import torch
from sphinx.application import Sphinx

import addresses

DOCS = Path(__file__).parents[1]
ROOT = DOCS.parent


@cache
def device() -> str:
    """Name the device that cells and scripts run on."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"


def workers() -> int:
    """Say how many kernels or scripts run side by side: one where they would share a GPU."""
    return 1 if torch.cuda.is_available() else os.cpu_count() or 1


def results_key() -> str:
    """Digest all that results depend on, but for the page or script itself."""
    sources = [*(ROOT / "src").rglob("*.py"), *(ROOT / "src").rglob("*.mplstyle")]
    runners = [DOCS / "_ext" / name for name in ("freshness.py", "lectures.py", "scripts.py")]
    return _digest(
        [*sources, *runners, ROOT / "constraints.txt"],
        [device(), sys.version, torch.__version__],
    )


def reading_key() -> str:
    """Digest what Sphinx's reading of pages depends on, beside its settings."""
    known = [addresses.site(), str(addresses.repository()), addresses.downloads()]
    return _digest((DOCS / "_ext").glob("*.py"), known)


def cache_folder() -> Path:
    """Return the folder of results made under the present key; drop all that an earlier key made.

    Sphinx-Gallery keeps its results among the pages, so that folder is emptied with the key.
    """
    caches = DOCS / "_build" / "cache"
    folder = caches / results_key()
    if not folder.exists():
        for stale in (caches, DOCS / "gallery"):
            shutil.rmtree(stale, ignore_errors=True)
        folder.mkdir(parents=True)
    return folder


def _digest(files: Any, texts: list[str]) -> str:
    digest = hashlib.sha256("\0".join(texts).encode())
    for file in sorted(files):
        digest.update(f"\0{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def setup(app: Sphinx) -> dict[str, Any]:
    """Have Sphinx read every page anew when a key changes."""
    app.add_config_value("steepest_results_key", "", "env", str)
    app.add_config_value("steepest_reading_key", "", "env", str)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
