"""Tags of scripts filter the gallery, by style alone: no reader's browser has to run a script.

A script has two to four of them, in ``# sphinx_gallery_tags = [...]``; Sphinx-Gallery writes them
on its page and into its thumbnail.
"""

from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

TAGS = (
    *("film", "step by step", "geometry", "convexity", "curvature", "nonsmooth", "many minima"),
    *("constraints", "step size", "momentum", "rates", "differentiation", "networks", "data"),
    *("randomness", "rounding", "memory", "cost", "pitfalls"),
)
PLACE = "sg-tag-list"
"""What Sphinx-Gallery leaves on its pages for its own filter, a script."""


def choice(tags: tuple[str, ...]) -> str:
    """Return the choice of a tag, and the style that hides what does not have it."""
    options = [("", "all"), *((tag, tag) for tag in tags)]
    inputs = "".join(
        f'<label><input type="radio" name="gallery-tag" value="{escape(value)}"'
        f"{'' if value else ' checked'}> {escape(text)}</label>\n"
        for value, text in options
    )
    rules = "\n".join(_rule(tag) for tag in tags)
    fieldset = f'<fieldset class="gallery-tags"><legend>Show</legend>\n{inputs}</fieldset>'
    return f"{fieldset}\n<style>\n{rules}\n</style>"


def _rule(tag: str) -> str:
    chosen = f'article:has(.gallery-tags input[value="{tag}"]:checked)'
    has = f"""[data-sgtags*='"{tag}"']"""
    return (
        f"{chosen} .sphx-glr-thumbcontainer:not({has}),\n"
        f"{chosen} section section:not(:has({has})) {{ display: none; }}"
    )


def fill(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the choice where Sphinx-Gallery would put its own on the first page of the gallery."""
    if docname.split("/")[0] != "gallery":
        return
    for place, node in enumerate(
        [raw for raw in doctree.findall(nodes.raw) if PLACE in raw.astext()]
    ):
        if docname == "gallery/index" and place == 0:
            node.replace_self(nodes.raw("", choice(TAGS), format="html"))
        else:
            node.parent.remove(node)


def setup(app: Sphinx) -> dict[str, Any]:
    """Take the place of Sphinx-Gallery's filter, whose script would load on every page."""
    app.setup_extension("sphinx_gallery.gen_gallery")
    files = app.registry.js_files
    files[:] = [(name, options) for name, options in files if name != "sg-tags.js"]
    app.connect("doctree-resolved", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
