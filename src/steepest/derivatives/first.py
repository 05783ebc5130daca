"""First derivatives of functions of one tensor."""

import math
from collections.abc import Callable

import torch
import torch.autograd.forward_ad as forward_ad
from torch import Tensor

from steepest.derivatives import _arguments as arguments

__all__ = ["directional_derivative", "jacobian", "jvp", "value_and_grad", "vjp"]


def value_and_grad(fun: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    r"""Evaluate a scalar function and its gradient :math:`\nabla f(x)` in one reverse sweep.

    Parameters
    ----------
    fun
        Takes a tensor of the shape of `x`, returns a tensor of one element and shape ``()``.
    x
        The point: floating point, any shape.

    Returns
    -------
    value, gradient
        Of shape ``()`` and of the shape of `x`, both without a graph.

    Raises
    ------
    TypeError
        `x` is not a floating-point tensor, or `fun` does not return a tensor.
    ValueError
        The result is not a scalar, or no graph connects it to `x`.

    Notes
    -----
    The gradient collects the partial derivatives: :math:`\nabla f(x)_i = \partial f/\partial x_i`.
    See Griewank and Walther (2008), chapter 3, on the reverse mode.

    Examples
    --------
    >>> import torch
    >>> from steepest.derivatives import value_and_grad
    >>> value_and_grad(lambda x: (x**2).sum(), torch.tensor([3.0, -1.0]))
    (tensor(10.), tensor([ 6., -2.]))
    """
    caller = "value_and_grad"
    arguments.function(fun, caller)
    leaf = arguments.point(x, caller).requires_grad_()
    value = arguments.record_scalar(fun, leaf, caller)
    return value.detach(), arguments.pull_back(value, leaf, None, caller)


def vjp(fun: Callable[[Tensor], Tensor], x: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
    r"""Evaluate a function and the vector-Jacobian product :math:`J^\top u` in one reverse sweep.

    Parameters
    ----------
    fun
        Takes a tensor of the shape of `x`, returns a tensor of any shape.
    x
        The point: floating point, any shape.
    u
        The cotangent, of the shape, dtype and device of ``fun(x)``.

    Returns
    -------
    value, cotangent
        Of the shape of ``fun(x)`` and of the shape of `x`.

    Raises
    ------
    TypeError, ValueError
        As :func:`value_and_grad`; also where `u` does not fit the result.

    Notes
    -----
    :math:`(J^\top u)_j = \sum_i u_i\, \partial f_i/\partial x_j`; see Griewank and Walther (2008),
    chapter 3.

    Examples
    --------
    >>> import torch
    >>> from steepest.derivatives import vjp
    >>> def f(x):
    ...     return torch.stack([x[0] ** 2 + x[1], x[0] * x[1]])
    >>> vjp(f, torch.tensor([2.0, 3.0]), torch.tensor([1.0, 0.0]))
    (tensor([7., 6.]), tensor([4., 1.]))
    """
    arguments.function(fun, "vjp")
    leaf = arguments.point(x, "vjp").requires_grad_()
    with torch.enable_grad():
        value = arguments.evaluate(fun, leaf, "vjp")
    cotangent = arguments.like(u, value, "vjp", "u", "fun(x)")
    return value.detach(), arguments.pull_back(value, leaf, cotangent, "vjp")


def jvp(fun: Callable[[Tensor], Tensor], x: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    r"""Evaluate a function and the Jacobian-vector product :math:`J v` in one forward sweep.

    Parameters
    ----------
    fun
        Takes a tensor of the shape of `x`, returns a tensor of any shape.
    x
        The point: floating point, any shape.
    v
        The tangent, of the shape, dtype and device of `x`.

    Returns
    -------
    value, tangent
        Both of the shape of ``fun(x)``.

    Raises
    ------
    TypeError, ValueError
        As :func:`value_and_grad`; also where `v` does not fit `x`.

    Notes
    -----
    :math:`(Jv)_i = \sum_j \partial f_i/\partial x_j\, v_j`, the derivative of :math:`f` along
    :math:`v`; see Griewank and Walther (2008), chapter 3.

    Examples
    --------
    >>> import torch
    >>> from steepest.derivatives import jvp
    >>> def f(x):
    ...     return torch.stack([x[0] ** 2 + x[1], x[0] * x[1]])
    >>> jvp(f, torch.tensor([2.0, 3.0]), torch.tensor([1.0, 0.0]))
    (tensor([7., 6.]), tensor([4., 3.]))
    """
    return _push_forward(fun, x, v, "jvp")


def _push_forward(
    fun: Callable[[Tensor], Tensor], x: Tensor, v: Tensor, caller: str
) -> tuple[Tensor, Tensor]:
    arguments.function(fun, caller)
    # A dual number does not guard itself against fun writing into it: a copy saves x from that.
    point = arguments.point(x, caller).clone()
    tangent = arguments.like(v, point, caller, "v", "x")
    with torch.no_grad(), forward_ad.dual_level():
        dual = forward_ad.make_dual(point, tangent)  # type: ignore[no-untyped-call]
        output = arguments.evaluate(fun, dual, caller)
        value, slope = forward_ad.unpack_dual(output)  # type: ignore[no-untyped-call]
        if slope is None:
            raise ValueError(f"{caller}: {arguments.CUT}")
        return value, slope


def directional_derivative(fun: Callable[[Tensor], Tensor], x: Tensor, v: Tensor) -> Tensor:
    r"""Return the slope of a function along a direction of length 1.

    .. math:: D_v f(x) = \lim_{t \to 0} \frac{f(x + t v) - f(x)}{t} = J v, \qquad \|v\|_2 = 1

    Parameters
    ----------
    fun
        Takes a tensor of the shape of `x`, returns a tensor of any shape.
    x
        The point: floating point, any shape.
    v
        The direction, of the shape, dtype and device of `x` and of Euclidean norm 1. For a tangent
        of another length take :func:`jvp`: a slope is height gained per unit of length.

    Returns
    -------
    slope
        Of the shape of ``fun(x)``.

    Raises
    ------
    TypeError, ValueError
        As :func:`jvp`; also where the norm of `v` is not 1 to half the digits of its dtype.

    Notes
    -----
    See Apostol (1969), section 8.6, for a derivative along a vector and along a unit vector.

    Examples
    --------
    >>> import torch
    >>> from steepest.derivatives import directional_derivative
    >>> x, v = torch.tensor([1.0, 2.0]), torch.tensor([1.0, 0.0])
    >>> directional_derivative(lambda x: x[0] ** 2 + x[1] ** 2, x, v)
    tensor(2.)
    """
    caller = "directional_derivative"
    direction = arguments.like(v, arguments.point(x, caller), caller, "v", "x")
    norm = float(torch.linalg.vector_norm(direction))
    if not abs(norm - 1) <= math.sqrt(torch.finfo(direction.dtype).eps):
        raise ValueError(
            f"{caller}: v must have norm 1, got {norm:.9g}; pass v / torch.linalg.vector_norm(v), "
            "or take jvp for a tangent of any length"
        )
    return _push_forward(fun, x, direction, caller)[1]


def jacobian(fun: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    r"""Return all first partial derivatives, by one reverse sweep for each output.

    .. math:: J_{ij} = \frac{\partial f_i}{\partial x_j}

    Here i runs over the indices of the output and j over those of `x`, so the shape is *out + in*:
    a function from 3 × 2 matrices to vectors of 4 has a Jacobian of shape ``(4, 3, 2)``. All sweeps
    run at once, batched; an output that is constant has a row of zeros.

    Parameters
    ----------
    fun
        Takes a tensor of the shape of `x`, returns a tensor of any shape.
    x
        The point: floating point, any shape.

    Returns
    -------
    jacobian
        Of shape ``(*fun(x).shape, *x.shape)``.

    Raises
    ------
    TypeError, ValueError
        As :func:`vjp`.

    Notes
    -----
    See Griewank and Walther (2008), section 3.2. A row of zeros may also come from an output that
    was cut off from `x` while others were not: :func:`check_gradient` finds that.

    Examples
    --------
    >>> import torch
    >>> from steepest.derivatives import jacobian
    >>> def f(x):
    ...     return torch.stack([x[0] ** 2 + x[1], x[0] * x[1]])
    >>> jacobian(f, torch.tensor([2.0, 3.0]))
    tensor([[4., 1.],
            [3., 2.]])
    """
    arguments.function(fun, "jacobian")
    leaf = arguments.point(x, "jacobian").requires_grad_()
    with torch.enable_grad():
        value = arguments.evaluate(fun, leaf, "jacobian")
    shape = (*value.shape, *leaf.shape)
    if value.numel() == 0:
        return leaf.new_zeros(shape)
    if value.numel() == 1:
        row = arguments.pull_back(value, leaf, torch.ones_like(value), "jacobian")
        return row.reshape(shape)
    m = value.numel()
    seeds = torch.eye(m, dtype=value.dtype, device=value.device).reshape(m, *value.shape)
    rows = torch.vmap(lambda seed: arguments.pull_back(value, leaf, seed, "jacobian"))(seeds)
    return rows.reshape(shape)
