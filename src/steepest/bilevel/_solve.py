"""Conjugate gradients on products, for a matrix that must be positive definite."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from steepest.directions.direction import inner as dot


def solve(product: Callable[[Tensor], Tensor], b: Tensor, tol: float, caller: str) -> Tensor:
    r"""Return w with :math:`\|Hw - b\| \le \mathrm{tol}\,\|b\|`, H known by its products.

    Newton-CG wants a descent direction and takes what it can get where the curvature turns
    negative. Here a solution is wanted, and there is none: that is an error.
    """
    if not b.any():
        return torch.zeros_like(b)
    # Of entries at most 1: squares of the gradient's own could leave the range of the dtype.
    scale = b.abs().max()
    b = b / scale
    w, r, p = torch.zeros_like(b), b, b
    square = last = dot(b, b)
    goal, largest, rounding = tol**2 * square, 0.0, torch.finfo(b.dtype).eps
    for _ in range(10 * b.numel()):
        turned = product(p)
        length, bend = dot(p, p), dot(p, turned)
        largest = max(largest, bend / length)
        # What is less than rounding makes of the largest curvature cannot be told from zero.
        _require_positive(bend / length, 16 * rounding * largest, b.dtype, caller)
        w, r = torch.add(w, p, alpha=square / bend), torch.sub(r, turned, alpha=square / bend)
        square, before = dot(r, r), square
        p = torch.add(r, p, alpha=square / before)
        if square <= max(goal, rounding**2 * last):
            # The recursion drifts away from the residual itself: look, and go on from there.
            r = b - product(w)
            square = dot(r, r)
            if square <= goal:
                return w * scale
            if not square < last / 4:
                break
            p, last = r, square
    r = b - product(w)
    reached = math.sqrt(dot(r, r) / dot(b, b))
    raise ArithmeticError(
        f"{caller}: conjugate gradients reached a residual of {reached:.3g} of the right-hand side "
        f"and not tol = {tol:.3g}: the Hessian of inner is too ill-conditioned for {b.dtype}. "
        "Use float64, a larger tol, or an inner with more curvature"
    )


def _require_positive(curvature: float, least: float, dtype: torch.dtype, caller: str) -> None:
    if not math.isfinite(curvature):
        raise ValueError(
            f"{caller}: the Hessian of inner, or the gradient of outer, is not finite at theta; "
            "use a point where both functions are smooth"
        )
    if curvature <= least:
        raise ValueError(
            f"{caller}: the Hessian of inner in theta is not positive definite, as far as {dtype} "
            f"can tell: conjugate gradients met the curvature {curvature:.3g}, and theta need not "
            "follow phi smoothly. Start from a minimum, add a term such as "
            '0.01 * (theta**2).sum() to inner, or take mode="unrolled"'
        )
