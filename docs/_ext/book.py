"""The course as a book: which of the site's pages it has, in which order, and their text alone.

The PDF and the EPUB are both made of the built site, so nothing runs a second time, and a book says
what the site says.
"""

import html
import json
import os
import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag

import addresses

BELONGS = re.compile(r"lectures/|reference/(?!api/|ledger$|run-times$|parity$)")
"""Pages of the book: lectures and reference, without the package and the records of one build."""

SUBTITLE = "Numerical optimization and automatic differentiation that you can run"
RIGHTS = "Text and pictures: CC BY 4.0. Code: BSD 3-Clause License."

SITE_ONLY = (
    ".headerlink, .only-dark, video, .copybtn, .sd-summary-state-marker, "
    ".report, .page-downloads, button, input, script, style"
)
"""What stands on the site's pages and does nothing in a book."""

OPENING = re.compile(r'<span class="katex">|<svg\b')
ASIDE = re.compile(r'<x-aside n="(\d+)"></x-aside>')


class BookError(Exception):
    """The built site is not there, or cannot be made into a book."""


@dataclass(frozen=True)
class Chapter:
    """One page of the site: its name, its title and the part that it belongs to."""

    name: str
    title: str
    part: str

    @property
    def slug(self) -> str:
        """The name, fit for a file or an anchor."""
        return self.name.replace("/", "-")


@dataclass(frozen=True)
class Article:
    """A chapter's text, with its formulas and drawings set aside."""

    chapter: Chapter
    body: Tag
    aside: list[str]

    def html(self, show: Callable[[str], str]) -> str:
        """Return the text with each formula and drawing put back as `show` gives it."""
        return ASIDE.sub(lambda found: show(self.aside[int(found[1])]), self.body.decode_contents())

    def sections(self) -> list[tuple[str, str]]:
        """Return anchor and title of each section of the first rank."""
        found = []
        for heading in self.body.select("h2"):
            assert heading.parent is not None
            words = ASIDE.sub(lambda m: spoken(self.aside[int(m[1])]), heading.decode_contents())
            title = html.unescape(re.sub(r"<[^>]*>", "", words))
            found.append((str(heading.parent["id"]), _plain(title)))
        return found


@dataclass(frozen=True)
class Edition:
    """What a book says about itself."""

    version: str
    author: str
    commit: str
    device: str
    date: datetime


def edition(site: Path) -> Edition:
    """Return what is known of the built site: ``SOURCE_DATE_EPOCH`` may give another date."""
    record = site / "build.json"
    build = json.loads(record.read_text(encoding="utf-8"))
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH") or record.stat().st_mtime)
    package = metadata("steepest")
    date = datetime.fromtimestamp(seconds, UTC)
    return Edition(package["Version"], package["Author"], build["commit"], build["device"], date)


def imprint(about: Edition) -> list[str]:
    """Return the sentences of the imprint."""
    words = [
        f"Version {about.version}, {about.date:%d %B %Y}, by {about.author}.",
        f"Every number and every picture was computed on one {about.device} at commit "
        f"{about.commit}, and every statement that begins with ✓ was checked.",
        RIGHTS,
    ]
    return [*words, f"The course on the web: {addresses.site()}"] if _online() else words


def chapters(site: Path) -> list[Chapter]:
    """Return the book's chapters in the order of the site's navigation."""
    index = site / "index.html"
    if not index.is_file():
        raise BookError(f"no site at {site}; build it with: nox -s docs")
    text = index.read_text(encoding="utf-8")
    tree = BeautifulSoup(text, "html.parser").select_one(".sidebar-tree")
    if tree is None:
        raise BookError(f"{index} has no navigation")
    found: dict[str, Chapter] = {}
    part = ""
    for entry in tree.select("p.caption, a.reference.internal"):
        if entry.name == "p":
            part = _plain(entry.get_text())
            continue
        name = _page("index", str(entry["href"]))[0]
        if name is not None and BELONGS.match(name):
            found.setdefault(name, Chapter(name, _plain(entry.get_text()), part))
    if not found:
        raise BookError(f"{index} leads to no page that belongs in the book")
    return list(found.values())


def read(site: Path, chapter: Chapter) -> Article:
    """Read one page of the site and keep what belongs in a book."""
    page = (site / f"{chapter.name}.html").read_text(encoding="utf-8")
    start = page.index("<article")
    lean, aside = set_aside(page[start : page.index("</article>", start) + len("</article>")])
    body = BeautifulSoup(lean, "html.parser").article
    assert body is not None
    for tag in body.select(SITE_ONLY):
        tag.decompose()
    for summary in body.select("details > summary"):
        text = summary.get_text() if summary.select(".sd-summary-text") else "Code"
        summary.clear()
        summary.append(_plain(text))
        summary.attrs = {}
    for image in body.select("img"):
        for attribute in ("loading", "decoding"):
            del image[attribute]
    return Article(chapter, body, aside)


def set_aside(text: str) -> tuple[str, list[str]]:
    """Replace formulas and drawings by marks: they are most of a page, and are kept as they are."""
    parts: list[str] = []
    aside: list[str] = []
    position = 0
    while found := OPENING.search(text, position):
        end = _end(text, found.start(), found[0].split()[0][1:])
        parts += [text[position : found.start()], f'<x-aside n="{len(aside)}"></x-aside>']
        aside.append(text[found.start() : end])
        position = end
    return "".join(parts) + text[position:], aside


def _end(text: str, start: int, tag: str) -> int:
    depth = 0
    for found in re.compile(rf"<(/?){tag}\b").finditer(text, start):
        depth += -1 if found[1] else 1
        if depth == 0:
            return text.index(">", found.end()) + 1
    raise BookError(f"a page has an element that never ends: {text[start : start + 60]}")


def mathml(formula: str) -> str | None:
    """Return the MathML in a formula that KaTeX rendered, and None for a drawing."""
    found = re.search(r"<math\b.*?</math>", formula, re.DOTALL)
    return found[0] if found else None


def spoken(formula: str) -> str:
    """Return a formula as plain text, for tables of contents."""
    inside = re.sub(r"<annotation.*?</annotation>", "", mathml(formula) or "", flags=re.DOTALL)
    return re.sub(r"<[^>]*>|\u2061", "", inside)  # without the invisible operator, too


def relink(
    article: Article, names: Iterable[str], inside: Callable[[str, str], str]
) -> set[tuple[str, str]]:
    """Have links lead inside the book, to the site, or nowhere; return what is wanted inside.

    `inside` gives the address of a page and an anchor within the book. A link to another page of
    the site leads to ``STEEPEST_SITE``; where that is not set, its text alone remains.
    """
    known, wanted = set(names), set()
    for link in article.body.select("a[href]"):
        name, fragment = _page(article.chapter.name, str(link["href"]))
        if name is None:
            continue
        del link["title"]
        if name in known:
            wanted.add((name, fragment))
            link["href"] = inside(name, fragment)
        elif _online():
            path = posixpath.join(posixpath.dirname(article.chapter.name), str(link["href"]))
            link["href"] = addresses.site() + posixpath.normpath(path)
        else:
            link.unwrap()
    return wanted


def anchors(article: Article) -> set[str]:
    """Return the anchors of a chapter; one that is there twice stays where it is first."""
    found: set[str] = set()
    for tag in article.body.select("[id]"):
        if str(tag["id"]) in found:
            del tag["id"]
        else:
            found.add(str(tag["id"]))
    return found


def check_links(wanted: set[tuple[str, str]], there: dict[str, set[str]]) -> None:
    """Refuse links into the book that lead nowhere."""
    lost = [f"{name}#{part}" for name, part in sorted(wanted) if part and part not in there[name]]
    if lost:
        raise BookError("links lead nowhere: " + ", ".join(lost))


def _page(here: str, href: str) -> tuple[str | None, str]:
    """Return the page of the site and the anchor that an address on the page `here` means."""
    parts = urlsplit(href)
    if parts.scheme or parts.netloc:
        return None, ""
    fragment = unquote(parts.fragment)
    if not parts.path:
        return here, fragment
    path = posixpath.normpath(posixpath.join(posixpath.dirname(here), unquote(parts.path)))
    return path.removesuffix(".html"), fragment


def _plain(text: str) -> str:
    return " ".join(text.split())


def _online() -> bool:
    return addresses.site() != addresses.LOCAL
