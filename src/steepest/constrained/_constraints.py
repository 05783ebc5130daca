"""What constraints must be, and the messages where they are not."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from steepest.derivatives import _arguments as arguments
from steepest.derivatives import jacobian

__all__ = ["Constraint", "checked"]


@dataclass(frozen=True)
class Constraint:
    """A constraint function at a point: its value, and products with its Jacobian.

    A `fun` of None stands for no constraint at all, with a value of no entries.
    """

    fun: Callable[[Tensor], Tensor] | None
    x: Tensor
    value: Tensor
    caller: str

    def pull_back(self, multipliers: Tensor) -> Tensor:
        """Return the transposed Jacobian times the multipliers, of the shape of x."""
        if self.fun is None:
            return torch.zeros_like(self.x)
        leaf = self.x.detach().requires_grad_()
        with torch.enable_grad():
            value = self.fun(leaf)
        return arguments.pull_back(value, leaf, multipliers, self.caller)

    def rows(self) -> Tensor:
        """Return the Jacobian as a matrix: a row for each entry, a column for each entry of x."""
        if self.fun is None:
            return self.x.new_zeros(0, self.x.numel())
        return jacobian(self.fun, self.x).reshape(-1, self.x.numel())


def checked(fun: object, x: Tensor, caller: str, name: str) -> Constraint:
    """Return the constraint at `x`; refuse what is none."""
    if fun is None:
        return Constraint(None, x, x.new_zeros(0), caller)
    if not callable(fun):
        raise TypeError(
            f"{caller}: {name} must be a function of one tensor or None, got {type(fun).__name__}"
        )
    leaf, place = x.detach().requires_grad_(), f"{caller}, {name}"
    with torch.enable_grad():
        value = arguments.evaluate(fun, leaf, place)
    if value.ndim > 1 or value.numel() == 0:
        raise ValueError(
            f"{caller}: {name} must return a tensor of shape () or (m,), m at least 1, got "
            f"{tuple(value.shape)}; write .reshape(-1)"
        )
    for what in ("dtype", "device"):
        mine, right = getattr(value, what), getattr(x, what)
        if mine != right:
            raise ValueError(f"{caller}: {name} must return the {what} of x, {right}; got {mine}")
    if not value.requires_grad:
        raise ValueError(f"{place}: {arguments.CUT}")
    return Constraint(fun, x, value.detach(), place)
