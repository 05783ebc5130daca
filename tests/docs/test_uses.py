"""Code leads to the package and back; lectures and scripts name each other."""

import re
from pathlib import Path
from pkgutil import resolve_name
from types import SimpleNamespace

import pytest

from uses import KEPT, SHORT, restore, save, told, used, users

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "gallery").glob("*/*.py"))
LECTURES = sorted((ROOT / "docs" / "lectures").glob("*.md"))


def block(*locations):
    return SimpleNamespace(names=[SimpleNamespace(resolved_location=name) for name in locations])


TRANSFORMS = {
    "lectures/b": [block("p.f", None, "p"), block("p.deep.g", "p.g", "q.unknown")],
    "gallery/x/a": [block("p.f")],
    "reference/api/p": [block("p.f")],
    "lectures/c": [],
}


OBJECTS = {
    name: SimpleNamespace(node_id=node, objtype=kind)
    for name, node, kind in [
        ("p", "module-p", "module"),
        ("p.f", "p.f", "function"),
        ("p.g", "p.g", "class"),
        ("p.deep.g", "p.g", "class"),
    ]
}


def test_uses_and_users_are_each_others_inverse():
    uses = used(TRANSFORMS, OBJECTS)
    assert uses == {
        "lectures/b": {"p.f", "p.g"},
        "gallery/x/a": {"p.f"},
        "reference/api/p": {"p.f"},
        "lectures/c": set(),
    }
    assert users(uses) == {"p.f": ["gallery/x/a", "lectures/b"], "p.g": ["lectures/b"]}


@pytest.mark.parametrize(
    ("pages", "text"),
    [
        (["gallery/a/b"], "Used in 1 script"),
        (["gallery/a/b", "lectures/c", "lectures/d"], "Used in 2 lectures and 1 script"),
    ],
)
def test_told(pages, text):
    assert told(pages) == text


def test_what_was_known_of_unchanged_pages_is_kept():
    known = {"lectures/b": [block("p.f")]}
    app = SimpleNamespace(env=SimpleNamespace(**{KEPT: known}))
    save(app)
    setattr(app.env, KEPT, {"gallery/x/a": []})  # as sphinx-codeautolink begins
    restore(app)
    assert vars(app.env) == {KEPT: known | {"gallery/x/a": []}}


@pytest.mark.parametrize("name", SHORT)
def test_short_names_are_the_same_objects(name):
    assert resolve_name(name) is resolve_name(SHORT[name])


def lectures_of(script):
    docstring = re.search(r'r?"""(.*?)"""', script.read_text(encoding="utf-8"), re.DOTALL)[1]
    last = docstring.partition("The script belongs to")[2]
    return re.findall(r":doc:`(?:[^`<]*<)?/lectures/([a-z-]+)>?`", last)


def scripts_of(lecture):
    text = lecture.read_text(encoding="utf-8")
    part = text.partition("\n## Scripts that belong here\n")[2].partition("\n## ")[0]
    return re.findall(r"\{doc\}`/gallery/([a-z_/0-9]+)`", part)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_script_names_its_lecture_and_is_listed_there(script):
    named = lectures_of(script)
    assert named
    place = str(script.relative_to(ROOT / "gallery").with_suffix(""))
    for lecture in named:
        assert place in scripts_of(ROOT / "docs" / "lectures" / f"{lecture}.md")


@pytest.mark.parametrize("lecture", LECTURES, ids=lambda path: path.stem)
def test_lecture_lists_scripts_that_exist_and_one_that_names_it(lecture):
    listed = scripts_of(lecture)
    assert listed
    assert len(set(listed)) == len(listed)
    scripts = [ROOT / "gallery" / f"{place}.py" for place in listed]
    assert all(script.is_file() for script in scripts)
    assert any(lecture.stem in lectures_of(script) for script in scripts)
