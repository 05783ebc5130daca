"""Gradients against differences: the check that needs no graph."""

import warnings
from collections.abc import Callable

import torch
from torch import Tensor

from steepest.derivatives import _arguments as arguments
from steepest.derivatives.first import value_and_grad

__all__ = ["check_gradient"]

_CALLER = "check_gradient"


def check_gradient(
    fun: Callable[[Tensor], Tensor],
    x: Tensor,
    gradient: Tensor | Callable[[Tensor], Tensor] | None = None,
) -> float:
    r"""Return the largest error of a gradient against central differences.

    .. math:: \max_i \left| g_i - \frac{f(x + h e_i) - f(x - h e_i)}{2h} \right|,
        \quad\text{extrapolated to } h \to 0

    Parameters
    ----------
    fun
        Takes a tensor of the shape of `x`, returns a tensor of shape ``()``.
    x
        The point: floating point, any shape.
    gradient
        What to check: a tensor of the shape of `x`, or a function that maps `x` to one. None checks
        automatic differentiation of `fun` itself. It finds what no error can: a graph that is cut
        in part, so that the gradient is finite, of the right shape, and wrong.

    Returns
    -------
    error
        A number at least 0. For a smooth function and a right gradient in float64 expect 1e-8 and
        less, times the size of the function.

    Warns
    -----
    UserWarning
        `gradient` is None, and automatic differentiation is off by more than differences can be.
        The message names the entry and the usual causes.

    Raises
    ------
    TypeError, ValueError
        As :func:`value_and_grad`; also where `gradient` does not fit `x`, or `fun` is not finite
        around `x`.

    Notes
    -----
    Sixteen evaluations an entry: eight central differences, h from 1/16 of the scale of the entry
    down by factors of 4, extrapolated by Ridders (1982); see Press et al. (2007), section 5.7.

    Examples
    --------
    >>> import torch
    >>> from steepest.derivatives import check_gradient
    >>> x = torch.tensor([2.0, 5.0], dtype=torch.float64)
    >>> check_gradient(lambda x: torch.log(x[0]) + x[0] * x[1] - torch.sin(x[1]), x) < 1e-9
    True
    >>> round(check_gradient(lambda x: (x**2).sum(), x, gradient=x), 6)
    5.0
    """
    arguments.function(fun, _CALLER)
    point = arguments.point(x, _CALLER)
    if gradient is None:
        try:
            claimed = value_and_grad(fun, point)[1]
        except (TypeError, ValueError) as error:
            raise type(error)(str(error).replace("value_and_grad", _CALLER)) from error
    else:
        given = gradient if isinstance(gradient, Tensor) else _call(gradient, point)
        claimed = arguments.like(given, point, _CALLER, "gradient", "x")
    if point.numel() == 0:
        return 0.0
    slopes = torch.tensor(
        [_slope(fun, point, i) for i in range(point.numel())], dtype=torch.float64
    )
    claims = claimed.reshape(-1).to("cpu", torch.float64)
    errors = (claims - slopes).abs()
    worst = int(errors.argmax())
    # Half of the digits is far more than extrapolated differences lose on a smooth function.
    allowed = torch.finfo(point.dtype).eps ** 0.5 * (1 + float(slopes.abs().max())) * 100
    if gradient is None and not errors[worst] <= allowed:
        index = tuple(int(k) for k in torch.unravel_index(torch.tensor(worst), point.shape))
        warnings.warn(
            f"check_gradient: at entry {index} automatic differentiation gives "
            f"{claims[worst]:.6g} and differences give {slopes[worst]:.6g}: a part of the graph is "
            f"cut ({arguments.CAUSES}), or fun is not smooth here",
            stacklevel=2,
        )
    return float(errors[worst])


def _call(gradient: object, point: Tensor) -> object:
    if not callable(gradient):
        raise TypeError(
            "check_gradient: gradient must be a tensor, a function or None, got "
            f"{type(gradient).__name__}"
        )
    return gradient(point)


def _slope(fun: Callable[[Tensor], Tensor], point: Tensor, entry: int) -> float:
    """Differentiate along one entry: Ridders' table, its entry of least estimated error."""
    middle = float(point.reshape(-1)[entry])

    def value(at: float) -> tuple[float, float]:
        moved = point.clone(memory_format=torch.contiguous_format)
        flat = moved.view(-1)
        flat[entry] = at
        with torch.no_grad():
            return float(flat[entry]), float(arguments.evaluate_scalar(fun, moved, _CALLER))

    eps = torch.finfo(point.dtype).eps
    best, least = float("nan"), float("inf")
    step = max(1.0, abs(middle)) / 16
    above: list[float] = []
    for _ in range(8):
        (right, f_right), (left, f_left) = value(middle + step), value(middle - step)
        # Divided by the step that the dtype holds, which is not quite the one asked for.
        row = [(f_right - f_left) / (right - left)] if right > left else [float("nan")]
        # What rounding alone may change: without it, differences that all round to 0 would agree.
        noise = eps * (abs(f_right) + abs(f_left)) / (2 * step)
        for order, old in enumerate(above, start=1):
            row.append(row[-1] + (row[-1] - old) / (16.0**order - 1))
            error = max(abs(row[-1] - row[-2]), abs(row[-1] - old)) + noise
            if error < least:
                best, least = row[-1], error
        above = row
        step /= 4
    if best != best:
        raise ValueError(
            f"check_gradient: fun is not finite around entry {entry} of x, at {middle:.6g}; "
            "check at a point inside its domain"
        )
    return best
