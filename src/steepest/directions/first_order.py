"""Directions from gradients: steepest descent and what improves on it."""

from collections.abc import Callable

import torch
from torch import Tensor

from steepest._numbers import fraction
from steepest.directions.direction import Direction, inner, memory_cycle
from steepest.state import State

__all__ = ["conjugate", "coordinate", "heavy_ball", "nesterov", "preconditioned", "steepest"]


def steepest() -> Direction:
    r"""Return the direction of steepest descent in the Euclidean norm, :math:`d = -\nabla f(x)`.

    Notes
    -----
    Which direction is steepest depends on the norm: see Boyd and Vandenberghe (2004), section 9.4.

    Examples
    --------
    >>> import torch
    >>> from steepest.directions import steepest
    >>> from steepest.state import Oracle, State
    >>> x, oracle = torch.tensor([3.0, -1.0]), Oracle(lambda x: (x**2).sum())
    >>> steepest().update(State(x, *oracle.value_and_grad(x), oracle), None)
    (tensor([-6.,  2.]), None)
    """
    return Direction("steepest descent", lambda state, carry: (-state.grad, carry), batches=True)


def heavy_ball(momentum: float) -> Direction:
    r"""Return Polyak's heavy-ball direction: :math:`v \leftarrow \beta v - \nabla f(x)`, d = v.

    Parameters
    ----------
    momentum
        The factor :math:`\beta`, with :math:`0 \le \beta < 1`. The carry is v, 0 at the start.

    Raises
    ------
    TypeError, ValueError
        `momentum` is not a number, or out of its range.

    Notes
    -----
    With a fixed step size :math:`\alpha` this is
    :math:`x_{k+1} = x_k - \alpha\nabla f(x_k) + \beta(x_k - x_{k-1})` (Polyak, 1964).

    Examples
    --------
    >>> import torch
    >>> from steepest.directions import heavy_ball
    >>> from steepest.state import Oracle, State
    >>> x, oracle = torch.tensor([1.0]), Oracle(lambda x: (x**2).sum())
    >>> d, v = heavy_ball(0.5).update(State(x, *oracle.value_and_grad(x), oracle), torch.ones(1))
    >>> d
    tensor([-1.5000])
    """
    beta = fraction(momentum, "heavy_ball", "momentum", zero=True)

    def update(state: State, velocity: Tensor | None) -> tuple[Tensor, Tensor]:
        v = -state.grad if velocity is None else beta * velocity - state.grad
        return v, v

    return Direction("heavy ball", update, memory_cycle(beta), fixed_step_only=True, batches=True)


def nesterov(momentum: float | None = None) -> Direction:
    r"""Return Nesterov's direction: the gradient where the momentum leads.

    .. math::

        y_k = x_k + \beta_k (x_k - x_{k-1}), \qquad x_{k+1} = y_k - \alpha \nabla f(y_k)

    As a direction at :math:`x_k`: :math:`v \leftarrow \beta_k v - \nabla f(y_k)`, d = v. So the
    history holds the :math:`x_k`, to which the bounds apply, at one more gradient each, the one at
    :math:`y_k`.

    Parameters
    ----------
    momentum
        A constant :math:`\beta`, with :math:`0 \le \beta < 1`. None takes the sequence
        :math:`\beta_k = (t_k - 1)/t_{k+1}` with :math:`t_1 = 1` and
        :math:`t_{k+1} = (1 + \sqrt{1 + 4 t_k^2})/2`. The carry is :math:`x_{k-1}`, v and t.

    Raises
    ------
    TypeError, ValueError
        `momentum` is not a number, or out of its range.

    Notes
    -----
    Nesterov (1983); with the sequence, :math:`f(x_k) - f^* \le 2L\|x_0 - x^*\|^2/(k+1)^2` for the
    step size 1/L on convex functions: Beck and Teboulle (2009), theorem 4.4.

    Examples
    --------
    >>> import torch
    >>> from steepest import methods, minimize
    >>> run = minimize(lambda x: x**2, torch.tensor(1.0), methods.nesterov(0.25, 0.5), max_iter=3)
    >>> run.history.x
    tensor([ 1.0000,  0.5000,  0.1250, -0.0312])
    """
    beta = None if momentum is None else fraction(momentum, "nesterov", "momentum", zero=True)

    def update(
        state: State, carry: tuple[Tensor, Tensor, float] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor, float]]:
        if carry is None:
            return -state.grad, (state.x, -state.grad, 1.0)
        x_old, velocity, t = carry
        t_next = (1 + (1 + 4 * t * t) ** 0.5) / 2
        factor = (t - 1) / t_next if beta is None else beta
        # where minimize_many compiles, t is a tensor and its value unknown
        if not isinstance(factor, Tensor) and factor == 0:
            gradient = state.grad
        else:
            ahead = state.x + factor * (state.x - x_old)
            gradient = state.oracle.value_and_grad(ahead)[1]
        v = factor * velocity - gradient
        return v, (state.x, v, t_next)

    # The sequence tends to 1; 0.99 is reached after 300 steps.
    cycle = memory_cycle(0.99 if beta is None else beta)
    return Direction("Nesterov", update, cycle, fixed_step_only=True, batches=True)


def coordinate() -> Direction:
    r"""Return the coordinate directions :math:`e_1, \dots, e_n, e_1, \dots` in turn.

    They know no sign: the step size has to look both ways, as
    :func:`steepest.step_sizes.exact` does. The carry is the index of the next coordinate.

    Notes
    -----
    See Wright (2015). On a function that is not differentiable it can stop where no single
    coordinate leads down.

    Examples
    --------
    >>> import torch
    >>> from steepest.directions import coordinate
    >>> from steepest.state import Oracle, State
    >>> x, oracle = torch.tensor([1.0, 1.0]), Oracle(lambda x: (x**2).sum())
    >>> coordinate().update(State(x, *oracle.value_and_grad(x), oracle), 1)
    (tensor([0., 1.]), 0)
    """

    def update(state: State, index: int | None) -> tuple[Tensor, int]:
        n, here = state.x.numel(), index or 0
        d = state.x.new_zeros(n)
        d[here : here + 1] = 1  # a slice, so that an empty x has an empty direction
        return d.reshape(state.x.shape), (here + 1) % max(n, 1)

    return Direction("coordinate", update, lambda x: max(x.numel(), 1))


def preconditioned(P: Tensor | Callable[[Tensor], Tensor]) -> Direction:
    r"""Return the preconditioned direction :math:`d = -P^{-1} \nabla f(x)`.

    It is the steepest one in the norm :math:`\sqrt{v^\top P v}`.

    Parameters
    ----------
    P
        Symmetric positive definite, of shape ``(n, n)`` for an x of n entries, in its dtype and on
        its device; or a function that takes a gradient and returns :math:`P^{-1}` times it.

    Raises
    ------
    TypeError, ValueError
        `P` is neither, or not square, symmetric, finite and positive definite; or, in the run, it
        does not fit x.

    Notes
    -----
    Boyd and Vandenberghe (2004), section 9.4.1.

    Examples
    --------
    >>> import torch
    >>> from steepest.directions import preconditioned
    >>> from steepest.state import Oracle, State
    >>> x, oracle = torch.tensor([1.0, 1.0]), Oracle(lambda x: x[0] ** 2 + 4 * x[1] ** 2)
    >>> state = State(x, *oracle.value_and_grad(x), oracle)
    >>> preconditioned(torch.diag(torch.tensor([2.0, 8.0]))).update(state, None)[0]
    tensor([-1., -1.])
    """
    inverse = P if callable(P) and not isinstance(P, Tensor) else _inverse_of(P)

    def update(state: State, carry: None) -> tuple[Tensor, None]:
        d = inverse(state.grad)
        if not isinstance(d, Tensor) or d.shape != state.x.shape:
            got = tuple(d.shape) if isinstance(d, Tensor) else type(d).__name__
            raise ValueError(
                f"preconditioned: P must map a gradient of shape {tuple(state.x.shape)} to one of "
                f"that shape, got {got}"
            )
        return -d, None

    return Direction("preconditioned", update)


def _inverse_of(P: object) -> Callable[[Tensor], Tensor]:
    """Return multiplication with the inverse of a positive definite matrix, factored once."""
    if not isinstance(P, Tensor) or not P.is_floating_point():
        got = P.dtype if isinstance(P, Tensor) else type(P).__name__
        raise TypeError(
            f"preconditioned: P must be a floating-point tensor or a function, got {got}"
        )
    if P.ndim != 2 or P.shape[0] != P.shape[1]:
        raise ValueError(
            f"preconditioned: P must be a square matrix, got shape {tuple(P.shape)}; "
            "for an x of n entries it has shape (n, n)"
        )
    if not torch.isfinite(P).all():
        raise ValueError("preconditioned: P must be finite, got NaN or infinity in it")
    if not torch.equal(P, P.T):
        raise ValueError("preconditioned: P must be symmetric; pass (P + P.T) / 2")
    factor, failed = torch.linalg.cholesky_ex(P.detach())
    if failed:
        smallest = float(torch.linalg.eigvalsh(P.detach())[0])
        raise ValueError(
            "preconditioned: P must be positive definite, got a smallest eigenvalue of "
            f"{smallest:g}"
        )

    def inverse(gradient: Tensor) -> Tensor:
        for what in ("dtype", "device"):
            mine, right = getattr(factor, what), getattr(gradient, what)
            if mine != right:
                raise ValueError(
                    f"preconditioned: P must have the {what} of x, {right}; got {mine}"
                )
        if gradient.numel() != len(factor):
            raise ValueError(
                f"preconditioned: P must have shape (n, n) with n = {gradient.numel()}, the number "
                f"of entries of x; got {tuple(factor.shape)}"
            )
        return torch.cholesky_solve(gradient.reshape(-1, 1), factor).reshape(gradient.shape)

    return inverse


def conjugate() -> Direction:
    r"""Return the conjugate-gradient direction :math:`d \leftarrow -g + \beta d`.

    .. math::

        \beta = \max\Bigl(0,\ \frac{g^\top y}{d^\top y}\Bigr), \qquad y = g - g_{\mathrm{old}}

    With exact steps on a quadratic in n variables it arrives after n steps, rounding apart. It
    starts anew with -g where d would not lead downhill, and where successive gradients are far from
    orthogonal, :math:`|g^\top g_{\mathrm{old}}| \ge 0.35\, g^\top g`. The carry is g and d.

    Notes
    -----
    Hestenes and Stiefel (1952), nonnegative, with the restart of Powell (1977): Nocedal and Wright
    (2006), section 5.2. Powell's bound is 0.2; where steps are not exact, a wider one
    costs fewer evaluations. After an exact step it is the rule of Polak and Ribière (1969).

    Examples
    --------
    >>> import torch
    >>> from steepest import methods, minimize
    >>> def f(x):
    ...     return x[0] ** 2 + 3 * x[1] ** 2
    >>> x0 = torch.ones(2, dtype=torch.float64)
    >>> minimize(f, x0, methods.conjugate_gradient(), tol=1e-12).nit
    2
    """

    def update(
        state: State, carry: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        g = state.grad
        d = -g
        if carry is not None:
            g_old, d_old = carry
            square, overlap = inner(g, g), inner(g, g_old)
            rise = inner(d_old, g - g_old)
            if abs(overlap) < 0.35 * square and rise > 0:
                candidate = max(0.0, (square - overlap) / rise) * d_old - g
                d = candidate if inner(g, candidate) < 0 else d
        return d, (g, d)

    return Direction("conjugate gradient", update)
