"""Pages that moved: what stands at an old address leads to the new one.

``docs/redirects.toml`` lists them. Each is a page with a link; a script follows it at once and
keeps the place within the page, and without scripts the browser goes to the page's beginning.
"""

import html
import tomllib
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import SphinxError

import outlines
from freshness import DOCS

FILE = "redirects.toml"
GENERATED = {"404", "genindex", "py-modindex", "search"}
BODY = """\
<section id="moved">
<h1>{title}</h1>
<p>What was here is now at <a class="moved reference internal" href="{address}">{words}</a>.</p>
</section>
"""


def read() -> dict[str, str]:
    """Return which page each old one became."""
    path = DOCS / FILE
    return parse(path.read_text(encoding="utf-8")) if path.exists() else {}


def parse(text: str) -> dict[str, str]:
    """Return the table, checked as far as it says something alone."""
    moved = tomllib.loads(text).get("moved", {})
    for name in [*moved, *moved.values()]:
        if not isinstance(name, str) or name.startswith(("/", ".")) or name.endswith(".html"):
            raise SphinxError(f"{FILE}: wanted a page like lectures/minima, got {name!r}")
    return dict(moved)


def check(app: Sphinx, env: BuildEnvironment) -> None:
    """Stop where an old page is still there, or a new one is not."""
    for old, new in read().items():
        if old in env.found_docs | GENERATED:
            raise SphinxError(f"{FILE}: {old} is said to have moved, but it is there")
        if new not in env.found_docs:
            raise SphinxError(f"{FILE}: {old} is said to have moved to {new}, which is not there")


def collect(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Give the pages to Sphinx."""
    if app.builder.format != "html":
        return
    for old, new in read().items():
        title = "This page has moved"
        words = app.env.titles[new].astext()
        address = app.builder.get_relative_uri(old, new)
        body = BODY.format(title=title, address=html.escape(address), words=html.escape(words))
        yield old, {"title": title, "body": body}, "page.html"


def lead(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Tell browsers and search engines where the page is now."""
    new = read().get(page)
    if new is None:
        return
    context["pageurl"] = outlines.location(app, new)
    address = html.escape(app.builder.get_relative_uri(page, new))
    context["metatags"] = (
        '<meta name="robots" content="noindex">\n'
        f'<noscript><meta http-equiv="refresh" content="0; url={address}"></noscript>\n'
    )
    app.add_js_file("moved.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    """Check when all pages are known; write them with the others, before heads are filled in."""
    app.connect("env-updated", check)
    app.connect("html-collect-pages", collect)
    app.connect("html-page-context", lead, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
