"""The rules behind the numbers: each row's formula, its tangent's and its adjoint's."""

from __future__ import annotations

import functools
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from steepest.render.printing import Alphabet, function, write
from steepest.render.tensor_rules import rule, written
from steepest.trace import Constant, Ref, Row, Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

_SPELLINGS = {"acos": "arccos", "asin": "arcsin", "atan": "arctan"}
_INFIX = {"add": " + ", "sub": " {minus} ", "mul": " ", "matmul": " "}


def primal(trace: Trace, row: Row, alphabet: Alphabet) -> str:
    """Write the right-hand side of vⱼ = φⱼ(…).

    Examples
    --------
    >>> import torch
    >>> from steepest.render.printing import UNICODE
    >>> from steepest.trace import record
    >>> trace = record(lambda x: 2 * torch.log(x), torch.tensor(2.0))
    >>> [primal(trace, row, UNICODE) for row in trace.rows]
    ['x', 'ln v₀', '2 v₁']
    """
    if row.operation == "input":
        return alphabet.name(row.name)
    if row.operation == "constant":
        return "constant" if not alphabet.latex else r"\text{constant}"
    arguments = row.arguments
    if not row.options and len(arguments) == 2 and row.operation in _INFIX:
        if row.operation == "mul" and _number(arguments[0]) is None:
            arguments = tuple(sorted(arguments, key=lambda a: _number(a) is None))
        sign = _INFIX[row.operation].format(minus=alphabet.minus)
        left, right = (_argument(trace, a, alphabet) for a in arguments)
        if _number(arguments[1]) is not None and right.startswith(alphabet.minus):
            right = alphabet.brackets(right)
        return left + sign + right
    shown = [_argument(trace, a, alphabet) for a in arguments]
    if row.operation == "getitem" and len(shown) == 2:
        return f"{shown[0]}[{_index(trace, row, alphabet)}]"
    if not row.options and len(arguments) == 2 and row.operation == "div":
        return alphabet.ratio(*shown)
    if not row.options and len(arguments) == 2 and row.operation == "pow":
        if isinstance(arguments[1], Ref):
            return alphabet.power(shown[0], shown[1])
        return alphabet.power(shown[0], shown[1].replace("−", "-"))
    if len(arguments) == 1 and _plain(row.options):
        if row.operation == "neg":
            return alphabet.minus + shown[0]
        if row.operation == "sqrt":
            return alphabet.root(shown[0], atomic=True)
        if row.operation == "abs":
            return alphabet.absolute(shown[0])
        name = _SPELLINGS.get(row.operation, row.operation)
        return alphabet.call(name, shown[0], atomic=isinstance(arguments[0], Ref))
    shown += [
        f"{alphabet.name(key)}={_argument(trace, value, alphabet)}"
        for key, value in row.options.items()
        if value is not None
    ]
    return alphabet.call(row.operation, ", ".join(shown), atomic=False)


def tangent(trace: Trace, row: Row, alphabet: Alphabet) -> str:
    """Write the right-hand side of v̇ⱼ = Σ ∂φⱼ/∂vᵢ v̇ᵢ."""
    if not row.parents:
        return ""
    terms = [
        _term(trace, row, parent, alphabet, alphabet.v(trace.rows[parent].index, "dot"), "dot")
        for parent in row.parents
    ]
    return _sum(terms, alphabet)


def adjoint(trace: Trace, row: Row, alphabet: Alphabet, seed: str | None = None) -> str:
    """Write the right-hand side of v̄ᵢ = Σ v̄ⱼ ∂φⱼ/∂vᵢ, over all rows j that use row i.

    `seed` is what an output starts from.
    """
    terms = [
        _term(
            trace,
            trace.rows[j],
            row.number,
            alphabet,
            alphabet.v(trace.rows[j].index, "bar"),
            "bar",
        )
        for j in trace.successors(row.number)
    ]
    if seed is not None:
        terms.insert(0, seed)
    return _sum(terms, alphabet)


def _sum(terms: list[str], alphabet: Alphabet) -> str:
    terms = [term for term in terms if term != "0"]
    text = ""
    for term in terms:
        if not text:
            text = term
        elif term.startswith(alphabet.minus):
            text += f" {alphabet.minus} {term[len(alphabet.minus) :]}"
        else:
            text += f" + {term}"
    return text or "0"


def _term(
    trace: Trace, row: Row, parent: int, alphabet: Alphabet, carried: str, accent: str
) -> str:
    import sympy

    v = alphabet.v
    partial = local_partial(row, parent)
    if partial is None:
        whole = _of_tensors(trace, row, parent, alphabet, carried, accent)
        if whole is not None:
            return whole
        ratio = alphabet.partial(v(row.index), v(trace.rows[parent].index))
        if row.value.numel() == trace.rows[parent].value.numel() == 1:
            return f"{carried} {ratio}"
        if accent == "dot":
            return f"{ratio} {carried}"
        return f"{alphabet.transposed(alphabet.brackets(ratio))} {carried}"
    seed = sympy.Symbol("carried")
    names = {seed: carried} | {s: _atom(trace, row, s.name, alphabet) for s in partial.free_symbols}
    names = {seed: carried} | dict(sorted(list(names.items())[1:], key=lambda item: item[0].name))
    text = write(seed * partial, names, alphabet)
    if accent == "bar" and trace.rows[parent].value.shape != row.value.shape:
        text = alphabet.call("sum", text, atomic=False)
    return text


def _of_tensors(
    trace: Trace, row: Row, parent: int, a: Alphabet, carried: str, accent: str
) -> str | None:
    """Write a term by the table of rules for whole tensors; None where that has none."""
    places = [place for place, argument in enumerate(row.arguments) if argument == Ref(parent)]
    found = [rule(trace, row, place) for place in places]
    target = row.value if accent == "dot" else trace.rows[parent].value
    arguments = [_argument(trace, argument, a) for argument in row.arguments[:2]]
    leaves = dict(zip("ab", arguments, strict=False))
    leaves |= {"carried": carried, "value": a.v(row.index), "shape": _shape(target, a)}
    leaves["count"] = a.number(trace.rows[parent].value.numel())
    if row.operation == "getitem":
        leaves["index"] = _index(trace, row, a)
    terms = []
    for one in found:
        expression = None if one is None else one.tangent if accent == "dot" else one.adjoint
        if not expression:
            return None
        terms.append(written(expression, leaves, a))
    return " + ".join(terms) or None


def _shape(value: Tensor, a: Alphabet) -> str:
    return a.cross.join(str(size) for size in value.shape) or a.words("a number")


def _index(trace: Trace, row: Row, alphabet: Alphabet) -> str:
    """Write what stands between the brackets of a subscript."""
    given = row.arguments[1]
    parts = given if isinstance(given, tuple) else (given,)
    return ", ".join(_argument(trace, part, alphabet) for part in parts)


def _atom(trace: Trace, row: Row, name: str, alphabet: Alphabet) -> str:
    kind, _, place = name.partition("_")
    if kind == "v":
        return alphabet.v(trace.rows[int(place)].index)
    return _argument(trace, row.arguments[int(place)], alphabet)


def _plain(options: Mapping[str, Any]) -> bool:
    """Whether no option changes what is computed."""
    return all(value is None or value is False for value in options.values())


def local_partial(row: Row, parent: int) -> Any:
    """∂φⱼ/∂vᵢ as a SymPy expression; None where there is no closed form here."""
    form = _closed_forms().get(row.operation)
    if form is None or not _plain(row.options):
        return None
    arguments = [_symbol(argument, place) for place, argument in enumerate(row.arguments)]
    if any(argument is None for argument in arguments):
        return None
    try:
        expression = form(*arguments)
    except TypeError:  # the operation was given more than its closed form covers
        return None
    return expression.diff(_v(parent))


def _symbol(argument: Any, place: int) -> Any:
    import sympy

    if isinstance(argument, Ref):
        return _v(argument.row)
    number = _number(argument)
    if isinstance(number, (int, float)):
        exact = Fraction(str(number)) if abs(number) < float("inf") else None
        if exact is not None and exact.denominator <= 100:
            return sympy.Rational(exact.numerator, exact.denominator)
        return sympy.Float(number)
    return sympy.Symbol(f"c_{place:04}", real=True) if isinstance(argument, Constant) else None


def _v(row: int) -> Any:
    import sympy

    return sympy.Symbol(f"v_{row:012}", real=True)


@functools.cache
def _closed_forms() -> dict[str, Callable[..., Any]]:
    """Tell SymPy what operations that act element by element compute."""
    import sympy as s

    step = function("step", lambda a: s.Integer(0))  # its slope is 0 where there is one
    sigmoid: Any = function("sigmoid", lambda a: sigmoid(a) * (1 - sigmoid(a)))
    return {
        "abs": s.Abs,
        "acos": s.acos,
        "add": lambda a, b: a + b,
        "asin": s.asin,
        "atan": s.atan,
        "cos": s.cos,
        "cosh": s.cosh,
        "div": lambda a, b: a / b,
        "erf": s.erf,
        "exp": s.exp,
        "expm1": lambda a: s.exp(a) - 1,
        "ln": s.log,
        "log1p": lambda a: s.log(1 + a),
        "log2": lambda a: s.log(a) / s.log(2),
        "log10": lambda a: s.log(a) / s.log(10),
        "mul": lambda a, b: a * b,
        "neg": lambda a: -a,
        "pow": lambda a, b: a**b,
        "reciprocal": lambda a: 1 / a,
        "relu": lambda a: a * step(a),
        "rsqrt": lambda a: 1 / s.sqrt(a),
        "sigmoid": sigmoid,
        "sin": s.sin,
        "sinh": s.sinh,
        "softplus": function("softplus", sigmoid),
        "sqrt": s.sqrt,
        "square": lambda a: a**2,
        "sub": lambda a, b: a - b,
        "tan": s.tan,
        "tanh": s.tanh,
    }


def _number(argument: Any) -> complex | None:
    """Read an argument as a number: Python's own, or a constant that fun wrote as one."""
    if isinstance(argument, Constant) and argument.name == "tensor" and argument.value.dim() == 0:
        argument = argument.value.item()
    if isinstance(argument, (int, float, complex)) and not isinstance(argument, bool):
        return argument
    return None


def _argument(trace: Trace, argument: Any, alphabet: Alphabet) -> str:
    if isinstance(argument, Ref):
        return alphabet.v(trace.rows[argument.row].index)
    number = _number(argument)
    if number is not None:
        return alphabet.number(number)
    if isinstance(argument, Constant):
        return alphabet.name(argument.name)
    if isinstance(argument, (list, tuple)):
        inside = ", ".join(_argument(trace, part, alphabet) for part in argument)
        return f"[{inside}]" if isinstance(argument, list) else f"({inside})"
    if isinstance(argument, slice):
        parts = (argument.start, argument.stop, argument.step)
        shown = ["" if part is None else _argument(trace, part, alphabet) for part in parts]
        return ":".join(shown[: 2 if argument.step is None else 3])
    if argument is Ellipsis:
        return r"\ldots" if alphabet.latex else "…"
    return alphabet.name(str(argument))
