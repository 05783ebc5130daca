r"""Minimization under constraints, and of sums with one term that has no gradient.

A proximal or projected gradient is a method for :func:`~steepest.loop.minimize`; a change of
variables makes a constraint disappear; an augmented Lagrangian makes a sequence of problems without
constraints; and the residuals of the Karush-Kuhn-Tucker conditions say how well any of them did.
One sign convention holds throughout:

.. math::

    L(x, \lambda, \mu) = f(x) + \lambda^\top h(x) + \mu^\top g(x),
    \qquad h(x) = 0,\quad g(x) \le 0,\quad \mu \ge 0
"""

from steepest.constrained.kkt import KKTResiduals, kkt_residuals
from steepest.constrained.lagrangian import augmented_lagrangian
from steepest.constrained.maps import circle, positive, reparametrize, simplex
from steepest.constrained.outcome import (
    ConstrainedHistory,
    ConstrainedResult,
    ConstrainedStatus,
)
from steepest.constrained.penalties import (
    Penalty,
    Projectable,
    group_l2,
    indicator,
    l1,
    nuclear,
    squared_l2,
)
from steepest.constrained.proximal import fista, projected_gradient, proximal_gradient

__all__ = [
    "ConstrainedHistory",
    "ConstrainedResult",
    "ConstrainedStatus",
    "KKTResiduals",
    "Penalty",
    "Projectable",
    "augmented_lagrangian",
    "circle",
    "fista",
    "group_l2",
    "indicator",
    "kkt_residuals",
    "l1",
    "nuclear",
    "positive",
    "projected_gradient",
    "proximal_gradient",
    "reparametrize",
    "simplex",
    "squared_l2",
]
