"""Links in code, put into the code blocks alone: the pages around them stay as they were written.

sphinx-codeautolink parses whole pages and writes them anew. With thousands of boxes of KaTeX on a
page that takes most of a build's time, and what the theme wrote is no longer what comes out.
"""

import re
import tempfile
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx_codeautolink import extension

BLOCK = re.compile(
    r'(<div class="(?:highlight-|doctest\b)[^"]*">.*?</pre>\s*</div>\s*</div>)', re.DOTALL
)
LINKED = 'class="sphinx-codeautolink-a"'
CUT = "\n<!--cut-->\n"
"""Stands between two blocks; inside one, an angle bracket would be an entity."""

link_html = extension.link_html


def link_blocks(document: str, out_dir: str, *arguments: Any, **options: Any) -> None:
    """Have sphinx-codeautolink see nothing of a page but its code blocks."""
    page = Path(out_dir, f"{document}.html")
    text = page.read_text(encoding="utf-8")
    if LINKED in text:
        return  # kept from the last site
    between, blocks = split(text)
    with tempfile.TemporaryDirectory() as folder:
        lean = Path(folder, f"{document}.html")
        lean.parent.mkdir(parents=True, exist_ok=True)
        lean.write_text(CUT.join(blocks), encoding="utf-8")
        link_html(document, folder, *arguments, **options)
        linked = lean.read_text(encoding="utf-8").split(CUT)
    page.write_text(join(between, linked), encoding="utf-8")


def split(page: str) -> tuple[list[str], list[str]]:
    """Return what stands between a page's code blocks, and the blocks."""
    parts = BLOCK.split(page)
    return parts[::2], parts[1::2]


def join(between: list[str], blocks: list[str]) -> str:
    """Return the page again."""
    first, *rest = between
    return first + "".join(a + b for a, b in zip(blocks, rest, strict=True))


def judge_all(app: Sphinx, env: BuildEnvironment) -> None:
    """Have sphinx-codeautolink look at every page: it would know only those with a new source."""
    for listener in app.events.listeners["build-finished"]:
        owner = getattr(listener.handler, "__self__", None)
        if isinstance(owner, extension.SphinxCodeAutoLink):
            owner.outdated_docs = {str(Path(name)) for name in env.found_docs}


def setup(app: Sphinx) -> dict[str, Any]:
    """Take the place of sphinx-codeautolink's own function."""
    extension.link_html = link_blocks
    app.connect("env-updated", judge_all)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
