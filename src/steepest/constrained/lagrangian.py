"""The augmented Lagrangian: constraints into a sequence of problems without."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from steepest._numbers import count, positive
from steepest.constrained._constraints import Constraint, checked
from steepest.constrained.kkt import KKTResiduals, residuals_of, violation
from steepest.constrained.outcome import (
    ConstrainedHistory,
    ConstrainedResult,
    ConstrainedStatus,
)
from steepest.derivatives import _arguments as arguments
from steepest.loop import minimize
from steepest.methods import Method, lbfgs
from steepest.result import Status

__all__ = ["augmented_lagrangian"]

# The penalty grows by GROWTH unless the violation shrinks to this share of what it was.
SHRINK, GROWTH = 0.25, 10.0


def augmented_lagrangian(
    fun: Callable[[Tensor], Tensor],
    x0: Tensor,
    *,
    equalities: Callable[[Tensor], Tensor] | None = None,
    inequalities: Callable[[Tensor], Tensor] | None = None,
    method: Method | None = None,
    penalty: float = 10.0,
    max_iter: int = 50,
    max_inner: int = 1000,
    tol: float = 1e-6,
) -> ConstrainedResult:
    r"""Minimize f(x) subject to h(x) = 0 and g(x) ≤ 0 by the method of multipliers.

    Each outer iteration minimizes, by :func:`~steepest.loop.minimize` and without constraints,

    .. math::

        L_\rho(x) = f(x) + \lambda^\top h(x) + \frac{\rho}{2}\|h(x)\|_2^2
        + \frac{1}{2\rho} \sum_i \bigl(\max(0,\ \mu_i + \rho\, g_i(x))^2 - \mu_i^2\bigr)

    and then, where the violation has shrunk to a quarter, moves the multipliers,

    .. math:: \lambda \leftarrow \lambda + \rho\, h(x), \qquad
        \mu \leftarrow \max(0,\ \mu + \rho\, g(x)),

    else makes the penalty :math:`\rho` ten times as large. Because the multipliers do the work,
    :math:`\rho` need not go to infinity, as it must in the plain penalty method.

    Parameters
    ----------
    fun
        f: takes x, returns a tensor of shape ``()``.
    x0
        The start: floating point, any shape, feasible or not. Its dtype and device stay.
    equalities, inequalities
        h and g: take x, return tensors of shape ``(m,)`` or ``()``; at least one of them.
    method
        For the inner problems; None takes :func:`~steepest.methods.lbfgs`. :math:`L_\rho` has one
        continuous derivative where f, g and h have, and its second one jumps where a constraint
        becomes active.
    penalty
        The first :math:`\rho`, positive. Its limit is 10 over the square root of the rounding unit:
        6.7e8 in float64.
    max_iter, max_inner
        How many outer iterations at the most, and how many iterations of `method` in each.
    tol
        Stop where all residuals of the KKT conditions are at most `tol`, positive. Inner problems
        are solved the more exactly the longer the run: to a gradient of
        :math:`\max(\mathrm{tol}/2,\ 10^{-k})` in outer iteration k.

    Returns
    -------
    ConstrainedResult
        The last point, its multipliers, the residuals, and how the run ended. Constraints that
        contradict each other end it with the status ``INFEASIBLE``.

    Raises
    ------
    TypeError, ValueError
        An argument is wrong: the message says what was given and what would be right.

    Notes
    -----
    Nocedal and Wright (2006), framework 17.3, with the signs of this room; the inequalities after
    Rockafellar (1973). Each inner problem may end in a local minimum, and so may the whole. Where
    no constraint qualification holds there may be no multipliers: those found then grow without
    bound as x approaches the minimum.

    Examples
    --------
    >>> import torch
    >>> from steepest.constrained import augmented_lagrangian
    >>> A = torch.tensor([[2.0, 1.0], [1.0, 3.0]], dtype=torch.float64)
    >>> x0 = torch.tensor([1.0, 0.0], dtype=torch.float64)
    >>> run = augmented_lagrangian(lambda x: x @ A @ x, x0, equalities=lambda x: x @ x - 1)
    >>> run.success, f"{run.fun:.6f}", f"{run.lam:.5f}"
    (True, '1.381966', '-1.38197')
    """
    caller = "augmented_lagrangian"
    start = _start(x0, caller)
    arguments.function(fun, caller)
    problem = _Problem(fun, equalities, inequalities)
    if equalities is None and inequalities is None:
        raise ValueError(f"{caller}: give equalities, inequalities or both; for neither, minimize")
    if method is not None and not isinstance(method, Method):
        raise TypeError(
            f"{caller}: method must be a Method or None, got {type(method).__name__}; "
            "for example steepest.methods.bfgs()"
        )
    rho, goal = positive(penalty, caller, "penalty"), positive(tol, caller, "tol")
    count(max_iter, caller, "max_iter")
    count(max_inner, caller, "max_inner")
    limit = 10 / math.sqrt(torch.finfo(start.dtype).eps)
    here = problem.at(start)
    if not all(bool(v.isfinite().all()) for v in (here.fun, here.gradient, *here.values)):
        raise ValueError(
            f"{caller}: fun, its gradient or a constraint is not finite at x0; start where all are "
            "defined"
        )
    lam, mu = torch.zeros_like(here.h.value), torch.zeros_like(here.g.value)
    way = [(here, here.residuals(lam, mu))]
    penalties: list[float] = []
    nfev, best, status = 1, math.inf, ConstrainedStatus.ITERATIONS_DONE
    while len(penalties) < max_iter:
        run = minimize(
            problem.augmented(lam, mu, rho),
            here.x,
            method or lbfgs(),
            max_iter=max_inner,
            tol=max(goal / 2, 10.0 ** -(len(penalties) + 1)),
            history=False,
        )
        nfev += run.nfev + 1
        penalties.append(rho)
        there = problem.at(run.x)
        # Without a minimum to find, a search ends far away: from there, nothing comes back.
        found = run.status in (Status.CONVERGED, Status.ITERATIONS_DONE)
        usable = found or (run.status is not Status.DIVERGED and there.over <= here.over)
        new_lam, new_mu, missing = lam, mu, math.inf
        if usable:
            here = there
            new_lam, new_mu = lam + rho * here.h.value, (mu + rho * here.g.value).clamp(min=0)
            missing = here.shortfall(mu, rho)
        way.append((here, here.residuals(new_lam, new_mu)))
        if float(way[-1][1].largest) <= goal:
            status = ConstrainedStatus.CONVERGED
            break
        if usable and missing <= max(SHRINK * best, goal):
            lam, mu, best = new_lam, new_mu, missing
        elif rho * GROWTH <= limit:
            rho *= GROWTH
        else:
            status = here.verdict() if usable else ConstrainedStatus.DIVERGED
            break
    return _result(way, penalties, nfev, status)


@dataclass(frozen=True)
class _Point:
    """The problem at x: value and gradient of f, and the constraints."""

    x: Tensor
    fun: Tensor
    gradient: Tensor
    h: Constraint
    g: Constraint

    @property
    def values(self) -> tuple[Tensor, Tensor]:
        return self.h.value, self.g.value

    @property
    def over(self) -> float:
        """Return the violation."""
        return float(violation(self.h, self.g))

    def residuals(self, lam: Tensor, mu: Tensor) -> KKTResiduals:
        return residuals_of(self.gradient, self.h, self.g, lam, mu)

    def shortfall(self, mu: Tensor, rho: float) -> float:
        """Return the violation, with that of complementarity: slack goes with no multiplier."""
        slack = torch.maximum(self.g.value, -mu / rho)
        both = torch.cat([self.h.value.reshape(-1), slack.reshape(-1)])
        return float(torch.linalg.vector_norm(both))

    def verdict(self) -> ConstrainedStatus:
        """Say why a violation did not go away: it cannot shrink to first order, or it could."""
        h, g = self.values
        slope = self.h.pull_back(h) + self.g.pull_back(g.clamp(min=0))
        if float(torch.linalg.vector_norm(slope)) <= 1e-4 * self.over:
            return ConstrainedStatus.INFEASIBLE
        return ConstrainedStatus.PENALTY_LIMIT


@dataclass(frozen=True)
class _Problem:
    fun: Callable[[Tensor], Tensor]
    equalities: Callable[[Tensor], Tensor] | None
    inequalities: Callable[[Tensor], Tensor] | None

    def at(self, x: Tensor) -> _Point:
        caller = "augmented_lagrangian"
        leaf = x.detach().requires_grad_()
        value = arguments.record_scalar(self.fun, leaf, caller)
        return _Point(
            x,
            value.detach(),
            arguments.pull_back(value, leaf, None, caller),
            checked(self.equalities, x, caller, "equalities"),
            checked(self.inequalities, x, caller, "inequalities"),
        )

    def augmented(self, lam: Tensor, mu: Tensor, rho: float) -> Callable[[Tensor], Tensor]:
        def value(x: Tensor) -> Tensor:
            total = self.fun(x)
            if self.equalities is not None:
                h = self.equalities(x)
                total = total + (lam * h).sum() + rho / 2 * (h * h).sum()
            if self.inequalities is not None:
                pressed = (mu + rho * self.inequalities(x)).clamp(min=0)
                total = total + ((pressed**2 - mu**2) / (2 * rho)).sum()
            return total

        return value


def _start(x0: object, caller: str) -> Tensor:
    if not isinstance(x0, Tensor) or not x0.is_floating_point():
        got = x0.dtype if isinstance(x0, Tensor) else type(x0).__name__
        raise TypeError(
            f"{caller}: x0 must be a floating-point tensor, got {got}; "
            "write torch.tensor(..., dtype=torch.float64)"
        )
    if not bool(torch.isfinite(x0).all()):
        raise ValueError(f"{caller}: x0 must be finite, got NaN or infinity in it")
    return x0.detach().clone()


def _result(
    way: list[tuple[_Point, KKTResiduals]],
    penalties: list[float],
    nfev: int,
    status: ConstrainedStatus,
) -> ConstrainedResult:
    last, residuals = way[-1]
    history = ConstrainedHistory(
        x=torch.stack([point.x for point, _ in way]),
        fun=torch.stack([point.fun for point, _ in way]),
        feasibility=torch.stack([r.feasibility for _, r in way]),
        stationarity=torch.stack([r.stationarity for _, r in way[1:]]),
        penalty=torch.tensor(penalties, dtype=last.x.dtype, device=last.x.device),
    )
    detail = ""
    if status is not ConstrainedStatus.CONVERGED:
        detail = f" The violation is {float(residuals.feasibility):.3g}."
    return ConstrainedResult(
        x=last.x,
        fun=last.fun,
        lam=residuals.lam,
        mu=residuals.mu,
        residuals=residuals,
        nit=len(penalties),
        nfev=nfev,
        success=status is ConstrainedStatus.CONVERGED,
        status=status,
        message=status.value + detail,
        history=history,
    )
