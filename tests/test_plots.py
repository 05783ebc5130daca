"""The shared pictures: what they draw, and what they refuse."""

import matplotlib as mpl
import pytest
import torch

mpl.use("Agg")

import matplotlib.pyplot as plt

from steepest import plots


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_figure_carries_its_text():
    fig, axes = plots.figure("Two empty boxes.", 1, 2, figsize=(6, 2))
    assert fig.get_label() == "Two empty boxes."
    assert axes.shape == (2,)


def test_graph_has_both_ends():
    _, ax = plots.figure("A line.")
    plots.graph(ax, lambda x: 2 * x, (-1.0, 3.0), points=5, color="C1")
    assert ax.lines[0].get_xydata().tolist() == [[-1, -2], [0, 0], [1, 2], [2, 4], [3, 6]]
    assert ax.lines[0].get_color() == "C1"


def test_contours_are_not_transposed():
    _, ax = plots.figure("Vertical lines.")
    plots.contours(ax, lambda x: x[0], (0.0, 1.0), (0.0, 2.0), levels=[0.25], points=5)
    (line,) = ax.collections[0].get_paths()
    assert line.vertices[:, 0] == pytest.approx(0.25)
    assert set(line.vertices[:, 1]) == {0.0, 0.5, 1.0, 1.5, 2.0}


@pytest.mark.parametrize("shape", ["plane", "line"])
def test_path_marks_start_and_end(shape):
    _, ax = plots.figure("A path.")
    points = torch.tensor([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]], requires_grad=True)
    plots.path(ax, points) if shape == "plane" else plots.path(ax, points[:, 0], points[:, 1])
    way, start, end = (line.get_xydata().tolist() for line in ax.lines)
    assert way == points.tolist()
    assert start == [[0, 1]]
    assert end == [[4, 5]]


def test_film_shows_its_still_and_then_every_frame(tmp_path):
    fig, ax = plots.figure("A point that moves.")
    (point,) = ax.plot([0], [0], "o")
    seen = []

    def draw(k):
        seen.append(k)
        point.set_xdata([k])

    moving = plots.film(fig, draw, frames=4, per_second=10, still=-2)
    assert (seen, moving.still, fig.film) == ([2], 2, moving)
    moving.animation().save(tmp_path / "film.gif", writer="pillow")
    assert set(seen) == {0, 1, 2, 3}


BAD = [
    (lambda ax: plots.figure("  "), "alt must say what is seen"),
    (lambda ax: plots.film(ax.figure, print, frames=1), "at least 2 frames .* got 1 and still=-1"),
    (lambda ax: plots.film(ax.figure, print, frames=3, still=3), "got 3 and still=3"),
    (lambda ax: plots.film(ax.figure, print, 3, per_second=0), "per_second must be at least 1"),
    (lambda ax: plots.path(ax, torch.zeros(3)), r"got \(3,\) and None"),
    (lambda ax: plots.path(ax, torch.zeros(3, 3)), r"got \(3, 3\) and None"),
    (lambda ax: plots.path(ax, torch.zeros(3), torch.zeros(2)), r"got \(3,\) and \(2,\)"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input(call, message):
    _, ax = plots.figure("An empty box.")
    with pytest.raises(ValueError, match=message):
        call(ax)


def test_style_is_safe_on_dark_pages():
    with plt.style.context("steepest.plots"):
        neutrals = {
            plt.rcParams[key]
            for key in ("text.color", "axes.edgecolor", "grid.color", "figure.facecolor")
        }
    assert {f"#{color.lstrip('#')}" for color in neutrals} == {
        *(plots.INK, plots.SOFT, plots.LINES, plots.PAPER)
    }
