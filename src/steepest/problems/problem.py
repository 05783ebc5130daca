"""What is known about an objective."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Problem"]


@dataclass(frozen=True)
class Problem:
    r"""An objective, where to start, and what is known about its minima.

    Attributes
    ----------
    name
        What the problem is called.
    fun
        Maps a tensor of the shape of `x0` to a tensor of shape ``()``, in the dtype it is given.
    x0
        The customary start, float64.
    minimisers
        The known local minimisers, stacked: shape ``(k, *x0.shape)``. Where there is a global
        minimiser, one is among them; where f has no minimiser at all, k = 0.
    minima
        The values there, shape ``(k,)``.
    formula
        The objective in LaTeX.
    convex
        Whether it is.
    unattained
        The infimum of an f that has no global minimiser (-inf where it is unbounded below), else
        None.
    smoothness
        The least L with :math:`\|\nabla f(x) - \nabla f(y)\| \le L\,\|x - y\|` everywhere, None
        where there is none or none is known.
    strong_convexity
        The greatest μ for which :math:`f(x) - \tfrac{\mu}{2}\|x\|^2` is convex, None where f is
        not convex or none is known.

    Raises
    ------
    ValueError
        The shapes of `x0`, `minimisers` and `minima` do not fit each other, or nothing says what
        the infimum is.

    Examples
    --------
    >>> from steepest import problems
    >>> problem = problems.abs_quadratic()
    >>> problem.fun(problem.minimisers[0])
    tensor(4.7500, dtype=torch.float64)
    >>> problems.hyperbolic_tangent().minimisers.shape
    torch.Size([0])
    """

    name: str
    fun: Callable[[Tensor], Tensor]
    x0: Tensor
    minimisers: Tensor
    minima: Tensor
    formula: str
    convex: bool
    unattained: float | None = None
    smoothness: float | None = None
    strong_convexity: float | None = None

    def __post_init__(self) -> None:
        if self.minimisers.shape != (*self.minima.shape, *self.x0.shape) or self.minima.ndim != 1:
            raise ValueError(
                f"Problem: minimisers must have shape (k, *x0.shape) and minima (k,), got "
                f"{tuple(self.minimisers.shape)} and {tuple(self.minima.shape)} with x0 of shape "
                f"{tuple(self.x0.shape)}"
            )
        if len(self.minima) == 0 and self.unattained is None:
            raise ValueError("Problem: without minimisers, say what the infimum is: unattained=...")

    @property
    def infimum(self) -> float:
        """The greatest lower bound of f, which a minimiser attains unless `unattained` says it.

        Examples
        --------
        >>> from steepest import problems
        >>> problems.abs_quadratic().infimum, problems.hyperbolic_tangent().infimum
        (4.75, -1.0)
        """
        return float(self.minima.min()) if self.unattained is None else self.unattained


def float64(values: float | list[float] | list[list[float]]) -> Tensor:
    """Return the tensor of these numbers, in the dtype that the known answers are kept in."""
    return torch.tensor(values, dtype=torch.float64)
