from dataclasses import dataclass

import pytest
from sphinx_codeautolink.parse import LinkContext, Name

import snippets

BLOCK = '<div class="highlight-{} notranslate"><div class="highlight"><pre>{}</pre></div>\n</div>'
X = '<span class="n">x</span>'
ONE, TWO = BLOCK.format("python", f"{X} = 1\n"), BLOCK.format("ipython3", "y &lt; 2\n")
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


def name(word: str, line: int = 1, target: str = "steepest.x") -> Name:
    return Name([word], word, line, line, LinkContext.none, target)


@dataclass
class Transform:
    source: str
    names: list[Name]


INVENTORY = {"steepest.x": "reference/api/x.html#x", "elsewhere": "https://example.org/e"}
A = '<a href="../reference/api/x.html#x" class="sphinx-codeautolink-a">{}</a>'


@pytest.mark.parametrize(
    ("transforms", "linked"),
    [
        ([Transform("x = 1", [name("x")])], (True, False)),
        ([Transform("x = 1\n", [])], (False, False)),
        ([Transform("x = 1", []), Transform("x = 1", [name("x")])], (False, True)),
        ([Transform("x = 1", [name("x")]), Transform("x = 1", [name("x")])], (True, True)),
        ([Transform("x = 1", [name("y")])], (False, False)),
        ([Transform("not here", [name("x")])], (False, False)),
    ],
)
def test_links_come_into_their_blocks_and_the_rest_stays_as_it_was(tmp_path, transforms, linked):
    page = tmp_path / "lectures" / "one.html"
    page.parent.mkdir()
    text = '<meta charset="utf-8"><span class="n">x</span>{}<br>{}<br/>{}'
    page.write_text(text.format(ONE, TWO, ONE))
    snippets.link_blocks("lectures/one", str(tmp_path), transforms, INVENTORY)
    first, last = (ONE.replace(X, A.format(X)) if link else ONE for link in linked)
    assert page.read_text() == text.format(first, TWO, last)


def test_the_last_of_two_and_another_line_and_another_host():
    block = BLOCK.format("python", f"{X} + {X}\n{X}\n")
    names = [name("x"), name("x", 2, "elsewhere")]
    link = '<a href="https://example.org/e" class="sphinx-codeautolink-a">{}</a>'
    expected = BLOCK.format("python", f"{X} + {A.format(X)}\n{link.format(X)}\n")
    assert snippets.link(block, names, INVENTORY, "../") == expected


def test_a_page_that_has_links_is_left_alone(tmp_path):
    page = tmp_path / "one.html"
    page.write_text(f"{ONE}<a {snippets.LINKED}>")
    snippets.link_blocks("one", str(tmp_path), [Transform("x = 1", [name("x")])], INVENTORY)
    assert page.read_text() == f"{ONE}<a {snippets.LINKED}>"


def test_the_code_of_a_block():
    numbered = ONE.replace("<pre>", '<pre><span></span><span class="linenos"> 1</span>')
    assert snippets.code(numbered) == "x = 1"
    assert snippets.code(TWO) == "y < 2"
