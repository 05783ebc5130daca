from dataclasses import dataclass
from pathlib import Path

import pytest

import snippets

BLOCK = '<div class="highlight-{} notranslate"><div class="highlight"><pre>{}</pre></div>\n</div>'
ONE, TWO = BLOCK.format("python", "<span>x</span> = 1\n"), BLOCK.format("ipython3", "y &lt; 2\n")
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


@dataclass
class Transform:
    source: str
    names: tuple[str, ...] = ("x",)


def mark(document: str, folder: str, transforms: list[Transform]) -> None:
    page = Path(folder, f"{document}.html")
    text = page.read_text()
    assert text.count("<pre>") == 1
    page.write_text(text.replace("<pre>", f"<pre><a>{transforms[0].names[0]}</a>"))


@pytest.mark.parametrize(
    ("transforms", "first", "second", "third"),
    [
        ([Transform("x = 1")], "x", "", ""),
        ([Transform("y < 2\n", ("y",))], "", "y", ""),
        ([Transform("x = 1", ("a",)), Transform("x = 1", ("b",))], "a", "", "b"),
        ([Transform("x = 1", ()), Transform("x = 1", ("b",))], "", "", "b"),
        ([Transform("not here")], "", "", ""),
    ],
)
def test_links_come_into_their_blocks_and_the_rest_stays_as_it_was(
    tmp_path, monkeypatch, transforms, first, second, third
):
    monkeypatch.setattr(snippets, "link_html", mark)
    page = tmp_path / "lectures" / "one.html"
    page.parent.mkdir()
    text = '<meta charset="utf-8"><span>x</span>{}<br>{}<br/>{}'
    page.write_text(text.format(ONE, TWO, ONE))
    snippets.link_blocks("lectures/one", str(tmp_path), transforms)
    links = [f"<pre><a>{name}</a>" if name else "<pre>" for name in (first, second, third)]
    expected = [b.replace("<pre>", link) for b, link in zip([ONE, TWO, ONE], links, strict=True)]
    assert page.read_text() == text.format(*expected)


def test_a_page_that_has_links_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(snippets, "link_html", None)
    page = tmp_path / "one.html"
    page.write_text(f"{ONE}<a {snippets.LINKED}>")
    snippets.link_blocks("one", str(tmp_path), [Transform("x = 1")])
    assert page.read_text() == f"{ONE}<a {snippets.LINKED}>"


def test_the_code_of_a_block():
    numbered = ONE.replace("<pre>", '<pre><span></span><span class="linenos"> 1</span>')
    assert snippets.code(numbered) == "x = 1"
    assert snippets.code(TWO) == "y < 2"
