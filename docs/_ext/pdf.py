"""The course as a PDF: printed by a headless Chromium.

``python docs/_ext/pdf.py SITE TARGET`` does it; ``nox -s pdf`` runs that.
"""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject

import book
import cover
import paper
from book import BookError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PAPER = (8.27, 11.69)
"""A4, in inches."""
WIDTH = 642
"""The width of the text in CSS pixels: 210 mm less two margins of 20 mm."""

FIT = """width => {
  for (const formula of document.querySelectorAll(".katex-display > .katex > .katex-html")) {
    const needed = Math.max(...[...formula.children].map(child => child.scrollWidth), 0)
      + (formula.querySelector(".tag") ? 60 : 0);
    const there = formula.getBoundingClientRect().width || width;
    if (needed > there) formula.style.fontSize = `${Math.floor(1000 * there / needed) / 1000}em`;
  }
  for (const wide of document.querySelectorAll("[style*=min-width], table, .output svg")) {
    const share = (wide.parentElement.clientWidth || width) / wide.scrollWidth;
    if (share < 1) wide.style.zoom = Math.floor(1000 * share) / 1000;
  }
  for (const code of document.querySelectorAll("pre")) {
    if (code.getBoundingClientRect().height < 220) code.classList.add("whole");
  }
}"""
"""Sets what is wider than the page smaller, and keeps short code on one page."""

TOO_WIDE = """width => [...document.querySelectorAll("main *")]
  .filter(tag => !tag.closest(".katex, svg"))
  .filter(tag => tag.getBoundingClientRect().right > width + 2)
  .map(tag => `${tag.closest("[data-page]")?.dataset.page}: ${tag.outerHTML.slice(0, 100)}`)"""


NUMBER = """numbers => document.querySelectorAll("[data-of]").forEach(
  entry => { entry.textContent = numbers[entry.dataset.of] ?? "000"; })"""
"""Writes the page numbers into the contents."""

PRINTING: dict[str, Any] = {"prefer_css_page_size": True, "print_background": True}


def main(site: Path, target: Path) -> None:
    """Make the PDF of a built site."""
    chromium = find_chromium()
    articles = [book.read(site, chapter) for chapter in book.chapters(site)]
    about = book.edition(site)
    target.parent.mkdir(parents=True, exist_ok=True)
    cover.draw(target.with_name("cover.svg"), PAPER, about.author)
    paper.bind(site, articles)
    joined = target.with_suffix(".html")
    joined.write_text(paper.join(site, articles, book.imprint(about)), encoding="utf-8")
    body, front = target.with_name("body.pdf"), target.with_name("front.pdf")
    print_pages(chromium, joined, body, front, paper.entries(articles))
    writer = PdfWriter(clone_from=body)
    exchange(writer, front)
    writer.add_metadata(
        {
            "/Title": "Steepest",
            "/Subject": book.SUBTITLE,
            "/Author": about.author,
            "/Keywords": book.RIGHTS,
            "/Creator": f"Steepest {about.version}, commit {about.commit}",
        }
    )
    writer.page_mode = "/UseOutlines"
    writer.write(target)
    body.unlink()
    front.unlink()
    print(f"pdf: {len(PdfReader(target).pages)} pages: {target}")


def find_chromium() -> str:
    """Return the Chromium that ``CHROMIUM`` names, or the first one on the PATH."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None or shutil.which(path) is None:
        found = f"CHROMIUM is {path}" if path else f"none of {', '.join(BROWSERS)} is on the PATH"
        raise BookError(f"no Chromium to print with: {found}; install one, or set CHROMIUM")
    return path


def print_pages(chromium: str, joined: Path, body: Path, front: Path, places: list[str]) -> None:
    """Print all with empty contents, and then what comes before the chapters, with their pages.

    Chromium may divide a long document otherwise the second time, so that all is printed once.
    """
    # As root, in a container, Chromium's sandbox cannot start.
    sandbox = [] if not hasattr(os, "getuid") or os.getuid() else ["--no-sandbox"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=sandbox)
        page = browser.new_page(viewport={"width": WIDTH, "height": 1000})
        page.set_default_timeout(600_000)
        failed: list[str] = []
        page.on("requestfailed", lambda request: failed.append(request.url))
        page.emulate_media(media="print", color_scheme="light")
        page.goto(joined.as_uri())
        page.evaluate("() => document.fonts.ready.then(() => true)")
        page.evaluate("() => Promise.allSettled([...document.images].map(one => one.decode()))")
        page.evaluate(FIT, WIDTH)
        if failed:
            raise BookError("files that pages show are missing: " + ", ".join(failed))
        if wide := page.evaluate(TOO_WIDE, WIDTH):
            raise BookError("wider than the page:\n" + "\n".join(wide))
        page.pdf(path=body, outline=True, tagged=True, **PRINTING)
        numbers = page_numbers(body)
        if lost := [place for place in places if place not in numbers]:
            raise BookError(f"the contents name what is on no page: {lost}")
        page.evaluate(NUMBER, numbers)
        before = min(numbers[place] for place in places) - 1
        page.pdf(path=front, page_ranges=f"1-{before}", **PRINTING)
        browser.close()


def exchange(writer: PdfWriter, front: Path) -> None:
    """Show on the first pages what `front` shows; their links stay as they are."""
    for old, new in zip(writer.pages, PdfReader(front).pages, strict=False):
        for part in ("/Contents", "/Resources"):
            old[NameObject(part)] = new.raw_get(part).clone(writer)


def page_numbers(pdf: Path) -> dict[str, int]:
    """Return the page of each anchor that a link leads to, counted from 1."""
    reader = PdfReader(pdf)
    return {
        name.removeprefix("/"): (reader.get_destination_page_number(place) or 0) + 1
        for name, place in reader.named_destinations.items()
    }


if __name__ == "__main__":
    try:
        main(*(Path(argument).resolve() for argument in sys.argv[1:]))
    except BookError as error:
        sys.exit(f"pdf: {error}")
