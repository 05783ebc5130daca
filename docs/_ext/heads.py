"""What a page's head says of it: description, preview for who shares its address, feed."""

import html
import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

import addresses
import pages

PREVIEW = "_static/site.png"
VIEWPORT = re.compile(r'<meta name="viewport"[^>]*>\n?')


def tags(title: str, description: str, address: str, project: str) -> str:
    """Return description, Open Graph and Twitter card as HTML."""
    site = addresses.site()
    named = {"description": description, "twitter:card": "summary_large_image"}
    graph = {
        "og:type": "website",
        "og:site_name": project,
        "og:title": title,
        "og:description": description,
        "og:url": address,
        "og:image": site + PREVIEW,
        "og:image:alt": "A page with code, a figure of its run, and checked claims",
    }
    lines = [_meta("name", name, content) for name, content in named.items() if content]
    lines += [_meta("property", name, content) for name, content in graph.items() if content]
    lines.append(
        f'<link rel="alternate" type="application/atom+xml" title="{html.escape(project)}: changes"'
        f' href="{html.escape(site)}feed.xml">'
    )
    return "\n".join(lines) + "\n"


def _meta(key: str, name: str, content: str) -> str:
    return f'<meta {key}="{name}" content="{html.escape(content)}">'


def fill(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Add the tags; the theme has written the viewport already."""
    title = pages.title(app, page, context)
    description = pages.describe(doctree) if doctree else ""
    address = context.get("pageurl") or ""
    bare = VIEWPORT.sub("", context.get("metatags") or "")
    context["metatags"] = bare + tags(title, description, address, app.config.project)


def setup(app: Sphinx) -> dict[str, Any]:
    """Fill in while pages are written."""
    app.connect("html-page-context", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
