"""What is done with pages once they are written: policies, heads, lists, mends."""

import base64
import hashlib
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import SimpleNamespace

import pytest
from docutils import nodes
from docutils.utils import new_document

import access
import colophon
import feed
import formulas
import heads
import lightness
import missing
import outlines
import pages
import policy

HEAD = '<html><head><meta charset="utf-8"></head><body>{}</body></html>'


def test_a_policy_names_the_inline_scripts_and_no_others():
    page = HEAD.format('<script>one()</script><script src="a.js"></script><script>two()</script>')
    hashes = [
        base64.b64encode(hashlib.sha256(text).digest()).decode() for text in (b"one()", b"two()")
    ]
    found = policy.policy(page)
    assert f"script-src 'self' 'sha256-{hashes[0]}' 'sha256-{hashes[1]}'; " in found
    assert found.count("sha256-") == 2
    assert "'unsafe-inline'" not in found.split("style-src")[0]


def test_the_policy_comes_first_and_once():
    page = HEAD.format("<script>one()</script>")
    once = policy.protect(page)
    assert once.index("Content-Security-Policy") < once.index("</head>")
    assert policy.protect(once) == once
    changed = policy.protect(once.replace("one()", "other()"))
    assert changed.count("Content-Security-Policy") == 1
    assert changed != once


def test_a_page_without_an_encoding_is_refused():
    with pytest.raises(ValueError, match='policy: a page has no <meta charset="utf-8">'):
        policy.protect("<html></html>")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Short and\nplain.", "Short and plain."),
        (r"Let \alpha be one. The rest is plain.", "The rest is plain."),
        (r"Only \alpha here.", r"Only \alpha here."),
        ("word " * 60, "word " * 39 + "word …"),
    ],
)
def test_a_description_is_the_first_paragraph_in_plain_words(text, expected):
    document = new_document("page")
    note = nodes.note("", nodes.paragraph("", "Not this one."))
    section = nodes.section("", nodes.title("", "A title"), note, nodes.paragraph("", text))
    document += [section, nodes.paragraph("", "Nor this one.")]
    assert pages.describe(document) == expected
    assert len(expected) <= pages.LONGEST + 2


def test_folders_of_files_hold_no_pages(tmp_path):
    for name in ("index.html", "lectures/one.html", "_static/not.html", "_downloads/a/not.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    found = [str(path.relative_to(tmp_path)) for path in pages.written(tmp_path)]
    assert found == ["index.html", "lectures/one.html"]


def test_a_head_escapes_what_it_says(monkeypatch):
    monkeypatch.setenv("STEEPEST_SITE", "https://example.org/course")
    tags = heads.tags('Of "<"', "Less < more.", "https://example.org/course/a.html", "Steepest")
    assert '<meta property="og:title" content="Of &quot;&lt;&quot;">' in tags
    assert '<meta name="description" content="Less &lt; more.">' in tags
    assert 'content="https://example.org/course/_static/site.png"' in tags
    assert 'href="https://example.org/course/feed.xml"' in tags


def test_a_page_that_says_nothing_has_no_empty_description():
    assert 'content=""' not in heads.tags("Index", "", "", "Steepest")


def test_the_second_viewport_goes():
    context = {"metatags": '<meta name="viewport" content="width=1" />\n', "title": "Index"}
    app = SimpleNamespace(
        env=SimpleNamespace(titles={}), config=SimpleNamespace(project="Steepest")
    )
    heads.fill(app, "genindex", "genindex.html", context, None)
    assert "viewport" not in context["metatags"]
    assert 'og:title" content="Index"' in context["metatags"]


@pytest.mark.parametrize(
    ("file", "body", "expected"),
    [
        ("katex/katex.min.css", '<span class="katex">', True),
        ("katex/katex.min.css", "<p>x</p>", False),
        ("mystnb.0123.css", '<div class="cell_input docutils">', True),
        ("mystnb.0123.css", "<p>x</p>", False),
        ("sg_gallery.css", '<div class="sphx-glr-thumbnails">', True),
        ("sg_gallery-binder.css", '<div class="sphx-glr-thumbnails">', False),
        ("copybutton_funcs.js", "", True),
        ("styles/furo.css", "", True),
        ("steepest.css", "", True),
    ],
)
def test_a_file_is_loaded_where_it_is_needed(file, body, expected):
    assert lightness.needed(file, body) is expected


def test_the_sitemap_escapes_addresses():
    tree = ElementTree.fromstring(outlines.sitemap(["https://example.org/a.html?b&c"]))
    assert [element.text for element in tree.iter() if element.tag.endswith("loc")] == [
        "https://example.org/a.html?b&c"
    ]


CHANGES = """\
# Changes

Preface.

## 0.2.0 (unreleased)

- A <b> & `code`.

## [0.1.0] - 2026-11-21

- The first.
"""
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        ("2026-12-01", [("0.2.0", "2026-12-01"), ("0.1.0", "2026-11-21")]),
        (None, [("0.1.0", "2026-11-21")]),
    ],
)
def test_each_version_is_an_entry_of_the_feed(today, expected):
    tree = ElementTree.fromstring(feed.atom(CHANGES, "Steepest", "https://example.org/", today))
    entries = tree.findall(f"{ATOM}entry")
    assert [
        (
            entry.findtext(f"{ATOM}id").split("#")[1],
            entry.findtext(f"{ATOM}updated").removesuffix("T00:00:00Z"),
        )
        for entry in entries
    ] == expected
    assert tree.findtext(f"{ATOM}updated") == f"{expected[0][1]}T00:00:00Z"
    assert "<li>The first.</li>" in entries[-1].findtext(f"{ATOM}content")


def test_a_feed_of_nothing_is_a_feed():
    tree = ElementTree.fromstring(feed.atom("", "Steepest", "https://example.org/", None))
    assert tree.findall(f"{ATOM}entry") == []
    assert tree.findtext(f"{ATOM}updated") == "1970-01-01T00:00:00Z"


@pytest.mark.parametrize("root", ["/", "/course/"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('href="lectures/a.html"', 'href="{}lectures/a.html"'),
        ('data-content_root="./"', 'data-content_root="{}"'),
        ('action="search.html"', 'action="{}search.html"'),
        ('href="#svg-moon"', 'href="#svg-moon"'),
        ('href="https://example.org/"', 'href="https://example.org/"'),
        ('src="/already.js"', 'src="/already.js"'),
    ],
)
def test_addresses_of_the_missing_page_begin_at_the_site(before, after, root):
    whole = missing.absolute(before, root)
    assert whole == after.format(root)
    assert missing.absolute(whole, root) == whole


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("lectures/minima", "docs/lectures/minima.md"),
        ("gallery/gradient_descent/zigzag", "gallery/gradient_descent/zigzag.py"),
        ("gallery/gradient_descent/index", "gallery/gradient_descent/GALLERY_HEADER.rst"),
        ("gallery/index", "gallery/GALLERY_HEADER.rst"),
        ("genindex", None),
    ],
)
def test_every_page_knows_its_source(page, expected):
    assert colophon.source(page) == expected
    assert colophon.edit("https://example.org/o/n", page) == (
        expected and f"https://example.org/o/n/edit/main/{expected}"
    )


def facts_of(page, title):
    context = {"title": title}
    colophon.fill(SimpleNamespace(env=SimpleNamespace(titles={})), page, "page.html", context, None)
    return context["colophon"]


def test_links_that_need_a_repository_are_absent_without_one(monkeypatch):
    monkeypatch.delenv("STEEPEST_REPOSITORY", raising=False)
    facts = facts_of("lectures/minima", "Minima")
    assert (facts["edit"], facts["report"]) == (None, None)


def test_links_that_need_a_repository_appear_with_it(monkeypatch):
    monkeypatch.setenv("STEEPEST_REPOSITORY", "https://example.org/o/n")
    facts = facts_of("lectures/minima", "Minima")
    assert facts["edit"] == "https://example.org/o/n/edit/main/docs/lectures/minima.md"
    assert facts["report"].startswith("https://example.org/o/n/issues/new?title=Minima%3A")
    assert "lectures%2Fminima.html" in facts["report"]


FAULTS = {
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
    '<aside class="toc-drawer no-toc">': '<aside class="toc-drawer no-toc" aria-label="This page">',
    '<div class="citation" role="doc-biblioentry">': '<div class="citation" role="listitem">',
    '<th class="head"><p></p></th>': '<td class="head"></td>',
    '<th class="head text-right"></th>': '<td class="head text-right"></td>',
    '<th class="head"><p>x</p></th>': '<th class="head"><p>x</p></th>',
    '<summary aria-label="Toggle hidden content">': "<summary>",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_mended_once(fault):
    mended = access.mend(fault)
    assert mended == FAULTS[fault]
    assert access.mend(mended) == mended


def test_the_link_to_the_content_comes_first():
    boxes = '<input type="checkbox" class="sidebar-toggle" name="__navigation" id="__navigation">\n'
    skip = '<a class="skip-to-content muted-link" href="#furo-main-content">Skip</a>\n'
    mended = access.mend(f"{boxes}\n{skip}<div>")
    assert mended == f"{skip}{boxes}\n<div>"
    assert access.mend(mended) == mended


def test_every_mended_thing_is_still_what_theme_and_gallery_write():
    # A new version of them may write something else: then these lines go, or change.
    import furo
    import sphinx_gallery

    written = "".join(
        path.read_text(encoding="utf-8")
        for package in (furo, sphinx_gallery)
        for path in Path(package.__file__).parent.rglob("*")
        if path.suffix in {".html", ".py"}
    )
    for text in (
        '<aside class="sidebar-drawer">',
        '<div class="content-icon-container">',
        '<article role="main" id="furo-main-content">',
        "<div id='sg-tag-list' class='sphx-glr-tag-list'></div>",
        '<a class="skip-to-content',
    ):
        assert text in written, text


@pytest.mark.parametrize(
    ("latex", "behind", "joined"),
    [
        ("x", ". Then", "."),
        ("x", "), and", "),"),
        ("x", " is", None),
        ("x" * (formulas.SHORT + 1), ".", None),
    ],
)
def test_a_short_formula_and_its_stop_stay_together(latex, behind, joined):
    page = new_document("a")
    page += nodes.paragraph("", "", nodes.math(latex, latex), nodes.Text(behind))
    formulas.join(SimpleNamespace(builder=SimpleNamespace(format="html")), page, "a")
    assert page.astext() == latex + behind
    together = [node.astext() for node in page.findall(nodes.inline)]
    assert together == ([latex + joined] if joined else [])
