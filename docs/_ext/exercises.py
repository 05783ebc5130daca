"""An exercise shows its label, which stays when pages grow: so it can be assigned by number."""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

LABEL = re.compile(r"ex-[a-z]+-\d+")


def show_labels(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put a link with the label behind each exercise's heading."""
    for section in doctree.findall(nodes.section):
        title = section.next_node(nodes.title)
        label = next((name for name in section["ids"] if LABEL.fullmatch(name)), None)
        if label is not None and title is not None:
            link = nodes.reference(
                "", label, refuri=f"#{label}", internal=True, classes=["exercise-label"]
            )
            title += [nodes.Text(" "), link]


def setup(app: Sphinx) -> dict[str, Any]:
    """Show them while pages are written: tables of contents have the headings without them."""
    app.connect("doctree-resolved", show_labels)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
