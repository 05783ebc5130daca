"""What travels through the loop: the counted function, the point reached, the step taken."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from steepest.derivatives import value_and_grad

__all__ = ["Oracle", "State", "Step"]


class Oracle:
    """A function that counts how often it is asked.

    Examples
    --------
    >>> import torch
    >>> from steepest.state import Oracle
    >>> oracle = Oracle(lambda x: (x**2).sum())
    >>> oracle.value_and_grad(torch.tensor([3.0]))
    (tensor(9.), tensor([6.]))
    >>> oracle.nfev
    1
    """

    def __init__(self, fun: Callable[[Tensor], Tensor]) -> None:
        self.fun = fun
        self.nfev = 0

    def value_and_grad(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Evaluate the function and its gradient at `x`, and count one evaluation."""
        self.nfev += 1
        return value_and_grad(self.fun, x)


@dataclass(frozen=True)
class Step:
    r"""An evaluated step :math:`x^+ = x + \alpha d`.

    Attributes
    ----------
    step_size
        The :math:`\alpha` that was used.
    x, fun, grad
        The new point, the value and the gradient there: evaluated once, used by whoever needs it.
    ok
        False where a search found no step that meets its condition.

    Examples
    --------
    >>> import torch
    >>> from steepest.state import Step
    >>> Step(0.5, torch.ones(2), torch.tensor(2.0), torch.ones(2)).ok
    True
    """

    step_size: float
    x: Tensor
    fun: Tensor
    grad: Tensor
    ok: bool = True


@dataclass(frozen=True)
class State:
    """Where the loop stands: all that the next iteration needs.

    Attributes
    ----------
    x, fun, grad
        The point, the value and the gradient there.
    oracle
        The counted function, for directions and searches that ask for more.
    nit
        Iterations done since the very start, earlier runs included.
    previous
        The step that led here, None at the start.
    carry
        What the direction remembers from one iteration to the next.

    Examples
    --------
    >>> import torch
    >>> from steepest.state import Oracle, State
    >>> x = torch.tensor([1.0])
    >>> oracle = Oracle(lambda x: (x**2).sum())
    >>> State(x, *oracle.value_and_grad(x), oracle).nit
    0
    """

    x: Tensor
    fun: Tensor
    grad: Tensor
    oracle: Oracle
    nit: int = 0
    previous: Step | None = None
    carry: Any = None
