"""What travels through the loop: the counted function, the point reached, the step taken."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from steepest.derivatives import _arguments as arguments
from steepest.derivatives import second

__all__ = ["Oracle", "State", "Step"]


class Oracle:
    """A function that answers what a method asks, and counts how often it is asked.

    Parameters
    ----------
    fun
        Takes a tensor, returns a tensor of shape ``()``.
    keep_graph
        Whether curvature will be asked for. The graph of the latest gradient is then kept, so that
        a Hessian or a product at that point repeats no evaluation.
    caller
        Which call a message names.

    Attributes
    ----------
    nfev, nhvp, nhess
        How many values with gradients, Hessian-vector products and Hessians were computed.

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

    def __init__(
        self,
        fun: Callable[[Tensor], Tensor],
        *,
        keep_graph: bool = False,
        caller: str = "Oracle",
    ) -> None:
        arguments.function(fun, caller)
        self.fun = fun
        self.nfev = self.nhvp = self.nhess = 0
        self._keep_graph = keep_graph
        self._caller = caller
        self._graph: tuple[Tensor, Tensor, Tensor] | None = None

    def value_and_grad(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Evaluate the function and its gradient at `x`, and count one evaluation."""
        value, leaf, gradient = self._evaluate(x, self._keep_graph)
        if self._keep_graph:
            self._graph = (x, leaf, gradient)
        return value.detach(), gradient.detach()

    def hvp(self, x: Tensor, v: Tensor) -> Tensor:
        r"""Return :math:`\nabla^2 f(x)\, v`, and count one product.

        >>> import torch
        >>> from steepest.state import Oracle
        >>> Oracle(lambda x: (x**3).sum()).hvp(torch.tensor([3.0]), torch.tensor([2.0]))
        tensor([36.])
        """
        return self.hvp_operator(x)(v)

    def hvp_operator(self, x: Tensor) -> Callable[[Tensor], Tensor]:
        r"""Return :math:`v \mapsto \nabla^2 f(x)\, v`, each call counted."""
        leaf, gradient = self._gradient_graph(x)

        def operator(v: Tensor) -> Tensor:
            self.nhvp += 1
            return second.product(leaf, gradient, v)

        return operator

    def hessian(self, x: Tensor) -> Tensor:
        r"""Return :math:`\nabla^2 f(x)`, of shape in + in, and count one Hessian.

        >>> import torch
        >>> from steepest.state import Oracle
        >>> Oracle(lambda x: (x**3).sum()).hessian(torch.tensor([3.0]))
        tensor([[18.]])
        """
        self.nhess += 1
        return second.dense(*self._gradient_graph(x))

    def forget(self) -> None:
        """Drop the graph that was kept."""
        self._graph = None

    def _gradient_graph(self, x: Tensor) -> tuple[Tensor, Tensor]:
        # The very tensor that was evaluated last: equal numbers would take a comparison to know.
        if self._graph is None or self._graph[0] is not x:
            self._graph = (x, *self._evaluate(x, keep=True)[1:])
        return self._graph[1:]

    def _evaluate(self, x: Tensor, keep: bool) -> tuple[Tensor, Tensor, Tensor]:
        self.nfev += 1
        leaf = x.detach().requires_grad_()
        value = arguments.record_scalar(self.fun, leaf, self._caller)
        return value, leaf, arguments.pull_back(value, leaf, None, self._caller, keep=keep)


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
    slope
        :math:`\nabla f(x)^\top d` where the step began, None where nobody computed it.
    message
        Where `ok` is False, why.

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
    slope: float | None = None
    message: str = ""


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
    method
        The name of the method whose carry this is; empty where nobody said.

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
    method: str = ""
