"""The course as one page for print: every chapter in a row, nothing folded, links within."""

import html
import re
from collections.abc import Iterable
from pathlib import Path

import matplotlib
from bs4 import Tag

import book
import cover
from book import Article, Chapter
from freshness import DOCS

FONTS = (
    ("Text", "STIXGeneral", ("", "Bol", "Italic", "BolIta")),
    ("Code", "DejaVuSansMono", ("", "-Bold", "-Oblique", "-BoldOblique")),
)
"""Fonts that matplotlib brings: the book looks the same on every machine."""


def bind(site: Path, articles: list[Article]) -> None:
    """Make the chapters fit on one page together: anchors, links and pictures, nothing folded."""
    places = {article.chapter.name: article.chapter.slug for article in articles}
    there, wanted = {}, set()
    for article in articles:
        chapter = article.chapter
        there[chapter.name] = book.anchors(article)
        wanted |= book.relink(article, places, lambda page, part: "#" + anchor(places[page], part))
        unfold(article.body)
        for tag in article.body.select("[id]"):
            tag["id"] = anchor(chapter.slug, str(tag["id"]))
        for image in article.body.select("img"):
            path = (site / chapter.name).parent / str(image["src"])
            image["src"] = path.resolve().as_uri()
    book.check_links(wanted, there)


def join(site: Path, articles: list[Article], imprint: list[str]) -> str:
    """Return one page: cover, imprint, contents, and every chapter."""
    parts = [
        f'<article id="{article.chapter.slug}" data-page="{article.chapter.name}">'
        f'<p class="part">{html.escape(article.chapter.part)}</p>'
        f"{glue(article.html(on_paper))}</article>\n"
        for article in articles
    ]
    imprinted = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in imprint)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Steepest</title>
<link rel="stylesheet" href="{(site / "_static/katex/katex.min.css").as_uri()}">
<link rel="stylesheet" href="{(site / "_static/pygments.css").as_uri()}">
<link rel="stylesheet" href="{(DOCS / "book/paper.css").as_uri()}">
<style>{fonts()}{running_heads(article.chapter for article in articles)}</style>
</head>
<body data-theme="light">
<section class="cover"><img src="cover.svg" alt="{html.escape(cover.ALT)}"></section>
<section class="imprint">{imprinted}</section>
<nav class="contents"><h1>Contents</h1>{contents(articles)}</nav>
<main>{"".join(parts)}</main>
</body>
</html>
"""


def anchor(slug: str, part: str) -> str:
    """Return the name, in the whole book, of an anchor of a chapter."""
    return f"{slug}--{part}" if part else slug


def unfold(body: Tag) -> None:
    """Open what is folded; leave out the code that draws a picture."""
    for folded in body.select(".tag_hide-input > details"):
        folded.decompose()
    for folded in body.select("details"):
        folded.name = "div"
        heading = folded.summary
        assert heading is not None
        if "hide" in folded.get_attribute_list("class"):
            heading.decompose()
        else:
            heading.name = "p"
            heading["class"] = "unfolded"


def on_paper(formula: str) -> str:
    """Return a formula without the MathML that a screen reader would take from the page."""
    return re.sub(r'<span class="katex-mathml">.*?</math></span>', "", formula, flags=re.DOTALL)


def glue(markup: str) -> str:
    """Put the comma or colon after a formula into its last box, so that no line begins with it."""
    end = "</span>" * 4  # of the box, of KaTeX's two elements, of the formula
    return re.sub(rf"{end}([.,;:!?)’”]+)", rf'<span class="glued">\1</span>{end}', markup)


def entries(articles: list[Article]) -> list[str]:
    """Return the anchors that the contents name."""
    return [
        place
        for article in articles
        for place in (article.chapter.slug, *(section for section, _ in article.sections()))
    ]


def contents(articles: list[Article]) -> str:
    """Return the table of contents, its page numbers still to come."""
    lines, part = [], None
    for article in articles:
        chapter = article.chapter
        if chapter.part != part:
            part = chapter.part
            lines.append(f"<h2>{html.escape(part)}</h2>")
        lines.append(_entry("chapter", chapter.slug, chapter.title))
        lines += [_entry("section", *section) for section in article.sections()]
    return "\n".join(lines)


def _entry(rank: str, place: str, title: str) -> str:
    return (
        f'<p class="{rank}"><a href="#{place}"><span>{html.escape(title)}</span>'
        f'<span class="page" data-of="{place}">000</span></a></p>'
    )


def fonts() -> str:
    """Return the rules that load the book's fonts."""
    folder = Path(matplotlib.get_data_path(), "fonts", "ttf")
    styles = [(weight, slant) for slant in ("normal", "italic") for weight in (400, 700)]
    return "\n".join(
        f'@font-face {{ font-family: "{family}"; font-weight: {weight}; font-style: {slant}; '
        f"src: url({(folder / (file + ending + '.ttf')).as_uri()}); }}"
        for family, file, endings in FONTS
        for (weight, slant), ending in zip(styles, endings, strict=True)
    )


def running_heads(chapters: Iterable[Chapter]) -> str:
    """Return the rules that print each chapter's title at the head of its pages."""
    return "\n".join(
        f"article#{chapter.slug} {{ page: {chapter.slug}; }}\n"
        f'@page {chapter.slug} {{ @top-center {{ content: "{_quoted(chapter.title)}"; }} }}'
        for chapter in chapters
    )


def _quoted(text: str) -> str:
    return re.sub(r'["\\<]', lambda found: f"\\{ord(found[0]):x} ", text)
