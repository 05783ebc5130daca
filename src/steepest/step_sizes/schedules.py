"""Step sizes that look at nothing: fixed ones, and schedules."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from steepest._numbers import positive
from steepest.state import State, Step

__all__ = ["StepSize", "fixed", "inverse_time"]


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
    second_order
        True where the rule asks for curvature.
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
    second_order: bool = False
    batches: bool = False


def fixed(lr: float) -> StepSize:
    r"""Return the rule that always takes the same step size: :math:`x^+ = x + \mathrm{lr}\, d`.

    Parameters
    ----------
    lr
        The step size, positive and finite.

    Raises
    ------
    TypeError, ValueError
        `lr` is not a number, or not positive and finite.

    Examples
    --------
    >>> import torch
    >>> from steepest.state import Oracle, State
    >>> from steepest.step_sizes import fixed
    >>> x, oracle = torch.tensor([1.0]), Oracle(lambda x: (x**2).sum())
    >>> fixed(0.25).search(State(x, *oracle.value_and_grad(x), oracle), torch.tensor([-2.0])).x
    tensor([0.5000])
    """
    size = positive(lr, "fixed", "lr")

    def search(state: State, d: Tensor) -> Step:
        x = state.x + size * d
        return Step(size, x, *state.oracle.value_and_grad(x))

    return StepSize(f"fixed step {size:g}", search, is_fixed=True, batches=True)


def inverse_time(lr: float = 1.0) -> StepSize:
    r"""Return the schedule :math:`\alpha_t = \mathrm{lr} / t` for t = 1, 2, ….

    Its steps sum to infinity, so it can reach any distance, and their squares do not, so noise in
    the gradients averages out: the conditions of Robbins and Monro (1951). It is a schedule: it
    adapts to nothing.

    Parameters
    ----------
    lr
        The first step size, positive and finite.

    Raises
    ------
    TypeError, ValueError
        `lr` is not a number, or not positive and finite.

    Examples
    --------
    >>> import torch
    >>> from steepest import directions, minimize, step_sizes
    >>> from steepest.methods import Method
    >>> method = Method(directions.steepest(), step_sizes.inverse_time(0.5), "1/t")
    >>> minimize(lambda x: x**4, torch.tensor(0.5), method, max_iter=4).history.step_size
    tensor([0.5000, 0.2500, 0.1667, 0.1250])
    """
    first = positive(lr, "inverse_time", "lr")

    def search(state: State, d: Tensor) -> Step:
        size = first / (state.nit + 1)
        x = state.x + size * d
        return Step(size, x, *state.oracle.value_and_grad(x))

    return StepSize(f"step {first:g}/t", search, batches=True)
