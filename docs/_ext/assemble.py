"""Lay the versions of the site side by side; no Sphinx in it.

``python assemble.py SITE RELEASES TARGET`` puts the site of the newest commit at the root of
TARGET, and beside it, in a folder X.Y, the site of the newest release of each X.Y: RELEASES holds
an archive ``vX.Y.Z/site.zip`` for each. Every version learns which others there are.
"""

import json
import re
import shutil
import sys
import zipfile
from pathlib import Path

LIST = "versions.json"
"""In the root of each version: the names and places of all, newest first, and which of its own
pages each of them lacks. A site that stands alone has an empty list."""

NEWEST = "latest"
TAG = re.compile(r"v(\d+)\.(\d+)\.(\d+)")
CANONICAL = re.compile(r'<link [^>]*rel="canonical"[^>]*>')


def released(releases: Path) -> dict[str, Path]:
    """Return the archive of the newest release of each X.Y, newest first."""
    found = []
    for archive in releases.glob("*/site.zip"):
        tag = TAG.fullmatch(archive.parent.name)
        if tag is None:
            raise ValueError(f"assemble: wanted releases like v1.2.3, got {archive.parent.name!r}")
        found.append((tuple(map(int, tag.groups())), archive))
    newest: dict[str, Path] = {}
    for (major, minor, _), archive in sorted(found, reverse=True):
        newest.setdefault(f"{major}.{minor}", archive)
    return newest


def listed(pages: dict[str, set[str]], here: str) -> list[dict[str, object]]:
    """Return what one version is told of all, by the pages that each has; the first is the root."""
    root, *_ = pages
    up = "./" if here == root else "../"
    return [
        {
            "name": name,
            "path": "./" if name == here else up if name == root else f"{up}{name}/",
            "lacks": sorted(pages[here] - there),
        }
        for name, there in pages.items()
    ]


def assemble(site: Path, releases: Path, target: Path) -> list[str]:
    """Write everything into a new folder and return the names of the versions."""
    if target.exists():
        raise FileExistsError(f"assemble: wanted a new folder, but {target} is there")
    shutil.copytree(site, target)
    folders = {NEWEST: target}
    pages = {NEWEST: _pages(target)}
    for name, archive in released(releases).items():
        folders[name] = target / name
        folders[name].mkdir()  # a folder of pages of that name would be an error
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(folders[name])
        pages[name] = _pages(folders[name])
    for name, folder in folders.items():
        if "index.html" not in pages[name]:
            raise ValueError(f"assemble: wanted index.html in the site of {name}, found none")
        content = json.dumps(listed(pages, name) if len(pages) > 1 else [])
        (folder / LIST).write_text(content + "\n", encoding="utf-8")
        if folder != target:
            for page in pages[name] & pages[NEWEST]:
                _prefer(folder / page, target / page)
    return list(pages)


def _pages(folder: Path) -> set[str]:
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*.html"))
    return {name for name in names if not name.startswith("_")}


def _prefer(old: Path, new: Path) -> None:
    """Have search engines take the newer page for the one that the older is a version of."""
    found = CANONICAL.search(new.read_text(encoding="utf-8"))
    if found is not None:
        text = old.read_text(encoding="utf-8")
        old.write_text(CANONICAL.sub(lambda _: found[0], text, count=1), encoding="utf-8")


if __name__ == "__main__":
    names = assemble(*map(Path, sys.argv[1:]))
    print(f"{sys.argv[3]}: {', '.join(names)}")
