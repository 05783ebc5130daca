"""The foot of every page: what it was made from, and where to mend it."""

from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

import addresses
import citing
import pages
from freshness import DOCS, ROOT, device
from ledger import commit, commit_date

BRANCH = "main"


def source(page: str) -> str | None:
    """Return the path of the file that a page is made from, None for a page of Sphinx's own."""
    for name in (f"docs/{page}.md", f"{page}.py", f"{Path(page).parent}/GALLERY_HEADER.rst"):
        if (ROOT / name).is_file():
            return name
    return None


def edit(repository: str, page: str) -> str | None:
    """Return where the source of a page is changed."""
    name = source(page)
    return f"{repository}/edit/{BRANCH}/{name}" if name else None


def report(repository: str, title: str, page: str, made_from: str) -> str:
    """Return where an error of a page is reported, with what is known of it filled in."""
    body = f"Page: {addresses.site()}{page}.html\nCommit: {made_from}\n\nWhat is wrong:\n"
    return f"{repository}/issues/new?{urlencode({'title': f'{title}: ', 'body': body})}"


def fill(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Hand the facts to the template."""
    repository = addresses.repository()
    title = pages.title(app, page, context)
    online = addresses.online()
    url = online and f"{online}{page}.html"
    context["colophon"] = {
        "cite": page.startswith("lectures/") and citing.bibtex(citing.read(), url, title),
        "commit": commit(),
        "date": commit_date(),
        "steepest": version("steepest"),
        "torch": version("torch"),
        "device": device(),
        "edit": repository and edit(repository, page),
        "report": repository and report(repository, title, page, commit()),
    }


def add_templates(app: Sphinx, config: Config) -> None:
    """Have Sphinx find ``templates/page.html``."""
    config.templates_path.append(str(DOCS / "_ext" / "templates"))


def setup(app: Sphinx) -> dict[str, Any]:
    """Fill in while pages are written."""
    app.connect("config-inited", add_templates)
    app.connect("html-page-context", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
