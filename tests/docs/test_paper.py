import pytest
from bs4 import BeautifulSoup

import book
import paper
from book import Chapter


@pytest.fixture
def articles(small_site):
    found = [book.read(small_site, chapter) for chapter in book.chapters(small_site)]
    paper.bind(small_site, found)
    return found


def test_all_chapters_are_one_page_with_links_within(monkeypatch, small_site, articles):
    monkeypatch.delenv("STEEPEST_SITE", raising=False)
    page = BeautifulSoup(paper.join(small_site, articles, ["1 < 2"]), "html.parser")
    ids = [tag["id"] for tag in page.select("[id]")]
    assert len(ids) == len(set(ids))
    inside = [link["href"] for link in page.select("a") if link["href"].startswith("#")]
    assert {"#reference-notation--sets", "#lectures-one", "#lectures-one--more"} <= set(inside)
    assert {href[1:] for href in inside} <= set(ids)
    assert page.select_one(".imprint").get_text() == "1 < 2"
    assert page.select_one(".part").get_text() == "Descent"


def test_what_is_folded_is_open_and_pictures_come_without_their_code(small_site, articles):
    text = paper.join(small_site, articles, [])
    assert "plot()" not in text
    assert "Solution of exercise 1" in text
    assert "1 &lt; 2" in text
    assert "<details" not in text
    assert (small_site / "_images" / "a.svg").as_uri() in text


def test_formulas_are_there_once(small_site, articles):
    text = paper.join(small_site, articles, [])
    assert "katex-html" in text
    assert "<math" not in text


def test_contents_name_chapters_and_sections(articles):
    places = [
        "lectures-one",
        "lectures-one--more",
        "reference-notation",
        "reference-notation--sets",
    ]
    assert paper.entries(articles) == places
    contents = BeautifulSoup(paper.contents(articles), "html.parser")
    assert [number["data-of"] for number in contents.select(".page")] == places
    assert [part.get_text() for part in contents.select("h2")] == ["Descent", "Reference"]


def test_a_colon_stays_with_its_formula(small_site, articles):
    assert '<span class="glued">:</span></span></span></span></span> see' in paper.join(
        small_site, articles, []
    )


@pytest.mark.parametrize(
    ("title", "content"),
    [("Rates", '"Rates"'), ('The "best" <b>', '"The \\22 best\\22  \\3c b>"')],
)
def test_running_heads_say_the_title(title, content):
    assert f"content: {content};" in paper.running_heads([Chapter("lectures/a", title, "")])


def test_the_fonts_are_there():
    for rule in paper.fonts().split("\n"):
        address = rule.split("url(")[1].split(")")[0]
        assert paper.Path(address.removeprefix("file://")).is_file()
