"""A trace as a drawing: values on the nodes, local partials on the edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steepest.render import rules
from steepest.render.layout import Arrow, Box, svg
from steepest.render.printing import UNICODE
from steepest.render.table import summary
from steepest.trace import Row, Trace

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from torch import Tensor

    from steepest.render.markup import Markup

_DIRECTIONS = ("forward", "reverse")


def drawing(
    trace: Trace,
    *,
    direction: str = "forward",
    tangents: Sequence[Tensor | float] | None = None,
    cotangent: Tensor | float | Sequence[Tensor | float] | None = None,
    highlight: Collection[int] = (),
    title: str | None = None,
    description: str | None = None,
    digits: int = 4,
    prefix: str | None = None,
) -> Markup:
    """Draw a trace's graph as an inline SVG.

    The inputs are on the left in both directions, each row stands in the same place, and only the
    arrows turn: values and tangents flow from left to right, adjoints from right to left.

    Parameters
    ----------
    trace
        What `record` gave.
    direction
        Which way the arrows point: ``"forward"`` or ``"reverse"``.
    tangents
        One direction for each input: writes v̇ on every node.
    cotangent
        The weights of the outputs: writes v̄ on every node.
    highlight
        Row numbers to bring out, with the edges between them: a path, or one step of a sweep.
    title, description
        What a screen reader says; made from the rows where not given.
    digits
        Significant digits of the numbers.
    prefix
        What the ids start with; a digest of the drawing where not given. Row j has the id
        ``{prefix}-r{j}``, the edge from row i to it ``{prefix}-r{i}-r{j}``.

    Returns
    -------
    Markup
        One ``<svg>`` element, in the colours of the page around it; a notebook shows it. The same
        drawing has the same bytes.

    Raises
    ------
    TypeError, ValueError
        For anything but a trace, a direction that is neither, rows that are not there, and seeds
        that do not fit.
    ImportError
        If pygraphviz is missing.

    References
    ----------
    Griewank & Walther (2008), *Evaluating Derivatives*, chapter 2.

    Examples
    --------
    >>> import torch
    >>> from steepest.trace import record
    >>> picture = drawing(record(lambda x: torch.log(x) * x, torch.tensor(2.0)))
    >>> "v₁ = ln v₀" in picture, picture.count("<path")
    (True, 3)
    """
    if not isinstance(trace, Trace):
        raise TypeError(f"drawing: needs a Trace from record, and got a {type(trace).__name__}")
    if direction not in _DIRECTIONS:
        raise ValueError(
            f"drawing: direction must be one of {', '.join(_DIRECTIONS)}, and was {direction!r}"
        )
    missing = sorted(set(highlight) - set(range(len(trace.rows))))
    if missing:
        raise ValueError(
            f"drawing: highlight takes row numbers from 0 to {len(trace.rows) - 1}, "
            f"and got {missing[0]}"
        )
    moved = None if tangents is None else trace.forward(*tangents)
    weights = None if cotangent is None else trace.reverse(cotangent)
    boxes = []
    for row in trace.rows:
        lines = [_equation(trace, row), summary(row.value, digits)]
        for accent, carried in (("dot", moved), ("bar", weights)):
            if carried is not None:
                name = UNICODE.v(row.index, accent)
                lines.append(f"{name} = {summary(carried[row.number], digits)}")
        kind = "input" if row.number in trace.inputs else ""
        kind = "output" if row.number in trace.outputs else kind
        hint = f"line {row.source.line}: {row.source.text}" if row.source else ""
        boxes.append(Box(f"r{row.number}", tuple(lines), kind, row.number in highlight, hint))
    arrows = [
        _arrow(trace, parent, row, partials, direction == "reverse", digits, highlight)
        for row, partials in ((row, _numbers(trace, row)) for row in trace.rows)
        for parent in row.parents
    ]
    return svg(
        boxes,
        arrows,
        title=title or f"Trace of {len(trace.rows)} rows, {direction}",
        description=description or "; ".join(", ".join(box.lines) for box in boxes) + ".",
        prefix=prefix,
    )


def _equation(trace: Trace, row: Row) -> str:
    text = rules.primal(trace, row, UNICODE)
    short = text if len(text) <= 40 else text[:39] + "…"
    return f"{row.symbol} = {short}"


def _numbers(trace: Trace, row: Row) -> dict[int, Tensor]:
    """Find the local partials that are single numbers."""
    values = [row.value, *(trace.rows[parent].value for parent in row.parents)]
    if row.value.numel() != 1 or any(value.is_complex() for value in values):
        return {}
    return {i: one for i, one in trace.partials(row.number).items() if one.numel() == 1}


def _arrow(
    trace: Trace,
    parent: int,
    row: Row,
    partials: dict[int, Tensor],
    backwards: bool,
    digits: int,
    highlight: Collection[int],
) -> Arrow:
    name = UNICODE.partial(row.symbol, trace.rows[parent].symbol)
    label = summary(partials[parent].reshape(()), digits) if parent in partials else ""
    return Arrow(
        f"r{parent}",
        f"r{row.number}",
        label,
        backwards,
        parent in highlight and row.number in highlight,
        f"{name} = {label}" if label else name,
    )
