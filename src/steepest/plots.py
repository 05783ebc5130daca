"""The pictures that lectures and scripts share. Needs the extra ``plot``.

Begin with ``plt.style.use("steepest.plots")``: its colours read well on light and dark pages.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from steepest._numbers import count

try:
    import matplotlib.pyplot as plt
    from matplotlib.animation import FuncAnimation
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        'steepest.plots needs matplotlib; install it with: pip install "steepest[plot]"'
    ) from error

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["INK", "LINES", "PAPER", "SOFT", "Film", "contours", "figure", "film", "graph", "path"]

INK, SOFT, LINES, PAPER = "#1d2733", "#4a5666", "#c9d1db", "#ffffff"
"""The style's four neutral colours, dark to light; on dark pages the site exchanges them."""


def figure(alt: str, rows: int = 1, columns: int = 1, **options: Any) -> tuple["Figure", Any]:
    """Return ``plt.subplots(rows, columns, **options)`` with a text for those who cannot see it.

    Parameters
    ----------
    alt
        What is seen, in a sentence or two; the site gives it to screen readers.
    rows, columns, options
        As for :func:`matplotlib.pyplot.subplots`.

    Raises
    ------
    ValueError
        `alt` is empty.

    Examples
    --------
    >>> from steepest import plots
    >>> fig, ax = plots.figure("A parabola that opens upwards.")
    >>> fig.get_label()
    'A parabola that opens upwards.'
    """
    if not alt.strip():
        raise ValueError("figure: alt must say what is seen, got an empty text")
    fig, axes = plt.subplots(rows, columns, **options)
    fig.set_label(alt)
    return fig, axes


@dataclass(frozen=True)
class Film:
    """A figure in motion, as :func:`film` makes it.

    Attributes
    ----------
    figure
        Shows the still.
    draw
        ``draw(k)`` changes the figure into frame k.
    frames, per_second
        How many there are, and how many are shown in a second.
    still
        The frame that stands for all, counted from 0.

    Examples
    --------
    >>> from steepest import plots
    >>> fig, ax = plots.figure("A point that moves.")
    >>> (point,) = ax.plot([0], [0], "o")
    >>> plots.film(fig, lambda k: point.set_xdata([k]), frames=5).still
    4
    """

    figure: "Figure"
    draw: Callable[[int], object]
    frames: int
    per_second: int
    still: int

    def animation(self) -> FuncAnimation:
        """Return matplotlib's animation: keep it until ``plt.show()``, or ``save`` it."""

        def show(k: int) -> None:
            self.draw(k)

        return FuncAnimation(self.figure, show, self.frames, interval=1000 / self.per_second)


def film(
    figure: "Figure",
    draw: Callable[[int], object],
    frames: int,
    *,
    per_second: int = 20,
    still: int = -1,
) -> Film:
    """Set a figure in motion; the site shows it as a film with controls, on paper as one frame.

    Parameters
    ----------
    figure
        Made by :func:`figure`, its text saying what moves.
    draw
        ``draw(k)`` changes what the figure shows into frame k, and keeps its limits.
    frames
        How many, at least 2.
    per_second
        How many are shown in a second.
    still
        The frame that stands for all; negative numbers count from the end.

    Raises
    ------
    TypeError, ValueError
        A number is not an int, or out of its range.

    Examples
    --------
    >>> from steepest import plots
    >>> fig, ax = plots.figure("A point that moves to the right.")
    >>> (point,) = ax.plot([0], [0], "o")
    >>> moving = plots.film(fig, lambda k: point.set_xdata([k / 10]), frames=11)
    >>> point.get_xdata()  # the figure shows its still
    [1.0]
    """
    count(frames, "film", "frames")
    count(per_second, "film", "per_second")
    if frames < 2 or not -frames <= still < frames:
        raise ValueError(
            f"film: needs at least 2 frames and a still among them, got {frames} and still={still}"
        )
    draw(still % frames)
    moving = Film(figure, draw, frames, per_second, still % frames)
    figure.film = moving  # type: ignore[attr-defined]
    return moving


def graph(
    ax: "Axes",
    fun: Callable[[Tensor], Tensor],
    interval: tuple[float, float],
    *,
    points: int = 801,
    device: str = "cpu",
    **style: Any,
) -> None:
    """Draw the graph of a function of one real variable.

    Parameters
    ----------
    ax
        Where to draw.
    fun
        Maps a tensor of shape ``()`` to one of shape ``()``; evaluated at all points at once.
    interval
        Left and right end.
    points
        How many points to join, both ends included.
    device
        Where to evaluate.
    style
        As for :meth:`matplotlib.axes.Axes.plot`.

    Examples
    --------
    >>> from steepest import plots
    >>> fig, ax = plots.figure("A parabola.")
    >>> plots.graph(ax, lambda x: x**2, (-1, 1), points=3)
    >>> ax.lines[0].get_ydata()
    array([1., 0., 1.])
    """
    x = torch.linspace(*interval, points, dtype=torch.float64, device=device)
    ax.plot(x.cpu().numpy(), torch.vmap(fun)(x).cpu().numpy(), **style)


def contours(
    ax: "Axes",
    fun: Callable[[Tensor], Tensor],
    xlim: tuple[float, float],
    ylim: tuple[float, float],
    *,
    levels: int | Sequence[float] = 18,
    points: int = 201,
    device: str = "cpu",
    **style: Any,
) -> None:
    """Draw the contour lines of a function of two real variables.

    Parameters
    ----------
    ax
        Where to draw.
    fun
        Maps a tensor of shape ``(2,)`` to one of shape ``()``; evaluated at all points at once.
    xlim, ylim
        The window.
    levels
        How many lines, or their values in ascending order.
    points
        Grid points along each side.
    device
        Where to evaluate.
    style
        As for :meth:`matplotlib.axes.Axes.contour`.

    Examples
    --------
    >>> from steepest import plots
    >>> fig, ax = plots.figure("Circles around the origin.")
    >>> plots.contours(ax, lambda x: x @ x, (-1, 1), (-1, 1), levels=[0.25, 0.5])
    >>> ax.get_xlim()
    (np.float64(-1.0), np.float64(1.0))
    """
    x = torch.linspace(*xlim, points, dtype=torch.float64)
    y = torch.linspace(*ylim, points, dtype=torch.float64)
    grid = torch.cartesian_prod(x, y).to(device)
    values = torch.vmap(fun)(grid).reshape(points, points).T.cpu()
    ax.contour(x.numpy(), y.numpy(), values.numpy(), levels, **{"linewidths": 1.0} | style)
    ax.set(xlim=xlim, ylim=ylim)


def path(ax: "Axes", x: Tensor, y: Tensor | None = None, **style: Any) -> None:
    """Draw the way of a run, with a ring at its start and a filled disc at its end.

    Parameters
    ----------
    ax
        Where to draw.
    x
        The iterates: shape ``(k, 2)`` in the plane, or ``(k,)`` on a line with `y` given.
    y
        The values there, shape ``(k,)``.
    style
        As for :meth:`matplotlib.axes.Axes.plot`.

    Raises
    ------
    ValueError
        The shapes fit neither case.

    Examples
    --------
    >>> import torch
    >>> from steepest import plots
    >>> fig, ax = plots.figure("Two points joined by a line.")
    >>> plots.path(ax, torch.tensor([[0.0, 0.0], [1.0, 2.0]]))
    >>> len(ax.lines)
    3
    """
    if y is None and x.ndim == 2 and x.shape[1] == 2:
        x, y = x[:, 0], x[:, 1]
    if y is None or x.ndim != 1 or y.shape != x.shape:
        raise ValueError(
            "path: give iterates of shape (k, 2), or (k,) with values of the same shape; got "
            f"{tuple(x.shape)} and {None if y is None else tuple(y.shape)}"
        )
    options: dict[str, Any] = {"marker": ".", "linewidth": 1.2} | style
    xs, ys = x.detach().cpu().numpy(), y.detach().cpu().numpy()
    (line,) = ax.plot(xs, ys, **options)
    color = line.get_color()
    ax.plot(xs[:1], ys[:1], "o", color=color, markerfacecolor="none", markersize=9)
    ax.plot(xs[-1:], ys[-1:], "o", color=color, markersize=8)
