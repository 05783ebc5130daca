"""Where rows are tied to PyTorch's graph, and one sweep over it.

A row's end is its tensor, or the tensor's gradient edge if the tensor was written over since. We
hold tensors where we can: once Python has looked at a node (by ``grad_fn`` or a gradient edge) the
node is taken down recursively, and a chain of 100,000 of them overflows the stack (torch 2.13).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge

if TYPE_CHECKING:
    from collections.abc import Sequence

End: TypeAlias = Tensor | GradientEdge


def moves(end: End) -> bool:
    """Whether PyTorch's graph knows a row at all.

    Examples
    --------
    >>> moves(torch.ones(2)), moves(torch.ones(2, requires_grad=True))
    (False, True)
    """
    return not isinstance(end, Tensor) or end.requires_grad


def pull(
    outputs: Sequence[End],
    inputs: Sequence[End],
    weights: Sequence[Tensor],
    *,
    again: bool = False,
) -> tuple[Tensor | None, ...]:
    """Pull weights of outputs back to inputs; ``again`` if the result is to be differentiated.

    Examples
    --------
    >>> x = torch.tensor(3.0, requires_grad=True)
    >>> pull([x * x], [x], [torch.tensor(1.0)])
    (tensor(6.),)
    """
    if not inputs:
        return ()
    gradients: tuple[Tensor | None, ...] = torch.autograd.grad(
        outputs,  # type: ignore[arg-type]  # declared as all of one kind; they may mix
        inputs,  # type: ignore[arg-type]
        weights,
        retain_graph=True,
        create_graph=again,
        allow_unused=True,
    )
    return gradients
