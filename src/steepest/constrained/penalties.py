"""Terms without a gradient, by their proximal maps."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from steepest._numbers import positive

__all__ = ["Penalty", "Projectable", "group_l2", "indicator", "l1", "nuclear", "squared_l2"]


class Projectable(Protocol):
    """Anything with a method ``project(x)`` that returns the nearest of its points.

    Examples
    --------
    >>> import torch
    >>> from steepest.constrained import indicator
    >>> class Integers:
    ...     def project(self, x):
    ...         return x.round()
    >>> indicator(Integers()).prox(torch.tensor([0.3, 1.8]), 1.0)
    tensor([0., 2.])
    """

    def project(self, x: Tensor) -> Tensor:
        """Return the point nearest to `x`, of its shape, dtype and device."""
        ...


@dataclass(frozen=True)
class Penalty:
    r"""A function g that is known by its proximal map.

    .. math::

        \operatorname{prox}_{t g}(x)
        = \operatorname*{arg\,min}_z\; g(z) + \frac{1}{2t}\,\|z - x\|_2^2

    Attributes
    ----------
    name
        How messages call it.
    value
        ``value(x)``: g(x), a tensor of shape ``()``.
    prox
        ``prox(x, t)`` for a number t > 0: a tensor of the shape, dtype and device of x.

    Raises
    ------
    TypeError
        `value` or `prox` is not a function.

    Notes
    -----
    For a convex, closed g the map is single-valued and firmly nonexpansive: Moreau (1965); see
    Parikh and Boyd (2014), chapter 2.

    Examples
    --------
    >>> import torch
    >>> from steepest.constrained import Penalty
    >>> barrier = Penalty(
    ...     "-log x", lambda x: -x.log().sum(), lambda x, t: (x + (x**2 + 4 * t).sqrt()) / 2
    ... )
    >>> barrier.prox(torch.tensor([0.0, 3.0]), 4.0)
    tensor([2., 4.])
    """

    name: str
    value: Callable[[Tensor], Tensor]
    prox: Callable[[Tensor, float], Tensor]

    def __post_init__(self) -> None:
        for what, arguments in (("value", "x"), ("prox", "x and t")):
            given = getattr(self, what)
            if not callable(given):
                raise TypeError(f"Penalty: {what} must be a function of {arguments}, got {given!r}")


def l1(weight: float) -> Penalty:
    r"""Return :math:`g(x) = w\,\|x\|_1`, whose proximal map is soft-thresholding.

    .. math:: \operatorname{prox}_{t g}(x)_i = \operatorname{sign}(x_i)\,\max(|x_i| - t w,\ 0)

    It makes entries exactly zero.

    Parameters
    ----------
    weight
        The factor w, positive.

    Raises
    ------
    TypeError, ValueError
        `weight` is not a number, or not positive and finite.

    Notes
    -----
    Parikh and Boyd (2014), chapter 6.

    Examples
    --------
    >>> import torch
    >>> from steepest.constrained import l1
    >>> l1(1.0).prox(torch.tensor([3.0, -0.5, -2.0]), 1.0)
    tensor([ 2.,  0., -1.])
    """
    w = positive(weight, "l1", "weight")

    def prox(x: Tensor, t: float) -> Tensor:
        return x - x.clamp(-t * w, t * w)

    return Penalty("l1", lambda x: w * x.abs().sum(), prox)


def squared_l2(weight: float) -> Penalty:
    r"""Return :math:`g(x) = \tfrac{w}{2}\,\|x\|_2^2`, whose proximal map is a shrinkage.

    .. math:: \operatorname{prox}_{t g}(x) = \frac{x}{1 + t w}

    Parameters
    ----------
    weight
        The factor w, positive.

    Raises
    ------
    TypeError, ValueError
        `weight` is not a number, or not positive and finite.

    Notes
    -----
    Parikh and Boyd (2014), chapter 6.

    Examples
    --------
    >>> import torch
    >>> from steepest.constrained import squared_l2
    >>> squared_l2(1.0).prox(torch.tensor([3.0, -1.0]), 1.0)
    tensor([ 1.5000, -0.5000])
    """
    w = positive(weight, "squared_l2", "weight")
    return Penalty("squared l2", lambda x: w / 2 * (x**2).sum(), lambda x, t: x / (1 + t * w))


def group_l2(weight: float) -> Penalty:
    r"""Return :math:`g(x) = w \sum_i \|x_i\|_2` over the rows of x, which makes whole rows zero.

    .. math:: \operatorname{prox}_{t g}(x)_i = \max\Bigl(1 - \frac{t w}{\|x_i\|_2},\ 0\Bigr)\, x_i

    A row runs along the last axis; an x of one axis is a single group.

    Parameters
    ----------
    weight
        The factor w, positive.

    Raises
    ------
    TypeError, ValueError
        `weight` is not a number, or not positive and finite.

    Notes
    -----
    Parikh and Boyd (2014), chapter 6.

    Examples
    --------
    >>> import torch
    >>> from steepest.constrained import group_l2
    >>> group_l2(1.0).prox(torch.tensor([[3.0, 4.0], [0.3, 0.4]]), 1.0)
    tensor([[2.4000, 3.2000],
            [0.0000, 0.0000]])
    """
    w = positive(weight, "group_l2", "weight")

    def prox(x: Tensor, t: float) -> Tensor:
        norms: Tensor = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        return x * (1 - t * w / norms).clamp(min=0)

    return Penalty("group l2", lambda x: w * torch.linalg.vector_norm(x, dim=-1).sum(), prox)


def nuclear(weight: float) -> Penalty:
    r"""Return :math:`g(X) = w \sum_i \sigma_i(X)`, which makes singular values zero, so ranks low.

    .. math:: \operatorname{prox}_{t g}(U \operatorname{diag}(\sigma) V^\top)
        = U \operatorname{diag}(\max(\sigma - t w, 0))\, V^\top

    Parameters
    ----------
    weight
        The factor w, positive.

    Raises
    ------
    TypeError, ValueError
        `weight` is not a number, or not positive and finite; in use, x is not a matrix.

    Notes
    -----
    Parikh and Boyd (2014), chapter 6.

    Examples
    --------
    >>> import torch
    >>> from steepest.constrained import nuclear
    >>> nuclear(1.0).prox(torch.tensor([[3.0, 0.0], [0.0, 0.5]]), 1.0)
    tensor([[2., 0.],
            [0., 0.]])
    """
    w = positive(weight, "nuclear", "weight")

    def matrix(x: Tensor) -> Tensor:
        if x.ndim != 2:
            raise ValueError(f"nuclear: x must be a matrix, got shape {tuple(x.shape)}")
        return x

    def prox(x: Tensor, t: float) -> Tensor:
        u, s, vh = torch.linalg.svd(matrix(x), full_matrices=False)
        lowered: Tensor = (u * (s - t * w).clamp(min=0)) @ vh
        return lowered

    return Penalty("nuclear norm", lambda x: w * torch.linalg.svdvals(matrix(x)).sum(), prox)


def indicator(set: Projectable) -> Penalty:
    r"""Return the function that is 0 on a set and infinite off it; its proximal map projects.

    .. math:: \operatorname{prox}_{t g}(x) = \operatorname*{arg\,min}_{z \in C} \|z - x\|_2

    Parameters
    ----------
    set
        Anything with a method ``project(x)``, such as the sets of ``steepest.convexity``.

    Raises
    ------
    TypeError
        `set` has no such method.

    Notes
    -----
    The value asks the projection, too: x counts as inside where it moves no entry by more than
    half the digits of the dtype, relative to the largest entry or to 1.

    Examples
    --------
    >>> import torch
    >>> from steepest.constrained import indicator
    >>> class Halfline:
    ...     def project(self, x):
    ...         return x.clamp(min=0)
    >>> g = indicator(Halfline())
    >>> g.prox(torch.tensor([-1.0, 2.0]), 0.1), g.value(torch.tensor([-1.0, 2.0]))
    (tensor([0., 2.]), tensor(inf))
    """
    project = projection_of(set, "indicator")

    def value(x: Tensor) -> Tensor:
        if x.numel() == 0:
            return x.new_zeros(())
        off = (project(x) - x).abs().max()
        slack = math.sqrt(torch.finfo(x.dtype).eps) * x.abs().max().clamp(min=1)
        return torch.where(off <= slack, 0.0, math.inf).to(x.dtype)

    return Penalty(f"indicator of {type(set).__name__}", value, lambda x, t: project(x))


def projection_of(set: object, caller: str) -> Callable[[Tensor], Tensor]:
    """Return the set's projection; refuse what has none."""
    project = getattr(set, "project", None)
    if not callable(project):
        raise TypeError(
            f"{caller}: set must have a method project(x), got {type(set).__name__}; "
            "see steepest.convexity for sets that have"
        )
    return project  # type: ignore[no-any-return]
