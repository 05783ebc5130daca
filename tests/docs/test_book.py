from datetime import UTC, datetime

import pytest
from bs4 import BeautifulSoup

import book
from book import Article, BookError, Chapter


@pytest.fixture
def one(small_site):
    return book.read(small_site, book.chapters(small_site)[0])


def article(markup, name="lectures/one"):
    body = BeautifulSoup(f"<article>{markup}</article>", "html.parser").article
    return Article(Chapter(name, "One", "Part"), body, [])


def test_chapters_follow_the_navigation_and_leave_scripts_and_records_out(small_site):
    assert book.chapters(small_site) == [
        Chapter("lectures/one", "One & only", "Descent"),
        Chapter("reference/notation", "Notation", "Reference"),
    ]


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (None, "no site at .*; build it with: nox -s docs"),
        ("<html></html>", "has no navigation"),
        ('<div class="sidebar-tree"></div>', "leads to no page that belongs in the book"),
    ],
)
def test_what_is_no_site_is_refused(tmp_path, index, message):
    if index is not None:
        (tmp_path / "index.html").write_text(index)
    with pytest.raises(BookError, match=message):
        book.chapters(tmp_path)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("lectures/rates", True),
        ("reference/identities", True),
        ("reference/errata", True),
        ("reference/glossary", True),
        ("index", False),
        ("teach", False),
        ("gallery/index", False),
        ("gallery/tensors/views", False),
        ("reference/api/index", False),
        ("reference/ledger", False),
        ("reference/run-times", False),
        ("reference/parity", False),
    ],
)
def test_pages_of_the_book(name, kept):
    assert (book.BELONGS.match(name) is not None) == kept


def test_an_article_has_nothing_that_only_a_site_needs(one):
    text = one.html(lambda formula: "")
    for unwanted in (
        "¶",
        "a-dark.svg",
        "<video",
        "<script",
        "loading",
        "chevron",
        "foot",
        "report",
    ):
        assert unwanted not in text
    summaries = [summary.get_text() for summary in one.body.select("summary")]
    assert summaries == ["Code", "Solution of exercise 1"]


def test_formulas_and_drawings_come_back_as_they_were(one):
    assert one.html(lambda formula: formula).count('<span class="katex">') == 2
    assert 'viewBox="0 0 40 30"' in one.html(lambda formula: formula)


def test_sections_are_named_in_plain_text(one):
    assert one.sections() == [("more", "More of x")]


@pytest.mark.parametrize(
    ("text", "lean", "aside"),
    [
        ("a < b", "a < b", []),
        (
            'x <span class="katex"><span>y</span></span>, <svg a="1"></svg>!',
            'x <x-aside n="0"></x-aside>, <x-aside n="1"></x-aside>!',
            ['<span class="katex"><span>y</span></span>', '<svg a="1"></svg>'],
        ),
    ],
)
def test_set_aside(text, lean, aside):
    assert book.set_aside(text) == (lean, aside)


def test_set_aside_refuses_what_never_ends():
    with pytest.raises(BookError, match="never ends: <svg>"):
        book.set_aside("a <svg> b")


LINKS = [
    ("#here", "in:lectures/one:here", {("lectures/one", "here")}),
    ("two.html", "in:lectures/two:", {("lectures/two", "")}),
    ("../lectures/two.html#a%20b", "in:lectures/two:a b", {("lectures/two", "a b")}),
    ("https://example.org/a.html", "https://example.org/a.html", set()),
    ("mailto:a@example.org", "mailto:a@example.org", set()),
    ("../gallery/s.html#x", "https://example.org/course/gallery/s.html#x", set()),
    ("../_downloads/1/s.py", "https://example.org/course/_downloads/1/s.py", set()),
]


@pytest.mark.parametrize(("href", "address", "wanted"), LINKS)
def test_links_lead_inside_or_to_the_site(monkeypatch, href, address, wanted):
    monkeypatch.setenv("STEEPEST_SITE", "https://example.org/course")
    page = article(f'<a href="{href}">text</a>')
    names = ["lectures/one", "lectures/two"]
    assert book.relink(page, names, lambda name, part: f"in:{name}:{part}") == wanted
    assert page.body.a["href"] == address


def test_without_a_site_a_link_to_it_is_only_its_text(monkeypatch):
    monkeypatch.delenv("STEEPEST_SITE", raising=False)
    page = article('see <a href="../gallery/s.html"><em>a script</em></a>')
    assert book.relink(page, ["lectures/one"], lambda name, part: "") == set()
    assert page.body.decode_contents() == "see <em>a script</em>"


def test_an_anchor_that_is_there_twice_stays_where_it_is_first():
    page = article('<p id="a">1</p><p id="b">2</p><p id="a">3</p>')
    assert book.anchors(page) == {"a", "b"}
    assert page.body.decode_contents() == '<p id="a">1</p><p id="b">2</p><p>3</p>'


def test_a_link_that_leads_nowhere_is_refused():
    there = {"lectures/one": {"a"}}
    book.check_links({("lectures/one", ""), ("lectures/one", "a")}, there)
    with pytest.raises(BookError, match="links lead nowhere: lectures/one#b"):
        book.check_links({("lectures/one", "b")}, there)


def test_the_imprint_says_when_and_where(monkeypatch, small_site):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    monkeypatch.setenv("STEEPEST_SITE", "https://example.org/course")
    about = book.edition(small_site)
    assert about.date == datetime(1970, 1, 1, tzinfo=UTC)
    text = " ".join(book.imprint(about))
    for wanted in ("01 January 1970", "one CPU", "c0ffee", "CC BY 4.0", "example.org/course/"):
        assert wanted in text
    assert "The Steepest developers" in text
