"""What a constrained run returns."""

from dataclasses import dataclass
from enum import Enum

from torch import Tensor

from steepest.constrained.kkt import KKTResiduals

__all__ = ["ConstrainedHistory", "ConstrainedResult", "ConstrainedStatus"]


class ConstrainedStatus(Enum):
    """How a constrained run ended. ``status.value`` says what that means and what to do next.

    Examples
    --------
    >>> from steepest.constrained import ConstrainedStatus
    >>> ConstrainedStatus.CONVERGED.value
    'All residuals of the KKT conditions are at most tol.'
    """

    CONVERGED = "All residuals of the KKT conditions are at most tol."
    INFEASIBLE = (
        "The constraints seem inconsistent: x is stationary for their violation and does not "
        "satisfy them. Look for constraints that contradict each other, or start elsewhere."
    )
    PENALTY_LIMIT = (
        "The penalty reached its limit before the constraints were met to tol. "
        "Scale the constraints, try another start or method, or a larger tol. Multipliers that "
        "grow without bound mean that no constraint qualification holds."
    )
    ITERATIONS_DONE = (
        "All outer iterations asked for are done. Raise max_iter or max_inner, or look at "
        "history: residuals that no longer fall have reached what the dtype or the method can do."
    )
    DIVERGED = (
        "The augmented Lagrangian has no minimum that the method found, whatever the penalty: the "
        "iterates ran away. Bound x by a constraint of its own, or start closer to the solution."
    )


@dataclass(frozen=True)
class ConstrainedHistory:
    """The outer iterations, the start included.

    Attributes
    ----------
    x
        The points, of shape ``(nit + 1, *x.shape)``.
    fun, feasibility
        Value and violation there, of shape ``(nit + 1,)``.
    stationarity
        The norm of the Lagrangian's gradient after each outer iteration, of shape ``(nit,)``.
    penalty
        The penalty parameter of each, of shape ``(nit,)``.

    Examples
    --------
    >>> import torch
    >>> from steepest.constrained import augmented_lagrangian
    >>> x0 = torch.tensor(3.0, dtype=torch.float64)
    >>> run = augmented_lagrangian(lambda x: x**2, x0, inequalities=lambda x: 1 - x)
    >>> run.history.feasibility[0], run.history.x.shape == (run.nit + 1,)
    (tensor(0., dtype=torch.float64), True)
    """

    x: Tensor
    fun: Tensor
    feasibility: Tensor
    stationarity: Tensor
    penalty: Tensor


@dataclass(frozen=True)
class ConstrainedResult:
    r"""The outcome of :func:`augmented_lagrangian`.

    Attributes
    ----------
    x, fun
        The last point, and the value of f there.
    lam, mu
        The multipliers of h(x) = 0 and :math:`g(x) \le 0`; None where there is no such constraint.
    residuals
        By how much x and the multipliers miss the KKT conditions.
    nit, nfev
        Outer iterations, and evaluations of f in all.
    success
        True where ``status`` is ``CONVERGED``.
    status, message
        How the run ended, and what to do next.
    history
        The outer iterations.

    Examples
    --------
    >>> import torch
    >>> from steepest.constrained import augmented_lagrangian
    >>> x0 = torch.tensor(3.0, dtype=torch.float64)
    >>> run = augmented_lagrangian(lambda x: x**2, x0, inequalities=lambda x: 1 - x)
    >>> f"x = {run.x:.6f}, mu = {run.mu:.6f}, {run.message}"
    'x = 1.000000, mu = 2.000000, All residuals of the KKT conditions are at most tol.'
    """

    x: Tensor
    fun: Tensor
    lam: Tensor | None
    mu: Tensor | None
    residuals: KKTResiduals
    nit: int
    nfev: int
    success: bool
    status: ConstrainedStatus
    message: str
    history: ConstrainedHistory
