"""MyST pages as plain notebooks: no directive, role or ``glue`` is left.

What only the site can know, the text of a reference or of a bibliography, is asked of a function.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

FENCE = re.compile(r"^(?P<fence>:{3,}|`{3,}|~{3,})(?P<word>\{[\w:-]+\})?(?P<rest>.*)$")
OPTION = re.compile(r"^:[\w-]+:")
HIDDEN = {"hide-input", "hide-cell", "remove-input", "remove-cell"}

SOLUTION = re.compile(
    r"^(?P<fence>:{3,}|`{3,})\{dropdown\} Solution of exercise \d+.*?^(?P=fence)[ \t]*$\n?",
    re.MULTILINE | re.DOTALL,
)

INLINE = re.compile(
    r"(?P<code>^(?P<ticks>`{3,}|~{3,})[^\n]*\n.*?^(?P=ticks)[`~]*$"
    r"|(?<!\})(?P<tick>`+)(?!`).*?(?<!`)(?P=tick)(?!`))"
    r"|\{(?P<role>[\w:-]+)\}`(?P<text>[^`]*)`"
    r"|(?<=\]\()#(?P<anchor>[^)\s]+)(?=\))",
    re.MULTILINE | re.DOTALL,
)


class Site(Protocol):
    """What the site knows of the page that is translated."""

    def role(self, name: str, text: str) -> str:
        """Return the Markdown that a role stands for."""

    def directive(self, name: str) -> str:
        """Return the Markdown that a directive without content stands for."""

    def anchor(self, label: str) -> str:
        """Return the address of a label."""


def cells(notebook: Iterable[Mapping[str, Any]], site: Site) -> Iterator[dict[str, Any]]:
    """Yield the cells of a MyST notebook as cells that any notebook program shows.

    Cells that the site folds are folded; a figure's caption stands below its cell.
    """
    for cell in notebook:
        if cell["cell_type"] == "markdown":
            if text := markdown(cell["source"], site):
                yield {"cell_type": "markdown", "source": text}
        elif code := without_glue(cell["source"]):
            metadata = cell["metadata"]
            tags = list(metadata.get("tags", []))
            kept: dict[str, Any] = {"tags": tags} if tags else {}
            if HIDDEN & set(tags):
                kept["jupyter"] = {"source_hidden": True}
            yield {"cell_type": "code", "source": code, "metadata": kept}
            if caption := metadata.get("mystnb", {}).get("figure", {}).get("caption"):
                yield {"cell_type": "markdown", "source": f"**Figure.** {markdown(caption, site)}"}


def without_solutions(notebook: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the cells of a MyST notebook without the solutions of its exercises.

    A solution is a drop-down of that name and every hidden code cell behind it, up to the next
    heading.
    """
    solving = False
    for cell in notebook:
        if cell["cell_type"] == "markdown":
            last = re.split(r"^#+ ", cell["source"], flags=re.MULTILINE)[-1]
            headed = last != cell["source"]
            solving = bool(SOLUTION.search(last)) or (solving and not headed)
            yield {**cell, "source": SOLUTION.sub("", cell["source"])}
        elif not (solving and any(t.startswith("hide-") for t in cell["metadata"].get("tags", []))):
            yield dict(cell)


def markdown(text: str, site: Site) -> str:
    """Return MyST's Markdown as plain Markdown."""
    blocks = "\n".join(_blocks(text.split("\n"), site))
    inline = INLINE.sub(lambda found: _inline(found, site), blocks)
    return re.sub(r"\n{3,}", "\n\n", inline).strip("\n")


def _inline(found: re.Match[str], site: Site) -> str:
    if found["code"]:
        return found[0]
    if found["anchor"]:
        return site.anchor(found["anchor"])
    return site.role(found["role"], found["text"])


def _blocks(lines: Sequence[str], site: Site) -> Iterator[str]:
    """Translate directives; leave out targets and comments."""
    rest = iter(lines)
    for line in rest:
        opened = FENCE.match(line)
        if opened is None:
            if not re.match(r"\([\w -]+\)=\s*$|%", line):
                yield line
            continue
        inside = list(_until(opened["fence"], rest))
        if opened["word"]:
            yield from _directive(opened["word"][1:-1], opened["rest"].strip(), inside, site)
        else:
            yield from (line, *inside, opened["fence"])


def _until(fence: str, lines: Iterator[str]) -> Iterator[str]:
    """Yield the lines up to the one that closes a fence."""
    for line in lines:
        bare = line.strip()
        if bare.startswith(fence) and not bare.strip(fence[0]):
            return
        yield line


def _directive(name: str, title: str, lines: list[str], site: Site) -> Iterator[str]:
    options = next((k for k, line in enumerate(lines) if not OPTION.match(line)), len(lines))
    inside = list(_blocks(lines[options:], site))
    if name == "admonition":
        yield from (f"**{title}**", "", *inside, "")
    elif name in ("note", "tip", "warning", "important", "seealso"):
        yield from (f"**{name.capitalize()}**", "", *([title] if title else []), *inside, "")
    elif name in ("figure", "image"):
        yield from (*inside, "")
    elif name == "dropdown":
        head = f"<summary><b>{title}</b></summary>"
        yield from ("<details>", head, "", *inside, "", "</details>", "")
    else:
        yield site.directive(name)


def without_glue(code: str) -> str:
    """Return a cell's code without what passes values to the page's text."""
    if not re.search(r"\bglue\b", code):
        return code
    lines = code.split("\n")
    gone = set(_glue_lines(ast.parse(code).body))
    kept = "\n".join(line for number, line in enumerate(lines, 1) if number not in gone)
    return re.sub(r"\n{4,}", "\n\n\n", kept).strip("\n")


def _glue_lines(statements: Sequence[ast.stmt]) -> Iterator[int]:
    for statement in statements:
        if _only_glue(statement):
            yield from range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
        else:
            for block in ("body", "orelse", "finalbody"):
                yield from _glue_lines(getattr(statement, block, []))


def _only_glue(statement: ast.stmt) -> bool:
    match statement:
        case ast.ImportFrom(module="myst_nb"):
            return True
        case ast.Expr(value=ast.Call(func=ast.Name(id="glue"))):
            return True
        case ast.For() | ast.If() | ast.With():
            blocks = [*statement.body, *getattr(statement, "orelse", [])]
            return all(map(_only_glue, blocks))
    return False


def roles(text: str, role: Callable[[str, str], str]) -> str:
    """Return reStructuredText's roles as Markdown, in text that is Markdown otherwise."""
    return re.sub(r":([\w:]+):`([^`]+)`", lambda found: role(*found.group(1, 2)), text)
