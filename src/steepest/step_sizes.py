"""The second half of a method: how far to go.

A step size maps a :class:`~steepest.state.State` and a direction d to an evaluated
:class:`~steepest.state.Step`, so that an accepted point is never evaluated twice.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from steepest.state import State, Step

__all__ = ["StepSize", "fixed"]


@dataclass(frozen=True)
class StepSize:
    """A rule for the length of the next step.

    Attributes
    ----------
    name
        How messages call it.
    search
        ``search(state, d) -> Step``.
    is_fixed
        True where every step has the same size.
    batches
        True where `search` serves many starts at once: the size depends on nothing but the number
        of the iteration.

    Examples
    --------
    >>> from steepest.step_sizes import fixed
    >>> fixed(0.1).name
    'fixed step 0.1'
    """

    name: str
    search: Callable[[State, Tensor], Step]
    is_fixed: bool = False
    batches: bool = False


def fixed(lr: float) -> StepSize:
    r"""Return the rule that always takes the same step size: :math:`x^+ = x + \mathrm{lr}\, d`.

    Parameters
    ----------
    lr
        The step size, positive and finite.

    Raises
    ------
    ValueError
        `lr` is not positive and finite.

    Examples
    --------
    >>> import torch
    >>> from steepest.state import Oracle, State
    >>> from steepest.step_sizes import fixed
    >>> x, oracle = torch.tensor([1.0]), Oracle(lambda x: (x**2).sum())
    >>> fixed(0.25).search(State(x, *oracle.value_and_grad(x), oracle), torch.tensor([-2.0])).x
    tensor([0.5000])
    """
    if not 0 < lr < math.inf:
        raise ValueError(f"fixed: lr must be positive and finite, got {lr!r}")

    def search(state: State, d: Tensor) -> Step:
        x = state.x + lr * d
        return Step(lr, x, *state.oracle.value_and_grad(x))

    return StepSize(f"fixed step {lr:g}", search, is_fixed=True, batches=True)
