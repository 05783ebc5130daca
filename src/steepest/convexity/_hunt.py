"""The stages of the search among the values of a function."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from steepest.convexity import _lines
from steepest.convexity._conditions import CONDITIONS, Configurations, Sides, Values, spread
from steepest.convexity._draws import exponential, uniform
from steepest.convexity._kinds import KINDS, NOUNS
from steepest.convexity._refine import ascend, least_curvature
from steepest.convexity.base import Set
from steepest.convexity.witness import Search, Witness
from steepest.derivatives import _arguments as arguments

# Rounding of one evaluation, in units of the machine epsilon times the size of the terms; and how
# many times the observed scatter of the violation under changes of a few units in the last place.
ROUNDINGS, SCATTERS = 16, 8
FINALISTS = 32


@dataclass(frozen=True)
class Hunt:
    """One search among the values of a function."""

    fun: Callable[[Tensor], Tensor]
    domain: Set
    condition: str
    kind: str
    points: int
    random: torch.Generator
    extent: float

    @property
    def values(self) -> Values:
        return Values(self.fun, self.domain.shape, "find_violation", self.extent)

    def sides(self, at: Configurations) -> Sides:
        return CONDITIONS[self.condition](self.values, at, KINDS[self.kind][0])

    def run(self, samples: int, refinements: int, steps: int) -> Search:
        hull = self.domain._hull()
        rows = self.draw(samples)
        if rows.shape[1] == 0 or (hull is not None and hull.shape[1] == 0):
            return self.report(None, 0, "in a domain of a single point, where nothing can break it")
        self.probe(rows)
        sampled = self.sampled(rows, hull)
        found, order = self.judge(sampled)
        tried, tally = samples, f"among {samples:,} random configurations"
        if found is not None:
            return self.report(found, tried, tally)
        # half from the most promising configurations, half from anywhere
        first = sampled.points[order[: (refinements + 1) // 2], 0]
        bases = self.loosen(torch.cat([first, rows[: refinements - len(first)]]))
        sign, strict = KINDS[self.kind]
        directions = least_curvature(self.values, bases, hull, sign, self.random)
        lines = _lines.through(self.domain, bases, directions, self.random)
        on_lines = _lines.configurations(self.condition, lines, self.points, self.random)
        found, _ = self.judge(on_lines)
        tried += len(on_lines.points)
        tally += f", {len(on_lines.points):,} on {len(bases)} lines of least curvature"
        if found is not None:
            return self.report(found, tried, tally)
        if steps:
            found = self.climb(sampled.select(order[:refinements]), hull, steps)
            tried += min(refinements, samples)
            tally += f" and {min(refinements, samples)} refinements by gradient ascent"
            if found is not None:
                return self.report(found, tried, tally)
        if strict:
            chords = torch.nn.functional.normalize(rows.roll(1, 0) - rows, dim=1)[: len(bases)]
            more = _lines.through(self.domain, rows[: len(chords)], chords, self.random)
            every = _lines.Lines(*[torch.cat(pair) for pair in zip(lines, more, strict=True)])
            flat = _lines.flat(self.condition, self.values, every, self.points, sign)
            tried += flat.windows
            tally += f", and {flat.windows:,} segments that might be straight"
            if flat.at is not None:
                return self.report(self.witness(flat.at, 4), tried, tally)
        return self.report(None, tried, tally)

    def draw(self, count: int) -> Tensor:
        """Return points of the domain, as rows."""
        points = self.domain.sample(count, self.random)
        return points.reshape(count, math.prod(self.domain.shape))

    def probe(self, rows: Tensor) -> None:
        """Refuse functions that are no scalars, are NaN somewhere, or are nowhere finite."""
        arguments.evaluate_scalar(
            self.fun, rows[0].reshape(self.domain.shape).clone(), "find_violation"
        )
        with torch.no_grad():
            found = self.values(rows)
        broken = torch.isnan(found)
        if bool(broken.any()):
            where = rows[int(broken.nonzero()[0, 0])].reshape(self.domain.shape)
            raise ValueError(
                f"find_violation: fun is NaN at {int(broken.sum()):,} of {len(rows):,} points of "
                f"the domain, for example at {where.tolist()}; choose a domain on which it is "
                "defined"
            )
        if not bool(torch.isfinite(found).any()):
            raise ValueError(
                f"find_violation: fun is infinite at all of {len(rows):,} points of the domain; "
                "choose a domain on which it is finite"
            )

    def sampled(self, rows: Tensor, hull: Tensor | None) -> Configurations:
        """Return random configurations, one that starts at each of the points."""
        count = len(rows)
        if self.condition == "hessian":
            steps = self.draw(count) - rows
            return Configurations(rows[:, None], None, torch.nn.functional.normalize(steps, dim=1))
        k = self.points if self.condition == "jensen" else 2
        together = torch.stack([rows, *[self.draw(count) for _ in range(k - 1)]], 1)
        if self.condition == "gradient":
            return Configurations(together)
        return Configurations(together, self.weights(count, k))

    def weights(self, count: int, k: int) -> Tensor:
        waits = exponential((count, k), self.random)
        return (waits / waits.sum(1, keepdim=True)).to(self.domain.device)

    def loosen(self, rows: Tensor) -> Tensor:
        """Move points a little towards random ones of the domain, away from kinks."""
        share = self.eps**0.25
        loosened: Tensor = (1 - share) * rows + share * self.draw(len(rows))
        return loosened

    def climb(self, start: Configurations, hull: Tensor | None, steps: int) -> Witness | None:
        """Ascend, step off kinks, and look again."""
        end = ascend(self.sides, start, self.domain, steps, 1e3 * self.eps)
        points = end.points
        if self.condition in ("gradient", "hessian"):
            share = self.eps**0.25
            points = (1 - share) * points + share * self.draw(len(points))[:, None]
        end = replace(end, points=points)
        if self.condition == "hessian":
            sign = KINDS[self.kind][0]
            turned = least_curvature(self.values, points[:, 0], hull, sign, self.random)
            end = replace(end, directions=turned.to(points))
        return self.judge(end)[0]

    @property
    def eps(self) -> float:
        return float(torch.finfo(self.domain.dtype).eps)

    def judge(self, at: Configurations) -> tuple[Witness | None, Tensor]:
        """Return the greatest violation that rounding does not explain, and an order by promise."""
        sides = _detached(self.sides(at))
        finite = torch.isfinite(sides.violation) & torch.isfinite(sides.scale)
        # as in the ascent; dividing by the size of the terms would prefer points close together
        relative = sides.violation / spread(at).clamp(min=1e-300)
        order = torch.where(finite, relative, -torch.inf).argsort(descending=True)
        suspects = finite & (sides.violation > ROUNDINGS * self.eps * sides.scale)
        greatest = torch.where(suspects, sides.violation, -torch.inf).argsort(descending=True)
        for places in (greatest[:FINALISTS], order[:FINALISTS]):
            places = places[suspects[places]]
            if len(places):
                found = at.select(places)
                violation = sides.violation[places]
                proven = violation > self.tolerances(found)
                if bool(proven.any()):
                    best = torch.where(proven, violation, -torch.inf).argmax()
                    return self.witness(found.select(best[None]), None), order
        return None, order

    def tolerances(self, at: Configurations) -> Tensor:
        """Return what rounding may explain of each violation."""
        here = _detached(self.sides(at))
        scatter = torch.zeros_like(here.violation)
        widest = at.points.abs().amax(1, keepdim=True)
        for _ in range(8):
            shaken = 2 * uniform(tuple(at.points.shape), self.random).to(at.points) - 1
            moved = replace(at, points=at.points + 4 * self.eps * widest * shaken)
            change = (_detached(self.sides(moved)).violation - here.violation).abs()
            scatter = torch.maximum(scatter, change.nan_to_num(0.0, 0.0, 0.0))
        return ROUNDINGS * self.eps * here.scale + SCATTERS * scatter

    def witness(self, at: Configurations, roundings: int | None) -> Witness:
        sides = _detached(self.sides(at))
        if roundings is None:
            tolerance = float(self.tolerances(at)[0])
        else:
            tolerance = max(
                roundings * self.eps * float(sides.scale[0]), abs(float(sides.violation[0]))
            )
        shape = self.domain.shape
        return Witness(
            condition=self.condition,
            kind=self.kind,
            points=at.points[0].detach().reshape(-1, *shape),
            weights=None if at.weights is None else at.weights[0],
            direction=None if at.directions is None else at.directions[0].reshape(shape),
            left=float(sides.left[0]),
            right=float(sides.right[0]),
            violation=float(sides.violation[0]),
            tolerance=tolerance,
        )

    def report(self, witness: Witness | None, tried: int, tally: str) -> Search:
        what = f"violation of {NOUNS[self.kind]} found by the {self.condition} condition {tally}"
        if witness is None:
            return Search(None, tried, f"no {what}: this proves nothing")
        return Search(witness, tried, f"a {what}: {witness.violation:.3g}")


def _detached(sides: Sides) -> Sides:
    return Sides(*[side.detach() for side in sides])
