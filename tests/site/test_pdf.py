"""The PDF of a site of three pages."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pypdf import PdfReader

import pdf
from book import BookError

pytestmark = pytest.mark.browser


def printed(site: Path, target: Path) -> None:
    """Print in a thread of its own: in this one Playwright already drives the tests' browser."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(pdf.main, site, target).result()


def test_a_small_site_is_printed(monkeypatch: pytest.MonkeyPatch, small_site: Path) -> None:
    monkeypatch.setenv("STEEPEST_SITE", "https://example.org/course")
    target = small_site.parent / "out" / "small.pdf"
    printed(small_site, target)
    reader = PdfReader(target)
    texts = [" ".join(page.extract_text().split()) for page in reader.pages]
    assert len(texts) == 5, texts
    assert "c0ffee" in texts[1]
    assert texts[2].startswith("3 Contents")
    for line in ("One & only 4", "Notation 5", "Sets 5"):
        assert line in texts[2]
    assert texts[3].startswith("One & only 4 DESCENT One & only")  # head, foot, part, title
    assert "Solution of exercise 1" in texts[3]
    assert "plot()" not in texts[3]
    assert reader.metadata is not None
    assert reader.metadata.title == "Steepest"
    assert reader.metadata.author == "The Steepest developers"
    assert [place["/Title"] for place in reader.outline if isinstance(place, dict)] != []
    assert reader.trailer["/Root"]["/Lang"] == "en"  # type: ignore[index]
    numbers = pdf.page_numbers(target)
    assert numbers["lectures-one"] == 4
    assert numbers["reference-notation--sets"] == 5
    links = [
        note.get_object()["/A"]["/URI"]
        for page in reader.pages
        for note in page.get("/Annots", [])
        if "/A" in note.get_object()
    ]
    script = "https://example.org/course/gallery/a/script.html"
    assert set(links) == {script, "https://example.org/"}
    assert all(page.mediabox.width == pytest.approx(595, abs=1) for page in reader.pages)


def test_what_does_not_fit_is_refused(small_site: Path) -> None:
    page = small_site / "lectures" / "one.html"
    wide = '<p style="width: 4000px">wide</p></article>'
    page.write_text(page.read_text().replace("</article>", wide))
    with pytest.raises(BookError, match=r"wider than the page:\nlectures/one: <p style"):
        printed(small_site, small_site.parent / "small.pdf")


def test_a_missing_picture_is_told(small_site: Path) -> None:
    (small_site / "_images" / "a.svg").unlink()
    with pytest.raises(BookError, match=r"files that pages show are missing: .*a\.svg"):
        printed(small_site, small_site.parent / "small.pdf")


def test_without_a_browser_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    with pytest.raises(BookError, match="CHROMIUM is /nowhere/chromium; install one"):
        pdf.find_chromium()
    monkeypatch.delenv("CHROMIUM")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BookError, match=r"none of chromium, .* is on the PATH; install one"):
        pdf.find_chromium()
