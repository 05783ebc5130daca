import importlib.util
import json
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"


def program(name, monkeypatch):
    """A program of bench/: `pages` is the name of a module of docs/_ext, too."""
    monkeypatch.syspath_prepend(str(BENCH))
    spec = importlib.util.spec_from_file_location(f"bench_{name}", BENCH / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def build(monkeypatch):
    return program("build", monkeypatch)


@pytest.fixture
def pages(monkeypatch):
    pytest.importorskip("playwright")
    return program("pages", monkeypatch)


PROSE = "---\nsummary: In the front.\n---\n# The title\n\n```python\nAll the code\n```\n\n{}\n"


def test_a_word_of_prose_changes_and_nothing_else(build):
    assert build.change_a_word(PROSE.format("Follow the gradient down the hill.")) == PROSE.format(
        "Follow that gradient down the hill."
    )


def test_a_page_without_prose_is_refused(build):
    with pytest.raises(ValueError, match="wanted a line of prose"):
        build.change_a_word(PROSE.format("$x$"))


def ledger(**observed):
    return json.dumps([{"page": page, "observed": value} for page, value in observed.items()])


ONE = {
    "build.json": b"1",
    "a.html": b'<img src="_images/a.svg">',
    "b.html": b'<img src="_images/b.svg"><img src="_images/both.svg">',
    "c.html": b'<img src="_images/both.svg">',
    "_images/b.svg": b"1",
    "_images/both.svg": b"1",
    "_images/sphx_glr_d_thumb-dark.svg": b"1",
    "_images/sphx_glr_e_001.svg": b"1",
    "verification.json": ledger(a=1, b=1).encode(),
}


@pytest.mark.parametrize(
    ("change", "forbidden"),
    [
        ({}, []),
        ({"build.json": b"2"}, []),
        ({"a.html": b"other"}, ["a.html"]),
        ({"b.html": b"other", "downloads/b.ipynb": b"new"}, []),
        ({"_images/b.svg": b"2"}, []),
        ({"_images/both.svg": b"2"}, ["_images/both.svg"]),
        ({"_images/sphx_glr_d_thumb-dark.svg": b"2"}, []),
        ({"_images/sphx_glr_e_001.svg": b"2"}, ["_images/sphx_glr_e_001.svg"]),
        ({"verification.json": ledger(a=1, b=2).encode()}, []),
        ({"verification.json": ledger(a=2, b=1).encode()}, ["verification.json"]),
        ({"new.css": b""}, ["new.css"]),
    ],
)
def test_only_timed_pages_and_times_may_differ(build, change, forbidden):
    sites = (ONE, ONE | change)
    found = build.differing(*sites)
    assert found == sorted(change)
    assert [
        name for name in found if build.allowed(name, sites, {"b", "gallery/s/d"}) is None
    ] == forbidden


def test_the_seconds_of_a_script_are_left_out(build, tmp_path):
    line = (
        "<p><strong>Total running time of the script:</strong> (0 minutes {} seconds)</p><p>{}</p>"
    )
    for name, seconds, text in (("a", 1, "one"), ("b", 2, "one"), ("c", 1, "other")):
        (tmp_path / name).write_text(line.format(seconds, text))
    found = build.contents(tmp_path)
    assert found["a"] == found["b"] != found["c"]


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        ("lectures/rates.html", "lectures"),
        ("gallery/tensors/views.html", "scripts"),
        ("gallery/tensors/index.html", "other"),
        ("reference/api/loop.html", "reference"),
        ("index.html", "other"),
    ],
)
def test_kinds_of_pages(pages, page, kind):
    assert pages.kind(page) == kind


def test_a_sample_has_every_kind(pages):
    names = [*(f"lectures/{k}.html" for k in range(5)), "index.html"]
    assert pages.sample(names, 3) == ["lectures/0.html", "lectures/3.html", "index.html"]


def visit(pages, page, first, whole):
    loads = (pages.Load(count, 1, 0, 0.0) for count in (first, whole))
    return pages.Visit(page, *loads, blocking=0, violations=None)


def test_the_median_is_at_first_and_the_heaviest_with_figures(pages):
    visits = [visit(pages, *row) for row in (("a", 1, 9), ("b", 3, 4), ("c", 2, 5))]
    assert pages.middle(visits).page == "c"
    assert pages.heaviest(visits).page == "a"


def test_requests_to_other_hosts_are_counted_and_data_is_none(pages):
    wire = pages.Wire("127.0.0.1:1")
    for number, url in enumerate(
        ("http://127.0.0.1:1/a.css", "https://cdn.example/x.js", "data:image/svg+xml,x")
    ):
        wire.sent({"requestId": str(number), "request": {"url": url}})
        wire.finished({"requestId": str(number), "encodedDataLength": 10})
    assert wire.load(0.0) == pages.Load(10, 1, 1, 0.0)


def test_the_reference_of_peers_has_no_directive_of_this_project(pages):
    text = "# A\n\n.. automodule:: a\n   :members:\n\n.. scripts-using:: a\n"
    assert pages.plain_reference(text) == "# A\n\n.. automodule:: a\n   :members:\n\n"
