"""Proximal gradient methods: a smooth function plus one known by its proximal map."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from steepest import step_sizes
from steepest._numbers import positive
from steepest.constrained.penalties import Penalty, Projectable, indicator, projection_of
from steepest.directions import Direction, nesterov
from steepest.methods import Method
from steepest.state import State

__all__ = ["fista", "projected_gradient", "proximal_gradient"]


def proximal_gradient(lr: float, penalty: Penalty) -> Method:
    r"""Return the proximal gradient method for :math:`F = f + g`, f smooth, g any penalty.

    .. math::

        x_{k+1} = \operatorname{prox}_{\mathrm{lr}\, g}\bigl(x_k - \mathrm{lr}\,\nabla f(x_k)\bigr)

    On a lasso, with g a multiple of the sum norm, it is known as ISTA. As a direction it is
    :math:`d_k = x_{k+1} - x_k`, for step size 1.

    Parameters
    ----------
    lr
        The step size, positive: at most 1/L where :math:`\nabla f` is L-Lipschitz.
    penalty
        The other term: :func:`l1`, :func:`squared_l2`, :func:`group_l2`, :func:`nuclear`,
        :func:`indicator`, or a :class:`Penalty` of your own.

    Returns
    -------
    Method
        For :func:`~steepest.loop.minimize`, which is given f alone: ``run.fun`` and
        ``history.fun`` are values of f, and F is ``run.fun + penalty.value(run.x)``.

    Raises
    ------
    TypeError, ValueError
        `lr` is not a positive number, or `penalty` is none; in the run, `prox` returns something
        that does not fit x.

    Notes
    -----
    At a solution the gradient of f need not vanish. What does is the *gradient mapping*

    .. math::

        G(x) = \frac{1}{\mathrm{lr}}
        \Bigl(x - \operatorname{prox}_{\mathrm{lr}\, g}
        \bigl(x - \mathrm{lr}\,\nabla f(x)\bigr)\Bigr),

    so its norm is what `tol` tests and what ``history.grad_norm`` holds, at the price of a second
    proximal map a step. For convex f and g and lr = 1/L,
    :math:`F(x_k) - F^* \le L\,\|x_0 - x^*\|_2^2/(2k)`: Beck and Teboulle (2009), section 3.

    Examples
    --------
    The lasso :math:`\tfrac12\|x - b\|^2 + \|x\|_1` is solved by soft-thresholding b:

    >>> import torch
    >>> from steepest import constrained, minimize
    >>> b = torch.tensor([3.0, -0.5])
    >>> method = constrained.proximal_gradient(0.5, constrained.l1(1.0))
    >>> run = minimize(lambda x: ((x - b) ** 2).sum() / 2, torch.zeros(2), method, tol=1e-5)
    >>> run.success, run.x
    (True, tensor([2.0000, 0.0000]))
    """
    size, prox = _parts(lr, penalty, "proximal_gradient")
    return _method(size, prox, "proximal gradient")


def projected_gradient(lr: float, set: Projectable) -> Method:
    r"""Return the projected gradient method: a gradient step, then the nearest point of a set.

    .. math:: x_{k+1} = P_C\bigl(x_k - \mathrm{lr}\,\nabla f(x_k)\bigr)

    It is :func:`proximal_gradient` with the :func:`indicator` of C, and stops by the same gradient
    mapping. A start outside C is not projected first: the history begins where it is told to, f has
    to be defined there, and the first step leads into C. The iterates are in C up to rounding.

    Parameters
    ----------
    lr
        The step size, positive: at most 1/L where :math:`\nabla f` is L-Lipschitz.
    set
        Anything with a method ``project(x)``, such as the sets of ``steepest.convexity``.

    Raises
    ------
    TypeError, ValueError
        `lr` is not a positive number, or `set` has no projection; in the run, the projection
        returns something that does not fit x.

    Notes
    -----
    Goldstein (1964); Levitin and Polyak (1966). The theory wants a convex C. Any set with a
    projection is taken, though: on the circle below it is the normalisation, the set is not convex,
    and the point found is stationary, not more.

    Examples
    --------
    The smallest value of a quadratic form on the unit circle is its smallest eigenvalue:

    >>> import torch
    >>> from steepest import constrained, minimize
    >>> class Circle:
    ...     def project(self, x):
    ...         return x / torch.linalg.vector_norm(x)
    >>> A = torch.tensor([[2.0, 1.0], [1.0, 3.0]], dtype=torch.float64)
    >>> x0 = torch.tensor([1.0, 0.0], dtype=torch.float64)
    >>> method = constrained.projected_gradient(0.1, Circle())
    >>> run = minimize(lambda x: x @ A @ x, x0, method, max_iter=200, tol=1e-9)
    >>> run.success, f"{run.fun:.6f}"
    (True, '1.381966')
    """
    projection_of(set, "projected_gradient")
    size, prox = _parts(lr, indicator(set), "projected_gradient")
    return _method(size, prox, "projected gradient")


def fista(lr: float, penalty: Penalty) -> Method:
    r"""Return the accelerated proximal gradient method, FISTA.

    .. math::

        y_k = x_k + \frac{t_k - 1}{t_{k+1}} (x_k - x_{k-1}), \qquad
        x_{k+1} = \operatorname{prox}_{\mathrm{lr}\, g}\bigl(y_k - \mathrm{lr}\,\nabla f(y_k)\bigr)

    with :math:`t_1 = 1` and :math:`t_{k+1} = (1 + \sqrt{1 + 4 t_k^2})/2`. As with
    :func:`~steepest.methods.nesterov`, the history holds the :math:`x_k`, to which the bound
    applies, and a step takes two evaluations, at :math:`y_k` and at :math:`x_{k+1}`. f must be
    defined at :math:`y_k`, which may lie outside a set that all :math:`x_k` are in.

    Parameters
    ----------
    lr, penalty
        As for :func:`proximal_gradient`.

    Raises
    ------
    TypeError, ValueError
        As for :func:`proximal_gradient`.

    Notes
    -----
    Beck and Teboulle (2009), section 4. For convex f and g and lr = 1/L,
    :math:`F(x_k) - F^* \le 2 L\,\|x_0 - x^*\|_2^2/(k+1)^2`: theorem 4.4. The values need not fall
    at every step. `tol` tests the gradient mapping at :math:`x_k`.

    Examples
    --------
    >>> import torch
    >>> from steepest import constrained, minimize
    >>> weights, b = torch.tensor([1.0, 0.01]), torch.tensor([3.0, 2.0])
    >>> def f(x):
    ...     return (weights * (x - b) ** 2).sum() / 2
    >>> penalty = constrained.l1(0.001)
    >>> slow = minimize(f, torch.zeros(2), constrained.proximal_gradient(1.0, penalty))
    >>> fast = minimize(f, torch.zeros(2), constrained.fista(1.0, penalty))
    >>> f"{slow.x[1]:.2f}, {fast.x[1]:.2f}, minimiser 1.90"
    '1.20, 1.90, minimiser 1.90'
    """
    size, prox = _parts(lr, penalty, "fista")

    def update(
        state: State, carry: tuple[Tensor, float] | None
    ) -> tuple[Tensor, tuple[Tensor, float]]:
        x_old, t = (state.x, 1.0) if carry is None else carry
        t_next = 1.0 if carry is None else (1 + math.sqrt(1 + 4 * t * t)) / 2
        factor = (t - 1) / t_next
        if factor == 0:
            ahead, gradient = state.x, state.grad
        else:
            ahead = state.x + factor * (state.x - x_old)
            gradient = state.oracle.value_and_grad(ahead)[1]
        return prox(ahead - size * gradient) - state.x, (state.x, t_next)

    return _method(size, prox, "FISTA", update, nesterov().cycle)


_Prox = Callable[[Tensor], Tensor]


def _method(
    size: float,
    prox: _Prox,
    name: str,
    update: Callable[[State, Any], tuple[Tensor, Any]] | None = None,
    cycle: Callable[[Tensor], int] = lambda x: 1,
) -> Method:
    def arrival(state: State) -> Tensor:
        return prox(state.x - size * state.grad)

    def plain(state: State, carry: Any) -> tuple[Tensor, Any]:
        return arrival(state) - state.x, carry

    direction = Direction(
        name,
        update or plain,
        cycle,
        fixed_step_only=True,
        remark=lambda carry: "The gradient here is the gradient mapping.",
        stationarity=lambda state: (state.x - arrival(state)) / size,
    )
    return Method(direction, step_sizes.fixed(1.0), name)


def _parts(lr: object, penalty: object, caller: str) -> tuple[float, _Prox]:
    """Return the step size and the proximal map for it, guarded."""
    size = positive(lr, caller, "lr")
    if not isinstance(penalty, Penalty):
        hint = "indicator(set)" if hasattr(penalty, "project") else "constrained.l1(0.1)"
        raise TypeError(
            f"{caller}: penalty must be a Penalty, got {type(penalty).__name__}; write {hint}, or "
            "Penalty(name, value, prox)"
        )

    def prox(x: Tensor) -> Tensor:
        # A projection would hide that the run diverged: the nearest point to infinity may be near.
        if not math.isfinite(x.sum()) and not bool(torch.isfinite(x).all()):
            return torch.full_like(x, math.nan)
        z = penalty.prox(x, size)
        if not isinstance(z, Tensor):
            raise TypeError(
                f"{caller}: prox of the {penalty.name} must return a tensor, got {type(z).__name__}"
            )
        for what in ("shape", "dtype", "device"):
            mine, right = getattr(z, what), getattr(x, what)
            if mine != right:
                if what == "shape":
                    mine, right = tuple(mine), tuple(right)
                raise ValueError(
                    f"{caller}: prox of the {penalty.name} must return a tensor of the {what} of "
                    f"x, {right}; got {mine}"
                )
        return z.detach()

    return size, prox
