"""Which of the user's tensors show the same memory, so that a write would change them all."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


class Memory:
    """The user's tensors, by the memory of the values that they stand for.

    Sorted only when something is written, so that programs that write nothing pay nothing.

    Examples
    --------
    >>> import torch
    >>> x, y = torch.zeros(3), torch.zeros(3)
    >>> part = x[1:]
    >>> memory = Memory([x, y, part], [x, y, part])
    >>> [tuple(other.shape) for other in memory.others(x, x)]
    [(2,)]
    """

    def __init__(self, holders: list[Tensor], values: list[Tensor]) -> None:
        self._holders = holders  # the user's tensors; both lists grow in the book's hands
        self._values = values
        self._seen = 0
        self._sharing: defaultdict[int, dict[int, Tensor]] = defaultdict(dict)

    def others(self, tensor: Tensor, value: Tensor) -> list[Tensor]:
        """List the other tensors that show the memory of this one's value."""
        new = slice(self._seen, None)
        for holder, held in zip(self._holders[new], self._values[new], strict=True):
            self._sharing[_address(held)][id(holder)] = holder
        self._seen = len(self._holders)
        sharing = self._sharing[_address(value)]
        return [other for other in sharing.values() if other is not tensor]

    def leave(self, tensor: Tensor, value: Tensor) -> None:
        """Forget that a tensor shows the memory of a value: it stands for another now."""
        self._sharing[_address(value)].pop(id(tensor), None)


def _address(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr() or -id(tensor)  # empty tensors share nothing
