"""PyTorch's optimizers as directions."""

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from steepest.directions.direction import Direction, memory_cycle
from steepest.state import State

__all__ = ["from_torch"]


def from_torch(optimizer_class: type[torch.optim.Optimizer], **options: Any) -> Direction:
    r"""Return what a PyTorch optimizer does as a direction: :math:`d = x^+ - x`, for step size 1.

    A new optimizer is made for each run. What it remembers travels in the carry, as a copy, so that
    the same state can be resumed from twice. Evaluations that it asks for through its closure are
    counted; the first one, at x itself, is known already.

    Parameters
    ----------
    optimizer_class
        A class like :class:`torch.optim.SGD`, :class:`torch.optim.Adam`,
        :class:`torch.optim.LBFGS`.
    options
        Its options, the parameters left out.

    Raises
    ------
    TypeError, ValueError
        `optimizer_class` is no optimizer, or refuses `options`.

    Examples
    --------
    >>> import torch
    >>> from steepest.directions import from_torch
    >>> from steepest.state import Oracle, State
    >>> x, oracle = torch.tensor([1.0]), Oracle(lambda x: (x**2).sum())
    >>> state = State(x, *oracle.value_and_grad(x), oracle)
    >>> from_torch(torch.optim.SGD, lr=0.25).update(state, None)[0]
    tensor([-0.5000])
    """
    if not (isinstance(optimizer_class, type) and issubclass(optimizer_class, _OPTIMIZER)):
        raise TypeError(
            "from_torch: optimizer_class must be a class from torch.optim, got "
            f"{optimizer_class!r}; for example torch.optim.Adam, with lr=... beside it"
        )
    try:
        probe = optimizer_class([torch.zeros(1, requires_grad=True)], **options)
    except (TypeError, ValueError) as error:
        raise type(error)(f"from_torch: {optimizer_class.__name__} says: {error}") from error

    def update(state: State, memory: _Memory | None) -> tuple[Tensor, _Memory]:
        if memory is None or memory.live.steps != memory.steps:
            live = _live(optimizer_class, options, state, memory)
        else:
            live = memory.live
        parameter, known = live.parameter, [(state.fun, state.grad)]
        with torch.no_grad():
            parameter.copy_(state.x)

        def closure() -> Tensor:
            # A copy: the optimizer goes on writing into its parameter.
            here = parameter.detach().clone()
            value, gradient = known.pop() if known else state.oracle.value_and_grad(here)
            parameter.grad = gradient.clone()
            return value

        live.optimizer.step(closure)  # type: ignore[arg-type]
        live.steps += 1
        saved = copy.deepcopy(live.optimizer.state_dict())
        d = parameter.detach() - state.x
        return d, _Memory(live, saved, live.steps, moves=bool(d.any()))

    # The shares that it keeps of its past; without such options, it is taken to forget.
    kept = [probe.defaults.get("momentum", 0.0), *probe.defaults.get("betas", ())]
    cycle = memory_cycle(max(float(b) for b in kept))

    def remark(memory: _Memory | None) -> str:
        if memory is None or memory.moves:
            return ""
        return f"{optimizer_class.__name__} no longer moves x: an option of its own may stop it."

    return Direction(optimizer_class.__name__, update, cycle, fixed_step_only=True, remark=remark)


_OPTIMIZER = torch.optim.Optimizer


@dataclass
class _Live:
    """An optimizer at work; `steps` tells whether it is still where a memory left it."""

    optimizer: torch.optim.Optimizer
    parameter: Tensor
    steps: int


@dataclass(frozen=True)
class _Memory:
    """What the optimizer remembered after `steps` steps, and the optimizer itself for the next."""

    live: _Live
    saved: dict[str, Any]
    steps: int
    moves: bool


def _live(
    optimizer_class: type[torch.optim.Optimizer],
    options: dict[str, Any],
    state: State,
    memory: _Memory | None,
) -> _Live:
    parameter = state.x.detach().clone().requires_grad_()
    live = _Live(optimizer_class([parameter], **options), parameter, 0)
    if memory is not None:
        live.optimizer.load_state_dict(copy.deepcopy(memory.saved))
        live.steps = memory.steps
    return live
