from pathlib import Path

import pytest

import snippets

BLOCK = '<div class="highlight-{} notranslate"><div class="highlight"><pre>{}</pre></div>\n</div>'
ONE, TWO = BLOCK.format("python", "<span>x</span> = 1\n"), BLOCK.format("ipython3", "y\n")
DOCTEST = BLOCK.format("default", "z\n").replace("highlight-default", "doctest highlight-default")


@pytest.mark.parametrize(
    ("page", "blocks"),
    [
        ("<p>no code</p>", []),
        (f"<p>a</p>{ONE}<p>b</p>", [ONE]),
        (f"{ONE}\n{DOCTEST}<br>{TWO}", [ONE, DOCTEST, TWO]),
    ],
)
def test_a_page_is_its_blocks_and_what_stands_between(page, blocks):
    between, found = snippets.split(page)
    assert found == blocks
    assert snippets.join(between, found) == page


def test_links_come_into_blocks_and_the_rest_stays_as_it_was(tmp_path, monkeypatch):
    def link(document, folder):
        page = Path(folder, f"{document}.html")
        assert page.read_text() == snippets.CUT.join([ONE, TWO])
        page.write_text(page.read_text().replace("<span>x</span>", "<a>x</a>"))

    monkeypatch.setattr(snippets, "link_html", link)
    page = tmp_path / "lectures" / "one.html"
    page.parent.mkdir()
    page.write_text(f'<meta charset="utf-8"><span>x</span>{ONE}<br>{TWO}')
    snippets.link_blocks("lectures/one", str(tmp_path))
    linked = ONE.replace("<span>x</span>", "<a>x</a>")
    assert page.read_text() == f'<meta charset="utf-8"><span>x</span>{linked}<br>{TWO}'


def test_a_page_that_has_links_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(snippets, "link_html", None)
    page = tmp_path / "one.html"
    page.write_text(f"{ONE}<a {snippets.LINKED}>")
    snippets.link_blocks("one", str(tmp_path))
    assert page.read_text() == f"{ONE}<a {snippets.LINKED}>"
