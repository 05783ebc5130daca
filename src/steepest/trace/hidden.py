"""Operations that PyTorch keeps from the recorder: found through PyTorch's own graph.

A `torch.autograd.Function` or a scripted function does not announce itself as an operation, but
its result is connected to its arguments in the graph that PyTorch builds. Walking from the result
until rows are met tells what it was computed from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch.autograd.function import BackwardCFunction
from torch.autograd.graph import get_gradient_edge

from steepest.trace.names import Operation
from steepest.trace.rows import Ref
from steepest.trace.step import Step

if TYPE_CHECKING:
    from torch import Tensor

_WRITTEN_OVER = -1


class Graph:
    """The nodes of PyTorch's graph that belong to rows.

    Looked at only when something hidden turns up.
    """

    def __init__(self, tensors: list[Tensor]) -> None:
        self._tensors = tensors  # grows in the recorder's hands
        self._seen = 0
        self._rows: dict[Any, int] = {}
        self._foreign: set[Any] = set()

    def write_over(self, tensor: Tensor) -> None:
        """Remember that a user's tensor no longer is what its node says."""
        if tensor.requires_grad:
            self._rows[get_gradient_edge(tensor).node] = _WRITTEN_OVER

    def look_again(self) -> None:
        """Forget which rows were looked at: some may have been connected since."""
        self._seen = 0

    def step(self, tensor: Tensor, where: str) -> Step | None:
        """Describe how a tensor came from rows; None if it did not.

        Raises ValueError if a tensor that was written in place is among its arguments, since the
        graph then leads to the old value.
        """
        for row in range(self._seen, len(self._tensors)):
            if self._tensors[row].requires_grad and self._tensors[row] is not tensor:
                self._rows.setdefault(get_gradient_edge(self._tensors[row]).node, row)
        self._seen = len(self._tensors)
        start = tensor.grad_fn
        found: list[int] = []
        waiting, seen = [start], {start}
        while waiting:
            node = waiting.pop()
            for following, _ in node.next_functions if node is not None else ():
                if following is None or following in seen or following in self._foreign:
                    continue
                seen.add(following)
                if following in self._rows:
                    found.append(self._rows[following])
                else:
                    waiting.append(following)
        if not found:
            self._foreign |= seen
            return None
        custom = isinstance(start, BackwardCFunction)
        name = type(start).__name__.removesuffix("Backward") if custom else "hidden"
        if _WRITTEN_OVER in found:
            raise ValueError(
                f"record: {where}: {name} uses a tensor that was written in place, and record "
                "cannot see inside; write x = x + 1 instead of x += 1 before it"
            )
        parents = tuple(sorted(found))
        arguments = tuple(Ref(parent) for parent in parents)
        return Step(None, Operation(name), arguments, {}, parents, ())
