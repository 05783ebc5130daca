"""First derivatives of functions of one tensor, by PyTorch's automatic differentiation."""

from collections.abc import Callable

import torch
import torch.autograd.forward_ad as forward_ad
from torch import Tensor

__all__ = ["jvp", "value_and_grad", "vjp"]

CUT = (
    "no graph connects the result to x. Usual causes: torch.tensor([...]) of tensors "
    "(use torch.stack), .detach(), .item() or float(...), a NumPy call, or a result that "
    "does not depend on x"
)


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
    point = _point(x, "value_and_grad")
    with torch.enable_grad():
        point.requires_grad_()
        value = fun(point)
        _check_output(value, "value_and_grad")
        if value.shape != ():
            raise ValueError(
                f"value_and_grad: fun must return a scalar of shape (), got {tuple(value.shape)}; "
                "sum or average it, or take vjp"
            )
        return value.detach(), _pull_back(value, point, None, "value_and_grad")


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
    point = _point(x, "vjp")
    with torch.enable_grad():
        point.requires_grad_()
        value = fun(point)
        _check_output(value, "vjp")
        _check_like(u, value, "vjp", "u", "fun(x)")
        return value.detach(), _pull_back(value, point, u, "vjp")


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
    point = _point(x, "jvp")
    _check_like(v, point, "jvp", "v", "x")
    with torch.no_grad(), forward_ad.dual_level():
        output = fun(forward_ad.make_dual(point, v.detach()))  # type: ignore[no-untyped-call]
        _check_output(output, "jvp")
        value, tangent = forward_ad.unpack_dual(output)  # type: ignore[no-untyped-call]
        if tangent is None:
            raise ValueError(f"jvp: {CUT}")
        return value, tangent


def _point(x: Tensor, caller: str) -> Tensor:
    """Return x without its graph, sharing memory; refuse what cannot be differentiated."""
    if not isinstance(x, Tensor):
        raise TypeError(
            f"{caller}: x must be a tensor, got {type(x).__name__}; "
            "write torch.tensor(..., dtype=torch.float64)"
        )
    if not x.is_floating_point():
        raise TypeError(
            f"{caller}: x must be of floating point, got {x.dtype}; write x.to(torch.float64)"
        )
    return x.detach()


def _check_output(value: object, caller: str) -> None:
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{caller}: fun must return a tensor, got {type(value).__name__}; "
            "compute with torch functions and without .item()"
        )


def _check_like(given: object, model: Tensor, caller: str, name: str, model_name: str) -> None:
    if not isinstance(given, Tensor):
        raise TypeError(f"{caller}: {name} must be a tensor, got {type(given).__name__}")
    for what in ("shape", "dtype", "device"):
        mine, right = getattr(given, what), getattr(model, what)
        if mine != right:
            if what == "shape":
                mine, right = tuple(mine), tuple(right)
            raise ValueError(
                f"{caller}: {name} must have the {what} of {model_name}, {right}; got {mine}"
            )


def _pull_back(value: Tensor, point: Tensor, u: Tensor | None, caller: str) -> Tensor:
    if not value.requires_grad:
        raise ValueError(f"{caller}: {CUT}")
    (gradient,) = torch.autograd.grad(value, point, u, allow_unused=True)
    if gradient is None:
        raise ValueError(f"{caller}: {CUT}")
    return gradient
