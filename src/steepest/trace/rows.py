"""What a trace is made of: rows, the places they were written, and the constants they use."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Size, Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PLAIN = frozenset({int, float, bool, str, type(None), torch.dtype, Size, type(Ellipsis)})
_SUBSCRIPTS = str.maketrans("-0123456789", "₋₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True)
class Source:
    """Where an operation was written: the file, the line's number, the line's text.

    It is the innermost line of the *caller's* code: lines inside PyTorch and inside this package's
    recorder are passed over.

    Examples
    --------
    >>> print(Source("model.py", 12, "y = x.sin()"))
    model.py:12: y = x.sin()
    """

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


@dataclass(frozen=True, slots=True)
class Ref:
    """An argument that is another row of the same trace.

    Examples
    --------
    >>> Ref(3)
    Ref(row=3)
    """

    row: int


@dataclass(frozen=True, eq=False, slots=True)
class Constant:
    """A tensor argument that does not depend on the inputs: a parameter, data, a new tensor.

    `name` is the variable that held it where it was first used (``"A"``, ``"model.0.weight"``), or
    the operation that made it (``"ones"``).

    Examples
    --------
    >>> import torch
    >>> Constant("A", torch.ones(2)).name
    'A'
    """

    name: str
    value: Tensor


@dataclass(frozen=True, eq=False, slots=True)
class Row:
    """One line vⱼ = φⱼ(vᵢ : i ≺ j) of a trace, in the three-part notation.

    The n inputs are v₁₋ₙ, …, v₀ and the operations v₁, v₂, …, in the order in which Python
    evaluated them.

    Attributes
    ----------
    number
        Its place in `Trace.rows`, from 0.
    index
        Its subscript: ``number - (n - 1)``.
    operation
        ``"ln"``, ``"mul"``, ``"getitem"``, …; ``"input"`` and ``"constant"`` for rows that no
        operation made.
    parents
        The numbers of the rows it is computed from, each once, in the order of first use.
    value
        The value, cut loose from PyTorch's graph.
    source
        Where it was written; None for an input.
    name
        An input's parameter name; else empty.
    arguments, options
        What the operation was given, with `Ref` for rows and `Constant` for other tensors.

    References
    ----------
    Griewank & Walther (2008), *Evaluating Derivatives*, chapter 2.

    Examples
    --------
    >>> import torch
    >>> from steepest.trace import record
    >>> row = record(lambda x: torch.log(x), torch.tensor(2.0)).rows[1]
    >>> row.symbol, row.latex, row.operation, row.parents
    ('v₁', 'v_{1}', 'ln', (0,))
    """

    number: int
    index: int
    operation: str
    parents: tuple[int, ...]
    value: Tensor
    source: Source | None = None
    name: str = ""
    arguments: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def symbol(self) -> str:
        """The symbol in Unicode, such as ``v₋₁``."""
        return symbol(self.index)

    @property
    def latex(self) -> str:
        """The symbol in LaTeX, such as ``v_{-1}``."""
        return f"v_{{{self.index}}}"


def symbol(index: int) -> str:
    """Write v with a subscript: -1 gives v₋₁.

    Examples
    --------
    >>> symbol(-1)
    'v₋₁'
    """
    return "v" + str(index).translate(_SUBSCRIPTS)


def change_leaves(change: Callable[[Any], Any], thing: Any) -> Any:
    """Rebuild nested arguments, with ``change`` applied to every Tensor, `Ref` and `Constant`.

    Examples
    --------
    >>> change_leaves(lambda ref: ref.row, ([Ref(1), 2.0], slice(0, Ref(4))))
    ([1, 2.0], slice(0, 4, None))
    """
    if isinstance(thing, (Tensor, Ref, Constant)):
        return change(thing)
    kind = type(thing)
    if issubclass(kind, tuple) and kind is not Size:  # a named tuple comes back as a plain one
        return tuple([change_leaves(change, part) for part in thing])
    if kind is list:
        return [change_leaves(change, part) for part in thing]
    if kind is dict:
        return {key: change_leaves(change, part) for key, part in thing.items()}
    if kind is slice:
        return slice(
            *(change_leaves(change, part) for part in (thing.start, thing.stop, thing.step))
        )
    return thing


def leaves(thing: Any) -> list[Any]:
    """Every Tensor, `Ref` and `Constant` in nested containers and dataclasses, in order.

    Examples
    --------
    >>> leaves(([Ref(1), 2.0], {"dim": Ref(4)}))
    [Ref(row=1), Ref(row=4)]
    """
    if isinstance(thing, (Tensor, Ref, Constant)):
        return [thing]
    if isinstance(thing, dict):
        return [leaf for part in thing.values() for leaf in leaves(part)]
    if isinstance(thing, (tuple, list)):
        return [leaf for part in thing for leaf in leaves(part)]
    if isinstance(thing, slice):
        return leaves((thing.start, thing.stop, thing.step))
    if is_dataclass(thing):
        return [leaf for part in fields(thing) for leaf in leaves(getattr(thing, part.name, None))]
    return []
