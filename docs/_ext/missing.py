"""``404.html``: shown at whatever address is missing, hence without one relative address."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.application import Sphinx

import addresses
import pages

NAME = "404"
RELATIVE = re.compile(
    r'\b(href|src|action|poster|data-content_root)="(?![#/"]|[a-z][a-z0-9+.-]*:)([^"]*)"'
)
BODY = """\
<section id="not-found">
<h1>Page not found</h1>
<p>Nothing is at this address. It may have moved: search for it, or begin at
<a class="reference internal" href="index.html">the first page</a>.</p>
</section>
"""


def page(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Give the page to Sphinx."""
    if app.builder.format == "html":
        yield NAME, {"title": "Page not found", "body": BODY}, "page.html"


def unlisted(
    app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Keep it out of search engines: it has no address of its own."""
    if name == NAME:
        context["pageurl"] = None
        context["metatags"] = '<meta name="robots" content="noindex">\n'


def absolute(page: str, root: str) -> str:
    """Have every relative address begin at `root`, the path of the site."""
    return RELATIVE.sub(lambda found: f'{found[1]}="{root}{found[2].removeprefix("./")}"', page)


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Rewrite the addresses of the written page."""
    if pages.built(app, exception):
        path = Path(app.outdir, f"{NAME}.html")
        root = urlsplit(addresses.site()).path
        path.write_text(absolute(path.read_text(encoding="utf-8"), root), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the page, before its head is filled in."""
    app.connect("html-collect-pages", page)
    app.connect("html-page-context", unlisted, priority=400)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
