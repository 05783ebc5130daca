"""The nearest point of {x : Ax <= b}, by nonnegative least squares.

Lawson and Hanson (1974), chapter 23: the least-distance problem, min |z| over Gz >= h, is solved
by nonnegative least squares with the matrix that stacks the transposes of G and h; where that
leaves no residual, its solution proves that no z exists (Farkas).
"""

import torch
from torch import Tensor


def least_squares(stack: Tensor, f: Tensor) -> Tensor:
    """Return the u >= 0 that minimises the norm of stack @ u - f, by the active-set method."""
    m = stack.shape[1]
    u = f.new_zeros(m)
    active = torch.zeros(m, dtype=torch.bool)
    lengths = torch.linalg.vector_norm(stack, dim=0).clamp(min=1)
    for _ in range(3 * m + 10):
        gain = stack.T @ (f - stack @ u) / lengths
        gain[active] = -1
        best = int(gain.argmax()) if m else 0
        if m == 0 or gain[best] <= 1e-13:
            break
        active[best] = True
        while True:
            free = torch.zeros_like(u)
            free[active] = torch.linalg.lstsq(
                stack[:, active], f[:, None], driver="gelsd"
            ).solution[:, 0]
            leaving = active & (free <= 0)
            if not bool(leaving.any()):
                u = free
                break
            ratios = u[leaving] / (u[leaving] - free[leaving])
            u = u + ratios.min() * (free - u)
            active &= u > 1e-15
            u[~active] = 0
            if not bool(active.any()):
                break
    return u


def least_distance(A: Tensor, gaps: Tensor) -> tuple[Tensor | None, Tensor]:
    """Return the shortest z with Az <= gaps, or None, and the multipliers of the rows.

    The rows of A have length 1. Without a z, the multipliers u >= 0 satisfy u A = 0, u gaps < 0.
    """
    scale = float((-gaps).max()) if len(gaps) else 0.0
    if scale <= 0:
        return A.new_zeros(A.shape[1]), torch.zeros_like(gaps)
    # scaled, the shortest z has a length of at least 1
    h = -gaps / scale
    stack = torch.cat([-A.T, h[None]])
    f = A.new_zeros(A.shape[1] + 1)
    f[-1] = 1
    u = least_squares(stack, f)
    residual = stack @ u - f
    # the norm of the residual is that of z, s, turned into 1 / sqrt(1 + s^2)
    if float(torch.linalg.vector_norm(residual)) <= 1e-9:
        return None, u
    # the multipliers say which inequalities hold with equality: solve these once more, directly
    tight = u > 0
    step: Tensor = torch.linalg.lstsq(A[tight], gaps[tight][:, None], driver="gelsd").solution[:, 0]
    return step, u
