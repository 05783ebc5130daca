"""Warnings name the line of the source: of the script, not of the gallery page made from it."""

import logging
from pathlib import Path
from typing import Any

from myst_nb.core import read
from myst_nb.core.read import read_myst_markdown_notebook
from nbformat import NotebookNode
from sphinx.application import Sphinx

from freshness import DOCS, ROOT

GENERATED = DOCS / "gallery"


class ScriptLines(logging.Filter):
    """Rewrites ``docs/gallery/a/b.rst:12`` as ``gallery/a/b.py:7``."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite one record's location; never drop a record."""
        location = getattr(record, "location", None)
        if isinstance(location, str) and location.startswith(str(GENERATED)):
            record.location = script_location(location)
        return True


def script_location(location: str) -> str:
    """Translate a line of a generated page into the line of its script with the same text."""
    name, _, number = location.partition(":")
    page = Path(name)
    script = ROOT / "gallery" / page.relative_to(GENERATED).with_suffix(".py")
    if not script.is_file() or not page.is_file():
        return location
    digits = number.split(":")[0]
    generated = page.read_text(encoding="utf-8").split("\n")
    text = generated[int(digits) - 1].strip() if digits.isdigit() else ""
    lines = [line.lstrip("# ").strip() for line in script.read_text(encoding="utf-8").split("\n")]
    return f"{script}:{lines.index(text) + 1 if text and text in lines else 1}"


def read_with_true_lines(text: str, *arguments: Any, **options: Any) -> NotebookNode:
    """Read a MyST notebook with a source map that is right.

    MyST-NB strips a Markdown cell's leading blank lines without counting them, and adds one line
    too many to every cell.
    """
    notebook: NotebookNode = read_myst_markdown_notebook(text, *arguments, **options)
    lines = text.split("\n")
    starts = notebook.metadata.get("source_map", [])
    for index, cell in enumerate(notebook.cells[: len(starts)]):
        while cell.cell_type == "markdown" and not lines[starts[index]].strip():
            starts[index] += 1
        starts[index] -= 1
    return notebook


def setup(app: Sphinx) -> dict[str, Any]:
    """Filter after Sphinx has turned nodes into file and line."""
    read.read_myst_markdown_notebook = read_with_true_lines
    for handler in logging.getLogger("sphinx").handlers:
        handler.addFilter(ScriptLines())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
