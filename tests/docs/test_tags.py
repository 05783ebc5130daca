"""Every script has two to four tags from one short list."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from tags import TAGS, choice

SCRIPTS = sorted((Path(__file__).parents[2] / "gallery").glob("*/*.py"))


def tags_of(script):
    (found,) = re.findall(
        r"^# sphinx_gallery_tags = (.*)$", script.read_text(encoding="utf-8"), re.MULTILINE
    )
    return ast.literal_eval(found)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_script_has_two_to_four_tags_of_the_list(script):
    tags = tags_of(script)
    assert 2 <= len(set(tags)) == len(tags) <= 4
    assert set(tags) <= set(TAGS)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_scripts_with_a_film_say_so(script):
    assert ("film" in tags_of(script)) == ("plots.film(" in script.read_text(encoding="utf-8"))


def test_each_tag_finds_some_scripts_and_not_most():
    count = Counter(tag for script in SCRIPTS for tag in tags_of(script))
    assert set(count) == set(TAGS)
    assert min(count.values()) >= 2
    assert max(count.values()) < len(SCRIPTS) / 2


def test_choice_has_an_option_for_each_tag_and_one_for_all():
    html = choice(("film", "step size"))
    assert re.findall(r'value="(.*?)"( checked)?>', html) == [
        ("", " checked"),
        ("film", ""),
        ("step size", ""),
    ]
    assert """[data-sgtags*='"step size"']""" in html
