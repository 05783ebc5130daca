"""Configurations on lines through the domain, and segments on which a function is straight."""

from typing import NamedTuple

import torch
from torch import Tensor

from steepest.convexity._conditions import (
    Configurations,
    Values,
    curvature_sides,
)
from steepest.convexity._draws import exponential, uniform
from steepest.convexity.base import Set

PER_LINE = 32
GRID, WINDOW = 33, 9  # a window of nine grid points is a quarter of the chord


class Lines(NamedTuple):
    """Chords of the domain: a point on each (M, n), its unit direction, and both ends (M,)."""

    points: Tensor
    directions: Tensor
    low: Tensor
    high: Tensor

    def at(self, t: Tensor) -> Tensor:
        """Return the points at the parameters t (M, k): shape (M, k, n)."""
        moved = self.points.to(torch.float64)[:, None] + t[:, :, None] * self.directions[:, None]
        return moved.to(self.points.dtype)


def through(domain: Set, points: Tensor, directions: Tensor, generator: torch.Generator) -> Lines:
    """Return the chords through the points; where the domain is unbounded, they are cut off."""
    rows, ways = points.to(torch.float64), directions.to(torch.float64)
    others = domain.sample(64, generator).reshape(64, -1).to(torch.float64)
    # as far as the samples are apart: a length that belongs to the domain
    cap = torch.linalg.vector_norm(others[0] - others, dim=1).max().expand(len(rows))
    # a little less than the whole way, so that no end lies outside by rounding
    high = 0.999 * domain._reach(rows, ways, cap)
    low = -0.999 * domain._reach(rows, -ways, cap)
    return Lines(points, ways, low, high)


def configurations(
    condition: str, lines: Lines, points: int, generator: torch.Generator
) -> Configurations:
    """Return PER_LINE configurations on each line; the first takes the whole chord."""
    count, n = lines.points.shape
    if condition == "hessian":
        shares = uniform((count, PER_LINE), generator).to(lines.low)
        shares[:, 0] = -lines.low / (lines.high - lines.low).clamp(min=1e-300)
        where = lines.low[:, None] + shares * (lines.high - lines.low)[:, None]
        along = lines.directions[:, None].expand(count, PER_LINE, n).reshape(-1, n)
        return Configurations(lines.at(where).reshape(-1, 1, n), None, along.to(lines.points))
    k = points if condition == "jensen" else 2
    ends = uniform((count, PER_LINE, 2), generator).to(lines.low).sort(2).values
    ends[:, :2] = torch.tensor([0.0, 1.0]).to(ends)
    ends[:, 1::2] = ends[:, 1::2].flip(2)
    steps = torch.linspace(0, 1, k, dtype=torch.float64).to(ends)
    shares = ends[:, :, :1] + (ends[:, :, 1:] - ends[:, :, :1]) * steps
    where = lines.low[:, None, None] + shares * (lines.high - lines.low)[:, None, None]
    rows = lines.at(where.reshape(count, -1)).reshape(-1, k, n)
    if condition == "gradient":
        return Configurations(rows)
    waits = exponential((count, PER_LINE, k), generator).to(lines.low)
    waits[:, ::2] = 1
    return Configurations(rows, (waits / waits.sum(2, keepdim=True)).reshape(-1, k))


class Flat(NamedTuple):
    """A segment on which the function is straight, as a configuration, and how many were tried."""

    at: Configurations | None
    windows: int


def flat(condition: str, values: Values, lines: Lines, points: int, sign: int) -> Flat:
    """Look for a quarter of a chord on which f is affine, to within a few roundings."""
    count, n = lines.points.shape
    steps = torch.linspace(0, 1, GRID, dtype=torch.float64).to(lines.low)
    grid = lines.at(lines.low[:, None] + steps * (lines.high - lines.low)[:, None])
    eps = torch.finfo(grid.dtype).eps
    rows = grid.reshape(-1, n)
    heights = values(rows).detach().reshape(count, GRID)
    windows = heights.unfold(1, WINDOW, 1)
    shares = torch.linspace(0, 1, WINDOW, dtype=torch.float64).to(heights)
    scale = windows.abs().amax(2, keepdim=True)
    if condition == "hessian":
        along = lines.directions[:, None].expand(count, GRID, n).reshape(-1, n).to(rows)
        sides = curvature_sides(values, Configurations(rows[:, None], None, along), sign)
        gaps = sides.violation.detach().reshape(count, GRID).unfold(1, WINDOW, 1)
        scale = sides.scale.detach().reshape(count, GRID).unfold(1, WINDOW, 1)
    elif condition == "gradient":
        _, _, gradients = values.gradients(rows)
        offset = grid.to(torch.float64).unfold(1, WINDOW, 1) - grid[:, : GRID - WINDOW + 1, :, None]
        first = gradients.detach().to(torch.float64).reshape(grid.shape)[:, : GRID - WINDOW + 1]
        terms = first[..., None] * offset
        gaps = windows - windows[:, :, :1] - terms.sum(2)
        scale = scale + terms.abs().sum(2)
    else:
        gaps = windows - (1 - shares) * windows[:, :, :1] - shares * windows[:, :, -1:]
    straight = (gaps.abs() <= 4 * eps * scale).all(2)
    # a line without length is straight for no reason of the function's
    straight &= (lines.high - lines.low > 0)[:, None] & torch.isfinite(windows).all(2)
    found = straight.nonzero()
    if not len(found):
        return Flat(None, straight.numel())
    line, at = found[0].tolist()
    piece = grid[line, at : at + WINDOW]
    if condition == "hessian":
        return Flat(
            Configurations(piece[None], None, lines.directions[line][None].to(piece)),
            straight.numel(),
        )
    ends = piece[[0, -1]][None]
    if condition == "gradient":
        return Flat(Configurations(ends), straight.numel())
    k = points if condition == "jensen" else 2
    mix = torch.linspace(0, 1, k, dtype=piece.dtype).to(piece)[:, None]
    chosen = (1 - mix) * piece[0] + mix * piece[-1]
    weights = torch.full((1, k), 1 / k, dtype=torch.float64, device=piece.device)
    return Flat(Configurations(chosen[None], weights), straight.numel())
