"""What a copy without solutions leaves out, on a page made by hand and on the lectures' sources."""

import re
from pathlib import Path

import pytest
from docutils import nodes
from docutils.utils import new_document

from solutions import NOTE, leave_out

LECTURES = sorted((Path(__file__).parents[2] / "docs" / "lectures").glob("*.md"))


def cell(number, *tags):
    source = nodes.literal_block("", f"cell {number}")
    return nodes.container(
        "", source, nb_element="cell_code", cell_index=number, cell_metadata={"tags": list(tags)}
    )


def dropdown(title):
    return nodes.container("", nodes.rubric("", title), design_component="dropdown")


def section(title, *inside):
    return nodes.section("", nodes.title("", title), *inside, ids=[title.lower().replace(" ", "-")])


@pytest.fixture
def page():
    document = new_document("page")
    document += section(
        "Page",
        cell(0, "hide-cell"),
        dropdown("Proof"),
        section(
            "Exercises",
            section(
                "Exercise 1",
                cell(1),
                nodes.paragraph("", "What is asked."),
                dropdown("Solution of exercise 1"),
                cell(2, "hide-cell"),
                nodes.paragraph("", "A remark."),
                cell(3, "hide-input"),
                cell(4),
            ),
            section("Exercise 2", dropdown("Solution of exercise 2"), cell(5, "hide-cell")),
        ),
        section("What to remember", cell(6, "hide-cell")),
    )
    return document


def test_solutions_and_their_hidden_cells_are_left_out(page):
    assert leave_out(page) == [2, 3, 5]
    left = [node["cell_index"] for node in page.findall(nodes.container) if "cell_index" in node]
    assert left == [0, 1, 4, 6]
    text = page.astext()
    assert "Solution" not in text
    assert all(kept in text for kept in ("Proof", "What is asked.", "A remark.", "Exercise 2"))


def test_page_says_so_under_its_exercises(page):
    leave_out(page)
    (note,) = page.findall(nodes.admonition)
    assert note.astext() == NOTE
    assert note.parent.next_node(nodes.title).astext() == "Exercises"


def test_page_without_exercises_stays_as_it_is():
    document = new_document("page")
    document += section("Page", cell(0, "hide-cell"), section("Exercises"))
    before = document.pformat()
    assert leave_out(document) == []
    assert document.pformat() == before


@pytest.mark.parametrize("path", LECTURES, ids=lambda path: path.stem)
def test_every_exercise_has_a_label_a_solution_and_hidden_checks(path):
    text = path.read_text(encoding="utf-8")
    exercises = re.split(r"\n## ", text.partition("\n## Exercises\n")[2])[0]
    labels = re.findall(r"^\((ex-[a-z]+-\d+)\)=\n### Exercise (\d+)", exercises, re.MULTILINE)
    numbers = [str(number) for number in range(1, exercises.count("\n### ") + 1)]
    assert [number for _, number in labels] == numbers
    assert [label.rpartition("-")[2] for label, _ in labels] == numbers
    for number, part in zip(numbers, exercises.split("\n### ")[1:], strict=True):
        solution = part.partition(f"{{dropdown}} Solution of exercise {number}\n")[2]
        assert solution, number
        behind = re.split(r"^:{3,}$", solution, maxsplit=1, flags=re.MULTILINE)[1]
        cells = re.findall(r"```\{code-cell\} ipython3\n(.*)", behind)
        assert cells, number
        assert set(cells) == {":tags: [hide-cell]"}, number
