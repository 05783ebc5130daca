"""Sets of solutions of linear equations and inequalities."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from steepest.convexity._checks import floating
from steepest.convexity._draws import gaussian
from steepest.convexity._nonnegative import least_distance
from steepest.convexity._walk import frame, hit_and_run, span
from steepest.convexity.base import ProjectionError, TensorSet

__all__ = ["Affine", "Polyhedron"]


class _Rows(TensorSet):
    """A set given by a matrix, one row a constraint, and a right-hand side."""

    A: Tensor
    b: Tensor

    def _check(self) -> None:
        name = self._name
        floating(self.A, name, "A")
        floating(self.b, name, "b")
        if self.A.ndim != 2 or self.A.shape[1] == 0:
            raise ValueError(
                f"{name}: A must have shape (m, n) with n at least 1, got {tuple(self.A.shape)}; "
                "for a single row write A[None]"
            )
        if self.b.shape != self.A.shape[:1]:
            raise ValueError(
                f"{name}: b must have shape ({len(self.A)},), one number for each row of A, got "
                f"{tuple(self.b.shape)}"
            )
        for what in ("dtype", "device"):
            mine, other = getattr(self.A, what), getattr(self.b, what)
            if mine != other:
                raise ValueError(f"{name}: A and b must have one {what}, got {mine} and {other}")
        if not bool(torch.isfinite(self.A).all() and torch.isfinite(self.b).all()):
            raise ValueError(f"{name}: A and b must be finite")

    @property
    def shape(self) -> tuple[int, ...]:
        """``(n,)``, n being the number of columns of A."""
        return (self.A.shape[1],)

    @property
    def _data(self) -> Tensor:
        return self.A


@dataclass(frozen=True, eq=False)
class Affine(_Rows):
    r"""The affine subspace :math:`\{x \in R^n : Ax = b\}`.

    Parameters
    ----------
    A
        Of shape ``(m, n)``; its rows may be dependent.
    b
        Of shape ``(m,)``.

    Raises
    ------
    TypeError, ValueError
        `A` and `b` do not fit each other, or no x solves Ax = b: the empty set is no affine
        subspace.

    Notes
    -----
    From the singular value decomposition: with the pseudo-inverse :math:`A^+`,
    :math:`P(x) = x - A^+(Ax - b)`, exact. The subspace is unbounded unless it is a point; `sample`
    projects standard normal points.

    References
    ----------
    Boyd and Vandenberghe (2004), section 2.1.2.

    Examples
    --------
    >>> import torch
    >>> from steepest.convexity import Affine
    >>> line = Affine(torch.tensor([[1.0, 1.0]]), torch.tensor([2.0]))
    >>> line.project(torch.tensor([3.0, 2.0]))
    tensor([1.5000, 0.5000])
    """

    A: Tensor
    b: Tensor

    def __post_init__(self) -> None:
        self._check()
        rows, _, point = self._solved
        residual = self.A.double() @ point - self.b.double()
        eps = torch.finfo(self.dtype).eps
        sizes = self.A.double().abs() @ point.abs() + self.b.double().abs()
        if bool((residual.abs() > 8 * eps * max(self.A.shape) * (sizes.max() + sizes)).any()):
            raise ValueError(
                "Affine: no x solves Ax = b, and the empty set is no affine subspace; the best x "
                f"leaves a residual of norm {float(residual.norm()):.3g} (A has rank "
                f"{rows.shape[1]} and {len(self.A)} rows)"
            )

    @cached_property
    def _solved(self) -> tuple[Tensor, Tensor, Tensor]:
        """Orthonormal bases of the row space and of the null space, and the shortest solution."""
        matrix = self.A.double()
        left, sizes, right = torch.linalg.svd(matrix, full_matrices=True)
        least = torch.finfo(self.dtype).eps * max(matrix.shape)
        rank = int((sizes > least * sizes[:1]).sum())
        coordinates = left[:, :rank].T @ self.b.double() / sizes[:rank]
        rows, rest = right[:rank].T, right[rank:].T
        return rows, rest, rows @ coordinates

    def _distances(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        basis, _, point = self._solved
        return (rows - point.to(rows)) @ basis.to(rows), basis.to(rows)

    def _excess(self, rows: Tensor) -> Tensor:
        distances: Tensor = torch.linalg.vector_norm(self._distances(rows)[0], dim=1)
        return distances

    def _project(self, rows: Tensor) -> Tensor:
        distances, basis = self._distances(rows)
        return rows - distances @ basis.T

    def _sample(self, count: int, generator: torch.Generator) -> Tensor:
        return self._project(gaussian((count, self.A.shape[1]), generator))

    def _hull(self) -> Tensor | None:
        rows, rest, _ = self._solved
        return rest if rows.shape[1] else None


@dataclass(frozen=True, eq=False)
class Polyhedron(_Rows):
    r"""The polyhedron :math:`\{x \in R^n : Ax \le b\}`, component by component.

    Parameters
    ----------
    A
        Of shape ``(m, n)``, one half space a row.
    b
        Of shape ``(m,)``.

    Raises
    ------
    TypeError, ValueError
        `A` and `b` do not fit each other, or the polyhedron is empty. That is then proved, up to
        rounding, by multipliers :math:`u \ge 0` with :math:`u^\top A = 0` and
        :math:`u^\top b < 0` (Farkas' lemma).

    Notes
    -----
    `project` is exact: for each point outside, the active-set method of Lawson and Hanson finds
    the inequalities that hold with equality at the nearest point, and one least-squares solve
    gives the point. It takes the points one by one, on the CPU. `sample` runs up to 256 chains of
    hit-and-run from one point in the middle, and keeps what comes after :math:`10 + 2n` steps,
    shuffled: nearly uniform where the set is bounded and not very elongated, though not quite
    independent. Where a chord is unbounded, it is cut off at a random length of the order of the
    distance of the set from 0; no uniform distribution exists there.

    References
    ----------
    Boyd and Vandenberghe (2004), section 2.2.4; Lawson and Hanson (1974), chapter 23, on the
    projection; Smith (1984) on hit-and-run.

    Examples
    --------
    >>> import torch
    >>> from steepest.convexity import Polyhedron
    >>> A = torch.tensor([[1.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    >>> triangle = Polyhedron(A, torch.tensor([1.0, 0.0, 0.0]))
    >>> triangle.project(torch.tensor([[2.0, 1.5], [-1.0, -1.0]]))
    tensor([[0.7500, 0.2500],
            [0.0000, 0.0000]])
    """

    A: Tensor
    b: Tensor

    def __post_init__(self) -> None:
        self._check()
        if bool(((self.A == 0).all(1) & (self.b < 0)).any()):
            raise ValueError("Polyhedron: a row of zeros with a negative b leaves no point")
        A, b = self._scaled
        point, multipliers = least_distance(A, b)
        if point is None:
            u = multipliers / multipliers.sum()
            raise ValueError(
                "Polyhedron: no x satisfies Ax <= b. With weights u >= 0, the rows of A scaled to "
                f"length 1 add up to 0 (to {float((u @ A).norm()):.1g}), and b to "
                f"{float(u @ b):.3g} < 0; the largest weights belong to rows "
                f"{u.argsort(descending=True)[:3].tolist()}"
            )

    @cached_property
    def _scaled(self) -> tuple[Tensor, Tensor]:
        """The inequalities with rows of length 1, without empty ones, on the CPU."""
        A, b = self.A.detach().to("cpu", torch.float64), self.b.detach().to("cpu", torch.float64)
        lengths = torch.linalg.vector_norm(A, dim=1)
        kept = lengths > 0
        return A[kept] / lengths[kept, None], b[kept] / lengths[kept]

    @cached_property
    def _frame(self) -> tuple[Tensor, Tensor]:
        return frame(self, self.A.shape[1], torch.device("cpu"))

    def _excess(self, rows: Tensor) -> Tensor:
        A, b = (tensor.to(rows) for tensor in self._scaled)
        return (rows @ A.T - b).amax(1) if len(A) else rows.new_zeros(len(rows))

    def _project(self, rows: Tensor) -> Tensor:
        A, b = self._scaled
        nearest = rows.to("cpu").clone()
        # within rounding of the set, there is nothing to do
        for i in (self._excess(nearest) > 0).nonzero()[:, 0].tolist():
            step, _ = least_distance(A, b - A @ nearest[i])
            moved = nearest[i] if step is None else nearest[i] + step
            slack = 1e-9 * (1 + float(nearest[i].abs().max()) + float(b.abs().max()))
            left = float((A @ moved - b).max())
            if step is None or left > slack:
                raise ProjectionError(
                    f"Polyhedron.project: the nearest point to row {i} was not found to rounding; "
                    f"the best one breaks an inequality by {left:.3g}. The inequalities may be "
                    "nearly contradictory"
                )
            nearest[i] = moved
        return nearest.to(rows.device)

    def _sample(self, count: int, generator: torch.Generator) -> Tensor:
        return hit_and_run(self, *self._frame, count, generator)

    def _hull(self) -> Tensor | None:
        return span(self._frame[1])

    def _reach(self, rows: Tensor, directions: Tensor, cap: Tensor) -> Tensor:
        A, b = (tensor.to(rows) for tensor in self._scaled)
        if not len(A):
            return cap
        speed, room = directions @ A.T, (b - rows @ A.T).clamp(min=0)
        times = torch.where(speed > 1e-12, room / speed.clamp(min=1e-12), torch.inf)
        return torch.minimum(times.amin(1), cap)
