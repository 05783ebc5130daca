"""One iteration of a whole batch, and the masks that freeze what is finished."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from steepest.derivatives._arguments import CUT
from steepest.methods import Method
from steepest.state import Oracle, State, Step

__all__ = ["BatchOracle", "Lanes", "Stepper"]


class Lanes(NamedTuple):
    """Where all k starts stand; the part from `norm` on only where finished ones are frozen.

    x, fun, grad, carry are a :class:`~steepest.state.State` of all starts together, step_size is
    the one that led there. In a frozen lane, fun, grad and carry go on without meaning: nothing
    reads them any more.
    """

    x: Tensor
    fun: Tensor
    grad: Tensor
    carry: Any = None
    step_size: Any = None
    norm: Tensor | None = None  # of the gradient at x
    nit: Tensor | None = None  # iterations done
    still: Tensor | None = None  # iterations without change, or whether there was one
    active: Tensor | None = None  # neither finished nor out of iterations


class BatchOracle(Oracle):
    """An oracle for a batch: values of shape (k,), gradients of shape (k, *shape)."""

    def __init__(self, fun: Callable[[Tensor], Tensor], batched: bool) -> None:
        super().__init__(fun)
        self.batched = batched

    def value_and_grad(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Evaluate all values, and all gradients by one reverse sweep over the sum of values."""
        self.nfev += 1
        with torch.enable_grad():
            point = x.detach().requires_grad_()
            value = self._values(point)
            if not value.requires_grad:
                raise ValueError(f"minimize_many: {CUT}")
            # the cotangent of a sum is one for each of its terms
            ones = torch.ones((), dtype=value.dtype, device=value.device).expand_as(value)
            (grad,) = torch.autograd.grad(value, point, ones, allow_unused=True)
        if grad is None:
            raise ValueError(f"minimize_many: {CUT}")
        return value.detach(), grad

    def _values(self, x: Tensor) -> Tensor:
        if self.batched:
            value = _tensor(self.fun(x))
            if value.shape != x.shape[:1]:
                raise ValueError(
                    f"minimize_many: with batched=True, fun must return shape ({len(x)},) for "
                    f"starts of shape {tuple(x.shape)}, got {tuple(value.shape)}"
                )
            return value
        try:
            value = torch.vmap(lambda start: _tensor(self.fun(start)))(x)
        except RuntimeError as error:
            if "data-dependent control flow" in str(error) or ".item()" in str(error):
                raise ValueError(
                    "minimize_many: fun branches on values, which differ from start to start; use "
                    "torch.where, or pass batched=True with a fun that takes all starts at once"
                ) from error
            raise
        if value.ndim != 1:
            raise ValueError(
                "minimize_many: fun must return a scalar of shape () for one start, got "
                f"{tuple(value.shape[1:])}; sum or average it"
            )
        return value


@dataclass(frozen=True)
class Stepper:
    """The method at work on a batch, with masks where a tolerance is given.

    Attributes
    ----------
    method, oracle
        What steps, and on what.
    patience
        After how many iterations without change a start is stalled; None means no masks.
    """

    method: Method
    oracle: BatchOracle
    patience: int | None

    # Without masks, nothing reads tol.

    def start(self, x: Tensor, tol: float | Tensor) -> Lanes:
        """Evaluate the starts; with masks, freeze those that are finished already."""
        lanes = Lanes(x, *self.oracle.value_and_grad(x))
        if self.patience is None:
            return lanes
        norm = norms(lanes.grad)
        return lanes._replace(
            norm=norm,
            nit=torch.zeros(len(x), dtype=torch.int32, device=x.device),
            still=torch.zeros(
                len(x), dtype=torch.bool if self.patience == 1 else torch.int32, device=x.device
            ),
            active=(norm > tol) & torch.isfinite(norm) & torch.isfinite(lanes.fun),
        )

    def step(self, lanes: Lanes, nit: int | Tensor, tol: float | Tensor) -> Lanes:
        """Do iteration `nit`, counted from 0, with all starts."""
        previous = None
        if lanes.step_size is not None:
            previous = Step(lanes.step_size, lanes.x, lanes.fun, lanes.grad)
        # In a compiled block nit is a tensor; a rule that batches only computes with it.
        number: Any = nit
        state = State(lanes.x, lanes.fun, lanes.grad, self.oracle, number, previous, lanes.carry)
        d, carry = self.method.direction.update(state, lanes.carry)
        new = self.method.step_size.search(state, d)
        if self.patience is None:
            return Lanes(new.x, new.fun, new.grad, carry, new.step_size)
        assert lanes.norm is not None
        assert lanes.nit is not None
        assert lanes.still is not None
        assert lanes.active is not None
        norm = norms(new.grad)
        # 0 · ∞ and 0 · NaN are NaN: one sum asks all three at half the cost of isfinite
        zero = (norm * 0).add_(new.fun, alpha=0).add_(_sum(new.x), alpha=0)
        moved = lanes.active & (zero == 0)
        changed = _any(new.x != lanes.x)
        if self.patience == 1:
            still = lanes.still | (moved > changed)  # moved, and nothing changed
            goes_on = moved & (norm > tol) & changed
        else:
            still = torch.where(changed, 0, lanes.still + 1).where(moved, lanes.still)
            goes_on = moved & (norm > tol) & ~self.stalled(still)
        return Lanes(
            torch.where(moved.view(-1, *[1] * (new.x.ndim - 1)), new.x, lanes.x),
            new.fun,
            new.grad,
            carry,
            new.step_size,
            torch.where(moved, norm, lanes.norm),
            lanes.nit + moved,
            still,
            goes_on,
        )

    def stalled(self, still: Tensor) -> Tensor:
        """Return which starts have stopped moving."""
        return still != 0 if self.patience == 1 else still >= (self.patience or math.inf)


def norms(grad: Tensor) -> Tensor:
    """Return the Euclidean norm of each row."""
    return grad.abs() if grad.ndim == 1 else torch.linalg.vector_norm(grad.flatten(1), dim=1)


def _tensor(value: object) -> Tensor:
    if not isinstance(value, Tensor):
        raise TypeError(
            f"minimize_many: fun must return a tensor, got {type(value).__name__}; "
            "compute with torch functions and without .item()"
        )
    return value


def _sum(x: Tensor) -> Tensor:
    return x if x.ndim == 1 else (x.flatten(1) * 0).sum(1)


def _any(mask: Tensor) -> Tensor:
    return mask if mask.ndim == 1 else mask.flatten(1).any(1)
