"""``feed.xml``: the change log as an Atom feed, an entry for each version."""

import re
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from markdown_it import MarkdownIt
from sphinx.application import Sphinx

import addresses
import pages
from freshness import ROOT
from ledger import commit_date

VERSION = re.compile(r"^## (.+)$", re.MULTILINE)
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
NEVER = "1970-01-01"


def versions(changes: str) -> list[tuple[str, str]]:
    """Split a change log into headings and texts, in its order."""
    _, *parts = VERSION.split(changes)
    return [
        (head.strip(), text.strip()) for head, text in zip(parts[::2], parts[1::2], strict=True)
    ]


def atom(changes: str, project: str, site: str, today: str | None) -> str:
    """Return the feed.

    A version without a date in its heading is not released: it is of `today`, the commit's date,
    and left out where that is unknown.
    """
    entries = []
    for head, text in versions(changes):
        found = DATE.search(head)
        date = found[0] if found else today
        if date is not None:
            entries.append((head, date, MarkdownIt().render(text)))
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom">',
        f"<title>{escape(project)}: changes</title>",
        f"<id>{escape(site)}</id>",
        f'<link rel="self" href="{escape(site)}feed.xml"/>',
        f'<link href="{escape(site)}"/>',
        f"<author><name>The {escape(project)} developers</name></author>",
        f"<updated>{_moment(max((date for _, date, _ in entries), default=NEVER))}</updated>",
    ]
    for head, date, text in entries:
        name = head.split()[0].strip("[]")
        lines += [
            "<entry>",
            f"<title>{escape(project)} {escape(head)}</title>",
            f"<id>{escape(site)}feed.xml#{escape(name)}</id>",
            f'<link href="{escape(site)}"/>',
            f"<updated>{_moment(date)}</updated>",
            f'<content type="html">{escape(text)}</content>',
            "</entry>",
        ]
    return "\n".join([*lines, "</feed>\n"])


def _moment(date: str) -> str:
    return f"{date}T00:00:00Z"


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the feed."""
    if pages.built(app, exception):
        changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
        text = atom(changes, app.config.project, addresses.site(), commit_date())
        Path(app.outdir, "feed.xml").write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Write with the pages."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
