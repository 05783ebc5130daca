"""Links for reports: there where the repository is known, and nowhere else."""

from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
from docutils import nodes
from docutils.utils import new_document

from reports import add, form, statement

APP = SimpleNamespace(
    builder=SimpleNamespace(format="html", get_target_uri=lambda name: f"{name}.html")
)
CLAIM = '<div class="claim">✓ 1 &lt; 2: really: 1 &lt; 2</div>'
WRITTEN = "✓ one and one: 2 ≈ 2\nmore text\n✓ two and two: 4 ≈ 4"


@pytest.fixture
def page():
    document = new_document("page")
    boxes = [
        nodes.admonition("", nodes.title("", title), nodes.paragraph("", "Text."))
        for title in ("Theorem 1 (One)", "Proposition", "After this page you can")
    ]
    document += nodes.section(
        "",
        nodes.title("", "Part"),
        *boxes,
        nodes.raw("", CLAIM, format="html"),
        nodes.literal_block(WRITTEN, WRITTEN),
        nodes.literal_block("x = 1", "x = 1"),
        ids=["part"],
    )
    return document


def test_no_repository_no_link(page, monkeypatch):
    monkeypatch.delenv("STEEPEST_REPOSITORY", raising=False)
    before = page.pformat()
    add(APP, page, "lectures/a")
    assert page.pformat() == before


def test_theorems_and_claims_have_links(page, monkeypatch):
    monkeypatch.setenv("STEEPEST_REPOSITORY", "https://example.org/owner/name")
    monkeypatch.setenv("STEEPEST_SITE", "https://example.org/site")
    add(APP, page, "lectures/a")
    queries = [parse_qs(urlsplit(link["refuri"]).query) for link in page.findall(nodes.reference)]
    assert [query["title"] for query in queries] == [
        ["Error in: Theorem 1 (One)"],
        ["Error in: Proposition"],
        ["Error in: one and one"],
        ["Error in: two and two"],
    ]
    assert {query["page"][0] for query in queries} == {
        "https://example.org/site/lectures/a.html#part"
    }
    (raw,) = page.findall(nodes.raw)
    assert "title=Error+in%3A+1+%3C+2%3A+really&amp;page=" in raw.astext()
    assert raw.astext().startswith(CLAIM.removesuffix("</div>"))
    for line in WRITTEN.splitlines():
        assert line in page.astext()


def test_form_is_filled_in_and_short():
    address = form("https://example.org/owner/name", "é " * 200, "https://example.org/a.html#b")
    assert address.startswith("https://example.org/owner/name/issues/new?template=error.yml&")
    query = parse_qs(urlsplit(address).query)
    assert query["page"] == ["https://example.org/a.html#b"]
    assert len(query["title"][0]) <= 130
    assert query["title"][0].endswith("…")


def test_statement_of_a_claim():
    assert statement("✓ a: b: 1 ≈ 2 (atol 1)") == "a: b"
