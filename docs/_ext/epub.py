"""The course as an EPUB 3: one file a chapter, formulas as MathML, no script.

``python docs/_ext/epub.py SITE TARGET`` makes it; ``nox -s epub`` runs that.
"""

import html
import re
import sys
import unicodedata
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote
from xml.etree import ElementTree
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from bs4 import Tag

import book
import cover
from book import Article, BookError, Edition
from freshness import DOCS

IDENTIFIER = uuid.uuid5(uuid.NAMESPACE_DNS, "steepest.invalid")
"""The same for every edition: a reader's library replaces the old one by the new one."""

KINDS = {
    ".css": "text/css",
    ".gif": "image/gif",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".xhtml": "application/xhtml+xml",
}

ALPHABET = re.compile(
    r'<(mi|mn|mo|mtext) mathvariant="(double-struck|script|fraktur|bold|bold-italic)">([^<&]*)<'
)

APPLIED = "<mo>\u2061</mo>"
TAG = re.compile(rf"{APPLIED}(?=(</|<mo)?)|<(/?)(\w+)[^>]*?(/?)>")
ROWS = {"mrow", "mtd", "mstyle", "mpadded", "mphantom", "msqrt", "math"}
THIN_SPACE = '<mspace width="0.1667em"/>'

CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles>
<rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/>
</rootfiles>
</container>
"""

ACCESS = (
    ("accessMode", "textual"),
    ("accessMode", "visual"),
    ("accessModeSufficient", "textual"),
    ("accessibilityFeature", "MathML"),
    ("accessibilityFeature", "alternativeText"),
    ("accessibilityFeature", "structuralNavigation"),
    ("accessibilityFeature", "tableOfContents"),
    ("accessibilityHazard", "none"),
    ("accessibilitySummary", "Formulas are MathML, every picture has an alternative text."),
)


def main(site: Path, target: Path) -> None:
    """Make the EPUB of a built site."""
    articles = [book.read(site, chapter) for chapter in book.chapters(site)]
    about = book.edition(site)
    files = {name: text.encode() for name, text in texts(articles, about).items()}
    for name, path in bind(site, articles).items():
        if not path.is_file():
            raise BookError(f"a picture is missing: {path}")
        files[name] = path.read_bytes()
    files |= {f"{a.chapter.slug}.xhtml": chapter(a).encode() for a in articles}
    for name, content in files.items():
        if name.endswith((".xhtml", ".svg")):
            check_xml(name, content)
    files["style.css"] = (DOCS / "book" / "reader.css").read_bytes()
    with TemporaryDirectory() as folder:
        picture = Path(folder, "cover.png")
        cover.draw(picture, (6.67, 10), about.author)
        files["images/cover.png"] = picture.read_bytes()
    target.parent.mkdir(parents=True, exist_ok=True)
    order = ["cover", "imprint", "nav", *(article.chapter.slug for article in articles)]
    files["package.opf"] = package(files, order, about).encode()
    pack(target, files, about)
    print(f"epub: {len(articles)} chapters: {target}")


def bind(site: Path, articles: list[Article]) -> dict[str, Path]:
    """Have links lead from file to file; return the pictures by their names in the book."""
    places = {article.chapter.name: article.chapter.slug for article in articles}
    there, wanted = {}, set()
    pictures: dict[str, Path] = {}
    for article in articles:
        name = article.chapter.name
        there[name] = book.anchors(article)
        wanted |= book.relink(
            article, places, lambda page, part: f"{places[page]}.xhtml" + (part and f"#{part}")
        )
        for image in article.body.select("img"):
            path = (site / name).parent.joinpath(unquote(str(image["src"]))).resolve()
            image["src"] = f"images/{path.name}"
            if pictures.setdefault(f"images/{path.name}", path) != path:
                raise BookError(f"two pictures have the name {path.name}")
        tidy(article.body)
    book.check_links(wanted, there)
    return pictures


def tidy(body: Tag) -> None:
    """Take away what HTML on the web allows, and XHTML in a book does not."""
    for tag in body.select("[border], [align], [valign]"):
        for attribute in ("border", "align", "valign"):
            del tag[attribute]
    for tag in body.select("[role]"):
        del tag["role"]


def chapter(article: Article) -> str:
    """Return one chapter's file."""
    part = html.escape(article.chapter.part)
    heading = f'<p class="part">{part}</p>\n' if part else ""
    return page(article.chapter.title, heading + article.html(in_reader))


def in_reader(formula: str) -> str:
    """Return a formula as MathML that says its LaTeX, and a drawing as XML."""
    found = book.mathml(formula)
    if found is None:
        opening = formula.index(">")
        if "xmlns=" in formula[:opening]:
            return formula
        return f'<svg xmlns="http://www.w3.org/2000/svg"{formula[len("<svg") :]}'
    source = re.search(r"<annotation[^>]*>(.*?)</annotation>", found, re.DOTALL)
    # KaTeX's invisible operator between a function and its argument takes no room, and may stand
    # where no third child is allowed; nor is the attribute of cells.
    found = spaced(found).replace('<mtd width="50%">', "<mtd>")
    found = ALPHABET.sub(lambda m: f"<{m[1]}>{lettered(m[3], m[2])}<", found)
    spoken = " ".join(source[1].replace('"', "&quot;").split()) if source else ""
    return f'<math alttext="{spoken}"{found[len("<math") :]}'


def spaced(formula: str) -> str:
    """Exchange the invisible operator for a space, and for nothing in pairs and before signs."""
    inside: list[str] = []

    def exchanged(found: re.Match[str]) -> str:
        if found[0] == APPLIED:
            return "" if found[1] or inside[-1] not in ROWS else THIN_SPACE
        if found[2]:
            inside.pop()
        elif not found[4]:
            inside.append(found[3])
        return found[0]

    return TAG.sub(exchanged, formula)


def lettered(text: str, alphabet: str) -> str:
    """Return letters of another alphabet, as characters: the attribute for it is not in use."""
    return "".join(_other(letter, alphabet) for letter in text)


def _other(letter: str, alphabet: str) -> str:
    style = alphabet.upper() if alphabet == "double-struck" else alphabet.upper().replace("-", " ")
    plain = re.sub("LATIN |GREEK |LETTER ", "", unicodedata.name(letter, ""))
    for name in (f"MATHEMATICAL {style} {plain}", f"{style} {plain}"):
        with suppress(KeyError):
            return unicodedata.lookup(name)
    return letter


def texts(articles: list[Article], about: Edition) -> dict[str, str]:
    """Return the files around the chapters: cover, imprint, table of contents."""
    imprint = "".join(f"<p>{html.escape(sentence)}</p>\n" for sentence in book.imprint(about))
    picture = f'<p class="cover"><img src="images/cover.png" alt="{html.escape(cover.ALT)}"/></p>'
    marks = "".join(
        f'<li><a epub:type="{kind}" href="{name}.xhtml">{title}</a></li>\n'
        for kind, name, title in (
            ("cover", "cover", "Cover"),
            ("toc", "nav", "Contents"),
            ("bodymatter", articles[0].chapter.slug, "The course"),
        )
    )
    contents = (
        f'<nav epub:type="toc" id="toc">\n<h1>Contents</h1>\n{listed(articles)}</nav>\n'
        f'<nav epub:type="landmarks" hidden="hidden">\n<h2>Landmarks</h2>\n<ol>{marks}</ol></nav>'
    )
    return {
        "cover.xhtml": page("Cover", picture),
        "imprint.xhtml": page("Imprint", f"<h1>Steepest</h1>\n<p>{book.SUBTITLE}.</p>\n{imprint}"),
        "nav.xhtml": page("Contents", contents),
    }


def listed(articles: list[Article]) -> str:
    """Return parts, chapters and sections as nested lists."""
    lines, part = ["<ol>"], ""
    for article in articles:
        if article.chapter.part != part:
            lines.append("</ol></li>" if part else "")
            part = article.chapter.part
            lines.append(f"<li><span>{html.escape(part)}</span><ol>")
        file = f"{article.chapter.slug}.xhtml"
        sections = "".join(
            f'<li><a href="{file}#{place}">{html.escape(title)}</a></li>\n'
            for place, title in article.sections()
        )
        below = f"<ol>\n{sections}</ol>" if sections else ""
        title = html.escape(article.chapter.title)
        lines.append(f'<li><a href="{file}">{title}</a>{below}</li>')
    lines.append("</ol></li></ol>" if part else "</ol>")
    return "\n".join(lines)


def page(title: str, body: str) -> str:
    """Return an XHTML file."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="en"
 xml:lang="en">
<head>
<title>{html.escape(title)}</title>
<link rel="stylesheet" type="text/css" href="style.css"/>
</head>
<body>
{body}
</body>
</html>
"""


def check_xml(name: str, content: bytes) -> None:
    """Refuse a file that a reader cannot parse."""
    try:
        ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise BookError(f"{name} is not XML: {error}") from error


def package(files: dict[str, bytes], order: list[str], about: Edition) -> str:
    """Return the package document: what the book is, its files, and their order."""
    access = "\n".join(f'<meta property="schema:{name}">{what}</meta>' for name, what in ACCESS)
    items = "\n".join(
        f'<item id="{_id(name)}" href="{name}" media-type="{KINDS[Path(name).suffix]}"'
        f"{_properties(name, content)}/>"
        for name, content in files.items()
    )
    spine = "\n".join(f'<itemref idref="{_id(name + ".xhtml")}"/>' for name in order)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">urn:uuid:{IDENTIFIER}</dc:identifier>
<dc:title>Steepest: {book.SUBTITLE[0].lower()}{book.SUBTITLE[1:]}</dc:title>
<dc:creator>{html.escape(about.author)}</dc:creator>
<dc:language>en</dc:language>
<dc:date>{about.date:%Y-%m-%d}</dc:date>
<dc:rights>{html.escape(book.RIGHTS)}</dc:rights>
<dc:description>{book.SUBTITLE}. Version {about.version}.</dc:description>
<meta property="dcterms:modified">{about.date:%Y-%m-%dT%H:%M:%SZ}</meta>
{access}
</metadata>
<manifest>
{items}
</manifest>
<spine>
{spine}
</spine>
</package>
"""


def _id(name: str) -> str:
    return "f-" + re.sub(r"[^A-Za-z0-9]", "-", name)


def _properties(name: str, content: bytes) -> str:
    marks = " ".join(_marks(name, content))
    return f' properties="{marks}"' if marks else ""


def _marks(name: str, content: bytes) -> Iterator[str]:
    if name == "nav.xhtml":
        yield "nav"
    if name == "images/cover.png":
        yield "cover-image"
    if name.endswith(".xhtml"):
        tags = (("mathml", b"<math"), ("svg", b"<svg"))
        yield from (kind for kind, tag in tags if tag in content)


def pack(target: Path, files: dict[str, bytes], about: Edition) -> None:
    """Write the archive; the same files and the same date give the same bytes."""
    archived: Iterable[tuple[str, bytes]] = (
        ("mimetype", b"application/epub+zip"),
        ("META-INF/container.xml", CONTAINER.encode()),
        *((f"book/{name}", content) for name, content in files.items()),
    )
    with ZipFile(target, "w") as archive:
        for name, content in archived:
            entry = ZipInfo(name, about.date.timetuple()[:6])
            entry.compress_type = ZIP_STORED if name == "mimetype" else ZIP_DEFLATED
            archive.writestr(entry, content)


if __name__ == "__main__":
    try:
        main(*(Path(argument).resolve() for argument in sys.argv[1:]))
    except BookError as error:
        sys.exit(f"epub: {error}")
