"""Links in code, put into the code blocks alone: the pages around them stay as they were written.

sphinx-codeautolink parses whole pages and writes them anew, and looks for each block of code in
copies of all others. With thousands of boxes of KaTeX on a page that takes most of a build's time,
and what the theme wrote is no longer what comes out. Here its patterns are searched in the text of
the blocks, and nothing is parsed.
"""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx_codeautolink import extension
from sphinx_codeautolink.extension.block import construct_name_pattern

BLOCK = re.compile(
    r'(<div class="(?:highlight-|doctest\b)[^"]*">.*?</pre>\s*</div>\s*</div>)', re.DOTALL
)
PACKAGE = "steepest"
LINKED = 'class="sphinx-codeautolink-a"'
NUMBERS = re.compile(r'<span class="linenos">.*?</span>', re.DOTALL)


def link_blocks(
    document: str,
    out_dir: str,
    transforms: Sequence[Any],
    inventory: Mapping[str, str],
    *_: Any,
    **__: Any,
) -> None:
    """Link the names in each block of a page that sphinx-codeautolink knows."""
    page = Path(out_dir, f"{document}.html")
    text = page.read_text(encoding="utf-8")
    if LINKED in text:
        return  # kept from the last site
    between, blocks = split(text)
    sources = list(map(code, blocks))
    root = "../" * document.count("/")
    for transform in transforms:
        if (source := transform.source.rstrip()) in sources:
            place = sources.index(source)
            sources[place] = None  # a second block of the same code is the second one's
            blocks[place] = link(blocks[place], transform.names, inventory, root)
    page.write_text(join(between, blocks), encoding="utf-8")


def link(block: str, names: Iterable[Any], inventory: Mapping[str, str], root: str) -> str:
    """Return a block whose names are links; where one stands twice in its lines, the last is."""
    start, end = block.index("<pre>"), block.index("</pre>")
    lines = block[start:end].split("\n")
    for name in names:
        place = slice(name.lineno - 1, name.end_lineno)
        shown = "\n".join(lines[place])
        found = list(re.finditer(construct_name_pattern(name), shown))
        if found:
            first, last = found[-1].start() + len(found[-1][1]), found[-1].end()
            address = inventory[name.resolved_location]
            if not address.startswith(("https://", "http://")):
                address = root + address
            linked = f'<a href="{address}" {LINKED}>{shown[first:last]}</a>'
            lines[place] = (shown[:first] + linked + shown[last:]).split("\n")
    return block[:start] + "\n".join(lines) + block[end:]


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


def ours(app: Sphinx, env: BuildEnvironment) -> None:
    """Leave only names of the package: others have no page here, and looking for them is slow."""
    transforms: dict[str, list[Any]] = getattr(env, "sphinx_codeautolink_transforms", {})
    for blocks in transforms.values():
        for block in blocks:
            block.names = [name for name in block.names if name.import_components[0] == PACKAGE]


def setup(app: Sphinx) -> dict[str, Any]:
    """Take the place of sphinx-codeautolink's own function."""
    extension.link_html = link_blocks
    app.connect("env-updated", ours, priority=100)
    app.connect("env-updated", judge_all)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
