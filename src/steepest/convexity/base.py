"""What every set can do, and what it asks of its arguments."""

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor

from steepest.convexity._draws import source

__all__ = ["ProjectionError", "Set"]

CPU = torch.device("cpu")


class ProjectionError(RuntimeError):
    """An iterative projection did not reach its tolerance; the message says how far it came.

    Examples
    --------
    >>> from steepest.convexity import ProjectionError
    >>> issubclass(ProjectionError, RuntimeError)
    True
    """


class Set(ABC):
    r"""A set of points, each a tensor of one shape.

    A set C is *convex* where :math:`\theta x + (1 - \theta) y \in C` for all :math:`x, y \in C`
    and all :math:`0 \le \theta \le 1`.

    A new set derives from this class and says four things about flat points, rows of a float64
    matrix of shape ``(k, n)``: `_excess` (by how much each breaks the worst constraint, at most 0
    inside), `_project`, `_sample` and `_hull` (an orthonormal basis of the directions in which the
    set extends, of shape ``(n, r)``, or None for all of them).

    References
    ----------
    Boyd and Vandenberghe (2004), section 2.1.

    Examples
    --------
    >>> import torch
    >>> from steepest.convexity import Box
    >>> square = Box(torch.zeros(2), torch.ones(2))
    >>> square.shape, square.dtype, square.convex
    ((2,), torch.float32, True)
    """

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The shape of one point."""

    @property
    @abstractmethod
    def dtype(self) -> torch.dtype:
        """The dtype of samples."""

    @property
    @abstractmethod
    def device(self) -> torch.device:
        """The device of samples."""

    @property
    def convex(self) -> bool:
        """Whether the set is convex by construction."""
        return True

    def contains(self, x: Tensor, tol: float | None = None) -> Tensor:
        r"""Say which points lie in the set.

        Parameters
        ----------
        x
            Of shape ``(*batch, *shape)``, floating point.
        tol
            By how much a point may break a constraint. None allows for rounding:
            :math:`\varepsilon^{3/4} (1 + \max_i |x_i|)` with the machine epsilon of the dtype of
            `x`, which is about 2e-12 in float64 and 6e-6 in float32 for a point near 0.

        Returns
        -------
        inside
            Bool, of shape ``batch``. NaN is in no set.

        Raises
        ------
        TypeError, ValueError
            `x` is no floating-point tensor or does not end in the set's shape, or `tol` is
            negative.

        Examples
        --------
        >>> import torch
        >>> from steepest.convexity import NormBall
        >>> NormBall(torch.zeros(2)).contains(torch.tensor([[0.6, 0.8], [0.8, 0.8]]))
        tensor([ True, False])
        """
        batch, rows = self._rows(x, "contains")
        if tol is None:
            slack = self._slack(rows, torch.finfo(x.dtype).eps)
        elif tol >= 0:
            slack = rows.new_full((len(rows),), tol)
        else:
            raise ValueError(f"{self._name}.contains: tol must be at least 0, got {tol!r}")
        inside: Tensor = self._excess(rows) <= slack
        return inside.reshape(batch)

    def project(self, x: Tensor) -> Tensor:
        r"""Return the nearest point of the set, :math:`\arg\min_{y \in C} \|x - y\|_2`.

        A closed convex set has exactly one, P(x), and P is non-expansive:
        :math:`\|P(x) - P(y)\| \le \|x - y\|`. It is computed in float64, whatever the dtype of `x`,
        and outside any graph: autograd takes it for a constant.

        Parameters
        ----------
        x
            Of shape ``(*batch, *shape)``, floating point and finite.

        Returns
        -------
        nearest
            Of the shape, dtype and device of `x`.

        Raises
        ------
        TypeError, ValueError
            `x` is no floating-point tensor, not finite, or does not end in the set's shape; or the
            set is not convex, so that a nearest point is not unique.
        ProjectionError
            An iterative projection did not converge.

        References
        ----------
        Boyd and Vandenberghe (2004), section 8.1.

        Examples
        --------
        >>> import torch
        >>> from steepest.convexity import NormBall
        >>> NormBall(torch.zeros(2)).project(torch.tensor([3.0, 4.0]))
        tensor([0.6000, 0.8000])
        """
        _, rows = self._rows(x, "project")
        if not bool(torch.isfinite(rows).all()):
            raise ValueError(f"{self._name}.project: x must be finite, got NaN or infinity in it")
        nearest = self._project(rows) if len(rows) else rows
        return nearest.to(x.dtype).reshape(x.shape)

    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw points of the set; each class says from which distribution.

        Parameters
        ----------
        count
            How many, at least 0.
        generator
            Where the random numbers come from. None takes a fresh one of seed 0, and so draws the
            same points each time: the global generator is never used.

        Returns
        -------
        points
            Of shape ``(count, *shape)``, in the dtype and on the device of the set.

        Raises
        ------
        ValueError
            `count` is negative.

        Examples
        --------
        >>> import torch
        >>> from steepest.convexity import Simplex
        >>> Simplex(3).sample(4).shape
        torch.Size([4, 3])
        """
        if count < 0:
            raise ValueError(f"{self._name}.sample: count must be at least 0, got {count}")
        rows = self._sample(count, source(generator))
        return rows.to(self.device, self.dtype).reshape(count, *self.shape)

    @abstractmethod
    def _excess(self, rows: Tensor) -> Tensor: ...

    @abstractmethod
    def _project(self, rows: Tensor) -> Tensor: ...

    @abstractmethod
    def _sample(self, count: int, generator: torch.Generator) -> Tensor: ...

    @abstractmethod
    def _hull(self) -> Tensor | None: ...

    def _slack(self, rows: Tensor, eps: float) -> Tensor:
        """Return the excess that rounding explains, for each row."""
        widest = rows.abs().amax(1) if rows.shape[1] else rows.new_zeros(len(rows))
        slack: Tensor = eps**0.75 * (1 + widest)
        return slack

    def _reach(self, rows: Tensor, directions: Tensor, cap: Tensor) -> Tensor:
        """Return how far each row can go along its direction, at most its cap, by bisection."""
        eps = torch.finfo(torch.float64).eps

        def inside(t: Tensor) -> Tensor:
            moved = rows + t[:, None] * directions
            return self._excess(moved) <= self._slack(moved, eps)

        low, high = torch.zeros_like(cap), cap.clone()
        whole = inside(cap)
        for _ in range(50):
            middle = (low + high) / 2
            good = inside(middle)
            low, high = torch.where(good, middle, low), torch.where(good, high, middle)
        return torch.where(whole, cap, low)

    @property
    def _name(self) -> str:
        return type(self).__name__

    def _rows(self, x: object, call: str) -> tuple[tuple[int, ...], Tensor]:
        """Return the batch shape of x and its points as rows of a float64 matrix."""
        if not isinstance(x, Tensor):
            raise TypeError(f"{self._name}.{call}: x must be a tensor, got {type(x).__name__}")
        if not x.is_floating_point():
            raise TypeError(
                f"{self._name}.{call}: x must be of floating point, got {x.dtype}; "
                "write x.to(torch.float64)"
            )
        split = x.ndim - len(self.shape)
        if split < 0 or tuple(x.shape[split:]) != self.shape:
            raise ValueError(
                f"{self._name}.{call}: x must have shape (*batch, *{self.shape}), got "
                f"{tuple(x.shape)}"
            )
        batch = tuple(x.shape[:split])
        rows = x.detach().to(torch.float64).reshape(math.prod(batch), math.prod(self.shape))
        return batch, rows


class SizedSet(Set):
    """A set that is told its dtype and device, since it holds no tensors."""

    dtype: torch.dtype = torch.float64
    device: torch.device = CPU


class TensorSet(Set):
    """A set whose tensors say its dtype and device."""

    @property
    @abstractmethod
    def _data(self) -> Tensor: ...

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the set's tensors, and of samples."""
        return self._data.dtype

    @property
    def device(self) -> torch.device:
        """The device of the set's tensors, and of samples."""
        return self._data.device
