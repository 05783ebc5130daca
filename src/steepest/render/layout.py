"""Boxes and arrows: Graphviz, in this process, places them; we draw them."""

from __future__ import annotations

import hashlib
import json
import math
import unicodedata
from collections import Counter
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from steepest.render.markup import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence

_FONT = 14.0  # points, as in every text below
_LETTER = 0.58 * _FONT  # a generous mean width, so that places do not depend on installed fonts
_LINE = 1.3 * _FONT
_LEGIBLE = 0.75  # how far a drawing may shrink: the letters are then of 9 to 10 points
_ACCENT = "var(--steepest-accent, #d9480f)"
_TINTS = {"input": "#3b82f6", "output": "#22a06b", "saved": "#e8830c"}


@dataclass(frozen=True)
class Box:
    """A node: its lines of text, what it is, and what a reader hears or sees on hovering."""

    key: str
    lines: tuple[str, ...]
    kind: str = ""
    strong: bool = False
    hint: str = ""


@dataclass(frozen=True)
class Arrow:
    """An edge from one box to another; ``backwards`` puts its head at the first."""

    tail: str
    head: str
    label: str = ""
    backwards: bool = False
    strong: bool = False
    hint: str = ""


def svg(
    boxes: Sequence[Box],
    arrows: Sequence[Arrow],
    *,
    title: str,
    description: str,
    rankdir: str = "LR",
    prefix: str | None = None,
) -> Markup:
    """Draw a graph as one `<svg>` element, to be put into a page as it is.

    Lines and letters take the page's ``currentColor``; the accent is the CSS variable
    ``--steepest-accent``. Ids start with `prefix`, or with a digest of the drawing: the same
    drawing has the same bytes. Raises ImportError if pygraphviz is missing.

    Examples
    --------
    >>> text = svg([Box("a", ("x",)), Box("b", ("y",))], [Arrow("a", "b")], title="t",
    ...            description="x gives y")
    >>> text.startswith('<svg role="img"'), text.count("<path")
    (True, 1)
    """
    plan = _plan(boxes, arrows, rankdir)
    seen = repr((boxes, arrows, title, description, rankdir))
    prefix = prefix or "steepest-" + hashlib.sha256(seen.encode()).hexdigest()[:10]
    left, bottom, right, top = (float(number) for number in plan["bb"].split(","))
    width, height = right - left + 8, top - bottom + 8

    def point(pair: str) -> tuple[float, float]:
        x, y = pair.split(",")
        return float(x) - left + 4, top - float(y) + 4

    placed = {item["name"]: point(item["pos"]) for item in plan.get("objects", ())}
    lines = [
        f'<svg role="img" aria-labelledby="{escape(prefix)}-title {escape(prefix)}-desc" '
        f'class="steepest-drawing" xmlns="http://www.w3.org/2000/svg" '
        f'width="{_short(width)}" height="{_short(height)}" '
        f'viewBox="0 0 {_short(width)} {_short(height)}" style="max-width:100%;height:auto" '
        f'font-family="sans-serif" font-size="{_short(_FONT)}" fill="currentColor">',
        f'<title id="{escape(prefix)}-title">{escape(title)}</title>',
        f'<desc id="{escape(prefix)}-desc">{escape(description)}</desc>',
    ]
    drawn: Counter[str] = Counter()
    for arrow, place in zip(arrows, _in_order(plan, arrows), strict=True):
        name = f"{prefix}-{arrow.tail}-{arrow.head}"
        drawn[name] += 1  # two arrows may join the same boxes
        name += f"-{drawn[name]}" if drawn[name] > 1 else ""
        lines += _draw_arrow(arrow, place, point, name)
    for number, box in enumerate(boxes):
        lines += _draw_box(box, placed[f"n{number}"], prefix)
    return Markup("\n".join([*lines, "</svg>"]), title, round(_LEGIBLE * width))


def graphviz() -> Any:
    """Import pygraphviz, whose wheel carries Graphviz, or say how to get it."""
    try:
        import pygraphviz
    except ImportError as missing:
        raise ImportError(
            'drawings need pygraphviz, which carries Graphviz: pip install "steepest[plot]"'
        ) from missing
    return pygraphviz


def _plan(boxes: Sequence[Box], arrows: Sequence[Arrow], rankdir: str) -> dict[str, Any]:
    graph = graphviz().AGraph(directed=True, strict=False, rankdir=rankdir, nodesep="0.3")
    graph.node_attr.update(shape="box", fixedsize="true", label="")
    graph.edge_attr.update(arrowhead="none")
    names = {}
    for number, box in enumerate(boxes):
        names[box.key] = f"n{number}"
        width, height = _size(box)
        graph.add_node(f"n{number}", width=f"{width / 72:.4f}", height=f"{height / 72:.4f}")
    for number, arrow in enumerate(arrows):
        label = _room(arrow.label) if arrow.label else ""
        graph.add_edge(
            names[arrow.tail], names[arrow.head], key=f"e{number}", id=f"e{number}", label=label
        )
    plan: dict[str, Any] = json.loads(graph.draw(format="json", prog="dot"))
    return plan


def _room(text: str) -> str:
    """Leave room for a label by an empty table of its size: no font is needed for it."""
    size = f'WIDTH="{math.ceil(_width(text)) + 6}" HEIGHT="{math.ceil(_LINE)}"'
    return f'<<TABLE BORDER="0" FIXEDSIZE="TRUE" {size}><TR><TD></TD></TR></TABLE>>'


def _in_order(plan: dict[str, Any], arrows: Sequence[Arrow]) -> list[dict[str, Any]]:
    """Graphviz's edges in the order of ours, which it knows by their ids."""
    by_key = {edge["id"]: edge for edge in plan.get("edges", ())}
    return [by_key[f"e{number}"] for number in range(len(arrows))]


def _draw_arrow(arrow: Arrow, place: dict[str, Any], point: Any, name: str) -> list[str]:
    points = [point(pair) for pair in place["pos"].split()]
    start, *rest = points
    path = f"M{_at(start)}C" + " ".join(_at(p) for p in rest)
    tip, behind = (points[0], points[1]) if arrow.backwards else (points[-1], points[-2])
    colour = _ACCENT if arrow.strong else "currentColor"
    kind = "steepest-edge steepest-strong" if arrow.strong else "steepest-edge"
    width = "2.5" if arrow.strong else "1"
    lines = [
        f'<g id="{escape(name)}" class="{kind}" style="stroke:{colour}">',
        *([f"<title>{escape(arrow.hint)}</title>"] if arrow.hint else []),
        f'<path fill="none" stroke-width="{width}" d="{path}"/>',
        f'<polygon style="fill:{colour}" points="{_head(tip, behind)}"/>',
    ]
    if arrow.label:
        x, y = point(place["lp"])
        lines.append(
            f'<text stroke="none" font-size="12" text-anchor="middle" x="{_short(x)}" '
            f'y="{_short(y + 4)}">{escape(arrow.label)}</text>'
        )
    return [*lines, "</g>"]


def _draw_box(box: Box, centre: tuple[float, float], prefix: str) -> list[str]:
    x, y = centre
    width, height = _size(box)
    kinds = ["steepest-node", *([f"steepest-{box.kind}"] if box.kind else [])]
    kinds += ["steepest-strong"] if box.strong else []
    colour = _ACCENT if box.strong else "currentColor"
    tint = _TINTS.get(box.kind)
    fill = f'fill="{tint}" fill-opacity="0.18"' if tint else 'fill="none"'
    lines = [
        f'<g id="{escape(prefix)}-{escape(box.key)}" class="{" ".join(kinds)}">',
        *([f"<title>{escape(box.hint)}</title>"] if box.hint else []),
        f'<rect x="{_short(x - width / 2)}" y="{_short(y - height / 2)}" rx="8" '
        f'width="{_short(width)}" height="{_short(height)}" {fill} '
        f'stroke-width="{"2.5" if box.strong else "1"}" style="stroke:{colour}"/>',
    ]
    top = y - _LINE * (len(box.lines) - 1) / 2 + 0.35 * _FONT
    for place, line in enumerate(box.lines):
        lines.append(
            f'<text text-anchor="middle" x="{_short(x)}" y="{_short(top + place * _LINE)}">'
            f"{escape(line)}</text>"
        )
    return [*lines, "</g>"]


def _head(tip: tuple[float, float], behind: tuple[float, float]) -> str:
    dx, dy = tip[0] - behind[0], tip[1] - behind[1]
    length = math.hypot(dx, dy) or 1.0
    dx, dy = dx / length, dy / length
    x, y = tip[0] - 9 * dx, tip[1] - 9 * dy
    corners = (tip, (x - 3.5 * dy, y + 3.5 * dx), (x + 3.5 * dy, y - 3.5 * dx))
    return " ".join(_at(corner) for corner in corners)


def _size(box: Box) -> tuple[float, float]:
    width = max((_width(line) for line in box.lines), default=0.0)
    return max(width + 20, 44.0), _LINE * max(len(box.lines), 1) + 12


def _width(text: str) -> float:
    return _LETTER * sum(not unicodedata.combining(letter) for letter in text)


def _at(point: tuple[float, float]) -> str:
    return f"{_short(point[0])},{_short(point[1])}"


def _short(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
