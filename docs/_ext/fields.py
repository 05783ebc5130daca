"""What an entry of the reference takes and returns stands before what it raises."""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


def order(app: Sphinx, domain: str, kind: str, content: nodes.Element) -> None:
    """Move errors to the end: autodoc adds the types of undescribed parameters after them."""
    for fields in content.children:
        if isinstance(fields, nodes.field_list):
            fields[:] = sorted(
                fields, key=lambda field: field.children[0].astext().startswith("raises")
            )


def setup(app: Sphinx) -> dict[str, Any]:
    """Order the fields of each entry when autodoc has added its own."""
    app.connect("object-description-transform", order, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
