"""What a search for a violation returns: points that break an inequality, and what was tried."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from steepest.convexity._conditions import CONDITIONS, Configurations, Values, set_sides
from steepest.convexity._kinds import KINDS
from steepest.convexity.base import Set

__all__ = ["Search", "Witness"]


@dataclass(frozen=True, eq=False)
class Witness:
    r"""Points at which an inequality that every convex function satisfies is broken.

    With f the function (for the concave kinds, all inequalities are reversed):

    ============= ========================================= ==================================
    condition     left                                      right
    ============= ========================================= ==================================
    ``chord``     :math:`f(\theta x + (1 - \theta) y)`      :math:`\theta f(x) + (1-\theta) f(y)`
    ``jensen``    :math:`f(\sum_i w_i x_i)`                 :math:`\sum_i w_i f(x_i)`
    ``gradient``  :math:`f(x) + \nabla f(x)^\top (y - x)`   :math:`f(y)`
    ``hessian``   0                                         :math:`d^\top \nabla^2 f(x)\, d`
    ============= ========================================= ==================================

    Convexity asks for left ≤ right. Of a *set*, the left side is by how much the point
    :math:`\theta x + (1 - \theta) y` breaks the set's worst constraint, and the right side is 0.

    Attributes
    ----------
    condition, kind
        Which inequality, and what it was to show.
    points
        The points in the order of the inequality, of shape ``(k, *shape)``: x and y, or the
        :math:`x_i`. For ``hessian`` there is one; for a strict kind there are several on a segment
        along which the second derivative vanishes.
    weights
        :math:`(\theta, 1 - \theta)` or the :math:`w_i`, of shape ``(k,)``, else None.
    direction
        The unit vector d of ``hessian``, of the shape of a point, else None.
    left, right
        The two sides.
    violation
        By how much the inequality is broken: left - right, or right - left for a concave kind.
    tolerance
        What rounding may explain, estimated. A violation is reported above it. Strict kinds
        are also broken where the two sides agree to within it along a whole segment; then the
        violation is about 0.

    Examples
    --------
    >>> import torch
    >>> from steepest.convexity import Box, find_violation
    >>> line = Box(torch.tensor(-5.0), torch.tensor(5.0))
    >>> witness = find_violation(lambda x: x * torch.cos(4 * x) + 2 * x.abs(), line)
    >>> witness.violation > witness.tolerance
    True
    >>> witness.recheck(lambda x: x * torch.cos(4 * x) + 2 * x.abs())
    True
    >>> witness.recheck(lambda x: x**2)
    False
    """

    condition: str
    kind: str
    points: Tensor
    weights: Tensor | None
    direction: Tensor | None
    left: float
    right: float
    violation: float
    tolerance: float

    def segment(self, count: int = 101) -> Tensor:
        """Return equally spaced points from the first to the last of `points`, for a picture.

        Parameters
        ----------
        count
            How many, at least 2.

        Returns
        -------
        points
            Of shape ``(count, *shape)``; through one point, from half a unit before it to half a
            unit behind it, along `direction`.

        Raises
        ------
        ValueError
            `count` is below 2.

        Examples
        --------
        >>> import torch
        >>> from steepest.convexity import Box, find_violation
        >>> square = Box(-torch.ones(2), torch.ones(2))
        >>> find_violation(lambda x: x[0] * x[1], square).segment(5).shape
        torch.Size([5, 2])
        """
        if count < 2:
            raise ValueError(f"Witness.segment: count must be at least 2, got {count}")
        start, end = self.points[0], self.points[-1]
        if len(self.points) == 1 and self.direction is not None:
            start, end = start - self.direction / 2, start + self.direction / 2
        shares = torch.linspace(0, 1, count, dtype=start.dtype, device=start.device)
        shares = shares.reshape(-1, *[1] * start.ndim)
        return (1 - shares) * start + shares * end

    def recheck(self, fun_or_set: Callable[[Tensor], Tensor] | Set) -> bool:
        """Evaluate both sides anew, and say whether these points break the inequality.

        Parameters
        ----------
        fun_or_set
            A function of one point, or a set.

        Returns
        -------
        broken
            Whether the violation exceeds `tolerance`; for a strict kind, whether the two sides are
            equal to within `tolerance`, or worse.

        Examples
        --------
        >>> import torch
        >>> from steepest.convexity import NormBall, find_violation
        >>> star = NormBall(torch.zeros(2), p=0.5)
        >>> witness = find_violation(star)
        >>> witness.recheck(star), witness.recheck(NormBall(torch.zeros(2)))
        (True, False)
        """
        shape = tuple(self.points.shape[1:])
        here = Configurations(
            self.points.reshape(1, len(self.points), -1),
            None if self.weights is None else self.weights[None],
            None if self.direction is None else self.direction.reshape(1, -1),
        )
        if isinstance(fun_or_set, Set):
            return float(set_sides(fun_or_set, here).left[0]) > self.tolerance
        sign, strict = KINDS[self.kind]
        values = Values(fun_or_set, shape, "Witness.recheck")
        violation = float(CONDITIONS[self.condition](values, here, sign).violation.detach()[0])
        return violation >= -self.tolerance if strict else violation > self.tolerance


@dataclass(frozen=True)
class Search:
    """The outcome of :func:`search`.

    Attributes
    ----------
    witness
        What was found, or None, which means *not found*. It never means that the function is
        convex.
    tried
        How many configurations of points were evaluated.
    message
        What was done and what came of it, in a sentence.

    Examples
    --------
    >>> import torch
    >>> from steepest.convexity import Box, search
    >>> result = search(lambda x: x**2, Box(torch.tensor(-1.0), torch.tensor(1.0)))
    >>> result.witness is None
    True
    >>> result.message
    'no violation of convexity found by the chord condition among 10,000 random ...'
    >>> result.message.endswith("this proves nothing")
    True
    """

    witness: Witness | None
    tried: int
    message: str
