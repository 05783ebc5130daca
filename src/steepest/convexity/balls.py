"""Balls of the p-norms."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from steepest.convexity._checks import floating
from steepest.convexity._draws import exponential, uniform
from steepest.convexity.base import TensorSet
from steepest.convexity.boxes import to_simplex

__all__ = ["NormBall"]


@dataclass(frozen=True, eq=False)
class NormBall(TensorSet):
    r"""The ball :math:`\{x : \|x - c\|_p \le r\}`, over the entries of tensors of any shape.

    .. math:: \|z\|_p = \Bigl(\sum_i |z_i|^p\Bigr)^{1/p}, \qquad \|z\|_\infty = \max_i |z_i|

    It is convex for :math:`p \ge 1`, by the triangle inequality and homogeneity. For p < 1 the
    triangle inequality fails, and so does convexity: such a ball has no `project`.

    Parameters
    ----------
    center
        The centre c: any shape, which is the shape of the set's points.
    radius
        The radius r, at least 0.
    p
        Above 0; ``math.inf`` included.

    Raises
    ------
    TypeError, ValueError
        `center` is no finite floating-point tensor, or `radius` or `p` is out of its range.

    Notes
    -----
    `project` is exact for p = 1 (by the simplex), 2 and infinity; for other p it solves
    :math:`y_i + \lambda y_i^{p-1} = |x_i|` for y and the multiplier by bisection, to rounding.
    `sample` is uniform over the ball.

    References
    ----------
    Boyd and Vandenberghe (2004), section 2.2.3; Duchi, Shalev-Shwartz, Singer and Chandra (2008)
    for p = 1; Barthe, Guédon, Mendelson and Naor (2005) for samples.

    Examples
    --------
    >>> import torch
    >>> from steepest.convexity import NormBall
    >>> NormBall(torch.zeros(2), radius=1.0, p=1).project(torch.tensor([2.0, 1.5]))
    tensor([0.7500, 0.2500])
    >>> NormBall(torch.zeros(2), p=0.5).convex
    False
    """

    center: Tensor
    radius: float = 1.0
    p: float = 2

    def __post_init__(self) -> None:
        floating(self.center, "NormBall", "center")
        if not bool(torch.isfinite(self.center).all()):
            raise ValueError("NormBall: center must be finite")
        if not 0 <= self.radius < math.inf:
            raise ValueError(
                f"NormBall: radius must be finite and at least 0, got {self.radius!r}; "
                "a negative radius leaves no point"
            )
        if not self.p > 0:
            raise ValueError(f"NormBall: p must be above 0, got {self.p!r}")

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the centre."""
        return tuple(self.center.shape)

    @property
    def convex(self) -> bool:
        """Whether p is at least 1, or the ball holds its centre only, or has one dimension."""
        return self.p >= 1 or self.radius == 0 or self.center.numel() == 1

    @property
    def _data(self) -> Tensor:
        return self.center

    def _offset(self, rows: Tensor) -> Tensor:
        return rows - self.center.to(rows).reshape(1, -1)

    def _excess(self, rows: Tensor) -> Tensor:
        return _norm(self._offset(rows), self.p) - self.radius

    def _project(self, rows: Tensor) -> Tensor:
        if not self.convex:
            raise ValueError(
                f"NormBall.project: with p = {self.p} the ball is not convex, and a nearest point "
                "need not be unique; take p >= 1"
            )
        z, r = self._offset(rows), self.radius
        if self.p == math.inf or z.shape[1] == 1:
            inside = z.clamp(-r, r)
        elif self.p == 2:
            inside = z * (r / torch.linalg.vector_norm(z, dim=1, keepdim=True)).clamp(max=1)
        elif self.p == 1:
            inside = z.sign() * to_simplex(z.abs(), r)
        else:
            inside = z.sign() * _to_p_ball(z.abs(), r, self.p)
        # the points of the ball stay as they are, to the last bit
        out = _norm(z, self.p) > r
        return torch.where(out[:, None], rows - z + inside, rows)

    def _sample(self, count: int, generator: torch.Generator) -> Tensor:
        shape = (count, self.center.numel())
        if self.p == math.inf:
            z = 2 * uniform(shape, generator) - 1
        else:
            # Coordinates of density exp(-|t|^p), shrunk by one exponential variable more, are
            # uniform in the ball. PyTorch's own sampler of the gamma distribution is the only one
            # that takes a generator.
            power = torch._standard_gamma(
                torch.full(shape, 1 / self.p, dtype=torch.float64, device=generator.device),
                generator=generator,
            )
            total = power.sum(1, keepdim=True) + exponential((count, 1), generator)
            signs = torch.where(uniform(shape, generator) > 0.5, 1.0, -1.0).to(power)
            z = signs * (power / total) ** (1 / self.p)
        return self.center.to(z).reshape(1, -1) + self.radius * z

    def _hull(self) -> Tensor | None:
        return None if self.radius > 0 else self.center.new_zeros(self.center.numel(), 0).double()


def _norm(z: Tensor, p: float) -> Tensor:
    norm: Tensor = torch.linalg.vector_norm(z, p, dim=1) if z.shape[1] else z.new_zeros(len(z))
    return norm


def _to_p_ball(sizes: Tensor, radius: float, p: float) -> Tensor:
    """Project nonnegative rows on the unit ball of norm p, scaled: bisection for the multiplier."""
    if radius == 0:
        return torch.zeros_like(sizes)
    a = sizes / radius

    def shrunk(multiplier: Tensor) -> Tensor:
        low, high = torch.zeros_like(a), a.clone()
        for _ in range(64):
            middle = (low + high) / 2
            above = middle + multiplier * middle ** (p - 1) > a
            low, high = torch.where(above, low, middle), torch.where(above, middle, high)
        return low

    low = a.new_zeros(len(a), 1)
    high = a.amax(1, keepdim=True) * a.shape[1] ** ((p - 1) / p)
    for _ in range(64):
        middle = (low + high) / 2
        outside = (_norm(shrunk(middle), p) > 1)[:, None]
        low, high = torch.where(outside, middle, low), torch.where(outside, high, middle)
    return radius * shrunk(high)
