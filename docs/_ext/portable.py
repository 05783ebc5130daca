"""Files that run elsewhere: scripts and notebooks told where to get what they need.

Nothing here knows Sphinx. What the build itself runs is never touched, only copies of it.
"""

import io
import json
import re
import tomllib
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

BLOCK = re.compile(r"^# /// script\n(?P<content>(?:#(?:| .*)\n)+?)# ///$", re.MULTILINE)
"""The block of PEP 723 at the head of a script."""

INSTALL = """\
# What this notebook needs, where it is missing
import importlib.util

if importlib.util.find_spec("steepest") is None:
    %pip install --quiet {requirement}
"""


def pins(project: str, constraints: str) -> list[str]:
    """Return the pins of what the package and its extra ``plot`` need, in their order.

    `project` is the text of a ``pyproject.toml``, `constraints` has a line ``name==version`` for
    each package.
    """
    table = tomllib.loads(project)["project"]
    needs = [*table["dependencies"], *table["optional-dependencies"]["plot"]]
    pinned = {line.split("==")[0]: line for line in constraints.splitlines() if "==" in line}
    return [pinned[re.split(r"[^\w.-]", need)[0]] for need in needs]


def requirement(site: str, wheel: str) -> str:
    """Name the package by the address of its wheel."""
    return f"steepest[plot] @ {site}downloads/{wheel}"


HOW = """\
# Run this script:  uv run {name}
# Or, without uv:   python -m pip install "{need}"
#                   python {name}
"""


def script(name: str, text: str, requirements: Sequence[str]) -> str:
    """Return a script whose PEP 723 block asks for `requirements` instead of the package.

    The first of them is the package itself. In front stands how the script, by this name, is run.
    """
    found = BLOCK.search(text)
    if found is None:
        raise ValueError("script: wanted a PEP 723 block `# /// script`, found none")
    table = tomllib.loads("".join(line[2:] + "\n" for line in found["content"].splitlines()))
    if table.keys() - {"requires-python", "dependencies"}:
        raise ValueError(f"script: wanted requires-python and dependencies, got {sorted(table)}")
    others = [need for need in table["dependencies"] if re.split(r"\W", need)[0] != "steepest"]
    lines = ["# /// script"]
    if "requires-python" in table:
        lines.append(f"# requires-python = {json.dumps(table['requires-python'])}")
    lines.append("# dependencies = [")
    lines += [f"#     {json.dumps(need)}," for need in (*requirements, *others)]
    lines += ["# ]", "# ///"]
    how = HOW.format(name=name, need=requirements[0])
    return how + text[: found.start()] + "\n".join(lines) + text[found.end() :]


def notebook(cells: Iterable[Mapping[str, Any]], need: str) -> str:
    """Return a notebook's text: a cell that installs `need`, then `cells`, all without outputs.

    A cell has a ``cell_type``, a ``source`` and, if it likes, ``metadata``.
    """
    install = {
        "cell_type": "code",
        "source": INSTALL.format(requirement=json.dumps(need)),
    }
    content = {
        "cells": [_cell(number, cell) for number, cell in enumerate([install, *cells])],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _cell(number: int, cell: Mapping[str, Any]) -> dict[str, Any]:
    written = {
        "cell_type": cell["cell_type"],
        "id": f"cell-{number}",
        "metadata": dict(cell.get("metadata", {})),
        "source": "".join(cell["source"]).strip("\n").splitlines(keepends=True),
    }
    return written | (
        {"execution_count": None, "outputs": []} if cell["cell_type"] == "code" else {}
    )


def archive(files: Mapping[str, bytes], seconds: int) -> bytes:
    """Return a zip of `files` whose bytes depend on them and on the given time alone."""
    moment = max(datetime.fromtimestamp(seconds, UTC), datetime(1980, 1, 1, tzinfo=UTC))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, moment.timetuple()[:6])
            entry.create_system = 3  # Unix, wherever this runs
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, files[name])
    return packed.getvalue()
