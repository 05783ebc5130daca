"""Boxes, orthants and simplices: sets whose projection clamps or sorts."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from steepest.convexity._checks import floating, size
from steepest.convexity._draws import exponential, gaussian, uniform
from steepest.convexity.base import CPU, SizedSet, TensorSet

__all__ = ["Box", "Orthant", "Simplex"]


@dataclass(frozen=True, eq=False)
class Box(TensorSet):
    r"""The box :math:`\{x : l \le x \le u\}`, entry by entry.

    Parameters
    ----------
    lower, upper
        The bounds: two tensors of one shape, dtype and device, any shape. Infinite bounds are
        allowed, so that the whole space and half lines are boxes too.

    Raises
    ------
    TypeError, ValueError
        A bound is no floating-point tensor, the two do not fit each other, or the box is empty.

    Notes
    -----
    `project` clamps: exact. `sample` draws the entries independently: uniform between finite
    bounds, exponential of mean 1 away from a single finite bound, standard normal without bounds.

    Examples
    --------
    >>> import torch
    >>> from steepest.convexity import Box
    >>> Box(torch.tensor([0.0, 0.0]), torch.tensor([1.0, 2.0])).project(torch.tensor([-1.0, 5.0]))
    tensor([0., 2.])
    """

    lower: Tensor
    upper: Tensor

    def __post_init__(self) -> None:
        for name, bound in (("lower", self.lower), ("upper", self.upper)):
            floating(bound, "Box", name)
        for what in ("shape", "dtype", "device"):
            mine, other = getattr(self.lower, what), getattr(self.upper, what)
            if mine != other:
                raise ValueError(
                    f"Box: lower and upper must have one {what}, got {mine} and {other}"
                )
        broken = (self.lower > self.upper) | (self.lower == math.inf) | (self.upper == -math.inf)
        if bool(broken.any()):
            at = tuple(broken.nonzero()[0].tolist())
            raise ValueError(
                "Box: lower must not exceed upper, and finite numbers must lie between; got "
                f"{float(self.lower[at]):g} and {float(self.upper[at]):g} at index {at}: "
                "the box is empty"
            )

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the bounds."""
        return tuple(self.lower.shape)

    @property
    def _data(self) -> Tensor:
        return self.lower

    def _bounds(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        return self.lower.to(rows).reshape(1, -1), self.upper.to(rows).reshape(1, -1)

    def _excess(self, rows: Tensor) -> Tensor:
        low, high = self._bounds(rows)
        return _largest(torch.maximum(low - rows, rows - high))

    def _project(self, rows: Tensor) -> Tensor:
        return torch.clamp(rows, *self._bounds(rows))

    def _sample(self, count: int, generator: torch.Generator) -> Tensor:
        shape = (count, self.lower.numel())
        between, normal = uniform(shape, generator), gaussian(shape, generator)
        low, high = self._bounds(between)
        away = exponential(shape, generator)
        some, most = torch.isfinite(low), torch.isfinite(high)
        bounded = torch.where(some & most, low + between * (high - low), low + away)
        return torch.where(some, bounded, torch.where(most, high - away, normal))

    def _hull(self) -> Tensor | None:
        free = (self.lower < self.upper).reshape(-1)
        every = torch.eye(len(free), dtype=torch.float64, device=free.device)
        return None if bool(free.all()) else every[:, free]


@dataclass(frozen=True, eq=False)
class Orthant(SizedSet):
    r"""The nonnegative orthant :math:`\{x \in R^n : x_i \ge 0\}`, a convex cone.

    Parameters
    ----------
    n
        The dimension, at least 1.
    dtype, device
        Of samples.

    Raises
    ------
    TypeError, ValueError
        `n` is not a positive int.

    Notes
    -----
    `project` is exact. The orthant is unbounded; `sample` draws the absolute values of independent
    standard normal numbers.

    References
    ----------
    Boyd and Vandenberghe (2004), section 2.2.4.

    Examples
    --------
    >>> import torch
    >>> from steepest.convexity import Orthant
    >>> Orthant(3).project(torch.tensor([1.0, -2.0, 0.0]))
    tensor([1., 0., 0.])
    """

    n: int
    dtype: torch.dtype = torch.float64
    device: torch.device = CPU

    def __post_init__(self) -> None:
        size(self.n, "Orthant")
        object.__setattr__(self, "device", torch.device(self.device))

    @property
    def shape(self) -> tuple[int, ...]:
        """``(n,)``."""
        return (self.n,)

    def _excess(self, rows: Tensor) -> Tensor:
        return _largest(-rows)

    def _project(self, rows: Tensor) -> Tensor:
        return rows.clamp(min=0)

    def _sample(self, count: int, generator: torch.Generator) -> Tensor:
        return gaussian((count, self.n), generator).abs()

    def _hull(self) -> Tensor | None:
        return None


@dataclass(frozen=True, eq=False)
class Simplex(SizedSet):
    r"""The simplex :math:`\{x \in R^n : x_i \ge 0, \; \sum_i x_i = s\}`.

    Parameters
    ----------
    n
        The dimension, at least 1.
    total
        The sum s, above 0; with 1 the points are probabilities.
    dtype, device
        Of samples.

    Raises
    ------
    TypeError, ValueError
        `n` is not a positive int, or `total` is not positive and finite.

    Notes
    -----
    `project` sorts, and is exact. `sample` is uniform.

    References
    ----------
    Boyd and Vandenberghe (2004), section 2.2.4; Duchi, Shalev-Shwartz, Singer and Chandra (2008)
    on the projection.

    Examples
    --------
    >>> import torch
    >>> from steepest.convexity import Simplex
    >>> Simplex(2).project(torch.tensor([2.0, 1.5]))
    tensor([0.7500, 0.2500])
    """

    n: int
    total: float = 1.0
    dtype: torch.dtype = torch.float64
    device: torch.device = CPU

    def __post_init__(self) -> None:
        size(self.n, "Simplex")
        if not 0 < self.total < math.inf:
            raise ValueError(f"Simplex: total must be positive and finite, got {self.total!r}")
        object.__setattr__(self, "device", torch.device(self.device))

    @property
    def shape(self) -> tuple[int, ...]:
        """``(n,)``."""
        return (self.n,)

    def _excess(self, rows: Tensor) -> Tensor:
        return torch.maximum(_largest(-rows), (rows.sum(1) - self.total).abs())

    def _project(self, rows: Tensor) -> Tensor:
        return to_simplex(rows, self.total)

    def _sample(self, count: int, generator: torch.Generator) -> Tensor:
        waits = exponential((count, self.n), generator)
        return self.total * waits / waits.sum(1, keepdim=True)

    def _hull(self) -> Tensor | None:
        ones = torch.ones(self.n, 1, dtype=torch.float64, device=self.device)
        basis: Tensor = torch.linalg.qr(ones, mode="complete")[0][:, 1:]
        return basis


def _largest(excess: Tensor) -> Tensor:
    return excess.amax(1) if excess.shape[1] else excess.new_zeros(len(excess))


def to_simplex(rows: Tensor, total: float) -> Tensor:
    """Subtract one number from all entries and clamp at 0, such that they add up to `total`."""
    ordered = rows.sort(dim=1, descending=True).values
    counts = torch.arange(1, rows.shape[1] + 1, dtype=rows.dtype, device=rows.device)
    shifts = (ordered.cumsum(1) - total) / counts
    # as many entries stay positive as lie above the shift that they would get
    kept = (ordered > shifts).sum(1, keepdim=True).clamp(min=1)
    return (rows - shifts.gather(1, kept - 1)).clamp(min=0)
