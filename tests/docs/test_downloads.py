import io
import json
import tomllib
import zipfile

import nbformat
import pytest
from cleanroom import chosen, differences, moved, requirements, same

import package
import plain
import portable
from downloads import books, elsewhere, link

NEED = portable.requirement("https://example.org/s/", "steepest-1-py3-none-any.whl")
HEAD = '# /// script\n# requires-python = ">=3.11"\n# dependencies = [{}]\n# ///\n"""Text."""\n'


class Site:
    """A site that answers with what it was asked."""

    def role(self, name: str, text: str) -> str:
        return f"<{name} {text}>"

    def directive(self, name: str) -> str:
        return f"<{name}>"

    def anchor(self, label: str) -> str:
        return f"https://example.org/#{label}"


def test_pins_are_those_of_package_and_plot():
    project = """
        [project]
        dependencies = ["torch>=2.9", "numpy>=2.0"]
        [project.optional-dependencies]
        plot = ["matplotlib-inline>=1", "torchviz"]
        docs = ["sphinx"]
    """
    constraints = "# pins\nmatplotlib==3\nmatplotlib-inline==1\nnumpy==2\ntorch==2.9\ntorchviz==0\n"
    assert portable.pins(project, constraints) == [
        *("torch==2.9", "numpy==2", "matplotlib-inline==1", "torchviz==0")
    ]


@pytest.mark.parametrize(
    ("listed", "kept"),
    [
        ('"steepest[plot]"', []),
        ('"steepest", "rich>=13; python_version<\'4\'"', ["rich>=13; python_version<'4'"]),
        ("", []),
    ],
)
def test_script_asks_for_the_wheel(listed, kept):
    text = HEAD.format(listed)
    there = portable.script("name.py", text, [NEED, "torch==2"])
    assert requirements(there) == [NEED, "torch==2", *kept]
    block = portable.BLOCK.search(there)
    table = tomllib.loads(block["content"].replace("# ", "").replace("#", ""))
    assert table["requires-python"] == ">=3.11"
    assert there[block.end() :] == text[text.index("# ///\n") + 5 :]
    assert there[: block.start()] == portable.HOW.format(name="name.py", need=NEED)
    assert "steepest[plot]" not in there[block.start() :].replace(NEED, "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import torch\n", "wanted a PEP 723 block"),
        ("# /// script\n# name = 1\n# ///\n", r"got \['name'\]"),
        ("# /// script\n# [tool.uv]\n# offline = true\n# ///\n", r"got \['tool'\]"),
    ],
)
def test_script_that_cannot_be_rewritten_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        portable.script("name.py", text, [NEED])


def test_notebook_installs_first_and_has_no_outputs():
    cells = [
        {"cell_type": "markdown", "source": "# Title\n\nText.\n"},
        {"cell_type": "code", "source": ["1 +\n", "1"], "outputs": ["2"], "execution_count": 3},
    ]
    text = portable.notebook(cells, NEED)
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    install, title, code = notebook.cells
    assert f'    %pip install --quiet "{NEED}"' in install.source.split("\n")
    assert title.source == "# Title\n\nText."
    assert (code.source, code.outputs, code.execution_count) == ("1 +\n1", [], None)
    assert text == portable.notebook(cells, NEED)


def test_archive_depends_on_its_content_and_time_alone():
    files = {"b/c": b"two", "a": b"one"}
    packed = portable.archive(files, 1_700_000_000)
    assert packed == portable.archive(dict(reversed(files.items())), 1_700_000_000)
    assert packed != portable.archive(files, 1_800_000_000)
    opened = zipfile.ZipFile(io.BytesIO(packed))
    assert {name: opened.read(name) for name in opened.namelist()} == files
    early = zipfile.ZipFile(io.BytesIO(portable.archive(files, 0)))
    assert early.infolist()[0].date_time == (1980, 1, 1, 0, 0, 0)


@pytest.mark.build
def test_wheel_has_the_same_bytes_twice(tmp_path, monkeypatch):
    first, second = (package.build(tmp_path / name) for name in ("a", "b"))
    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    other = zipfile.ZipFile(package.build(tmp_path / "c"))
    assert {entry.date_time[:3] for entry in other.infolist()} == {(2001, 9, 9)}
    assert "steepest/plots.mplstyle" in other.namelist()


MARKDOWN = {
    "text": ("One *two* $x_{ref}$.", "One *two* $x_{ref}$."),
    "target": ("(here)=\n# Title\n", "# Title"),
    "comment": ("a\n% no one reads this\nb", "a\nb"),
    "role": ("see {ref}`the page <a-b>`", "see <ref the page <a-b>>"),
    "role over two lines": ("a {term}`condition\nnumber` b", "a <term condition\nnumber> b"),
    "role with a format": ("{glue:text}`err:.1e`", "<glue:text err:.1e>"),
    "code span": ("`{x}` and ``{ref}`a` ``", "`{x}` and ``{ref}`a` ``"),
    "code span before a role": ("`a` {ref}`b`", "`a` <ref b>"),
    "anchor": (
        "[it](#there) [x](https://a.b/#c)",
        "[it](https://example.org/#there) [x](https://a.b/#c)",
    ),
    "admonition": (
        ":::{admonition} Theorem 1 ($n$)\n:class: note\n\nLet $x$.\n:::\nThen",
        "**Theorem 1 ($n$)**\n\nLet $x$.\n\nThen",
    ),
    "note": ("```{note}\nMind.\n```", "**Note**\n\nMind."),
    "nested": (
        "::::{admonition} Outer\n:::{dropdown} Proof\n:open:\nLet {ref}`a`.\n:::\nEnd.\n::::",
        "**Outer**\n\n<details>\n<summary><b>Proof</b></summary>\n\n"
        "Let <ref a>.\n\n</details>\n\nEnd.",
    ),
    "figure": ("```{figure} a.svg\n:alt: A\n\nThe caption.\n```", "The caption."),
    "bibliography": ("```{bibliography}\n:filter: docname in docnames\n```", "<bibliography>"),
    "code": (
        "```python\n(a)=\n% b\n{ref}`c`\n```\nend",
        "```python\n(a)=\n% b\n{ref}`c`\n```\nend",
    ),
    "console": ("```\n:::{note}\n```", "```\n:::{note}\n```"),
    "formula": ("$$\n(a,b)=c\n$$", "$$\n(a,b)=c\n$$"),
}


@pytest.mark.parametrize("case", MARKDOWN)
def test_markdown_is_plain(case):
    myst, expected = MARKDOWN[case]
    assert plain.markdown(myst, Site()) == expected


CODE = {
    "none": ("x = 1", "x = 1"),
    "import": ("from myst_nb import glue\n\nx = 1", "x = 1"),
    "several lines": ('x = 1\nglue(\n    "x",\n    x,\n)\ny = 2', "x = 1\ny = 2"),
    "only": ('glue("x", 1, display=False)', ""),
    "loop": ("for k in ks:\n    glue(k, 1)\n    glue(k, 2)\nx = 1", "x = 1"),
    "loop that does more": (
        'for k in ks:\n    y = k\n    glue("y", y)',
        "for k in ks:\n    y = k",
    ),
    "condition": ('if a:\n    glue("a", a)\nelse:\n    glue("b", a)', ""),
    "string": ('print("glue")', 'print("glue")'),
}


@pytest.mark.parametrize("case", CODE)
def test_code_without_glue(case):
    code, expected = CODE[case]
    assert plain.without_glue(code) == expected


def test_cells_keep_their_order_and_fold_where_the_site_does():
    figure = {"figure": {"caption": "All of {ref}`it`.\n"}}
    notebook = [
        {"cell_type": "markdown", "source": "(a)=\n"},
        {"cell_type": "code", "source": 'glue("x", 1)', "metadata": {}},
        {
            "cell_type": "code",
            "source": "1",
            "metadata": {"tags": ["hide-input"], "mystnb": figure},
        },
        {"cell_type": "markdown", "source": "Text."},
        {"cell_type": "code", "source": "2", "metadata": {"tags": ["raises-exception"]}},
    ]
    assert list(plain.cells(notebook, Site())) == [
        {
            "cell_type": "code",
            "source": "1",
            "metadata": {"tags": ["hide-input"], "jupyter": {"source_hidden": True}},
        },
        {"cell_type": "markdown", "source": "**Figure.** All of <ref it>."},
        {"cell_type": "markdown", "source": "Text."},
        {"cell_type": "code", "source": "2", "metadata": {"tags": ["raises-exception"]}},
    ]


def test_solutions_can_be_left_out():
    def text(source):
        return {"cell_type": "markdown", "source": source}

    def code(source, *tags):
        return {"cell_type": "code", "source": source, "metadata": {"tags": list(tags)}}

    solution = "\n:::{dropdown} Solution of exercise 1\n:open:\nIt is 2.\n:::\n"
    notebook = [
        code("a", "hide-input"),
        text(f"## Exercises\n\nWhat?\n{solution}"),
        code("b", "hide-cell"),
        code("c"),
        text("More of it."),
        code("d", "hide-cell"),
        text(f"### Next\n{solution}\n## Else\n\n:::{{dropdown}} Proof\nClear.\n:::\n"),
        code("e", "hide-cell"),
    ]
    left = list(plain.without_solutions(notebook))
    assert [cell["source"] for cell in left if cell["cell_type"] == "code"] == ["a", "c", "e"]
    words = "".join(cell["source"] for cell in left if cell["cell_type"] == "markdown")
    assert "It is 2" not in words
    assert "Clear." in words
    assert "More of it." in words


def test_roles_of_a_script_become_links():
    text = "in :doc:`/lectures/a` and :func:`~steepest.loop.minimize`, ``:x:``, 3:4"
    assert plain.roles(text, Site().role) == (
        "in <doc /lectures/a> and <func ~steepest.loop.minimize>, ``:x:``, 3:4"
    )


@pytest.mark.parametrize("repository", [None, "https://gitlab.com/owner/name", "http://127.0.0.1"])
def test_nothing_opens_elsewhere_without_a_repository_on_github(repository):
    assert elsewhere(repository, "lectures/minima") == {}


@pytest.mark.parametrize("repository", [None, "https://gitlab.com/owner/name", "http://127.0.0.1"])
def test_no_book_is_known_without_a_repository_on_github(repository):
    assert books(repository) == {}


def test_books_are_files_of_the_newest_release():
    latest = "https://github.com/owner/name/releases/latest/download"
    assert books("https://github.com/owner/name") == {
        "PDF": f"{latest}/steepest.pdf",
        "EPUB": f"{latest}/steepest.epub",
    }


@pytest.mark.parametrize(("given", "branch"), [("", "downloads"), ("of-0.1", "of-0.1")])
def test_notebook_opens_elsewhere_from_the_branch_of_downloads(monkeypatch, given, branch):
    monkeypatch.setenv("STEEPEST_DOWNLOADS", given)
    assert elsewhere("https://github.com/owner/name", "lectures/minima") == {
        "Colab": f"https://colab.research.google.com/github/owner/name/blob/{branch}/"
        "lectures/minima.ipynb",
        "Binder": f"https://mybinder.org/v2/gh/owner/name/{branch}?labpath=lectures%2Fminima.ipynb",
    }


@pytest.mark.parametrize(
    ("here", "address"),
    [("index", "downloads/a.zip"), ("gallery/tensors/views", "../../downloads/a.zip")],
)
def test_link_leads_from_the_page(here, address):
    expected = f'<a class="reference download" href="{address}" download>a &amp; b</a>'
    assert link(here, "downloads/a.zip", "a & b") == expected


def test_clean_room_moves_the_site():
    text = HEAD.format(f'"{NEED}"') + "# see https://example.org/s/lectures/a.html\n"
    there = moved(text, "http://127.0.0.1:1/")
    assert "example.org" not in there
    wheel = "steepest[plot] @ http://127.0.0.1:1/downloads/steepest-1-py3-none-any.whl"
    assert requirements(there) == [wheel]
    with pytest.raises(ValueError, match="names the wheel's address, found none"):
        moved("x = 1", "http://127.0.0.1:1/")


def record(statement, observed, relation, expected, atol=0.0, rtol=0.0):
    return {
        "page": "p",
        "statement": statement,
        "observed": observed,
        "relation": relation,
        "expected": expected,
        "atol": atol,
        "rtol": rtol,
    }


@pytest.mark.parametrize(
    ("here", "claimed", "agrees"),
    [
        ("a sum: 2 ≈ 2", record("a sum", 2, "≈", 2), True),
        ("a sum: 3 ≈ 3", record("a sum", 2, "≈", 2), False),
        ("a sum: 2 ≈ 2", record("another sum", 2, "≈", 2), False),
        ("a sum: 2 < 2", record("a sum", 2, "≈", 2), False),
        ("small: -1e-17 ≈ 0 (atol 1e-12)", record("small", 2e-17, "≈", 0, 1e-12), True),
        ("x: 0.501 ≈ 0.5 (atol 0.01)", record("x", 0.499, "≈", 0.5, 0.01), True),
        ("x: [1, 2] ≈ [1, 2]", record("x", [1, 2, 3], "≈", [1, 2, 3]), False),
        ("a time: 8 < 9", record("a time", 1, "<", 9), True),
        ("a time: 8 > 1", record("a time", 1, "<", 9), False),
        ("said: yes (as expected)", record("said", "yes", "≈", "yes"), True),
        ("said: no (as expected)", record("said", "yes", "≈", "yes"), False),
        ("holds: [True, True] (as expected)", record("holds", [True, True], "≈", True), True),
    ],
)
def test_claims_of_two_machines(here, claimed, agrees):
    assert bool(list(differences([here], [claimed]))) is not agrees


def test_claims_must_be_as_many():
    assert list(differences([], [record("a", 1, "≈", 1)])) == ["0 claims here, 1 on the site"]
    assert same("a: 1 ≈ 1", record("a", 1, "≈", 1), "a: 1 ≈ 1")


def test_all_scripts_and_ten_notebooks_are_chosen(tmp_path):
    names = [f"lectures/l{k}" for k in range(9)] + [f"gallery/one/s{k}" for k in range(3)]
    seconds = {name: float(len(names) - k) for k, name in enumerate(names)}
    (tmp_path / "build.json").write_text(json.dumps({"seconds": seconds}))
    for name in names:
        path = tmp_path / "downloads" / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        if name.startswith("gallery"):
            path.with_suffix(".py").touch()
    scripts, notebooks = chosen(tmp_path, ())
    assert scripts == ["gallery/one/s0", "gallery/one/s1", "gallery/one/s2"]
    quickest = [f"lectures/l{k}" for k in range(8, 0, -1)]
    assert notebooks == [*quickest, "gallery/one/s2", "gallery/one/s1"]
    assert chosen(tmp_path, ["gallery/one/s1"]) == (["gallery/one/s1"], ["gallery/one/s1"])
