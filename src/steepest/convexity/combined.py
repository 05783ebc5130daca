"""Sets made of sets: an intersection of convex sets is convex, a union need not be."""

import math
from functools import cached_property

import torch
from torch import Tensor

from steepest.convexity._walk import frame, hit_and_run, span
from steepest.convexity.base import ProjectionError, Set

__all__ = ["Intersection", "Union"]


class _Combination(Set):
    """Several sets of points of one shape, dtype and device."""

    sets: tuple[Set, ...]

    def __init__(self, *sets: Set) -> None:
        name = self._name
        if not sets:
            raise ValueError(f"{name}: at least one set is needed")
        for one in sets:
            if not isinstance(one, Set):
                raise TypeError(
                    f"{name}: every argument must be a Set, got {type(one).__name__}; "
                    f"write {name}(first, second)"
                )
            for what in ("shape", "dtype", "device"):
                mine, right = getattr(one, what), getattr(sets[0], what)
                if mine != right:
                    raise ValueError(f"{name}: all sets must have one {what}, got {right}, {mine}")
        # a tuple that nobody replaces: see __setattr__
        self.__dict__["sets"] = sets

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{self._name} cannot be changed; make a new one")

    def __repr__(self) -> str:
        return f"{self._name}({', '.join(map(repr, self.sets))})"

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the sets' points."""
        return self.sets[0].shape

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the sets."""
        return self.sets[0].dtype

    @property
    def device(self) -> torch.device:
        """The device of the sets."""
        return self.sets[0].device

    def _excesses(self, rows: Tensor) -> Tensor:
        return torch.stack([one._excess(rows) for one in self.sets])


class Intersection(_Combination):
    r"""The points that several convex sets have in common: a convex set.

    Parameters
    ----------
    sets
        Convex sets of one shape, dtype and device.
    tol
        How far `project` may be off, relative to 1 + the largest entry of its argument.
    max_cycles
        After how many projections on each set `project` gives up.

    Raises
    ------
    TypeError, ValueError
        The sets do not fit each other, one is not convex, or no common point was found. The last
        is an observation, not a proof: the message says how near to a common point the search
        came.

    Notes
    -----
    `project` is Dykstra's algorithm: it projects on one set after the other, and before each
    projection adds back what the last one on this set removed. Without that, the points would
    still converge to a common point, but not to the nearest. It stops where, over a whole cycle,
    the removed parts change by less than `tol`, and every set holds the point to `tol`.
    Accordingly ``contains`` with ``tol=None`` allows ten times that. `sample` runs hit-and-run, as
    described for :class:`Polyhedron`.

    References
    ----------
    Boyle and Dykstra (1986); Birgin and Raydan (2005) on when to stop.

    Examples
    --------
    >>> import torch
    >>> from steepest.convexity import Intersection, NormBall, Orthant
    >>> quarter = Intersection(NormBall(torch.zeros(2)), Orthant(2, dtype=torch.float32))
    >>> quarter.project(torch.tensor([-1.0, 3.0]))
    tensor([0., 1.])
    """

    tol: float
    max_cycles: int

    def __init__(self, *sets: Set, tol: float = 1e-10, max_cycles: int = 10_000) -> None:
        super().__init__(*sets)
        for one in sets:
            if not one.convex:
                raise ValueError(f"Intersection: every set must be convex, got {one!r}")
        if not 0 < tol < 1:
            raise ValueError(f"Intersection: tol must lie between 0 and 1, got {tol!r}")
        if max_cycles < 1:
            raise ValueError(f"Intersection: max_cycles must be at least 1, got {max_cycles!r}")
        self.__dict__.update(tol=tol, max_cycles=max_cycles)
        n = math.prod(self.shape)
        start = torch.zeros(1, n, dtype=torch.float64, device=self.device)
        point, moved = self._dykstra(start)
        excess = float(self._excess(point)[0])
        if excess > 10 * tol * (1 + float(point.abs().max()) if n else 1.0):
            raise ValueError(
                f"Intersection: no common point found. After {max_cycles} rounds of projections "
                f"the best point is still {excess:.3g} outside one of the sets, and moved by "
                f"{float(moved[0]):.3g} in the last round. The sets seem to have no point in "
                "common; if they do, raise max_cycles or tol"
            )

    def _excess(self, rows: Tensor) -> Tensor:
        return self._excesses(rows).amax(0)

    def _slack(self, rows: Tensor, eps: float) -> Tensor:
        widest = rows.abs().amax(1) if rows.shape[1] else rows.new_zeros(len(rows))
        return torch.maximum(super()._slack(rows, eps), 10 * self.tol * (1 + widest))

    def _project(self, rows: Tensor) -> Tensor:
        nearest, moved = self._dykstra(rows)
        allowed = 10 * self.tol * (1 + rows.abs().amax(1))
        off = torch.maximum(self._excess(nearest), moved)
        if bool((off > allowed).any()):
            worst = int((off - allowed).argmax())
            raise ProjectionError(
                f"Intersection.project: row {worst} did not converge in {self.max_cycles} cycles: "
                f"it is {float(self._excess(nearest)[worst]):.3g} outside one of the sets and "
                f"moved by {float(moved[worst]):.3g} in the last cycle; raise max_cycles or tol"
            )
        return nearest

    def _dykstra(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return where the cycles end, and how far the removed parts moved in the last one."""
        result, moves = rows.clone(), rows.new_zeros(len(rows))
        # points that every set holds are their own nearest ones
        at = (self._excess(rows) > 0).nonzero()[:, 0]
        x, allowed = rows[at], self.tol * (1 + rows[at].abs().amax(1)) if len(at) else moves[at]
        removed = [torch.zeros_like(x) for _ in self.sets]
        for _ in range(self.max_cycles):
            if not len(at):
                break
            change = x.new_zeros(len(x))
            for i, one in enumerate(self.sets):
                shifted = x + removed[i]
                x = one._project(shifted)
                change = change + (shifted - x - removed[i]).square().sum(1)
                removed[i] = shifted - x
            moved = change.sqrt()
            result[at], moves[at] = x, moved
            going = (moved > allowed) | (self._excess(x) > allowed)
            if not bool(going.all()):
                at, x, allowed = at[going], x[going], allowed[going]
                removed = [part[going] for part in removed]
        return result, moves

    @cached_property
    def _frame(self) -> tuple[Tensor, Tensor]:
        return frame(self, math.prod(self.shape), self.device)

    def _sample(self, count: int, generator: torch.Generator) -> Tensor:
        return hit_and_run(self, *self._frame, count, generator)

    def _hull(self) -> Tensor | None:
        return span(self._frame[1])


class Union(_Combination):
    r"""The points that lie in at least one of several sets: in general not a convex set.

    Parameters
    ----------
    sets
        Sets of one shape, dtype and device.

    Raises
    ------
    TypeError, ValueError
        The sets do not fit each other.

    Notes
    -----
    `project` returns a nearest point, which need not be the only one: of equally near ones, that
    in the first set. It is as accurate as the sets' own. `sample` first picks one of the sets, all
    with the same probability.

    Examples
    --------
    >>> import torch
    >>> from steepest.convexity import NormBall, Union, find_violation
    >>> left, right = torch.tensor([-2.0, 0.0]), torch.tensor([2.0, 0.0])
    >>> two_discs = Union(NormBall(left), NormBall(right))
    >>> two_discs.contains(torch.stack([left, right, (left + right) / 2]))
    tensor([ True,  True, False])
    >>> find_violation(two_discs) is None
    False
    """

    @property
    def convex(self) -> bool:
        """Whether there is one set only, and it is convex. Of more, nothing is known."""
        return len(self.sets) == 1 and self.sets[0].convex

    def _excess(self, rows: Tensor) -> Tensor:
        return self._excesses(rows).amin(0)

    def _slack(self, rows: Tensor, eps: float) -> Tensor:
        return torch.stack([one._slack(rows, eps) for one in self.sets]).amax(0)

    def _project(self, rows: Tensor) -> Tensor:
        nearest = torch.stack([one._project(rows) for one in self.sets])
        distances = torch.linalg.vector_norm(nearest - rows, dim=2)
        first = distances.argmin(0)
        return nearest[first, torch.arange(len(rows), device=rows.device)]

    def _sample(self, count: int, generator: torch.Generator) -> Tensor:
        drawn = torch.stack([one._sample(count, generator).to(self.device) for one in self.sets])
        picked = torch.randint(
            len(self.sets), (count,), generator=generator, device=generator.device
        ).to(self.device)
        return drawn[picked, torch.arange(count, device=self.device)]

    def _hull(self) -> Tensor | None:
        raise ValueError("Union: directions are known for convex sets only")
