"""The site as a list: ``sitemap.xml`` and ``robots.txt`` for crawlers, ``llms.txt`` for models."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

import addresses
import pages


def sitemap(locations: list[str]) -> str:
    """Return the addresses in the protocol of sitemaps.org."""
    entries = [f"<url><loc>{escape(location)}</loc></url>" for location in locations]
    return "\n".join(
        [
            '<?xml version="1.0" encoding="utf-8"?>',
            '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">',
            *entries,
            "</urlset>\n",
        ]
    )


def robots(site: str) -> str:
    """Invite everybody to everything."""
    return f"User-agent: *\nAllow: /\nSitemap: {site}sitemap.xml\n"


def outline(app: Sphinx) -> Iterator[str]:
    """Give the lines of ``llms.txt``: parts of the course, and a line for each page of theirs."""
    root = app.config.root_doc
    front = app.env.get_doctree(root)
    yield f"# {app.config.project}"
    yield f"\n> {pages.describe(front)}"
    for toctree in front.findall(addnodes.toctree):
        yield f"\n## {toctree['caption'] or 'Pages'}\n"
        for _, page in toctree["entries"]:
            for name in _below(app, page):
                title = app.env.titles[name].astext()
                text = app.env.metadata[name][pages.DESCRIPTION]
                yield f"- [{title}]({location(app, name)})" + (f": {text}" if text else "")


def note(app: Sphinx, doctree: nodes.document) -> None:
    """Keep the description of the page just read."""
    app.env.metadata[app.env.docname][pages.DESCRIPTION] = pages.describe(doctree)


def _below(app: Sphinx, page: str) -> Iterator[str]:
    if page in app.env.titles:  # a toctree may name addresses too
        yield page
        for name in app.env.toctree_includes.get(page, []):
            yield from _below(app, name)


def location(app: Sphinx, page: str) -> str:
    """Return a page's whole address."""
    return addresses.site() + app.builder.get_target_uri(page)


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the three files."""
    if not pages.built(app, exception):
        return
    locations = [location(app, page) for page in sorted(app.env.found_docs)]
    for name, text in (
        ("sitemap.xml", sitemap(locations)),
        ("robots.txt", robots(addresses.site())),
        ("llms.txt", "\n".join(outline(app)) + "\n"),
    ):
        Path(app.outdir, name).write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Keep descriptions while pages are read; write when every page is known."""
    app.connect("doctree-read", note)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
