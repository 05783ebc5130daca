from collections import namedtuple
from types import SimpleNamespace

import pytest
from docutils import nodes

import kept
from kept import index_entries, plain, restamp

Place = namedtuple("Place", "page line")


class Entry:
    def __init__(self, key: str) -> None:
        self.key = key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"a": {1, 2}}, {"a": {2, 1}}),
        (Place("p", 3), Place("p", 4)),
        (Entry("k"), Entry("k")),
        (nodes.title("", "One"), nodes.title("", "One")),
    ],
)
def test_the_same_content_has_the_same_text(one, other):
    assert plain(one) == plain(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {"b": 1}),
        ([1, 2], [2, 1]),
        (["a, b"], ["a", "b"]),
        (1, "1"),
        (Place("p", 3), Place("q", 3)),
        (Entry("k"), Entry("l")),
        (nodes.title("", "One"), nodes.title("", "Two")),
        (nodes.title("", "", nodes.emphasis("", "One")), nodes.title("", "One")),
    ],
)
def test_other_content_has_another_text(one, other):
    assert plain(one) != plain(other)


def test_entries_of_the_index_are_those_of_the_search():
    entries = [
        ("single", "step size; constant", "t1", "main", None),
        ("single", "minimize() (in module steepest)", "m", "", None),
        ("unheard of", "x", "t2", "", None),
    ]
    assert index_entries(entries) == [
        ("constant", "t1", "main"),
        ("minimize() (in module steepest)", "m", ""),
        ("step size", "t1", "main"),
    ]


@pytest.mark.parametrize("before", ["c0ffee", "c0ffee-dirty"])
@pytest.mark.parametrize("now", ["c0ffee", "c0ffee-dirty"])
def test_the_foot_alone_names_the_present_state(before, now):
    page = (
        '<p>{0}</p>\n<div class="colophon">\n<code>{1}</code> <a href="?body={1}%0A">x</a>\n</div>'
    )
    assert restamp(page.format("c0ffee", before), now) == page.format("c0ffee", now)


@pytest.mark.parametrize(
    ("record", "left"),
    [
        ("new", {"page.html", "_static"}),
        ("old", set()),
        (None, {"page.html", "_static"}),
    ],
    ids=["nothing has changed", "another site", "no site of ours"],
)
def test_what_goes_before_pages_are_written_anew(tmp_path, monkeypatch, record, left):
    monkeypatch.setattr(kept, "shown", lambda app: "new")
    always = {".buildinfo", ".doctrees", kept.RECORD}
    for folder in (".doctrees", "_static"):
        (tmp_path / folder).mkdir()
    for name, text in ((".buildinfo", ""), ("page.html", ""), (kept.RECORD, record)):
        if text is not None:
            (tmp_path / name).write_text(text)
    app = SimpleNamespace(
        builder=SimpleNamespace(format="html"), outdir=tmp_path, doctreedir=tmp_path / ".doctrees"
    )
    anew = kept.compare(app, SimpleNamespace(found_docs={"b", "a"}))
    assert anew == ([] if record == "new" else ["a", "b"])
    assert {path.name for path in tmp_path.iterdir()} == always | left
    assert (tmp_path / kept.RECORD).read_text() == "new"
