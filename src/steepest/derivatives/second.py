"""Second derivatives of scalar functions of one tensor: reverse sweeps over a reverse sweep."""

from collections.abc import Callable

import torch
from torch import Tensor

from steepest._numbers import count
from steepest.derivatives import _arguments as arguments

__all__ = ["hessian", "hvp", "hvp_operator"]


def hvp(fun: Callable[[Tensor], Tensor], x: Tensor, v: Tensor) -> Tensor:
    r"""Return the Hessian-vector product :math:`\nabla^2 f(x)\, v` without the Hessian.

    .. math:: H v = \nabla_x \langle \nabla f(x), v \rangle

    Parameters
    ----------
    fun
        Takes a tensor of the shape of `x`, returns a tensor of shape ``()``.
    x
        The point: floating point, any shape.
    v
        The vector, of the shape, dtype and device of `x`.

    Returns
    -------
    product
        Of the shape of `x`; zero where `fun` is affine.

    Raises
    ------
    TypeError, ValueError
        As :func:`value_and_grad`; also where `v` does not fit `x`.

    Notes
    -----
    Two reverse sweeps, at a small multiple of the cost of `fun` whatever the dimension: Pearlmutter
    (1994). For many products at one point take :func:`hvp_operator`.

    Examples
    --------
    >>> import torch
    >>> from steepest.derivatives import hvp
    >>> def f(x):
    ...     return x[0] ** 2 + x[0] * x[1] + x[1] ** 2
    >>> hvp(f, torch.tensor([1.0, 2.0]), torch.tensor([1.0, 0.0]))
    tensor([2., 1.])
    """
    arguments.function(fun, "hvp")
    leaf = arguments.point(x, "hvp").requires_grad_()
    direction = arguments.like(v, leaf, "hvp", "v", "x")
    return product(leaf, _gradient(fun, leaf, "hvp"), direction, keep=False)


def hvp_operator(fun: Callable[[Tensor], Tensor], x: Tensor) -> Callable[[Tensor], Tensor]:
    r"""Return the map :math:`v \mapsto \nabla^2 f(x)\, v`, for many products at one point.

    The function and its gradient are evaluated once, here; each product is one reverse sweep over
    the gradient's graph. The operator holds that graph, and with it memory, as long as it lives.

    Parameters
    ----------
    fun, x
        As for :func:`hvp`.

    Returns
    -------
    operator
        Takes v and returns Hv, both of the shape, dtype and device of `x`.

    Raises
    ------
    TypeError, ValueError
        As :func:`hvp`.

    Notes
    -----
    Pearlmutter (1994).

    Examples
    --------
    >>> import torch
    >>> from steepest.derivatives import hvp_operator
    >>> H = hvp_operator(lambda x: x[0] ** 2 + x[0] * x[1] + x[1] ** 2, torch.tensor([1.0, 2.0]))
    >>> H(torch.tensor([1.0, 0.0])), H(torch.tensor([0.0, 1.0]))
    (tensor([2., 1.]), tensor([1., 2.]))
    """
    arguments.function(fun, "hvp_operator")
    leaf = arguments.point(x, "hvp_operator").requires_grad_()
    gradient = _gradient(fun, leaf, "hvp_operator")

    def operator(v: Tensor) -> Tensor:
        direction = arguments.like(v, leaf, "hvp_operator", "v", "x")
        return product(leaf, gradient, direction)

    return operator


def hessian(fun: Callable[[Tensor], Tensor], x: Tensor, *, chunk_size: int | None = None) -> Tensor:
    r"""Return all second partial derivatives.

    .. math:: H_{ij} = \frac{\partial^2 f}{\partial x_i\, \partial x_j}

    Parameters
    ----------
    fun
        Takes a tensor of the shape of `x`, returns a tensor of shape ``()``.
    x
        The point: floating point, any shape, n entries.
    chunk_size
        How many rows to compute at once, at least 1. None computes all n together, which is fastest
        and holds n copies of what one product needs; a chunk holds `chunk_size` copies. With 1 no
        operation is batched, for functions that ``torch.vmap`` cannot handle.

    Returns
    -------
    hessian
        Of shape ``(*x.shape, *x.shape)``; zero where `fun` is affine.

    Raises
    ------
    TypeError, ValueError
        As :func:`value_and_grad`; also where `chunk_size` is not a positive int.

    Notes
    -----
    One gradient, then n reverse sweeps over its graph, batched: reverse over reverse. See Griewank
    and Walther (2008), section 5.4.

    Examples
    --------
    >>> import torch
    >>> from steepest.derivatives import hessian
    >>> hessian(lambda x: x[0] ** 2 + x[0] * x[1] + x[1] ** 2, torch.tensor([1.0, 2.0]))
    tensor([[2., 1.],
            [1., 2.]])
    """
    arguments.function(fun, "hessian")
    if chunk_size is not None:
        count(chunk_size, "hessian", "chunk_size", otherwise=" or None")
    leaf = arguments.point(x, "hessian").requires_grad_()
    return dense(leaf, _gradient(fun, leaf, "hessian"), chunk_size)


def _gradient(fun: Callable[[Tensor], Tensor], leaf: Tensor, caller: str) -> Tensor:
    """Return the gradient with its graph."""
    value = arguments.record_scalar(fun, leaf, caller)
    return arguments.pull_back(value, leaf, None, caller, keep=True)


def product(leaf: Tensor, gradient: Tensor, v: Tensor, *, keep: bool = True) -> Tensor:
    """Return Hv from a gradient with its graph; `keep` keeps the graph for the next product."""
    # The gradient of an affine function has no graph: its derivative is zero, and that is no cut.
    if not gradient.requires_grad:
        return torch.zeros_like(leaf)
    (result,) = torch.autograd.grad(gradient, leaf, v, retain_graph=keep, allow_unused=True)
    return torch.zeros_like(leaf) if result is None else result


def dense(leaf: Tensor, gradient: Tensor, chunk_size: int | None = None) -> Tensor:
    """Return the whole Hessian from a gradient with its graph, `chunk_size` rows at a time."""
    n, shape = leaf.numel(), leaf.shape
    if not gradient.requires_grad or n == 0:
        return leaf.new_zeros((*shape, *shape))
    chunk = n if chunk_size is None else min(chunk_size, n)
    if chunk == n > 1:
        return _rows(leaf, gradient, 0, n).reshape((*shape, *shape))
    rows = leaf.new_empty(n, n)
    for start in range(0, n, chunk):
        stop = min(start + chunk, n)
        rows[start:stop] = _rows(leaf, gradient, start, stop).reshape(stop - start, n)
    return rows.reshape((*shape, *shape))


def _rows(leaf: Tensor, gradient: Tensor, start: int, stop: int) -> Tensor:
    seeds = leaf.new_zeros(stop - start, leaf.numel())
    seeds[:, start:stop].fill_diagonal_(1)
    seeds = seeds.reshape((stop - start, *leaf.shape))
    if stop - start == 1:
        return product(leaf, gradient, seeds[0])
    # Not autograd.grad(is_grads_batched=True): its batching copies every matrix for every row.
    return torch.vmap(lambda seed: product(leaf, gradient, seed))(seeds)
