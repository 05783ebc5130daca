"""Films: a figure in motion as a video with controls; on paper, its still.

``{film}`` takes the address of the still, and finds the video beside it.
"""

import html
import posixpath
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import imageio_ffmpeg
from docutils import nodes
from docutils.parsers.rst.directives.images import Image
from matplotlib.backends.backend_agg import FigureCanvasAgg
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from figures import size
from steepest.plots import Film

DPI = 150
ENCODING = (
    *("-crf", "24", "-threads", "1"),
    # an even number of pixels, as the encoder wants it
    *("-vf", "crop=trunc(iw/2)*2:trunc(ih/2)*2"),
    # the same bytes every time; the index first, so that a film plays while it loads
    *("-fflags", "+bitexact", "-flags:v", "+bitexact", "-movflags", "+faststart"),
)


def save(film: Film, target: Path) -> None:
    """Write a film as MP4, with the encoder that imageio-ffmpeg brings."""
    film.figure.draw_without_rendering()
    film.figure.set_layout_engine("none")  # once is enough: a film whose axes move makes dizzy
    canvas: Any = FigureCanvasAgg(film.figure)
    film.figure.set_dpi(DPI)
    pixels = canvas.get_width_height()
    # frame by frame: matplotlib's own ``Animation.save`` draws each of them three times
    writer = imageio_ffmpeg.write_frames(
        str(target),
        pixels,
        pix_fmt_in="rgba",
        fps=film.per_second,
        quality=None,
        macro_block_size=1,
        output_params=list(ENCODING),
    )
    with closing(writer):
        writer.send(None)
        for k in range(film.frames):
            film.draw(k)
            canvas.draw()
            writer.send(canvas.buffer_rgba())


class film(nodes.General, nodes.Element):  # noqa: N801  (docutils' custom: nodes in lower case)
    """A video and what it shows in words."""


class FilmDirective(SphinxDirective):
    """``{film}``: like ``{image}``, for a still with a video beside it."""

    required_arguments = 1
    option_spec = Image.option_spec

    def run(self) -> list[nodes.Node]:
        """Return the video, and its still as an image."""
        uri, path = self.env.relfn2path(self.arguments[0])
        video = str(Path(path).with_suffix(".mp4").relative_to(self.env.srcdir))
        self.env.note_dependency(video)
        still = Image(
            "image",
            self.arguments,
            self.options | {"class": ["film-still", *self.options.get("class", [])]},
            self.content,
            self.lineno,
            self.content_offset,
            self.block_text,
            self.state,
            self.state_machine,
        ).run()
        place = str(self.env.dlfiles.add_file(self.env.docname, video))
        alt = self.options["alt"]
        return [film(place=place, alt=alt, pixels=size(Path(path)), still=uri), *still]


def visit_film(self: HTML5Translator, node: film) -> None:
    """Write the video; nothing of it is loaded before the reader starts it."""
    address = posixpath.join(self.builder.dlpath, quote(node["place"]))
    poster = posixpath.join(self.builder.imgpath, self.builder.images[node["still"]])
    width, height = node["pixels"]
    self.body.append(
        f'<div class="film-box" style="--width: {width}px; --ratio: {height / width:.4f}">'
        f'<video class="film" controls loop muted playsinline preload="none" poster="{poster}" '
        f'width="{width}" height="{height}" src="{address}" '
        f'aria-label="{html.escape(node["alt"])}"></video></div>\n'
    )
    raise nodes.SkipNode


def skip(self: Any, node: film) -> None:
    """Leave it to the still."""
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive."""
    app.add_directive("film", FilmDirective)
    app.add_node(film, html=(visit_film, None), latex=(skip, None), text=(skip, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
