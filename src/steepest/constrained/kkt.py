"""The Karush-Kuhn-Tucker conditions, measured."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from steepest._numbers import positive
from steepest.constrained._constraints import Constraint, checked
from steepest.derivatives import _arguments as arguments

__all__ = ["KKTResiduals", "kkt_residuals"]


@dataclass(frozen=True)
class KKTResiduals:
    r"""By how much a point and its multipliers miss the KKT conditions; all are 0 where they hold.

    Attributes
    ----------
    stationarity
        :math:`\|\nabla f(x) + Dh(x)^\top \lambda + Dg(x)^\top \mu\|_2`, of shape ``()`` as all
        four.
    feasibility
        :math:`\|(h(x), \max(g(x), 0))\|_2`.
    complementarity
        :math:`\|(\mu_i\, g_i(x))_i\|_2`.
    sign
        :math:`\|\min(\mu, 0)\|_2`.
    lam, mu
        The multipliers, of the shapes of h(x) and g(x); None where there is no such constraint.

    Examples
    --------
    >>> import torch
    >>> from steepest.constrained import kkt_residuals
    >>> residuals = kkt_residuals(
    ...     lambda x: -x, torch.tensor(1.0), inequalities=lambda x: x - 1, mu=torch.tensor(-1.0)
    ... )
    >>> residuals.stationarity, residuals.sign, residuals.largest
    (tensor(2.), tensor(1.), tensor(2.))
    """

    stationarity: Tensor
    feasibility: Tensor
    complementarity: Tensor
    sign: Tensor
    lam: Tensor | None
    mu: Tensor | None

    @property
    def largest(self) -> Tensor:
        """The largest of the four."""
        four = [self.stationarity, self.feasibility, self.complementarity, self.sign]
        return torch.stack(four).max()


def kkt_residuals(
    fun: Callable[[Tensor], Tensor],
    x: Tensor,
    *,
    equalities: Callable[[Tensor], Tensor] | None = None,
    inequalities: Callable[[Tensor], Tensor] | None = None,
    lam: Tensor | None = None,
    mu: Tensor | None = None,
    active_tol: float | None = None,
) -> KKTResiduals:
    r"""Measure by how much a point misses the Karush-Kuhn-Tucker conditions.

    For min f(x) subject to :math:`h(x) = 0` and :math:`g(x) \le 0`, with the Lagrangian
    :math:`L = f + \lambda^\top h + \mu^\top g`, they are

    .. math::

        \nabla_x L(x, \lambda, \mu) = 0, \quad h(x) = 0, \quad g(x) \le 0, \quad \mu \ge 0,
        \quad \mu_i\, g_i(x) = 0.

    They are *necessary* for a local minimum only under a constraint qualification, such as linear
    independence of the active constraints' gradients (LICQ), and *sufficient* for a global one
    where f and g are convex and h is affine.

    Parameters
    ----------
    fun
        f: takes x, returns a tensor of shape ``()``.
    x
        The point: floating point, any shape.
    equalities, inequalities
        h and g: take x, return tensors of shape ``(m,)`` or ``()``. None where there are none.
    lam, mu
        The multipliers, of the shapes of h(x) and g(x). Give those of all constraints, or none:
        they are then estimated, by least squares on the stationarity over the equalities and the
        active inequalities, with 0 for the others. The estimate does not mind the sign of mu: a
        negative one shows in the residual `sign`.
    active_tol
        For the estimate, :math:`g_i` is active where :math:`g_i(x) \ge -` `active_tol`. None takes
        the square root of the rounding unit: 1.5e-8 in float64, 3.5e-4 in float32.

    Returns
    -------
    KKTResiduals
        Four norms, and the multipliers.

    Raises
    ------
    TypeError, ValueError
        An argument is wrong, or multipliers are to be estimated where the gradients of the active
        constraints are linearly dependent, so that they are not unique or do not exist.

    Notes
    -----
    Boyd and Vandenberghe (2004), section 5.5.3, with the same signs. Nocedal and Wright (2006),
    chapter 12, subtract the products and ask for :math:`c \ge 0`: with :math:`g = -c` the
    multipliers of inequalities are the same, those of equalities the negatives. Programs differ,
    too. SciPy 1.17, observed: the ``multipliers`` of SLSQP are :math:`-\lambda` for ``eq``, and
    :math:`+\mu` for ``ineq``, which it states as :math:`-g \ge 0`; the ``v`` of trust-constr is
    :math:`+\lambda`, and :math:`+\mu` for :math:`g \le 0` but :math:`-\mu` for :math:`-g \ge 0`.

    Examples
    --------
    The smallest value of a quadratic form on the unit circle: :math:`\nabla f = 2Ax` balances
    :math:`\lambda \nabla h = 2\lambda x`, so the multiplier is minus the eigenvalue.

    >>> import torch
    >>> from steepest.constrained import kkt_residuals
    >>> A = torch.tensor([[2.0, 1.0], [1.0, 3.0]], dtype=torch.float64)
    >>> x = torch.linalg.eigh(A).eigenvectors[:, 0]
    >>> residuals = kkt_residuals(lambda x: x @ A @ x, x, equalities=lambda x: x @ x - 1)
    >>> f"{residuals.lam:.6f}", bool(residuals.largest < 1e-14)
    ('-1.381966', True)
    """
    caller = "kkt_residuals"
    arguments.function(fun, caller)
    point = arguments.point(x, caller)
    leaf = point.detach().requires_grad_()
    gradient = arguments.pull_back(arguments.record_scalar(fun, leaf, caller), leaf, None, caller)
    h = checked(equalities, point, caller, "equalities")
    g = checked(inequalities, point, caller, "inequalities")
    given = [
        _given(what, constraint, caller, *names)
        for what, constraint, names in (
            (lam, h, ("lam", "equalities")),
            (mu, g, ("mu", "inequalities")),
        )
    ]
    constrained = [c.fun is not None for c in (h, g)]
    if [m is not None for m in given] == constrained:
        lagrange = [c.value if m is None else m for m, c in zip(given, (h, g), strict=True)]
    elif any(m is not None for m in given):
        raise ValueError(
            f"{caller}: give both lam and mu, or neither to have them estimated, got only "
            f"{'lam' if given[1] is None else 'mu'}"
        )
    else:
        eps = torch.finfo(point.dtype).eps
        slack = math.sqrt(eps) if active_tol is None else positive(active_tol, caller, "active_tol")
        lagrange = _estimated(gradient, h, g, slack)
    return residuals_of(gradient, h, g, lagrange[0], lagrange[1])


def residuals_of(
    gradient: Tensor, h: Constraint, g: Constraint, lam: Tensor, mu: Tensor
) -> KKTResiduals:
    """Return the residuals where the gradient of f and the constraints are known."""
    norm = torch.linalg.vector_norm
    return KKTResiduals(
        stationarity=norm(gradient + h.pull_back(lam) + g.pull_back(mu)),
        feasibility=violation(h, g),
        complementarity=norm(mu * g.value),
        sign=norm(mu.clamp(max=0)),
        lam=None if h.fun is None else lam,
        mu=None if g.fun is None else mu,
    )


def violation(h: Constraint, g: Constraint) -> Tensor:
    """Return the Euclidean norm of all that is missing to feasibility."""
    missing: Tensor = torch.linalg.vector_norm(
        torch.cat([h.value.reshape(-1), g.value.reshape(-1).clamp(min=0)])
    )
    return missing


def _given(
    multipliers: object, constraint: Constraint, caller: str, name: str, constraint_name: str
) -> Tensor | None:
    if multipliers is None:
        return None
    if constraint.fun is None:
        raise ValueError(f"{caller}: {name} belongs to {constraint_name}, and none are given")
    return arguments.like(multipliers, constraint.value, caller, name, f"{constraint_name}(x)")


def _estimated(gradient: Tensor, h: Constraint, g: Constraint, slack: float) -> list[Tensor]:
    """Return the multipliers that make the gradient of the Lagrangian smallest."""
    active = g.value.reshape(-1) >= -slack
    rows = torch.cat([h.rows(), g.rows()[active]])
    found = rows.new_zeros(len(rows))
    if len(rows):
        # Each row to length 1, so that how a constraint is scaled does not decide its rank.
        lengths = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
        unit = torch.where(lengths > 0, rows / lengths, rows)
        rank = int(torch.linalg.matrix_rank(unit))
        if rank < len(rows):
            raise ValueError(
                f"kkt_residuals: the gradients of the {len(rows)} active constraints have rank "
                f"{rank}, so LICQ fails at x and its multipliers are not unique, or do not exist; "
                "pass lam and mu to measure some"
            )
        against = -gradient.reshape(-1, 1)
        solution = torch.linalg.lstsq(unit.T, against, driver="gels").solution
        found = solution.reshape(-1) / lengths.reshape(-1)
    lam, active_mu = found[: h.value.numel()], found[h.value.numel() :]
    mu = torch.zeros_like(g.value).reshape(-1)
    mu[active] = active_mu
    return [lam.reshape(h.value.shape), mu.reshape(g.value.shape)]
