"""The four conditions, evaluated for many configurations of points at once.

Values and derivatives are computed in the dtype of the points, what is made of them in float64,
so that only the function's own rounding is left.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from steepest.convexity.base import Set
from steepest.derivatives._arguments import CUT


@dataclass(frozen=True, eq=False)
class Configurations:
    """B configurations: points (B, k, n), and weights (B, k) in float64, or directions (B, n)."""

    points: Tensor
    weights: Tensor | None = None
    directions: Tensor | None = None

    def select(self, at: Tensor) -> "Configurations":
        """Return those at the given places."""
        return Configurations(
            self.points[at],
            None if self.weights is None else self.weights[at],
            None if self.directions is None else self.directions[at],
        )


def spread(at: Configurations) -> Tensor:
    """Return the weighted mean squared distance of the points from their mean, in float64.

    A violation divided by it is a mean curvature, the same for all chords of a round bowl.
    """
    points, count, k = at.points.to(torch.float64), len(at.points), at.points.shape[1]
    if k == 1:
        return points.new_ones(count)
    weights = points.new_full((count, k), 1 / k) if at.weights is None else at.weights
    middle = (weights[:, :, None] * points).sum(1, keepdim=True)
    return (weights * (points - middle).square().sum(2)).sum(1)


class Sides(NamedTuple):
    """Both sides of the inequality, by how much it is broken, and the size of its terms: (B,)."""

    left: Tensor
    right: Tensor
    violation: Tensor
    scale: Tensor


@dataclass(frozen=True)
class Values:
    """A function of one point, for many flat points at once, on a domain of some extent."""

    fun: Callable[[Tensor], Tensor]
    shape: tuple[int, ...]
    caller: str
    extent: float = math.inf

    def __call__(self, rows: Tensor) -> Tensor:
        """Return the values at the rows of a matrix (B, n), in float64, with their graph."""
        points = rows.reshape(len(rows), *self.shape)
        try:
            values: Tensor = torch.vmap(self.fun)(points.clone())
        except RuntimeError as error:
            if "data-dependent control flow" in str(error) or ".item()" in str(error):
                raise ValueError(
                    f"{self.caller}: fun branches on values, which differ from point to point; use "
                    "torch.where"
                ) from error
            raise
        return values.to(torch.float64)

    def gradients(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return points that require gradients, values and gradients, with their graphs."""
        with torch.enable_grad():
            leaf = rows if rows.requires_grad else rows.detach().requires_grad_()
            values = self(leaf)
            return leaf, values, derivative(values.sum(), leaf, self.caller)


def derivative(total: Tensor, leaf: Tensor, caller: str) -> Tensor:
    """Return the gradient of a sum over rows, with its graph."""
    if not total.requires_grad:
        raise ValueError(f"{caller}: {CUT}")
    (gradient,) = torch.autograd.grad(total, leaf, create_graph=True, allow_unused=True)
    if gradient is None:
        raise ValueError(f"{caller}: {CUT}")
    return gradient


def product(gradients: Tensor, leaf: Tensor, directions: Tensor, *, keep: bool = True) -> Tensor:
    """Return Hd for each row; zeros where the function is affine."""
    if not gradients.requires_grad:
        return torch.zeros_like(leaf)
    (result,) = torch.autograd.grad(
        gradients, leaf, directions, retain_graph=True, create_graph=keep, allow_unused=True
    )
    return torch.zeros_like(leaf) if result is None else result


def mean_sides(values: Values, at: Configurations, sign: int) -> Sides:
    """Evaluate the chord (two points) and Jensen's inequality (any number of them)."""
    points, weights = at.points, at.weights
    assert weights is not None
    count, k, n = points.shape
    middle = (weights[:, :, None] * points.to(torch.float64)).sum(1).to(points.dtype)
    left = values(middle)
    terms = weights * values(points.reshape(count * k, n)).reshape(count, k)
    right = terms.sum(1)
    return Sides(left, right, sign * (left - right), left.abs() + terms.abs().sum(1))


def tangent_sides(values: Values, at: Configurations, sign: int) -> Sides:
    """Evaluate the first-order condition."""
    x, y = at.points[:, 0], at.points[:, -1]
    leaf, value, gradients = values.gradients(x)
    steps = gradients.to(torch.float64) * (y.to(torch.float64) - leaf.to(torch.float64))
    left, right = value + steps.sum(1), values(y)
    scale = value.abs() + steps.abs().sum(1) + right.abs()
    return Sides(left, right, sign * (left - right), scale)


def curvature_sides(values: Values, at: Configurations, sign: int) -> Sides:
    """Evaluate the second-order condition, at the point where it is broken most.

    The scale estimates the Hessian's Frobenius norm, by the products with three random vectors,
    and adds the length of the gradient over a sixteenth of the domain's extent: where log-sum-exp
    is saturated, its tiny Hessian is a difference of numbers far larger than itself.
    """
    points, directions = at.points, at.directions
    assert directions is not None
    count, k, n = points.shape
    leaf, _, gradients = values.gradients(points.reshape(count * k, n))
    slopes = torch.linalg.vector_norm(gradients.detach(), dim=1) * (16 / values.extent)
    along = directions[:, None].expand(count, k, n).reshape(count * k, n)
    curvature = (along * product(gradients, leaf, along)).to(torch.float64).sum(1)
    generator = torch.Generator().manual_seed(0)
    probes = torch.randn(3, n, dtype=torch.float64, generator=generator).to(leaf)
    scale = torch.stack(
        [
            torch.linalg.vector_norm(
                product(gradients, leaf, probe.expand_as(leaf), keep=False), dim=1
            )
            for probe in probes
        ]
    )
    worst = (sign * curvature.reshape(count, k)).amin(1)
    return Sides(
        torch.zeros_like(worst),
        sign * worst,
        -worst,
        (scale.amax(0) + slopes).to(torch.float64).reshape(count, k).amax(1),
    )


def set_sides(region: Set, at: Configurations) -> Sides:
    """By how much the point between two breaks the constraints of a set."""
    assert at.weights is not None
    middle = (at.weights[:, :, None] * at.points.to(torch.float64)).sum(1)
    excess = region._excess(middle)
    slack = region._slack(middle, torch.finfo(at.points.dtype).eps)
    return Sides(excess, torch.zeros_like(excess), excess, slack)


CONDITIONS = {
    "chord": mean_sides,
    "jensen": mean_sides,
    "gradient": tangent_sides,
    "hessian": curvature_sides,
}
