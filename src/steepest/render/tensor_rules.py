"""Rules of operations on whole tensors, as data: what their tangents and their adjoints are.

A rule is a nested tuple of an operation's name and its operands, and reads the same in both
alphabets. Leaves are ``"carried"``, the tangent or the adjoint that the rule passes on, ``"value"``
for what the operation gave, ``"a"`` and ``"b"`` for what it was given, ``"index"`` for a subscript,
and ``"count"`` for the number of elements of its first argument.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from steepest.trace import Constant, Ref, Row, Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from steepest.render.printing import Alphabet

_Expression = Any  # a leaf, or a tuple of an operation's name and expressions


class Rule(NamedTuple):
    """How a tangent goes through an operation, and how an adjoint comes back."""

    tangent: _Expression
    adjoint: _Expression


_C = "carried"
_SOFTMAX = ("sub", ("mul", "value", _C), ("mul", "value", ("sum", ("mul", "value", _C))))
_RESHAPED = Rule(("reshape", _C), ("reshape", _C))
_TURNED = Rule(("transpose", _C), ("transpose", _C))
_DOT = (
    Rule(("dot", _C, "b"), ("mul", _C, "b")),
    Rule(("dot", "a", _C), ("mul", _C, "a")),
)
_MATMUL = (
    Rule(("matmul", _C, "b"), ("matmul", _C, ("transpose", "b"))),
    Rule(("matmul", "a", _C), ("matmul", ("transpose", "a"), _C)),
)
_WHERE = (
    Rule((), ()),  # no derivative with respect to the condition
    Rule(("where", "a", _C, "0"), ("where", "a", _C, "0")),
    Rule(("where", "a", "0", _C), ("where", "a", "0", _C)),
)

# One rule for each place among an operation's arguments.
RULES: Mapping[str, tuple[Rule, ...]] = {
    "T": (_TURNED,),
    "dot": _DOT,
    "flatten": (_RESHAPED,),
    "getitem": (Rule(("part", _C), ("scatter", _C)),),
    "inner": _DOT,
    "logsumexp": (Rule(("sum", ("mul", ("softmax", "a"), _C)), ("mul", _C, ("softmax", "a"))),),
    "mT": (_TURNED,),
    "matmul": _MATMUL,
    "mean": (Rule(("mean", _C), ("div", ("expand", _C), "count")),),
    "mm": _MATMUL,
    "mv": _MATMUL,
    "norm": (
        Rule(("div", ("sum", ("mul", "a", _C)), "value"), ("div", ("mul", _C, "a"), "value")),
    ),
    "ravel": (_RESHAPED,),
    "reshape": (_RESHAPED,),
    "softmax": (Rule(_SOFTMAX, _SOFTMAX),),
    "squeeze": (_RESHAPED,),
    "sum": (Rule(("sum", _C), ("expand", _C)),),
    "t": (_TURNED,),
    "unsqueeze": (_RESHAPED,),
    "view": (_RESHAPED,),
    "where": _WHERE,
}
_WHOLE = frozenset({"mean", "norm", "sum"})  # to a single number, without `dim`
_RESHAPES = frozenset({"flatten", "ravel", "reshape", "squeeze", "unsqueeze", "view"})


def rule(trace: Trace, row: Row, place: int) -> Rule | None:
    """Find the rule for the argument at a place; None where the table has none that fits.

    Examples
    --------
    >>> import torch
    >>> from steepest.trace import record
    >>> trace = record(torch.mv, torch.ones(2, 3), torch.ones(3))
    >>> rule(trace, trace.rows[2], 1).adjoint
    ('matmul', ('transpose', 'a'), 'carried')
    """
    rules = RULES.get(row.operation, ())
    if place >= len(rules):
        return None
    given = [_value(trace, argument) for argument in row.arguments]
    shapes = [tuple(value.shape) for value in given if value is not None]
    if not _fits(row, shapes):
        return None
    return rules[place]


def _fits(row: Row, shapes: list[tuple[int, ...]]) -> bool:
    name, dims = row.operation, [len(shape) for shape in shapes]
    if row.value.is_complex():
        return False
    if name in _RESHAPES or name == "getitem":
        return len(dims) == 1
    if name in ("softmax", "logsumexp"):
        changed = row.options.get("keepdim") or row.options.get("dtype") is not None
        return dims == [1] and len(row.arguments) <= 2 and not changed
    euclidean = name == "norm" and row.options.get("p") in ("fro", 2)
    options = [value for key, value in row.options.items() if not (euclidean and key == "p")]
    if any(value is not None and value is not False for value in options) or len(dims) != len(
        row.arguments
    ):
        return False
    if name in _WHOLE:
        return len(dims) == 1
    if name in ("matmul", "mm", "mv"):
        return dims in ([2, 1], [2, 2])
    if name in ("dot", "inner"):
        return dims == [1, 1]
    if name == "where":
        return len(shapes) == 3 and set(shapes) == {tuple(row.value.shape)}
    return dims == [2]  # a transpose


def _value(trace: Trace, argument: Any) -> Any:
    if isinstance(argument, Ref):
        return trace.rows[argument.row].value
    return argument.value if isinstance(argument, Constant) else None


def written(expression: _Expression, leaves: Mapping[str, str], a: Alphabet) -> str:
    r"""Write an expression.

    Examples
    --------
    >>> from steepest.render.printing import LATEX, UNICODE
    >>> expression = ("matmul", ("transpose", "a"), "carried")
    >>> written(expression, {"a": "A", "carried": "v"}, UNICODE)
    'Aᵀ v'
    >>> written(expression, {"a": "A", "carried": "v"}, LATEX)
    'A^{\\top} v'
    """
    if isinstance(expression, str):
        return leaves.get(expression, expression)
    name, *operands = expression
    texts = [written(operand, leaves, a) for operand in operands]
    write = _FORMS.get(name)
    if write is not None:
        return write(a, texts)
    if name in ("part", "scatter"):
        inside = leaves["index"]
        return (
            f"{texts[0]}[{inside}]"
            if name == "part"
            else a.call(name, f"{texts[0]}, [{inside}]", atomic=False)
        )
    if name == "reshape":
        return a.call(name, f"{texts[0]}, {leaves['shape']}", atomic=False)
    return a.call(name, ", ".join(texts), atomic=False)


_FORMS: dict[str, Callable[[Alphabet, list[str]], str]] = {
    "div": lambda a, texts: a.ratio(*texts),
    "dot": lambda a, texts: f"{a.transposed(texts[0])} {texts[1]}",
    "matmul": lambda a, texts: " ".join(texts),
    "mul": lambda a, texts: " ".join(texts),
    "sub": lambda a, texts: f" {a.minus} ".join(texts),
    "transpose": lambda a, texts: a.transposed(texts[0]),
}
