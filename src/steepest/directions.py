"""The first half of a method: where to go from here.

A direction maps a :class:`~steepest.state.State` and what it remembers (its *carry*, None at first)
to a step direction d of the shape of x and a new carry. It keeps nothing in itself, so a run can
be repeated, stopped and resumed.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from steepest.state import State

__all__ = ["Direction", "heavy_ball", "steepest"]


@dataclass(frozen=True)
class Direction:
    """A rule for the direction of the next step.

    Attributes
    ----------
    name
        How messages call it.
    update
        ``update(state, carry) -> (d, carry)``.
    cycle
        ``cycle(x)``: after how many steps without a representable change of `x` none will come.
    fixed_step_only
        True where the rule means nothing without a fixed step size.
    batches
        True where `update` serves many starts at once: in a state of starts stacked along the first
        axis it treats each as if it were alone, and asks for no number (``float``, ``if``) that
        depends on them. Such a rule reads x, fun, grad, nit and the oracle's value_and_grad.

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
    batches: bool = False


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
    ValueError
        `momentum` is out of its range.

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
    if not 0 <= momentum < 1:
        raise ValueError(f"heavy_ball: momentum must be in [0, 1), got {momentum!r}")

    def update(state: State, velocity: Tensor | None) -> tuple[Tensor, Tensor]:
        v = -state.grad if velocity is None else momentum * velocity - state.grad
        return v, v

    def cycle(x: Tensor) -> int:
        # Where x stands still, v approaches -∇f/(1-β); after this many steps to rounding.
        if momentum == 0:
            return 1
        return math.ceil(math.log(torch.finfo(x.dtype).eps) / math.log(momentum)) + 1

    return Direction("heavy ball", update, cycle, fixed_step_only=True, batches=True)
