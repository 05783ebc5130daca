"""What many starts lead to: their ends, the best of them, and the basins they share."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import torch
from torch import Tensor

from steepest.result import Status

__all__ = ["Basins", "End", "ManyResult", "Statuses"]

_ALL = tuple(Status)


class Statuses(Sequence[Status]):
    """The status of every start: a sequence that keeps one byte for each.

    Parameters
    ----------
    codes
        Which member of :class:`~steepest.result.Status`, counted from 0, each start has: int8, of
        shape ``(k,)``.

    Examples
    --------
    >>> import torch
    >>> from steepest import methods, minimize_many
    >>> from steepest.result import Status
    >>> starts = torch.tensor([0.0, 8.0])
    >>> run = minimize_many(lambda x: x**2, starts, methods.gradient_descent(0.25), max_iter=2)
    >>> [status.name for status in run.status]
    ['CONVERGED', 'ITERATIONS_DONE']
    >>> run.status.count(Status.CONVERGED), run.status.mask(Status.CONVERGED)
    (1, tensor([ True, False]))
    """

    def __init__(self, codes: Tensor) -> None:
        self.codes = codes

    def __len__(self) -> int:
        return len(self.codes)

    @overload
    def __getitem__(self, index: int) -> Status: ...
    @overload
    def __getitem__(self, index: slice) -> "Statuses": ...
    def __getitem__(self, index: int | slice) -> "Status | Statuses":
        if isinstance(index, slice):
            return Statuses(self.codes[index])
        return _ALL[int(self.codes[index])]

    def __iter__(self) -> Iterator[Status]:
        return (_ALL[code] for code in self.codes.tolist())

    def mask(self, status: Status) -> Tensor:
        """Return which starts have this status: bool, of shape ``(k,)``."""
        return self.codes == _ALL.index(status)

    def count(self, value: object) -> int:
        """Return how many starts have this status."""
        return int(self.mask(value).sum()) if isinstance(value, Status) else 0

    def __repr__(self) -> str:
        counts = {status.name: self.count(status) for status in _ALL}
        return f"Statuses({', '.join(f'{name}: {n}' for name, n in counts.items() if n)})"


@dataclass(frozen=True)
class End:
    """Where one start of many led.

    Attributes
    ----------
    index
        Which start.
    x, fun, grad_norm
        The last point, the value, and the Euclidean norm of the gradient there.
    nit, status
        Iterations done, and how the run ended.

    Examples
    --------
    >>> import torch
    >>> from steepest import methods, minimize_many
    >>> starts = torch.tensor([-1.0, 4.0])
    >>> minimize_many(lambda x: x**2, starts, methods.gradient_descent(0.25)).best.index
    0
    """

    index: int
    x: Tensor
    fun: Tensor
    grad_norm: Tensor
    nit: int
    status: Status


@dataclass(frozen=True)
class Basins:
    """Groups of ends that agree, the lowest first.

    Attributes
    ----------
    x, fun
        The lowest end of each of the b groups, of shape ``(b, *shape)``, and its value, ``(b,)``.
    count
        How many ends each group has, of shape ``(b,)``.
    width
        How far each group reaches: the largest difference in one coordinate, of shape ``(b,)``.
        Much wider than the tolerance means ends that are not there yet.
    label
        The group of each start, -1 where it diverged: int64, of shape ``(k,)``.

    Examples
    --------
    >>> import torch
    >>> from steepest import methods, minimize_many, problems
    >>> starts = torch.linspace(1, 4, 7, dtype=torch.float64)
    >>> wave = problems.seven_minima().fun
    >>> run = minimize_many(wave, starts, methods.gradient_descent(0.01), max_iter=500, tol=1e-9)
    >>> run.basins().x, run.basins().count
    (tensor([0.6838, 2.3292, 3.9110], dtype=torch.float64), tensor([2, 3, 2]))
    """

    x: Tensor
    fun: Tensor
    count: Tensor
    width: Tensor
    label: Tensor

    def __len__(self) -> int:
        return len(self.fun)


@dataclass(frozen=True)
class ManyResult:
    """The outcome of :func:`~steepest.multistart.minimize_many`: row i belongs to start i.

    Attributes
    ----------
    x
        The last points, of shape ``(k, *shape)``.
    fun, grad_norm
        The values and the Euclidean norms of the gradients there, of shape ``(k,)``.
    nit
        Iterations done, int64, of shape ``(k,)``.
    status
        How each run ended: a sequence of k members of :class:`~steepest.result.Status`.

    Examples
    --------
    >>> import torch
    >>> from steepest import methods, minimize_many
    >>> starts = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    >>> method = methods.gradient_descent(0.25)
    >>> minimize_many(lambda x: (x**2).sum(), starts, method, max_iter=100, tol=1e-3).nit
    tensor([12, 11])
    """

    x: Tensor
    fun: Tensor
    grad_norm: Tensor
    nit: Tensor
    status: Statuses

    def __len__(self) -> int:
        return len(self.fun)

    @property
    def success(self) -> Tensor:
        """Which starts ended ``CONVERGED``: bool, of shape ``(k,)``."""
        return self.status.mask(Status.CONVERGED)

    def __getitem__(self, index: int) -> End:
        """Return the end of one start."""
        return End(
            index % len(self),
            self.x[index],
            self.fun[index],
            self.grad_norm[index],
            int(self.nit[index]),
            self.status[index],
        )

    @property
    def best(self) -> End:
        """The end with the lowest value, the first of several; diverged ones do not compete.

        Raises
        ------
        ValueError
            There is no finite end.
        """
        finite = self._finite()
        if not bool(finite.any()):
            raise ValueError(
                f"best: none of the {len(self)} starts has a finite end; try a smaller step size, "
                "or starts where the function is defined"
            )
        return self[int(torch.where(finite, self.fun, torch.inf).argmin())]

    def basins(self, *, atol: float = 1e-3) -> Basins:
        """Group the ends that agree.

        Two ends share a basin where a chain of ends of that basin leads from one to the other with
        no gap above `atol` in any coordinate. The groups do not depend on the order of the starts.

        Parameters
        ----------
        atol
            The largest gap within a basin, at least 0: above the error of the ends, below the
            distance of the minimisers.

        Raises
        ------
        ValueError
            `atol` is negative or no number.
        """
        if not atol >= 0:
            raise ValueError(f"basins: atol must be at least 0, got {atol!r}")
        finite = self._finite()
        points = rows(self.x[finite])
        fun = self.fun[finite]
        label = _chains(points, atol)
        by_value = fun.argsort(stable=True)
        by_label = by_value[label[by_value].argsort(stable=True)]
        count = torch.bincount(label)
        lowest = by_label[count.cumsum(0) - count]  # the first of each label
        rank = fun[lowest].argsort(stable=True)
        width = _width(points, label, len(count))
        place = torch.empty_like(rank).scatter_(
            0, rank, torch.arange(len(rank), device=rank.device)
        )
        labels = torch.full_like(self.nit, -1)
        labels[finite] = place[label]
        lowest = lowest[rank]
        return Basins(self.x[finite][lowest], fun[lowest], count[rank], width[rank], labels)

    def _finite(self) -> Tensor:
        """Which starts did not diverge; those that did end at their last finite point."""
        kept = ~self.status.mask(Status.DIVERGED)
        return kept & torch.isfinite(self.fun) & torch.isfinite(rows(self.x)).all(1)


def rows(x: Tensor) -> Tensor:
    """Return a batch of starts of any shape as a matrix, one row a start."""
    return x.flatten(1) if x.ndim > 1 else x[:, None]


def _chains(points: Tensor, atol: float) -> Tensor:
    """Label the rows of (k, n) points: split at gaps, one coordinate after another, until none."""
    label = torch.zeros(len(points), dtype=torch.int64, device=points.device)
    groups = 1
    while len(points) > 0:
        for column in points.T:
            order = column.argsort(stable=True)
            order = order[label[order].argsort(stable=True)]
            apart = (column[order].diff() > atol) | (label[order].diff() != 0)
            label[order[1:]] = apart.cumsum(0)
            label[order[0]] = 0
        now = int(label.max()) + 1
        if now == groups or points.shape[1] == 1:
            break
        groups = now
    return label


def _width(points: Tensor, label: Tensor, groups: int) -> Tensor:
    def extreme(kind: str) -> Tensor:
        out = points.new_zeros(groups, points.shape[1])
        index = label[:, None].expand_as(points)
        return out.scatter_reduce_(0, index, points, kind, include_self=False)

    if points.numel() == 0:
        return points.new_zeros(groups)
    return (extreme("amax") - extreme("amin")).amax(1)
