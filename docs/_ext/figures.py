"""Figures for light and dark pages, with their sizes, from one drawing.

Figures made with the style ``steepest.plots`` use four neutral colours that no data uses. An SVG
that holds them gets a twin in which they are exchanged; the theme shows the one that fits.
"""

import re
from pathlib import Path
from typing import Any

import imagesize
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.writers.html5 import HTML5Translator

import pages

NEUTRALS = {"#1d2733": "#e6e9ee", "#4a5666": "#a9b4c2", "#c9d1db": "#3a4452", "#ffffff": "#131416"}
"""Ink, soft ink, lines and paper of the style, and what a dark page has instead of each."""
DARK = NEUTRALS | {"#0072b2": "#2f8fd0"}
"""The style's first colour, too: on dark paper its blue would be too dim for words."""

POINT = 4 / 3  # CSS pixels in a point

WIDE = 560
"""In CSS pixels: wider figures scroll in a box on a phone, where their letters would be tiny."""

PLACES = re.compile(r'(?<= d=")[^"]*|(?<= [xy]=")[^"]*')
LONG = re.compile(r"-?\d+\.\d{4,}(?![\de])")
"""Where an SVG says where things are, and the numbers there that are longer than they need be."""

LARGE = 200_000
"""In bytes: so long are drawings of ten thousand places, such as surfaces."""


class DarkTwins(SphinxPostTransform):
    """Put the dark twin of each figure behind it."""

    default_priority = 300  # after MyST-NB chose among a cell's outputs, before images are copied
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Add the twins of this page's figures."""
        for image in list(self.document.findall(nodes.image)):
            path = _local(self.app, image)
            if path is None or path.suffix != ".svg":
                continue
            drawing = path.read_text(encoding="utf-8")
            if not any(light in drawing for light in NEUTRALS):
                continue
            twin_path = path.with_name(f"{path.stem}-dark.svg")
            dark = re.sub("|".join(DARK), lambda found: DARK[found[0]], drawing)
            if not twin_path.exists() or twin_path.read_text(encoding="utf-8") != dark:
                twin_path.write_text(dark, encoding="utf-8")
            twin = image.deepcopy()
            twin["uri"] = f"{image['uri'][: -len('.svg')]}-dark.svg"
            twin["candidates"] = {"*": twin["uri"]}
            twin["ids"], twin["names"] = [], []
            image["classes"].append("only-light")
            twin["classes"].append("only-dark")
            image.parent.insert(image.parent.index(image) + 1, twin)
            self.env.images.add_file(self.env.docname, twin["uri"])


def visit_image(self: HTML5Translator, node: nodes.image) -> None:
    """Write an image with its size, so that nothing moves while a page loads."""
    path = _local(self.builder.app, node)
    measures = size(path) if path else None
    if measures is None or node.get("width") or node.get("height") or node.get("scale"):
        HTML5Translator.visit_image(self, node)
        return
    name = self.builder.images.get(node["uri"])
    source = f"{self.builder.imgpath}/{name}" if name else node["uri"]
    attributes = {
        "src": source,
        "alt": node.get("alt", ""),
        "width": str(measures[0]),
        "height": str(measures[1]),
        "loading": "lazy",
        "decoding": "async",
    }
    image = self.emptytag(node, "img", "", **attributes)
    wide = measures[0] > WIDE and "/thumb/" not in node["uri"]
    self.body.append(f'<span class="wide-figure">{image}</span>' if wide else image)


def depart_image(self: HTML5Translator, node: nodes.image) -> None:
    """Nothing is left to close."""


def _local(app: Sphinx, image: nodes.image) -> Path | None:
    uri = image.get("uri", "")
    if not uri or "://" in uri or uri.startswith("data:"):
        return None
    path = Path(app.srcdir, uri)
    return path if path.is_file() else None


def shorter(drawing: str) -> str:
    """Return an SVG with its coordinates rounded to thousandths of a point, which nobody sees."""
    return PLACES.sub(lambda place: LONG.sub(_rounded, place[0]), drawing)


def _rounded(number: re.Match[str]) -> str:
    return repr(round(float(number[0]), 3) + 0.0)  # without a sign of zero


def shorten(app: Sphinx, exception: Exception | None) -> None:
    """Shorten the large drawings that were copied; once more changes nothing."""
    if not pages.built(app, exception):
        return
    assert isinstance(app.builder, StandaloneHTMLBuilder)
    for name in sorted(app.builder.images.values()):
        path = Path(app.outdir, "_images", name)
        if path.suffix == ".svg" and path.is_file() and path.stat().st_size > LARGE:
            drawing = path.read_text(encoding="utf-8")
            if (short := shorter(drawing)) != drawing:
                path.write_text(short, encoding="utf-8")


def size(path: Path) -> tuple[int, int] | None:
    """Return width and height in CSS pixels, None where the file does not say."""
    if path.suffix == ".svg":
        head = path.read_text(encoding="utf-8")[:3000]
        found = re.search(r'<svg[^>]*?width="([\d.]+)pt"[^>]*?>', head, re.DOTALL)
        tall = re.search(r'<svg[^>]*?height="([\d.]+)pt"', head, re.DOTALL)
        return (
            (round(float(found[1]) * POINT), round(float(tall[1]) * POINT))
            if found and tall
            else None
        )
    width, height = imagesize.get(path)
    return (width, height) if width > 0 else None


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the twins, write every image with its size, and shorten large drawings."""
    app.add_post_transform(DarkTwins)
    app.connect("build-finished", shorten)
    app.add_node(nodes.image, override=True, html=(visit_image, depart_image))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
