"""One sweep over PyTorch's graph.

The ends of a sweep are given as tensors, never as nodes: once Python has looked at a node (by
``grad_fn`` or a gradient edge) the node is taken down recursively, and letting go of a chain of
100,000 of them overflows the stack (torch 2.13).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence


def pull(
    outputs: Sequence[Tensor],
    inputs: Sequence[Tensor],
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
        outputs,
        inputs,
        weights,
        retain_graph=True,
        create_graph=again,
        allow_unused=True,
    )
    return gradients


def push(
    pulled: Sequence[Tensor], weights: Sequence[Tensor], tangents: Sequence[Tensor]
) -> tuple[Tensor | None, ...]:
    """Transpose what `pull` did ``again`` with these weights: tangents go the other way.

    Examples
    --------
    >>> x, weight = torch.tensor(3.0, requires_grad=True), torch.tensor(0.0, requires_grad=True)
    >>> pulled = pull([x * x], [x], [weight], again=True)
    >>> push(pulled, [weight], [torch.tensor(10.0)])
    (tensor(60.),)
    """
    try:
        tangents_of_rows: tuple[Tensor | None, ...] = torch.autograd.grad(
            pulled, weights, tangents, allow_unused=True
        )
    except RuntimeError as missing:  # NotImplementedError is one
        if "not implemented" not in str(missing):
            raise
        raise ValueError(
            "Trace.forward: PyTorch cannot differentiate the reverse rule of an operation here "
            f"({missing}); use Trace.reverse, or write the operation with simpler ones"
        ) from missing
    return tangents_of_rows
