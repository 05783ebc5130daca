"""Links in code, put into the code blocks alone: the pages around them stay as they were written.

sphinx-codeautolink parses whole pages and writes them anew, and looks for each block of code in
copies of all others. With thousands of boxes of KaTeX on a page that takes most of a build's time,
and what the theme wrote is no longer what comes out. Here it sees one block at a time.
"""

import html
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx_codeautolink import extension

BLOCK = re.compile(
    r'(<div class="(?:highlight-|doctest\b)[^"]*">.*?</pre>\s*</div>\s*</div>)', re.DOTALL
)
LINKED = 'class="sphinx-codeautolink-a"'
NUMBERS = re.compile(r'<span class="linenos">.*?</span>', re.DOTALL)

link_html = extension.link_html


def link_blocks(
    document: str, out_dir: str, transforms: Sequence[Any], *arguments: Any, **options: Any
) -> None:
    """Have sphinx-codeautolink link the names of each block of a page."""
    page = Path(out_dir, f"{document}.html")
    text = page.read_text(encoding="utf-8")
    if LINKED in text:
        return  # kept from the last site
    between, blocks = split(text)
    sources = list(map(code, blocks))
    with tempfile.TemporaryDirectory() as folder:
        lean = Path(folder, f"{document}.html")  # at the same depth: links are relative
        lean.parent.mkdir(parents=True, exist_ok=True)
        for transform in transforms:
            if (source := transform.source.rstrip()) not in sources:
                continue
            place = sources.index(source)
            sources[place] = None  # a second block of the same code is the second one's
            if transform.names:
                lean.write_text(blocks[place], encoding="utf-8")
                link_html(document, folder, [transform], *arguments, **options)
                blocks[place] = lean.read_text(encoding="utf-8")
    page.write_text(join(between, blocks), encoding="utf-8")


def code(block: str) -> str | None:
    """Return the code that a block shows."""
    inside = block[block.index("<pre>") : block.index("</pre>")]
    return html.unescape(re.sub(r"<[^>]*>", "", NUMBERS.sub("", inside))).rstrip()


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
