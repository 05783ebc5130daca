"""The cone of positive semidefinite matrices."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from steepest.convexity._checks import size
from steepest.convexity._draws import gaussian
from steepest.convexity.base import CPU, SizedSet

__all__ = ["PSDCone"]


@dataclass(frozen=True, eq=False)
class PSDCone(SizedSet):
    r"""The symmetric n by n matrices X with :math:`v^\top X v \ge 0` for all v.

    It is a closed convex cone. The positive *definite* matrices inside it, :math:`v^\top X v > 0`
    for all v other than 0, are convex too, but not closed, and 0 is not one of them.

    Parameters
    ----------
    n
        The number of rows, at least 1; the points have shape ``(n, n)``.
    dtype, device
        Of samples.

    Raises
    ------
    TypeError, ValueError
        `n` is not a positive int.

    Notes
    -----
    `project` takes the symmetric part and replaces its negative eigenvalues by 0: exact, and
    defined for matrices that are not symmetric. The cone is unbounded; `sample` draws
    :math:`GG^\top/n` with a standard normal G of shape ``(n, n)``.

    References
    ----------
    Boyd and Vandenberghe (2004), sections 2.2.5 and 8.1.1.

    Examples
    --------
    >>> import torch
    >>> from steepest.convexity import PSDCone
    >>> PSDCone(2).project(torch.tensor([[2.0, 0.0], [0.0, -3.0]]))
    tensor([[2., 0.],
            [0., 0.]])
    """

    n: int
    dtype: torch.dtype = torch.float64
    device: torch.device = CPU

    def __post_init__(self) -> None:
        size(self.n, "PSDCone")
        object.__setattr__(self, "device", torch.device(self.device))

    @property
    def shape(self) -> tuple[int, ...]:
        """``(n, n)``."""
        return (self.n, self.n)

    def _excess(self, rows: Tensor) -> Tensor:
        X = rows.reshape(-1, self.n, self.n)
        skew = (X - X.mT).abs().amax((1, 2)) / 2
        # eigvalsh refuses matrices that are not finite, and those are in no set
        finite = torch.isfinite(rows).all(1)
        least = torch.linalg.eigvalsh(torch.where(finite[:, None, None], X + X.mT, 0.0))[:, 0] / 2
        excess: Tensor = torch.where(finite, torch.maximum(skew, -least), torch.inf)
        return excess

    def _project(self, rows: Tensor) -> Tensor:
        X = rows.reshape(-1, self.n, self.n)
        values, vectors = torch.linalg.eigh((X + X.mT) / 2)
        nearest = (vectors * values.clamp(min=0)[:, None, :]) @ vectors.mT
        symmetric: Tensor = (nearest + nearest.mT) / 2
        return symmetric.reshape(rows.shape)

    def _sample(self, count: int, generator: torch.Generator) -> Tensor:
        factor = gaussian((count, self.n, self.n), generator)
        X = factor @ factor.mT / self.n
        return ((X + X.mT) / 2).reshape(count, self.n**2)

    def _hull(self) -> Tensor | None:
        if self.n == 1:
            return None
        rows, columns = torch.triu_indices(self.n, self.n, device=self.device)
        basis = torch.zeros(len(rows), self.n, self.n, dtype=torch.float64, device=self.device)
        at = torch.arange(len(rows), device=self.device)
        basis[at, rows, columns] = basis[at, columns, rows] = math.sqrt(0.5)
        basis[at[rows == columns], rows[rows == columns], columns[rows == columns]] = 1.0
        return basis.reshape(len(rows), -1).T
