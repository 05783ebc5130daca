"""The function along a direction: a function of one number, which searches work on."""

from dataclasses import dataclass

import torch
from torch import Tensor

from steepest.state import State, Step


def inner(a: Tensor, b: Tensor) -> float:
    """Return the sum of the products of all entries, as a number."""
    return float(torch.dot(a, b)) if a.ndim == 1 else float((a * b).sum())


@dataclass(frozen=True, slots=True)
class Trial:
    """A point of the line: where, and value and slope there as numbers."""

    t: float
    x: Tensor
    fun: Tensor
    grad: Tensor
    value: float
    slope: float


class Line:
    r"""The function :math:`\varphi(t) = f(x + t d)`, evaluated with its slope."""

    def __init__(self, state: State, d: Tensor) -> None:
        self.state, self.d = state, d
        self.start = Trial(
            0.0, state.x, state.fun, state.grad, float(state.fun), inner(state.grad, d)
        )
        # What rounding may do to the value: differences below it say nothing.
        self.noise = 10 * torch.finfo(state.x.dtype).eps * abs(self.start.value)

    def __call__(self, t: float) -> Trial:
        x = self.state.x + t * self.d
        fun, grad = self.state.oracle.value_and_grad(x)
        return Trial(t, x, fun, grad, float(fun), inner(grad, self.d))

    def step(self, trial: Trial) -> Step:
        """Accept a trial."""
        return Step(trial.t, trial.x, trial.fun, trial.grad, slope=self.start.slope)

    def give_up(self, first: float, why: str) -> Step:
        """Stay, where the best step promised less than rounding hides; fail otherwise."""
        stuck = abs(self.start.slope) * first <= self.noise
        x, fun, grad = self.state.x, self.state.fun, self.state.grad
        return Step(0.0, x, fun, grad, stuck, self.start.slope, "" if stuck else why)
