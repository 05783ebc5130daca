"""Pages for every reader: what theme, gallery and notebooks leave undone for keyboard and ear."""

import re
from typing import Any

from sphinx.application import Sphinx

import pages

MENDS = [
    # Captions of the navigation are headings of a level.
    (r'(<p class="caption" role="heading")>', r'\1 aria-level="2">'),
    # Landmarks of one kind differ in name.
    (r'<aside class="sidebar-drawer">', r'<aside class="sidebar-drawer" aria-label="All pages">'),
    (r'(<aside class="toc-drawer[^"]*")>', r'\1 aria-label="This page">'),
    (
        r'<div class="content-icon-container">',
        r'<div class="content-icon-container" role="region" aria-label="View">',
    ),
    # Entries of a list are entries of a list.
    (r'role="doc-biblioentry"', r'role="listitem"'),
    # A head without words heads nothing.
    (r"<th( class=\"[^\"]*\")?>(?:<p></p>|\s)*</th>", r"<td\1></td>"),
    # What folds is named by what is written on it.
    (r'<summary aria-label="Toggle hidden content">', r"<summary>"),
]

SKIP = re.compile(r'<a class="skip-to-content[^>]*>.*?</a>\n*', re.DOTALL)
FIRST = re.compile(r'(?=<input type="checkbox" class="sidebar-toggle" name="__navigation")')


def mend(page: str) -> str:
    """Mend what is known, and have the link to the content come first."""
    for fault, better in MENDS:
        page = re.sub(fault, better, page)
    if skip := SKIP.search(page):
        page = FIRST.sub(lambda _: skip[0], SKIP.sub("", page, count=1), count=1)
    return page


def mend_all(app: Sphinx, exception: Exception | None) -> None:
    """Mend every written page."""
    if pages.built(app, exception):
        pages.rewrite(app, mend)


def setup(app: Sphinx) -> dict[str, Any]:
    """Mend once pages are written; a script makes boxes that scroll reachable."""
    app.add_js_file("reach.js", loading_method="defer")
    app.add_css_file("access.css", priority=900)  # behind the site's own sheet, of 800
    app.add_css_file("print.css", priority=900, media="print")
    app.connect("build-finished", mend_all)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
