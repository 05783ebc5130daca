from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZIP_STORED, ZipFile

import pytest

import epub
from book import BookError

OPF = "{http://www.idpf.org/2007/opf}"
DC = "{http://purl.org/dc/elements/1.1/}"
XHTML = "{http://www.w3.org/1999/xhtml}"
MATHML = "{http://www.w3.org/1998/Math/MathML}"


@pytest.fixture(autouse=True)
def plain_cover(monkeypatch):
    """Drawing the cover takes seconds, and has a test of its own."""
    monkeypatch.setattr(epub.cover, "draw", lambda target, inches, author: target.touch())


@pytest.fixture
def made(monkeypatch, small_site):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.delenv("STEEPEST_SITE", raising=False)
    target = small_site.parent / "out" / "small.epub"
    epub.main(small_site, target)
    return target


@pytest.fixture
def files(made):
    with ZipFile(made) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def parsed(files, name):
    return ElementTree.fromstring(files[f"book/{name}"])


def test_the_archive_begins_with_its_kind_as_it_is(made):
    with ZipFile(made) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type, first.extra) == ("mimetype", ZIP_STORED, b"")
        assert archive.read(first) == b"application/epub+zip"
        assert archive.testzip() is None


def test_every_file_is_in_the_manifest_with_what_it_holds(files):
    package = parsed(files, "package.opf")
    items = {item.get("href"): item for item in package.iter(f"{OPF}item")}
    inside = {name.removeprefix("book/") for name in files if name.startswith("book/")}
    assert set(items) == inside - {"package.opf"}
    properties = {name: item.get("properties") for name, item in items.items()}
    assert properties["nav.xhtml"] == "nav"
    assert properties["images/cover.png"] == "cover-image"
    assert properties["lectures-one.xhtml"] == "mathml svg"
    assert properties["reference-notation.xhtml"] is None
    ids = {item.get("id"): name for name, item in items.items()}
    order = [ids[ref.get("idref")] for ref in package.iter(f"{OPF}itemref")]
    chapters = ["lectures-one.xhtml", "reference-notation.xhtml"]
    assert order == ["cover.xhtml", "imprint.xhtml", "nav.xhtml", *chapters]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (
            "title",
            "Steepest: numerical optimization and automatic differentiation that you can run",
        ),
        ("creator", "The Steepest developers"),
        ("language", "en"),
        ("identifier", f"urn:uuid:{epub.IDENTIFIER}"),
        ("date", "2023-11-14"),
        ("rights", "Text and pictures: CC BY 4.0. Code: BSD 3-Clause License."),
    ],
)
def test_metadata(files, field, value):
    assert parsed(files, "package.opf").find(f".//{DC}{field}").text == value


def test_links_and_pictures_lead_to_what_is_there(files):
    anchors = {}
    for name in files:
        if name.endswith(".xhtml"):
            page = name.removeprefix("book/")
            anchors[page] = {tag.get("id") for tag in parsed(files, page).iter()}
    found = 0
    for page in anchors:
        tree = parsed(files, page)
        for image in tree.iter(f"{XHTML}img"):
            assert f"book/{image.get('src')}" in files
        for link in tree.iter(f"{XHTML}a"):
            path, _, fragment = link.get("href").partition("#")
            if not path.startswith("https:"):
                assert path in anchors
                assert not fragment or fragment in anchors[path]
                found += 1
    assert found >= 9


def test_formulas_are_mathml_that_says_its_latex(files):
    (first, _) = parsed(files, "lectures-one.xhtml").iter(f"{MATHML}math")
    assert first.get("alttext") == "x"
    assert "katex-html" not in files["book/lectures-one.xhtml"].decode()


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        ("<svg viewBox='0'></svg>", "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox='0'></svg>"),
        ('<svg xmlns="x"></svg>', '<svg xmlns="x"></svg>'),
        ('<math><annotation e="">a "b" &lt;</annotation></math>', 'alttext="a &quot;b&quot; &lt;"'),
        ("<math><mi>ln</mi><mo>\u2061</mo><mi>x</mi></math>", f"</mi>{epub.THIN_SPACE}<mi>x"),
        ("<math><mi>ln</mi><mo>\u2061</mo><mo>(</mo></math>", "<mi>ln</mi><mo>(</mo>"),
        ("<math><msup><mi>max</mi><mo>\u2061</mo><mn>2</mn></msup></math>", "</mi><mn>2</mn>"),
        ("<math><msub><mi>σ</mi><mi>max</mi><mo>\u2061</mo></msub></math>", "<mi>max</mi></msub>"),
    ],
)
def test_in_reader(formula, shown):
    assert shown in epub.in_reader(formula)


@pytest.mark.parametrize(
    ("text", "alphabet", "letters"),
    [
        ("R", "double-struck", "ℝ"),
        ("E", "double-struck", "𝔼"),
        ("L", "script", "ℒ"),
        ("D", "script", "𝒟"),
        ("x1", "bold", "𝐱𝟏"),
        ("θ", "bold-italic", "𝜽"),
        ("+", "bold", "+"),
    ],
)
def test_letters_of_other_alphabets(text, alphabet, letters):
    assert epub.lettered(text, alphabet) == letters
    formula = f'<math><mi mathvariant="{alphabet}">{text}</mi></math>'
    assert f"<mi>{letters}</mi>" in epub.in_reader(formula)


def test_only_the_light_picture_is_in_the_book(files):
    images = {Path(name).name for name in files if "/images/" in name}
    assert images == {"a.svg", "cover.png"}


def test_the_same_site_gives_the_same_bytes(made, small_site):
    again = made.with_name("again.epub")
    epub.main(small_site, again)
    assert again.read_bytes() == made.read_bytes()


def test_without_a_site_the_message_says_what_to_do(tmp_path):
    with pytest.raises(BookError, match=r"no site at .*; build it with: nox -s docs"):
        epub.main(tmp_path, tmp_path / "small.epub")


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("lectures/one.html", "#sets", "#nets", "links lead nowhere: reference/notation#nets"),
        ("lectures/one.html", "_images/a.svg", "_images/b.svg", "a picture is missing: .*b.svg"),
        ("lectures/one.html", "<text>v", "<text>v & w", "lectures-one.xhtml is not XML"),
        ("_images/a.svg", "</svg>", "", "images/a.svg is not XML"),
    ],
)
def test_a_fault_of_the_site_is_told(small_site, file, old, new, message):
    path = small_site / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(BookError, match=message):
        epub.main(small_site, small_site.parent / "small.epub")
