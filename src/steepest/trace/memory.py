"""Which of the user's tensors show the same memory, so that a write would change them all."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


class Memory:
    """Tensors by the memory that they show.

    Looked at only when something is written, so that programs that write nothing pay nothing.

    Examples
    --------
    >>> import torch
    >>> x = torch.zeros(3)
    >>> memory = Memory([x, torch.zeros(3), x[1:]])
    >>> [tuple(other.shape) for other in memory.others(x)]
    [(2,)]
    """

    def __init__(self, tensors: list[Tensor]) -> None:
        self._tensors = tensors  # grows in the recorder's hands
        self._seen = 0
        self._sharing: defaultdict[int, list[Tensor]] = defaultdict(list)

    def others(self, tensor: Tensor) -> list[Tensor]:
        """List the other known tensors that show the memory of this one."""
        for new in self._tensors[self._seen :]:
            self._sharing[_address(new)].append(new)
        self._seen = len(self._tensors)
        return [other for other in self._sharing[_address(tensor)] if other is not tensor]

    def add(self, tensor: Tensor) -> None:
        """Follow a tensor again."""
        self._sharing[_address(tensor)].append(tensor)

    def move(self, tensor: Tensor, new: Tensor) -> None:
        """Let a tensor show the memory of `new` from now on."""
        del self._sharing[_address(tensor)]  # the others are not followed any more
        tensor.data = new.detach()
        self._sharing[_address(tensor)].append(tensor)


def _address(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr() or -id(tensor)  # empty tensors share nothing
