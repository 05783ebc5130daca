"""Sums over processes that autograd can see: each map's derivative is the other one.

A number that all processes hold alike is *replicated*; one that each has its own is *local*. Two
linear maps lead from one kind to the other, and each is the transpose of the other: `spread` gives
every process the replicated value to use as its own (nothing moves), and `all_reduce` adds what is
local into something replicated. So a derivative of any order is again made of these two, and each
sweep costs one all-reduce.

A graph is local, and may lack an edge that another process has: rows that are missing, a loss that
is affine on one shard. A process would then not take part in a sum that the others wait for. `zero`
adds nothing, but ties every result to x on every process.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from steepest.distributed.wire import Wire

__all__ = ["all_reduce", "spread", "total"]


def spread(x: Tensor, wire: Wire) -> Tensor:
    """Return the replicated `x` for local use; its cotangents are summed over the processes."""
    result: Tensor = _Spread.apply(x, wire)  # type: ignore[no-untyped-call]
    return result


def all_reduce(u: Tensor, wire: Wire) -> Tensor:
    """Return the sum of the local `u` over the processes, replicated."""
    result: Tensor = _AllReduce.apply(u, wire)  # type: ignore[no-untyped-call]
    return result


def total(local: Tensor, here: Tensor, linked: bool, wire: Wire) -> Tensor:
    """Return the sum of the local values, tied to `here`, after a check that `here` is replicated.

    `linked` says whether autograd leads from `local` to `here` on this process.
    """
    result: Tensor = _Total.apply(local, here, linked, wire)  # type: ignore[no-untyped-call]
    return result


def zero(v: Tensor, like: Tensor) -> Tensor:
    """Return zeros in the form of `like` whose graph, and whose batch, is that of both."""
    result: Tensor = _Zero.apply(v, like)  # type: ignore[no-untyped-call]
    return result


def _in_front(u: Tensor, axis: int | None, size: int) -> Tensor:
    """Return `u` with its batch in front, whether or not it has one: alike on all processes."""
    return u.expand(size, *u.shape) if axis is None else u.movedim(axis, 0)


class _Spread(Function):
    @staticmethod
    def forward(x: Tensor, wire: Wire) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.wire = inputs[1]

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> tuple[Tensor, None]:
        return all_reduce(cotangents[0], ctx.wire), None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Tensor:
        return spread(tangents[0], ctx.wire)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], x: Tensor, wire: Wire) -> tuple[Tensor, int]:
        return spread(_in_front(x, in_dims[0], info.batch_size), wire), 0


class _AllReduce(Function):
    @staticmethod
    def forward(u: Tensor, wire: Wire) -> Tensor:
        return wire.sum(u)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.wire = inputs[1]

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> tuple[Tensor, None]:
        return spread(cotangents[0], ctx.wire), None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Tensor:
        return all_reduce(tangents[0], ctx.wire)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], u: Tensor, wire: Wire) -> tuple[Tensor, int]:
        return all_reduce(_in_front(u, in_dims[0], info.batch_size), wire), 0


class _Total(Function):
    @staticmethod
    def forward(local: Tensor, here: Tensor, linked: bool, wire: Wire) -> Tensor:
        return wire.sum_values(local, here, linked)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.save_for_backward(inputs[1])
        ctx.wire = inputs[3]

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> tuple[Tensor, Tensor, None, None]:
        (here,) = ctx.saved_tensors
        u = spread(cotangents[0], ctx.wire)
        return u, zero(u, here), None, None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Tensor:
        local, here = tangents[:2]
        return all_reduce(local + zero(here, local), ctx.wire)

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[Any, ...], local: Tensor, here: Tensor, linked: bool, wire: Wire
    ) -> tuple[Tensor, int]:
        local, here = (
            _in_front(tensor, axis, info.batch_size)
            for tensor, axis in ((local, in_dims[0]), (here, in_dims[1]))
        )
        return total(local, here, linked, wire), 0


class _Zero(Function):
    @staticmethod
    def forward(v: Tensor, like: Tensor) -> Tensor:
        return torch.zeros_like(like)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> tuple[Tensor, Tensor]:
        v, like = ctx.saved_tensors
        return zero(cotangents[0], v), zero(cotangents[0], like)

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Tensor:
        return zero(tangents[0], tangents[1])

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], v: Tensor, like: Tensor) -> tuple[Tensor, int]:
        v, like = (
            _in_front(tensor, axis, info.batch_size)
            for tensor, axis in ((v, in_dims[0]), (like, in_dims[1]))
        )
        return zero(v, like), 0
