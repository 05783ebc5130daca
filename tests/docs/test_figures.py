"""Large drawings are written shorter, and drawn the same."""

from types import SimpleNamespace

import pytest
from sphinx.builders.html import StandaloneHTMLBuilder

import figures

DRAWINGS = {
    '<path d="M 1.23456 -0.00001 L 12345.67891 2"/>': '<path d="M 1.235 0.0 L 12345.679 2"/>',
    '<use x="1.23456" y="2.5"/>': '<use x="1.235" y="2.5"/>',
    '<path id="d" d="M 1.23456e+05 1"/>': '<path id="d" d="M 1.23456e+05 1"/>',
    '<g transform="scale(0.015625)"/>': '<g transform="scale(0.015625)"/>',
    "<text>1.23456</text>": "<text>1.23456</text>",
}


@pytest.mark.parametrize("drawing", DRAWINGS)
def test_coordinates_are_rounded_and_nothing_else(drawing):
    assert figures.shorter(drawing) == DRAWINGS[drawing]
    assert figures.shorter(DRAWINGS[drawing]) == DRAWINGS[drawing]


def test_only_large_drawings_that_were_written_are_shortened(monkeypatch, tmp_path):
    monkeypatch.setattr(figures, "LARGE", 20)
    texts = {
        "large.svg": '<path d="M 1.23456 1"/>',
        "small.svg": '<path d="1.23456"/>',
        "old.svg": '<path d="M 1.23456 1"/>',
        "image.png": '<path d="M 1.23456 1"/>',
    }
    (tmp_path / "_images").mkdir()
    for name, text in texts.items():
        (tmp_path / "_images" / name).write_text(text)
    builder = object.__new__(StandaloneHTMLBuilder)
    builder.images = {name: name for name in ("large.svg", "small.svg", "image.png", "gone.svg")}
    app = SimpleNamespace(builder=builder, outdir=tmp_path)
    figures.shorten(app, None)
    after = {name: (tmp_path / "_images" / name).read_text() for name in texts}
    assert after == texts | {"large.svg": '<path d="M 1.235 1"/>'}
    figures.shorten(app, RuntimeError())
