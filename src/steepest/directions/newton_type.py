"""Directions from curvature: Newton's, made safe, and made cheap."""

import math

import torch
from torch import Tensor

from steepest.directions.direction import Direction, DirectionError, inner
from steepest.state import State

__all__ = ["modified_newton", "newton", "newton_cg"]


def newton() -> Direction:
    r"""Return Newton's direction: the solution of :math:`\nabla^2 f(x)\, d = -\nabla f(x)`.

    It leads to a stationary point of the quadratic model, whichever kind that is: where the Hessian
    is indefinite the run goes on, and its message says so; where it is singular there is no such
    point, and the run ends. The carry is the smallest eigenvalue where that is negative.

    Notes
    -----
    Nocedal and Wright (2006), section 3.3: the cost is O(n³) a step, and the convergence near a
    minimum with positive definite Hessian is quadratic.

    Examples
    --------
    >>> import torch
    >>> from steepest.directions import newton
    >>> from steepest.state import Oracle, State
    >>> x, oracle = torch.tensor([5.0, 5.0]), Oracle(lambda x: x[0] ** 2 + x[1] ** 2)
    >>> newton().update(State(x, *oracle.value_and_grad(x), oracle), None)[0]
    tensor([-5., -5.])
    """

    def update(state: State, carry: float | None) -> tuple[Tensor, float | None]:
        H, g = _hessian(state)
        factor = _factor(H)
        if factor is not None:
            return torch.cholesky_solve(-g, factor).reshape(state.x.shape), None
        eigenvalues = torch.linalg.eigvalsh(H)
        smallest = float(eigenvalues[0])
        sizes = eigenvalues.abs()
        if sizes.min() <= _resolution(H) * sizes.max():
            raise DirectionError(
                f"newton: the Hessian is singular (eigenvalues from {smallest:.3g} to "
                f"{float(eigenvalues[-1]):.3g}), so Newton's equation has no solution. "
                "Try damped_newton() or newton_cg()."
            )
        d = torch.linalg.solve(H, -g).reshape(state.x.shape)
        return d, smallest if smallest < 0 else None

    def remark(smallest: float | None) -> str:
        if smallest is None:
            return ""
        return (
            f"The last Hessian was indefinite (smallest eigenvalue {smallest:.3g}): Newton's "
            "method heads for any stationary point, and here for none that is a minimum. "
            "Try damped_newton()."
        )

    return Direction("Newton", update, second_order=True, remark=remark)


def modified_newton() -> Direction:
    r"""Return Newton's direction with the Hessian made positive definite, so that it descends.

    .. math:: |H|\, d = -\nabla f(x), \qquad |H| = Q\, |\Lambda|\, Q^\top

    Where the Hessian is positive definite this is Newton's direction. Elsewhere eigenvalues change
    to their absolute values, and those near zero to a small positive number: along directions of
    negative curvature d leads away from a saddle, not towards it.

    Notes
    -----
    Nocedal and Wright (2006), section 3.4, "eigenvalue modification".

    Examples
    --------
    >>> import torch
    >>> from steepest.directions import modified_newton
    >>> from steepest.state import Oracle, State
    >>> x, oracle = torch.tensor([1.0, 0.5]), Oracle(lambda x: x[0] ** 2 - x[1] ** 2)
    >>> modified_newton().update(State(x, *oracle.value_and_grad(x), oracle), None)[0]
    tensor([-1.0000,  0.5000])
    """

    def update(state: State, carry: None) -> tuple[Tensor, None]:
        H, g = _hessian(state)
        factor = _factor(H)
        if factor is not None:
            return torch.cholesky_solve(-g, factor).reshape(state.x.shape), None
        eigenvalues, vectors = torch.linalg.eigh(H)
        sizes = eigenvalues.abs()
        # Nothing is known where all curvature vanishes: the gradient is all there is.
        floor = float(sizes.max()) * torch.finfo(H.dtype).eps ** 0.5 or 1.0
        d = -(vectors @ ((vectors.T @ g) / sizes.clamp(min=floor)[:, None]))
        return d.reshape(state.x.shape), None

    return Direction("modified Newton", update, second_order=True)


def _hessian(state: State) -> tuple[Tensor, Tensor]:
    """Return the Hessian as a matrix and the gradient as a column."""
    n = state.x.numel()
    H = state.oracle.hessian(state.x).reshape(n, n)
    if not torch.isfinite(H).all():
        raise DirectionError(
            "The Hessian is not finite here, though value and gradient are. "
            "Try a method that needs no Hessian, such as bfgs()."
        )
    return H, state.grad.reshape(n, 1)


def _factor(H: Tensor) -> Tensor | None:
    """Return the Cholesky factor where H is positive definite, by more than rounding."""
    factor: Tensor
    factor, failed = torch.linalg.cholesky_ex(H)
    if failed:
        return None
    pivots = factor.diagonal().square()
    if len(H) and pivots.min() <= _resolution(H) * pivots.max():
        return None
    return factor


def _resolution(H: Tensor) -> float:
    """Return which share of the largest eigenvalue cannot be told from zero."""
    return len(H) * torch.finfo(H.dtype).eps


def newton_cg() -> Direction:
    r"""Return Newton's direction, solved by conjugate gradients on Hessian-vector products.

    The equation :math:`\nabla^2 f(x)\, d = -\nabla f(x)` is solved until its residual is at most
    :math:`\min(\tfrac1{10}, \sqrt{\|\nabla f\|})\,\|\nabla f\|`: near a minimum more and more
    exactly, so that convergence is superlinear. Where a direction of negative curvature turns up,
    its absolute value is taken for the last step of the inner iteration. The Hessian is never
    formed.

    Notes
    -----
    Nocedal and Wright (2006), algorithm 7.1; Pearlmutter (1994) for the products.

    Examples
    --------
    >>> import torch
    >>> from steepest.directions import newton_cg
    >>> from steepest.state import Oracle, State
    >>> x, oracle = torch.tensor([5.0, 5.0]), Oracle(lambda x: x[0] ** 2 + x[1] ** 2)
    >>> newton_cg().update(State(x, *oracle.value_and_grad(x), oracle), None)[0]
    tensor([-5., -5.])
    """

    def update(state: State, carry: None) -> tuple[Tensor, None]:
        product = state.oracle.hvp_operator(state.x)
        d, r = torch.zeros_like(state.x), state.grad
        p = -r
        square = inner(r, r)
        goal = min(0.01, math.sqrt(square)) * square
        for k in range(2 * state.x.numel()):
            if square <= goal and k > 0:
                break
            turned = product(p)
            curvature = inner(p, turned)
            if curvature == 0:
                return (p if k == 0 else d), None
            # p leads downhill whatever its curvature is, and so does every sum of such steps.
            size = square / abs(curvature)
            d, r = torch.add(d, p, alpha=size), torch.add(r, turned, alpha=size)
            if curvature < 0:
                break
            square, before = inner(r, r), square
            p = (square / before) * p - r
        return d, None

    return Direction("Newton-CG", update, second_order=True)
