"""A page loads only the style sheets and scripts that something on it needs."""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

NEEDED_FOR = {
    "clipboard.min.js": 'class="highlight',
    "copy-formulas.js": 'class="katex',
    "copybutton.css": 'class="highlight',
    "copybutton.js": 'class="highlight',
    "design-tabs.js": "sd-tab-set",
    "katex-math.css": 'class="katex',
    "katex.min.css": 'class="katex',
    "mystnb": "cell_input",
    "sg_gallery-binder.css": "binder-badge",
    "sg_gallery-dataframe.css": "dataframe",
    "sg_gallery-rendered-html.css": "rendered_html",
    "sg_gallery.css": "sphx-glr",
    "sphinx-design.min.css": "sd-",
}
"""How a file's name begins, and what stands in a page that needs it. Other files always stay."""


def needed(file: str, body: str) -> bool:
    """Say whether a page with this body needs a file."""
    name = file.rsplit("/", 1)[-1]
    return all(mark in body for start, mark in NEEDED_FOR.items() if name.startswith(start))


def lighten(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Drop what this page does not need."""
    body = "".join(str(context.get(part) or "") for part in ("body", "toc", "title"))
    for kind in ("css_files", "script_files"):
        context[kind] = [
            file for file in context[kind] if needed(str(getattr(file, "filename", file)), body)
        ]


def setup(app: Sphinx) -> dict[str, Any]:
    """Come after those that add files."""
    app.connect("html-page-context", lighten, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
