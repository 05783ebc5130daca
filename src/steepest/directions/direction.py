"""What a direction is."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from steepest.state import State

__all__ = ["Direction", "DirectionError"]


class DirectionError(ArithmeticError):
    """There is no direction here; the run ends with this message, and keeps all it computed.

    Examples
    --------
    >>> import torch
    >>> from steepest import methods, minimize
    >>> minimize(lambda x: (x[0] - x[1]) ** 2 + x[0], torch.ones(2), methods.newton()).status.name
    'NO_DIRECTION'
    """


def _silent(carry: Any) -> str:
    return ""


@dataclass(frozen=True)
class Direction:
    """A rule for the direction of the next step.

    Attributes
    ----------
    name
        How messages call it.
    update
        ``update(state, carry) -> (d, carry)``; raises :class:`DirectionError` where there is none.
    cycle
        ``cycle(x)``: after how many steps without a representable change of `x` none will come.
    fixed_step_only
        True where the rule means nothing without a fixed step size.
    second_order
        True where the rule asks for curvature.
    batches
        True where `update` serves many starts at once: in a state of starts stacked along the first
        axis it treats each as if it were alone, and asks for no number (``float``, ``if``) that
        depends on them. :func:`~steepest.multistart.minimize_many` then runs it.
    remark
        ``remark(carry)``: what to add to the message of a run that ends here, or nothing.
    stationarity
        ``stationarity(state)``: what vanishes at a solution, where that is not the gradient. Its
        norm is then what `tol` tests and what ``history.grad_norm`` holds. None means the gradient.

    Examples
    --------
    >>> from steepest.directions import steepest
    >>> steepest().name
    'steepest descent'
    """

    name: str
    update: Callable[[State, Any], tuple[Tensor, Any]]
    cycle: Callable[[Tensor], int] = lambda x: 1
    fixed_step_only: bool = False
    second_order: bool = False
    batches: bool = False
    remark: Callable[[Any], str] = _silent
    stationarity: Callable[[State], Tensor] | None = None


def memory_cycle(momentum: float) -> Callable[[Tensor], int]:
    """Return the cycle of a rule that keeps the share `momentum` of what it did before.

    Where x stands still a velocity v ← βv - ∇f approaches -∇f/(1-β); after this many steps it has
    done so to rounding, and what does not move x then never will.
    """

    def cycle(x: Tensor) -> int:
        if momentum == 0:
            return 1
        return math.ceil(math.log(torch.finfo(x.dtype).eps) / math.log(momentum)) + 1

    return cycle


def inner(a: Tensor, b: Tensor) -> float:
    """Return the sum of the products of all entries, as a number."""
    return float(torch.dot(a, b)) if a.ndim == 1 else float((a * b).sum())
