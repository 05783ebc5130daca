"""The recorder: every operation that PyTorch does while a function runs, one after another."""

from __future__ import annotations

import inspect
import linecache
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.autograd.graph import get_gradient_edge
from torch.overrides import TorchFunctionMode

from steepest.trace.names import Operation, operation
from steepest.trace.rows import Constant, Ref, Row, Source, change_leaves, leaves
from steepest.trace.sweeps import Step, Trace

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType

    from torch.autograd.graph import GradientEdge

_HERE = str(Path(__file__).parent)
_TORCH = str(Path(torch.__file__).parent)
_STDLIB = sysconfig.get_path("stdlib")


def record(fun: Callable[..., Any], *inputs: Tensor) -> Trace:
    r"""Run ``fun(*inputs)`` once and write down every operation that depends on the inputs.

    .. math:: v_{i-n} = x_i,\ i = 1 … n; \qquad v_j = φ_j(v_i : i ≺ j),\ j = 1 … l

    The recorder follows Python as it runs: branches, loops and calls are taken as they are taken,
    and rows are numbered in the order in which Python evaluates. So ``log(x1) + x1*x2 - sin(x2)``
    in one line does ln, mul, add, sin, sub; to have sin before add, write it in a statement of its
    own, as below.

    Parameters
    ----------
    fun : callable
        Takes tensors and returns a tensor, or tuples, lists or dicts of tensors. A
        `torch.nn.Module` will do; its parameters are constants, unless they are inputs.
    *inputs : Tensor
        Of any shape and dtype, with or without ``requires_grad``. They are copied: neither they nor
        any global state changes.

    Returns
    -------
    Trace
        Its rows are the inputs, then the operations. Operations on constants alone are no rows.
        In-place operations are followed when nothing else shows the memory that they write.

    Raises
    ------
    TypeError
        If `fun` is not callable, an input is not a tensor, or something that is not a tensor comes
        back.
    ValueError
        If `fun` takes derivatives itself, writes into memory that other tensors show or that was
        made outside of it, or uses a transform of `torch.func`; the message names the line.

    References
    ----------
    Griewank & Walther (2008), *Evaluating Derivatives*, chapters 2 and 3.

    Examples
    --------
    >>> def f(x1, x2):
    ...     a = torch.log(x1)
    ...     b = x1 * x2
    ...     c = torch.sin(x2)
    ...     return a + b - c
    >>> x1, x2 = torch.tensor([2.0, 5.0], dtype=torch.float64)
    >>> trace = record(f, x1, x2)
    >>> [row.symbol for row in trace.rows]
    ['v₋₁', 'v₀', 'v₁', 'v₂', 'v₃', 'v₄', 'v₅']
    >>> [row.operation for row in trace.rows]
    ['input', 'input', 'ln', 'mul', 'sin', 'add', 'sub']
    >>> print(f"{trace.rows[-1].value.item():.6f}")
    11.652071
    """
    if not callable(fun):
        raise TypeError(f"record: fun must be callable, and was a {type(fun).__name__}")
    for place, given in enumerate(inputs, start=1):
        if not isinstance(given, Tensor):
            raise TypeError(
                f"record: input {place} must be a tensor, and was the {type(given).__name__} "
                f"{given!r}; write torch.tensor({given!r})"
            )
    with torch.inference_mode(False), torch.enable_grad():
        recorder = _Recorder([_leaf(given) for given in inputs])
        arguments = recorder.tensors[:]
        with recorder:
            returned = fun(*arguments)
        outputs = recorder.outputs(returned)
    return recorder.trace(_parameter_names(fun, len(inputs)), outputs)


def _leaf(given: Tensor) -> Tensor:
    leaf = given.detach().clone()
    return leaf.requires_grad_(leaf.is_floating_point() or leaf.is_complex())


def _parameter_names(fun: Callable[..., Any], count: int) -> list[str]:
    """Find what `fun` calls its first `count` parameters; x1, x2, … where it does not."""
    names: list[str] = []
    try:
        parameters = list(inspect.signature(fun).parameters.values())
    except (TypeError, ValueError):  # functions written in C have no signature
        parameters = []
    for parameter in parameters[:count]:
        if parameter.kind is parameter.VAR_POSITIONAL:
            break
        names.append(parameter.name)
    return names + [f"x{i + 1}" for i in range(len(names), count)]


class _Recorder(TorchFunctionMode):
    """Sees each call of PyTorch's interface, and does it on the tensors of the rows.

    A user's tensor is only a name: `rows_of` maps it (by id; every one is kept alive) to the row
    that holds its present value, or to a `Constant`. An operation with several parents works on
    one alias of each, so that the derivative along an edge of the graph can be asked for alone.
    """

    def __init__(self, inputs: list[Tensor]) -> None:
        super().__init__()
        self.tensors = inputs
        self.steps: list[Step | None] = [None] * len(inputs)
        self.places: list[tuple[CodeType, int] | None] = [None] * len(inputs)
        self.edges: dict[int, GradientEdge] = {}  # of rows whose tensor was written over
        self.rows_of: dict[int, int | Constant] = {id(x): i for i, x in enumerate(inputs)}
        self.kept: list[Tensor] = list(inputs)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        known = operation(func)
        if known.asks:  # float(x) and the like: a number leaves the graph here, knowingly
            return func(*[a.detach() if isinstance(a, Tensor) else a for a in args], **kwargs)
        if known.harmless:
            return func(*args, **kwargs)
        given = change_leaves(self._name, args)
        options = {key: change_leaves(self._name, value) for key, value in kwargs.items()}
        parents = tuple(
            dict.fromkeys(leaf.row for leaf in leaves((given, options)) if type(leaf) is Ref)
        )
        if not parents:
            return self._constant(known, func(*args, **kwargs))
        if known.differentiates:
            raise ValueError(
                f"record: {self._line()} takes a derivative while the function is recorded; "
                "record the function itself, and differentiate the trace with .reverse()"
            )
        slots = self._slots(parents)
        step = Step(func, known, given, options, parents, slots)
        if known.writes or options.get("inplace") is True or options.get("out") is not None:
            return self._write(step, args, kwargs)
        result = step(dict(zip(parents, slots, strict=True)))
        if not isinstance(result, Tensor) and not leaves(result):
            return result
        return self._keep(step, result, args, kwargs)

    def _name(self, tensor: Tensor) -> Ref | Constant:
        known = self.rows_of.get(id(tensor))
        if known is None:
            known = self.rows_of[id(tensor)] = Constant(self._variable(tensor), tensor)
            self.kept.append(tensor)
        return Ref(known) if isinstance(known, int) else known

    def _slots(self, parents: tuple[int, ...]) -> tuple[Tensor, ...]:
        if len(parents) == 1:  # there is only one edge: no need to tell it from others
            return (self.tensors[parents[0]],)
        return tuple([self.tensors[parent][...] for parent in parents])

    def _constant(self, known: Operation, result: Any) -> Any:
        for tensor in leaves(result):
            if id(tensor) not in self.rows_of:
                self.rows_of[id(tensor)] = Constant(known.name, tensor)
                self.kept.append(tensor)
        return result

    def _keep(self, step: Step, result: Any, args: Any, kwargs: Any) -> Any:
        """Make a row of each new tensor in `result`, and give back what the user is to hold."""
        own = {id(slot): parent for slot, parent in zip(step.slots, step.parents, strict=True)}
        if isinstance(result, Tensor):
            if id(result) in own:  # the operation had nothing to do, as in x.contiguous()
                row = own[id(result)]
                return next(t for t in leaves((args, kwargs)) if self.rows_of[id(t)] == row)
            self._row(step, result)
            return result
        for part, tensor in enumerate(leaves(result)):
            if id(tensor) not in self.rows_of:
                self._row(step.part(part), tensor)
        return result

    def _row(self, step: Step, tensor: Tensor) -> None:
        self.rows_of[id(tensor)] = len(self.tensors)
        self.tensors.append(tensor)
        self.steps.append(step)
        self.places.append(_place())

    def _write(self, step: Step, args: Any, kwargs: Any) -> Any:
        raise ValueError(f"record: {self._line()} works in place")

    def outputs(self, returned: Any) -> tuple[int, ...]:
        """Find the rows of what the function returned."""
        numbers = []
        for tensor in leaves(returned):
            known = self._name(tensor)
            if isinstance(known, Constant):
                self.rows_of[id(tensor)] = len(self.tensors)
                self.tensors.append(tensor.detach())
                self.steps.append(None)
                self.places.append(None)
                numbers.append(len(self.tensors) - 1)
            else:
                numbers.append(known.row)
        if not numbers:
            raise TypeError(
                f"record: fun must return tensors, and returned a {type(returned).__name__}: "
                f"{returned!r}"
            )
        return tuple(numbers)

    def _variable(self, tensor: Tensor) -> str:
        frame = _user_frame()
        for names in (frame.f_locals, frame.f_globals) if frame else ():
            for name, held in names.items():
                if held is tensor:
                    return name
                if isinstance(held, torch.nn.Module):
                    for inner, parameter in (*held.named_parameters(), *held.named_buffers()):
                        if parameter is tensor:
                            return f"{name}.{inner}"
        return "constant"

    def _line(self) -> str:
        place = _place()
        return str(_source(place)) if place else "a line"

    def trace(self, names: list[str], outputs: tuple[int, ...]) -> Trace:
        """Everything that was seen, as a `Trace`."""
        first = 1 - len(names)
        rows = []
        for number, (tensor, step, place) in enumerate(
            zip(self.tensors, self.steps, self.places, strict=True)
        ):
            value = tensor.detach()
            if step is None:
                made = number < len(names)
                kind, name = ("input", names[number]) if made else ("constant", "")
                rows.append(Row(number, first + number, kind, (), value, name=name))
                continue
            rows.append(
                Row(
                    number,
                    first + number,
                    step.label,
                    step.parents,
                    value,
                    _source(place) if place else None,
                    "",
                    step.shown,
                    step.options,
                )
            )
        return Trace(
            tuple(rows),
            tuple(range(len(names))),
            outputs,
            tuple(self.steps),
            tuple(
                self.edges.get(i) or (get_gradient_edge(t) if t.requires_grad else None)
                for i, t in enumerate(self.tensors)
            ),
        )


def _user_frame() -> FrameType | None:
    """Find the innermost frame that is neither ours, nor PyTorch's, nor the standard library's."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not _is_users(frame.f_code):
        frame = frame.f_back
    return frame


def _is_users(code: CodeType) -> bool:
    file = code.co_filename
    if file.startswith((_HERE, _TORCH)):
        return False
    return not file.startswith(_STDLIB) or "site-packages" in file


def _place() -> tuple[CodeType, int] | None:
    frame = _user_frame()
    return (frame.f_code, frame.f_lineno) if frame else None


def _source(place: tuple[CodeType, int]) -> Source:
    file = place[0].co_filename
    return Source(file, place[1], linecache.getline(file, place[1]).strip())
