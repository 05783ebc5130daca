"""What a run returns: the last point, the way there, and a sentence on how it ended."""

from dataclasses import dataclass
from enum import Enum

from torch import Tensor

from steepest.state import State

__all__ = ["History", "Result", "Status"]


class Status(Enum):
    """How a run ended. ``status.value`` says what that means and what to do next.

    Examples
    --------
    >>> from steepest.result import Status
    >>> Status.CONVERGED.value
    'The norm of the gradient is at most tol.'
    """

    CONVERGED = "The norm of the gradient is at most tol."
    ITERATIONS_DONE = (
        "All iterations asked for are done. To go on, pass state=result.state, or raise max_iter."
    )
    DIVERGED = (
        "A value, gradient or iterate stopped being finite; x is the last finite iterate. "
        "Try a smaller step size, or a start where the function is defined; or the function has no "
        "lower bound."
    )
    STALLED = (
        "The steps became too small to change x in its dtype. "
        "Try torch.float64, or accept x as the best that this dtype holds."
    )
    NO_DIRECTION = "The method has no direction here; x is the last iterate."
    LINE_SEARCH_FAILED = (
        "The line search found no acceptable step. "
        "Check the gradient (check_gradient), or whether the function is smooth here."
    )
    STOPPED = "The callback asked to stop. To go on, pass state=result.state."


@dataclass(frozen=True)
class History:
    """The way of a run, start included.

    Attributes
    ----------
    x
        The iterates, of shape ``(nit + 1, *x.shape)``.
    fun, grad_norm
        The values and the Euclidean norms of the gradients there, of shape ``(nit + 1,)``; of what
        takes the gradient's place, where the direction says so.
    step_size
        The step sizes used, of shape ``(nit,)``.

    Examples
    --------
    >>> import torch
    >>> from steepest import methods, minimize
    >>> method = methods.gradient_descent(lr=0.25)
    >>> minimize(lambda x: x**2, torch.tensor(1.0), method, max_iter=2).history.x
    tensor([1.0000, 0.5000, 0.2500])
    """

    x: Tensor
    fun: Tensor
    grad_norm: Tensor
    step_size: Tensor


@dataclass(frozen=True)
class Result:
    """The outcome of :func:`~steepest.loop.minimize`.

    Attributes
    ----------
    x, fun, grad
        The last point, the value and the gradient there.
    nit, nfev
        Iterations done, and evaluations of value and gradient, in this call.
    success
        True where ``status`` is ``CONVERGED``: a gradient at most `tol`, or exactly zero.
    status, message
        How the run ended, and what to do next.
    history
        The way there, None where it was not kept.
    state
        Give it back to :func:`~steepest.loop.minimize` to go on from here.

    Examples
    --------
    >>> import torch
    >>> from steepest import methods, minimize
    >>> run = minimize(lambda x: x**2, torch.tensor(1.0), methods.gradient_descent(0.25), tol=1e-3)
    >>> run.success, run.nit, run.message
    (True, 11, 'The norm of the gradient is at most tol.')
    """

    x: Tensor
    fun: Tensor
    grad: Tensor
    nit: int
    nfev: int
    success: bool
    status: Status
    message: str
    history: History | None
    state: State
