"""The rows while they are being written, and what each of the user's tensors stands for."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import torch

from steepest.trace.hidden import Graph
from steepest.trace.memory import Memory
from steepest.trace.places import here, place, source, variable
from steepest.trace.rows import PLAIN, Constant, Ref, change_leaves, leaves
from steepest.trace.sweeps import Trace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from steepest.trace.step import Step


_NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class _Gone:
    """A tensor whose memory was written through another: `why` says where.

    `before` is what it stood for, `writer` the id of the other, `region` where that one lay.
    """

    why: str
    before: Ref | Constant
    writer: int
    region: tuple[object, ...]


class Book:
    """Rows under construction.

    A user's tensor is only a name: `known` maps it (by id; every one is kept alive) to the row
    that holds its present value, or to a constant. After an in-place operation the tensor's own
    memory is out of date: only what it stands for counts, and every use of it comes through here.
    """

    def __init__(self, inputs: list[Tensor]) -> None:
        self.tensors = inputs  # the rows' own, connected by PyTorch's graph
        self.steps: list[Step | None] = [None] * len(inputs)
        self.places: list[tuple[str, int] | None] = [None] * len(inputs)
        self.connected = [x.requires_grad for x in inputs]
        self.known: dict[int, Ref | Constant | _Gone] = {}
        self._holders: list[Tensor] = []
        self._values: list[Tensor] = []
        self._outside: set[int] = set()
        self._used: list[int] = []
        self._named: list[int] = []
        self._consumed: set[int] = set()  # constants that rows were computed from
        self._memory = Memory(self._holders, self._values)
        self._graph = Graph(self.tensors)
        for row, tensor in enumerate(inputs):
            self.hold(tensor, Ref(row))

    def hold(self, tensor: Tensor, known: Ref | Constant, value: Tensor | None = None) -> None:
        """Remember what a tensor in the user's hands stands for; its own value, if not another."""
        self.known[id(tensor)] = known
        self._holders.append(tensor)
        self._values.append(tensor if value is None else value)

    def name(self, tensor: Any) -> Ref | Constant:
        """Say what a user's tensor stands for, as an argument of the call at hand."""
        known = self.known.get(id(tensor))
        if type(known) is Ref:
            self._used.append(known.row)
            return known
        if isinstance(known, Constant):
            self._named.append(id(tensor))
            return known
        if isinstance(known, _Gone):
            raise ValueError(f"record: {here()} uses {known.why}")
        if torch.func.debug_unwrap(tensor, recurse=False) is not tensor:
            raise ValueError(
                f"record: {here()} runs inside a transform of torch.func, whose tensors stand for "
                "others; record the function that is transformed, on one plain input"
            )
        step = None
        if tensor.requires_grad and not tensor.is_leaf:
            step = self._graph.step(tensor, here())
        if step is not None:
            self.row(step, tensor, tensor, place())
        else:
            self._outside.add(id(tensor))
            self.hold(tensor, Constant(variable(tensor), tensor.detach()))
        return self.name(tensor)

    def read(
        self, arguments: tuple[Any, ...], options: dict[str, Any] | None
    ) -> tuple[tuple[Any, ...], Mapping[str, Any], tuple[int, ...]]:
        """Name all tensors in a call's arguments and options, and give the rows among them, once.

        Every operation comes through here, and most have tensors for arguments, and no options.
        """
        known, used = self.known, self._used
        given = []
        for argument in arguments:
            held = known.get(id(argument))  # what has the id of a known tensor is that tensor
            if type(held) is Ref:
                used.append(held.row)
                given.append(held)
            elif type(argument) in PLAIN:
                given.append(argument)
            else:
                given.append(change_leaves(self.name, argument))
        named: Mapping[str, Any] = _NONE
        if options:
            named = {key: change_leaves(self.name, value) for key, value in options.items()}
        rows = (used[0],) if len(used) == 1 else tuple(dict.fromkeys(used))
        used.clear()
        if self._named:
            if rows:
                self._consumed.update(self._named)
            self._named.clear()
        return tuple(given), named, rows

    def constant(self, name: str, result: Any) -> Any:
        """Remember the tensors of a result that does not depend on the inputs."""
        for tensor in leaves(result):
            if id(tensor) not in self.known:
                # .data and not .detach(): what is written later is not written into this value
                self.hold(tensor, Constant(name, tensor.data))
        return result

    def row(
        self, step: Step | None, tensor: Tensor, holder: Tensor, where: tuple[str, int] | None
    ) -> None:
        """Make a row of a new tensor, which the user knows as `holder`."""
        self.known[id(holder)] = Ref(len(self.tensors))
        self._holders.append(holder)
        self._values.append(tensor)
        self.tensors.append(tensor)
        self.steps.append(step)
        self.connected.append(tensor.requires_grad)
        self.places.append(where)

    def write(self, step: Step, values: dict[int, Tensor], target: Tensor) -> Tensor:
        """Do an in-place operation on a copy, and let the user's tensor stand for the copy."""
        if id(target) in self._outside:
            raise ValueError(
                f"record: {here()} writes a value that depends on the inputs into a tensor that "
                "was made outside of fun; make the tensor inside, or write to its .clone()"
            )
        old = self._value(target)
        self._take_from_others(target, old)
        new = step(values)
        self._memory.leave(target, old)
        self._graph.write_over(target)
        if new.requires_grad and not target.requires_grad:
            target.requires_grad_()  # so that a hidden operation on it is noticed
            self._graph.write_over(target)
        self.row(step, new, target, place())
        return target

    def _value(self, tensor: Tensor) -> Tensor:
        """Find what a user's tensor stands for: its own memory may be out of date."""
        known = self.known[id(tensor)]
        return self.tensors[known.row] if isinstance(known, Ref) else tensor

    def _take_from_others(self, target: Tensor, old: Tensor) -> None:
        """Before a write, mark the other tensors that show the old value's memory."""
        why = None
        for other in self._memory.others(target, old):
            why = why or (
                f"a view of the memory that {here()} wrote into; take the view again after "
                "writing, or write x = x + 1 instead of x += 1 there"
            )
            before = self.known[id(other)]
            if not isinstance(before, _Gone):
                self._graph.write_over(other)
                self.known[id(other)] = _Gone(why, before, id(target), _region(old))

    def settle(self, target: Tensor, index: Any, value: Any) -> None:
        """Let ``x[i] += 1`` be what it is to Python: take x[i], add to it, put it back into x."""
        gone = self.known.get(id(target))
        if not isinstance(gone, _Gone) or gone.writer != id(value):
            return
        self.known[id(target)] = gone.before
        if _region(self._value(target).detach()[index]) != gone.region:
            self.known[id(target)] = gone

    def unshare(self, target: Tensor) -> None:
        """Before a constant made by `fun` is written over, leave the old one to its users."""
        known = self.known[id(target)]
        sharing = [target, *self._memory.others(target, target)]
        if id(target) in self._outside or self._consumed.isdisjoint(map(id, sharing)):
            return
        self._take_from_others(target, target)
        self._memory.leave(target, target)
        target.data = target.detach().clone()
        if isinstance(known, Constant):
            self.hold(target, Constant(known.name, target.data))

    def outputs(self, returned: Any) -> tuple[int, ...]:
        """Find the rows of what the function returned; a constant gets a row of its own."""
        numbers = []
        for tensor in leaves(returned):
            known = self.name(tensor)
            if isinstance(known, Constant):
                self.row(None, known.value, tensor, None)
                known = Ref(len(self.tensors) - 1)
            numbers.append(known.row)
        if not numbers:
            raise TypeError(
                f"record: fun must return tensors, and returned the {type(returned).__name__} "
                f"{returned!r}"
            )
        return tuple(numbers)

    def trace(self, names: list[str], outputs: tuple[int, ...]) -> Trace:
        """Give everything that was written down, as a `Trace`."""
        self._reveal()
        return Trace(
            inputs=tuple(range(len(names))),
            outputs=outputs,
            _names=tuple(names),
            _steps=tuple(self.steps),
            _ends=tuple(self.tensors),
            _places=tuple(self.places),
        )

    def _reveal(self) -> None:
        """Describe anew the rows that were connected only after they were seen.

        That is how the result of a `torch.autograd.Function` looks: its inside ran unconnected.
        """
        self._graph.look_again()
        for number, connected in enumerate(self.connected):
            tensor = self.tensors[number]
            if tensor.requires_grad and not connected:
                written = self.places[number]
                where = str(source(*written)) if written else "fun"
                self.steps[number] = self._graph.step(tensor, where) or self.steps[number]


def _region(tensor: Tensor) -> tuple[object, ...]:
    return tensor.storage_offset(), tensor.shape, tensor.stride()
