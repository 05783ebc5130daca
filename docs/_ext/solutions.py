"""A copy of the site without solutions, for a class: what is left out, and that it says so.

All cells run as ever, so that the caches of results stay good; what belongs to a solution is taken
off the page before anything else reads it, and its claims are not in the ledger.
"""

import re
from itertools import takewhile
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

SOLUTION = re.compile(r"Solution of exercise \d+")
NOTE = "This copy of the page was built without the solutions of its exercises."


def leave_out(document: nodes.document) -> list[int]:
    """Take the solutions off a page and return the numbers of the cells that went with them.

    A solution is a drop-down of that name and every hidden code cell behind it, up to the next
    heading.
    """
    cells: list[int] = []
    found = [node for node in document.findall(nodes.container) if _is_solution(node)]
    for solution in found:
        section = solution.parent
        assert section is not None
        behind = section.children[section.index(solution) + 1 :]
        section.remove(solution)
        for node in takewhile(lambda node: not isinstance(node, nodes.section), behind):
            if isinstance(node, nodes.container) and _is_hidden_cell(node):
                cells.append(node["cell_index"])
                section.remove(node)
    for title in document.findall(nodes.title) if found else ():
        if title.astext() == "Exercises":
            title.parent.insert(1, nodes.admonition("", nodes.paragraph("", NOTE)))
    return cells


def _is_solution(node: nodes.Element) -> bool:
    return node.get("design_component") == "dropdown" and bool(SOLUTION.match(node.astext()))


def _is_hidden_cell(node: nodes.Element) -> bool:
    metadata: dict[str, Any] = node.get("cell_metadata") or {}
    tags = metadata.get("tags", [])
    return any(tag.startswith("hide-") for tag in tags)


class LeaveOut(SphinxTransform):
    """Take the solutions off a page where the site is built without them."""

    default_priority = 800  # all is parsed; labels are gathered at 850

    def apply(self, **kwargs: Any) -> None:
        """Take them off, and note which cells they were."""
        if not self.config.steepest_solutions:
            self.document["left_out"] = leave_out(self.document)


def setup(app: Sphinx) -> dict[str, Any]:
    """Leave solutions out where ``docs/build.py --without-solutions`` says so."""
    app.add_config_value("steepest_solutions", True, "env", bool)
    app.add_transform(LeaveOut)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
