"""The cover of the course's PDF and EPUB: the paths of three methods into Rosenbrock's valley."""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import torch
from matplotlib.colors import LinearSegmentedColormap

from book import SUBTITLE
from steepest import methods, minimize, problems

NIGHT, INK = "#00263d", "#ffffff"
HEIGHTS = LinearSegmentedColormap.from_list("heights", ["#8fd0f5", "#00588c", "#0a3a57"])
PATHS = (
    ("#e69f00", methods.heavy_ball(lr=4e-4, momentum=0.97), 400),
    ("#56b4e9", methods.gradient_descent(1e-3), 3000),
    ("#f0e442", methods.damped_newton(), 30),
)
ALT = "Cover: level lines of Rosenbrock's function, and three methods on their way into its valley."


def draw(target: Path, inches: tuple[float, float], author: str) -> None:
    """Draw the cover with width and height in inches; the file's ending chooses its kind."""
    problem = problems.rosenbrock()
    start = torch.tensor([-1.25, 2.1], dtype=torch.float64)
    scale = inches[0] / 8.27  # of the fonts, from A4
    with plt.rc_context({"font.family": "STIXGeneral", "svg.hashsalt": "cover"}):
        figure = plt.figure(figsize=inches, facecolor=NIGHT)
        sky = figure.add_axes((0, 0, 1, 1), xlim=(-2.1, 1.9), ylim=(-1.6, 4.2))
        sky.set_axis_off()
        x, y = torch.meshgrid(
            torch.linspace(-2.1, 1.9, 400, dtype=torch.float64),
            torch.linspace(-1.6, 4.2, 400, dtype=torch.float64),
            indexing="xy",
        )
        heights = torch.vmap(torch.vmap(problem.fun))(torch.stack([x, y], dim=-1))
        sky.contour(x, y, (heights + 1e-3).log(), levels=26, cmap=HEIGHTS, linewidths=0.8)
        for colour, method, steps in PATHS:
            run = minimize(problem.fun, start, method, max_iter=steps)
            assert run.history is not None
            sky.plot(*run.history.x.T, color=colour, linewidth=2.2)
        sky.plot(*problem.minimisers[0], marker="*", color=INK, markersize=18)
        middle: dict[str, Any] = {"ha": "center", "color": INK}
        figure.text(0.5, 0.86, "Steepest", fontsize=62 * scale, **middle)
        subtitle = SUBTITLE.replace(" and ", "\nand ").replace(" that ", "\nthat ")
        figure.text(0.5, 0.84, subtitle, fontsize=20 * scale, va="top", linespacing=1.5, **middle)
        figure.text(0.5, 0.06, author, fontsize=16 * scale, **middle)
        figure.savefig(target, dpi=1600 / inches[0], metadata=_dateless(target))
        plt.close(figure)


def _dateless(target: Path) -> dict[str, None]:
    return {"Date": None} if target.suffix == ".svg" else {"Software": None}
