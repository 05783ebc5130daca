"""The lectures make a course, and the course can be drawn."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from course import CourseError, Lecture, draw, in_order, lecture

LECTURES = Path(__file__).parents[2] / "docs" / "lectures"


def front_matter(path):
    return yaml.safe_load(path.read_text(encoding="utf-8").split("---\n")[1])


def course(**needs):
    return {name: Lecture(name.title(), tuple(given), "A line.") for name, given in needs.items()}


def test_each_lecture_comes_after_what_it_needs():
    order = in_order(course(c=["a", "b"], b=["a"], a=[]))
    assert order == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("needs", "message"),
    [
        ({"a": ["b"]}, "a: needs 'b', and no lecture has this name"),
        ({"a": ["a"]}, "in a circle: a → a"),
        ({"a": ["b"], "b": ["c"], "c": ["a"]}, "in a circle: "),
    ],
)
def test_what_has_no_order_is_refused(needs, message):
    with pytest.raises(CourseError, match=message):
        in_order(course(**needs))


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"summary": "A line."}, r"x: front matter: wanted needs: \[names\], got None"),
        ({"needs": "a, b", "summary": "A line."}, "wanted needs"),
        ({"needs": '{"a": 1}', "summary": "A line."}, "wanted needs"),
        ({"needs": "[]"}, "x: front matter: wanted summary: one line, got None"),
        ({"needs": "[]", "summary": " "}, "wanted summary"),
    ],
)
def test_front_matter_that_says_too_little_is_refused(metadata, message):
    with pytest.raises(CourseError, match=message):
        lecture("x", "X", metadata)


def test_front_matter_is_read_as_sphinx_keeps_it():
    found = lecture("x", "X", {"needs": '["a", "b"]', "summary": "Two\nlines. "})
    assert found == Lecture("X", ("a", "b"), "Two lines.")


def test_drawing_has_a_link_a_box_and_an_arrow_for_each_and_no_colour_of_its_own():
    small = course(a=[], b=["a"], c=["a", "b"])
    text = draw(small, {name: f"{name}.html?x=1&y=2" for name in small})
    tree = ElementTree.fromstring(text)
    assert {link.get("href") for link in tree.iter("a")} == {
        f"{name}.html?x=1&y=2" for name in small
    }
    assert {link.get("aria-label") for link in tree.iter("a")} == {"A", "B", "C"}
    assert sum(path.get("marker-end") is not None for path in tree.iter("path")) == 3
    assert not re.search(r"#[0-9a-f]{3,6}\b|rgb|black|white", text.replace("#course-head", ""))


def test_needs_lie_above():
    small = course(low=["high"], high=[])
    tree = ElementTree.fromstring(draw(small, {"low": "low", "high": "high"}))
    (high, low) = (
        next(float(box.get("y")) for box in link.iter("rect"))
        for name in ("high", "low")
        for link in tree.iter("a")
        if link.get("href") == name
    )
    assert high < low


def test_lectures_of_this_site_make_a_course():
    found = {
        path.stem: Lecture(path.stem, tuple(matter["needs"]), matter["summary"])
        for path in LECTURES.glob("*.md")
        for matter in [front_matter(path)]
    }
    assert len(found) == len(in_order(found)) >= 21
    for name, one in found.items():
        assert len(one.summary) <= 100, name
        assert one.summary.endswith("."), name
