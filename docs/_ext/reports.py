"""Links by which a reader reports an error in a theorem or in a claim.

There are none where ``STEEPEST_REPOSITORY`` does not say who would read it.
"""

import re
from functools import partial
from html import escape, unescape
from typing import Any
from urllib.parse import urlencode

from docutils import nodes
from sphinx.application import Sphinx

import addresses

STATEMENT = re.compile(r"(Theorem|Proposition|Lemma|Corollary)\b")
CLAIM = re.compile(r'(<div class="claim">)(.*?)(</div>)', re.DOTALL)
MARK = "✓ "
LETTERS = 120
"""How much of a claim a report's title quotes."""


def form(repository: str, what: str, page: str) -> str:
    """Return the address of the form for a report, with title and page filled in."""
    text = what if len(what) <= LETTERS else what[: LETTERS - 1] + "…"
    filled = {"template": "error.yml", "title": f"Error in: {text}", "page": page}
    return f"{repository}/issues/new?{urlencode(filled)}"


def statement(claim: str) -> str:
    """Return what a line of a claim states, without the two sides."""
    return claim.removeprefix(MARK).rpartition(": ")[0]


def with_link(claim: re.Match[str], repository: str, page: str) -> str:
    """Return a claim's HTML with a link at its end."""
    what = statement(unescape(claim[2]))
    href = escape(form(repository, what, page))
    link = f'<a class="report" href="{href}" aria-label="Report an error in this claim">report</a>'
    return f"{claim[1]}{claim[2]} {link}{claim[3]}"


def add(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Add a link to each theorem's title and to each claim."""
    repository = addresses.repository()
    if repository is None or app.builder.format != "html":
        return
    place = addresses.site() + app.builder.get_target_uri(docname)
    for box in doctree.findall(nodes.admonition):
        title = box.next_node(nodes.title)
        if title is not None and STATEMENT.match(title.astext()):
            what = title.astext()
            title += [nodes.Text(" "), _link(form(repository, what, place + _anchor(box)))]
    for raw in list(doctree.findall(nodes.raw)):
        if "html" in raw.get("format", "") and 'class="claim"' in raw.astext():
            page = place + _anchor(raw)
            told = CLAIM.sub(partial(with_link, repository=repository, page=page), raw.astext())
            raw.replace_self(nodes.raw("", told, format=raw["format"]))
    for block in doctree.findall(nodes.literal_block):  # what a script wrote
        if block.astext().startswith(MARK):
            page = place + _anchor(block)
            parts: list[nodes.Node] = []
            for line in block.astext().splitlines():
                parts.append(nodes.Text(f"{line} "))
                if line.startswith(MARK):
                    parts.append(_link(form(repository, statement(line), page)))
                parts.append(nodes.Text("\n"))
            block.children = []
            block += parts


def _link(href: str) -> nodes.reference:
    return nodes.reference("", "report", refuri=href, internal=True, classes=["report"])


def _anchor(node: nodes.Node | None) -> str:
    """Name the nearest place with an id."""
    while isinstance(node, nodes.Element):
        if node["ids"] and not isinstance(node, nodes.document):
            return f"#{node['ids'][-1]}"
        node = node.parent
    return ""


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the links while pages are written, once each output's kind is chosen."""
    app.connect("doctree-resolved", add)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
