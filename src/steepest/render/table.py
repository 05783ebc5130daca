"""A trace as a table, in four spellings."""

from __future__ import annotations

import html
import unicodedata
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from steepest.render import rules
from steepest.render.markup import Markup
from steepest.render.printing import LATEX, UNICODE, Alphabet
from steepest.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_COLUMN = 115  # pixels that a column needs, a rule and its number taken together
_FORMS = ("text", "markdown", "html", "latex")


def table(
    trace: Trace,
    *,
    tangents: Sequence[Tensor | float] | None = None,
    cotangent: Tensor | float | Sequence[Tensor | float] | None = None,
    form: str = "text",
    digits: int = 6,
    title: str | None = None,
) -> str:
    """Write a trace as a table: each row's rule and value, and its tangent's and adjoint's.

    Parameters
    ----------
    trace
        What `record` gave.
    tangents
        One direction for each input: adds the columns of the forward sweep.
    cotangent
        The weights of the outputs: adds the columns of the reverse sweep. 1 for one number.
    form
        ``"text"``, ``"markdown"``, ``"html"`` or ``"latex"``.
    digits
        Significant digits of the numbers.
    title
        What a screen reader calls the HTML form; made from the trace where not given.

    Returns
    -------
    str
        The HTML form is a `Markup`, which a notebook shows.

    Raises
    ------
    TypeError, ValueError
        For anything but a trace, a form that is not one of the four, and seeds that do not fit.

    References
    ----------
    Griewank & Walther (2008), *Evaluating Derivatives*, chapter 3.

    Examples
    --------
    >>> from steepest.trace import record
    >>> trace = record(lambda x: x * torch.sin(x), torch.tensor(2.0, dtype=torch.float64))
    >>> print(table(trace, tangents=[1.0], cotangent=1.0, digits=4))
    row          value   tangent             value    adjoint                 value
    v₀ = x       2       v̇₀                  1        v̄₀ = v̄₁ cos v₀ + v̄₂ v₁  0.077
    v₁ = sin v₀  0.9093  v̇₁ = v̇₀ cos v₀      −0.4161  v̄₁ = v̄₂ v₀              2
    v₂ = v₀ v₁   1.819   v̇₂ = v̇₀ v₁ + v̇₁ v₀  0.077    v̄₂ = 1                  1
    """
    if not isinstance(trace, Trace):
        raise TypeError(f"table: needs a Trace from record, and got a {type(trace).__name__}")
    if form not in _FORMS:
        raise ValueError(f"table: form must be one of {', '.join(_FORMS)}, and was {form!r}")
    head, body = _cells(trace, tangents, cotangent, LATEX if form == "latex" else UNICODE, digits)
    spell: dict[str, Callable[[list[str], list[list[str]]], str]] = {
        "text": _text,
        "markdown": _markdown,
        "html": _html,
        "latex": _latex,
    }
    text = spell[form](head, body)
    if form != "html":
        return text
    columns = " and ".join(f"{word}s" for word in head[2::2])
    title = title or f"Trace of {len(trace.rows)} rows" + (f" with {columns}" if columns else "")
    return Markup(text, title, _COLUMN * len(head))


def _cells(
    trace: Trace, tangents: Any, cotangent: Any, a: Alphabet, digits: int
) -> tuple[list[str], list[list[str]]]:
    head = ["row", "value"]
    body = [
        [f"{a.v(row.index)} = {rules.primal(trace, row, a)}", summary(row.value, digits, a)]
        for row in trace.rows
    ]
    if tangents is not None:
        head += ["tangent", "value"]
        for cells, row, moved in zip(body, trace.rows, trace.forward(*tangents), strict=True):
            rule = rules.tangent(trace, row, a)
            name = a.v(row.index, "dot")
            cells += [f"{name} = {rule}" if rule else name, summary(moved, digits, a)]
    if cotangent is not None:
        head += ["adjoint", "value"]
        starts = _starts(trace, cotangent, digits, a)
        for cells, row, weight in zip(body, trace.rows, trace.reverse(cotangent), strict=True):
            rule = rules.adjoint(trace, row, a, starts.get(row.number))
            cells += [f"{a.v(row.index, 'bar')} = {rule}", summary(weight, digits, a)]
    return head, body


def _starts(trace: Trace, cotangent: Any, digits: int, a: Alphabet) -> dict[int, str]:
    """Say what each output starts from."""
    each = cotangent if isinstance(cotangent, (tuple, list)) else (cotangent,)
    starts: dict[int, Any] = {}
    for number, seed in zip(trace.outputs, each, strict=False):
        starts[number] = starts[number] + seed if number in starts else seed
    return {number: summary(torch.as_tensor(seed), digits, a) for number, seed in starts.items()}


def summary(value: Tensor, digits: int = 6, a: Alphabet = UNICODE) -> str:
    """Say a tensor in a few letters: a number, a short list, or a shape with its range.

    Examples
    --------
    >>> summary(torch.tensor(0.6931471)), summary(torch.tensor([-1, 2])), summary(torch.eye(3))
    ('0.693147', '[−1, 2]', '3×3: 0 … 1')
    """
    if value.dim() == 0:
        return _number(value.item(), digits, a)
    if value.dim() == 1 and value.numel() <= 4:
        return "[" + ", ".join(_number(item, digits, a) for item in value.tolist()) + "]"
    shape = a.cross.join(str(size) for size in value.shape)
    if value.dim() == 1:
        shape += a.words(" numbers")
    if value.numel() == 0 or value.is_complex():
        return shape
    low, high = (_number(item.item(), digits, a) for item in torch.aminmax(value))
    return f"{shape}: {low} {a.dots} {high}" if low != high else f"{shape}: {a.words('all ')}{low}"


def _number(item: Any, digits: int, a: Alphabet) -> str:
    return a.words(str(item)) if isinstance(item, bool) else a.number(item, digits)


def _text(head: list[str], body: list[list[str]]) -> str:
    widths = [max(_width(cell) for cell in column) for column in zip(head, *body, strict=True)]
    lines = []
    for cells in (head, *body):
        padded = [c + " " * (w - _width(c)) for c, w in zip(cells, widths, strict=True)]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def _width(text: str) -> int:
    return sum(not unicodedata.combining(letter) for letter in text)


def _markdown(head: list[str], body: list[list[str]]) -> str:
    rule = ["---"] * len(head)
    rows = [[_markdown_escape(cell) for cell in cells] for cells in body]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows))


def _markdown_escape(text: str) -> str:
    return "".join("\\" + letter if letter in r"\`*_{}[]<>#|$~" else letter for letter in text)


def _html(head: list[str], body: list[list[str]]) -> str:
    lines = ['<table class="steepest-trace">', "<thead><tr>"]
    lines += [f'<th scope="col">{html.escape(cell)}</th>' for cell in head]
    lines += ["</tr></thead>", "<tbody>"]
    for first, *rest in body:
        cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in rest)
        lines.append(f'<tr><th scope="row">{html.escape(first)}</th>{cells}</tr>')
    return "\n".join([*lines, "</tbody>", "</table>"])


def _latex(head: list[str], body: list[list[str]]) -> str:
    lines = [r"\begin{array}{" + "l" * len(head) + "}"]
    lines.append(" & ".join(rf"\text{{{cell}}}" for cell in head) + r" \\ \hline")
    lines += [" & ".join(cells) + r" \\" for cells in body]
    return "\n".join([*lines, r"\end{array}"])
