"""The recorder: every operation that PyTorch does while a function runs, one after another."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from steepest.trace.book import Book
from steepest.trace.names import operation
from steepest.trace.places import here, parameters, place
from steepest.trace.rows import Ref, leaves
from steepest.trace.step import Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from steepest.trace.sweeps import Trace


def record(fun: Callable[..., Any], *inputs: Tensor) -> Trace:
    r"""Run ``fun(*inputs)`` once and write down every operation that depends on the inputs.

    .. math:: v_{i-n} = x_i,\ i = 1 … n; \qquad v_j = φ_j(v_i : i ≺ j),\ j = 1 … l

    The recorder follows Python as it runs: branches, loops and calls are taken as they are taken,
    and rows are numbered in the order in which Python evaluates. So ``log(x1) + x1*x2 - sin(x2)``
    in one line does ln, mul, add, sin, sub; to have sin before add, write it in a statement of its
    own, as below.

    Parameters
    ----------
    fun
        Takes tensors and returns a tensor, or tuples, lists, dicts or dataclasses of tensors. A
        `torch.nn.Module` will do; its parameters are constants, unless they are inputs. What was
        compiled is run as it was written.
    *inputs
        Of any shape and dtype, with or without ``requires_grad``. They are copied: neither they nor
        any global state changes.

    Returns
    -------
    Trace
        Its rows are the inputs, then the operations. Operations on constants alone are no rows.
        What leaves PyTorch as a Python number or a list (``float(x)``, ``x.item()``,
        ``x.tolist()``, ``if x > 0``) is a constant from there on: no derivative passes through it.
        An operation with several results has a row for each. In-place operations make new rows
        as others do. The inside of a `torch.autograd.Function` counts as undifferentiated, and its
        result as one operation.

    Raises
    ------
    TypeError
        If `fun` is not callable, an input is not a tensor, or no tensor comes back.
    ValueError
        If `fun` takes derivatives itself, gives tensors that need them to NumPy, uses a transform
        of `torch.func`, writes into ``out=``, into a tensor made outside of it, or uses another
        view of memory that was written into; the message names the line and says what to write
        instead.

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
    for number, given in enumerate(inputs, start=1):
        if not isinstance(given, Tensor):
            raise TypeError(
                f"record: input {number} must be a tensor, and was the {type(given).__name__} "
                f"{given!r}; write torch.tensor({given!r})"
            )
    with torch.inference_mode(False), torch.enable_grad():
        book = Book([_leaf(given) for given in inputs])
        arguments = book.tensors[:]
        with _as_written(), _Recorder(book):
            returned = fun(*arguments)
        outputs = book.outputs(returned)
        return book.trace(parameters(fun, len(inputs)), outputs)


def _as_written() -> AbstractContextManager[Any]:
    """Let functions that were compiled run as they were written, operation by operation."""
    if "torch._dynamo" not in sys.modules:  # then nothing is compiled, and importing it takes long
        return nullcontext()
    stance: AbstractContextManager[Any] = torch.compiler.set_stance("force_eager")
    return stance


def _leaf(given: Tensor) -> Tensor:
    leaf = given.detach().clone()
    return leaf.requires_grad_(leaf.is_floating_point() or leaf.is_complex())


class _Recorder(TorchFunctionMode):
    """Sees each call of PyTorch's interface, and does it on the tensors of the rows.

    An operation with several parents works on aliases of them, so that derivatives can be asked for
    along one edge of the graph alone. The last of the parents needs none.
    """

    def __init__(self, book: Book) -> None:
        super().__init__()
        self.book = book

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kind = operation(func)
        if kind.harmless:
            return func(*args, **(kwargs or {}))
        book = self.book
        if kind.name == "setitem":
            book.settle(*args)
        if kind.writes and kwargs and not args:  # torch.nn.init names even its first argument
            first, *_ = kwargs
            args, kwargs = (kwargs[first],), {key: kwargs[key] for key in kwargs if key != first}
        given, options, parents = book.read(args, kwargs)
        tensors = book.tensors
        if kind.exports and any(tensors[parent].requires_grad for parent in parents):
            raise ValueError(
                f"record: {here()} hands a value that depends on the inputs to NumPy, where no "
                "derivative can follow; compute with PyTorch, or write .detach() before it, which "
                "cuts the graph there"
            )
        if kind.asks:  # float(x) and the like: a number leaves the graph here, knowingly
            values = {parent: tensors[parent].detach() for parent in parents}
        elif len(parents) == 1:
            values = {parents[0]: tensors[parents[0]]}
        else:
            last = max(parents, default=0)  # none of the others was computed from it
            values = {p: tensors[p] if p == last else tensors[p][...] for p in parents}
        step = Step(func, kind, given, options, parents, tuple(values.values()))
        if not parents:
            if step.writes:
                book.unshare(args[0])
            return book.constant(kind.name, func(*args, **(kwargs or {})))
        if kind.differentiates:
            raise ValueError(
                f"record: {here()} takes a derivative while the function is recorded; record the "
                "function itself, and ask the trace for its derivatives"
            )
        if options and options.get("out") is not None:
            raise ValueError(f"record: {here()} writes into out=; use what the function returns")
        if step.writes:
            return book.write(step, values, args[0])
        result = step(values)
        if type(result) is Tensor and (len(parents) > 1 or result is not tensors[parents[0]]):
            book.row(step, result, result, place(sys._getframe(1)))
            return result
        return self.keep(step, values, result, (args, kwargs))

    def keep(self, step: Step, values: dict[int, Tensor], result: Any, given: Any) -> Any:
        """Make a row of each new tensor in a result, and give back what the user is to hold."""
        if isinstance(result, Tensor):
            for parent, slot in values.items():
                if result is slot:  # nothing to do, as in x.contiguous(): give back the user's own
                    return next(t for t in leaves(given) if self.book.known[id(t)] == Ref(parent))
            self.book.row(step, result, result, place())
            return result
        fields = getattr(result, "_fields", getattr(type(result), "__match_args__", ()))
        own = {id(slot): parent for parent, slot in values.items()}
        for part, tensor in enumerate(leaves(result)):
            if id(tensor) in own:
                self.book.hold(tensor, Ref(own[id(tensor)]))
            else:
                field = fields[part] if len(fields) > part else ""
                self.book.row(step.part(part, field), tensor, tensor, place())
        return result
