"""The written pages: what several extensions ask of them and change in them once all are there."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

LONGEST = 200
"""How many characters a description may have: search engines and previews show no more."""


DESCRIPTION = "steepest_description"
"""Where Sphinx's environment keeps a page's description, beside its front matter."""


def built(app: Sphinx, exception: Exception | None) -> bool:
    """Say whether a site of HTML pages has just been written."""
    return exception is None and app.builder.format == "html"


def rewrite(app: Sphinx, change: Callable[[str], str]) -> None:
    """Change every written page; twice the same change must be the same as once."""
    for path in written(Path(app.outdir)):
        before = path.read_text(encoding="utf-8")
        if (after := change(before)) != before:
            path.write_text(after, encoding="utf-8")


def written(site: Path) -> Iterator[Path]:
    """Give the pages of a site in order; folders such as ``_static`` hold none."""
    for path in sorted(site.rglob("*.html")):
        if not path.relative_to(site).parts[0].startswith("_"):
            yield path


def title(app: Sphinx, page: str, context: dict[str, Any]) -> str:
    """Return a page's title in plain words; pages of Sphinx's own may have none until written."""
    known = app.env.titles.get(page)
    return known.astext() if known else str(context.get("title") or app.config.project)


def describe(doctree: nodes.document) -> str:
    """Return the page's first paragraph in plain words.

    Sentences with commands of LaTeX are left out, unless nothing else is there.
    """
    for paragraph in doctree.findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.section | nodes.document):
            text = " ".join(paragraph.astext().split())
            sentences = re.split(r"(?<=[.?!:]) ", text)
            plain = [sentence for sentence in sentences if "\\" not in sentence]
            return shorten(" ".join(plain or sentences))
    return ""


def shorten(text: str) -> str:
    """Cut a text between two words where it is too long."""
    if len(text) <= LONGEST:
        return text
    return text[:LONGEST].rsplit(" ", 1)[0].rstrip(" ,;:.") + " …"
