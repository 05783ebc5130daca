"""Directions that learn curvature from gradients: BFGS, with full and with limited memory."""

import math

import torch
from torch import Tensor

from steepest._numbers import count
from steepest.directions.direction import Direction, inner
from steepest.state import State

__all__ = ["bfgs", "lbfgs"]


def bfgs() -> Direction:
    r"""Return the BFGS direction :math:`d = -H \nabla f(x)`, with H near the inverse Hessian.

    With the last step s and the change of the gradient y, :math:`\rho = 1/y^\top s`:

    .. math:: H \leftarrow (I - \rho s y^\top)\, H\, (I - \rho y s^\top) + \rho s s^\top

    so that the secant equation :math:`H y = s` holds. H begins as :math:`(y^\top s/y^\top y) I`,
    and a step along which the gradient does not rise (:math:`y^\top s \le 0`) teaches nothing. The
    carry is H, x and the gradient.

    Notes
    -----
    Broyden, Fletcher, Goldfarb and Shanno (1970); Nocedal and Wright (2006), section 6.1. It wants
    Wolfe's conditions (:func:`steepest.step_sizes.wolfe`), which make :math:`y^\top s` positive.

    Examples
    --------
    >>> import torch
    >>> from steepest import methods, minimize, problems
    >>> rosenbrock = problems.rosenbrock(2)
    >>> minimize(rosenbrock.fun, rosenbrock.x0, methods.bfgs(), tol=1e-8).success
    True
    """

    def update(
        state: State, carry: tuple[Tensor | None, Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor | None, Tensor, Tensor]]:
        x, g = state.x.reshape(-1), state.grad.reshape(-1)
        H = None if carry is None else _learn(carry[0], x - carry[1], g - carry[2])
        d = _cautious(g) if H is None else -(H @ g)
        return d.reshape(state.x.shape), (H, x, g)

    return Direction("BFGS", update)


def _learn(H: Tensor | None, s: Tensor, y: Tensor) -> Tensor | None:
    """Return the matrix that also satisfies the newest secant equation."""
    ys, yy = inner(y, s), inner(y, y)
    if not _curved(s, ys, yy):
        return H
    if H is None:
        H = torch.eye(len(s), dtype=s.dtype, device=s.device) * (ys / yy)
    turned = H @ y
    # The update above, multiplied out: H + w sᵀ + s wᵀ.
    w = (0.5 * (1 + inner(y, turned) / ys) / ys) * s - turned / ys
    return torch.addmm(H, torch.stack([w, s], 1), torch.stack([s, w]))


def lbfgs(memory: int = 10) -> Direction:
    r"""Return the L-BFGS direction: BFGS from the last few steps, without a matrix.

    The two-loop recursion applies H to the gradient in :math:`4 m n` multiplications, from the
    pairs s and y of the last m steps; a new scale :math:`y^\top s / y^\top y` begins it each time.
    The carry is the pairs with their :math:`\rho`, x and the gradient.

    Parameters
    ----------
    memory
        How many pairs to keep, m, at least 1.

    Raises
    ------
    TypeError, ValueError
        `memory` is not an int, or below 1.

    Notes
    -----
    Liu and Nocedal (1989); Nocedal and Wright (2006), algorithms 7.4 and 7.5.

    Examples
    --------
    >>> import torch
    >>> from steepest import methods, minimize, problems
    >>> rosenbrock = problems.rosenbrock(100)
    >>> minimize(rosenbrock.fun, rosenbrock.x0, methods.lbfgs(), max_iter=700, tol=1e-6).success
    True
    """
    count(memory, "lbfgs", "memory")

    def update(
        state: State, carry: tuple[tuple[_Pair, ...], Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[tuple[_Pair, ...], Tensor, Tensor]]:
        x, g = state.x.reshape(-1), state.grad.reshape(-1)
        pairs: tuple[_Pair, ...] = ()
        if carry is not None:
            pairs, s, y = carry[0], x - carry[1], g - carry[2]
            ys, yy = inner(y, s), inner(y, y)
            if _curved(s, ys, yy):
                pairs = (*pairs, (s, y, 1 / ys, ys / yy))[-memory:]
        d = _two_loops(pairs, g) if pairs else _cautious(g)
        return d.reshape(state.x.shape), (pairs, x, g)

    return Direction("L-BFGS", update)


_Pair = tuple[Tensor, Tensor, float, float]


def _two_loops(pairs: tuple[_Pair, ...], g: Tensor) -> Tensor:
    """Return -H g."""
    d, shares = -g, []
    for s, y, rho, _ in reversed(pairs):
        shares.append(rho * inner(s, d))
        d = torch.sub(d, y, alpha=shares[-1])
    d = d * pairs[-1][3]
    for (s, y, rho, _), part in zip(pairs, reversed(shares), strict=True):
        d = torch.add(d, s, alpha=part - rho * inner(y, d))
    return d


def _curved(s: Tensor, ys: float, yy: float) -> bool:
    """Say whether the gradient rises along the step by more than rounding."""
    return ys > torch.finfo(s.dtype).eps * math.sqrt(inner(s, s) * yy)


def _cautious(g: Tensor) -> Tensor:
    """Return -g, no longer than 1 in the sum norm: nothing is known about scale yet."""
    return -g / max(1.0, float(g.abs().sum()))
