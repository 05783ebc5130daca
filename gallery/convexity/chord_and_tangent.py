# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
A chord above, a tangent below
==============================

Two points wander along a graph. Through both goes a chord, through one of them a tangent. You will
see a film in which the convex graph always stays between the two, while :math:`x\cos 4x + 2|x|`
escapes again and again; and a map of *all* pairs of points, with those marked that convict.

The script belongs to the lecture :doc:`/lectures/convex-functions`.
"""

# %%
# Two functions
# -------------
# The first is convex: its second derivative is :math:`\tfrac14 e^{x/2} + \tfrac14 > 0`. The second
# has seven local minima on :math:`[-5, 5]`.
import math

import matplotlib.pyplot as plt
import torch

from steepest import claim, plots, problems
from steepest.convexity import Box, find_violation
from steepest.derivatives import value_and_grad

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_tags = ["film", "convexity"]


def bowl(x):
    return torch.exp(x / 2) + x**2 / 8


wavy = problems.seven_minima().fun
both = (("convex", bowl), ("not convex", wavy))


def number(x):
    return torch.tensor(x, dtype=torch.float64, device=device)


shares = torch.linspace(0, 1, 201, dtype=torch.float64, device=device)


def chord(fun, x, y):
    """Return points between x and y, the graph there, and the chord there."""
    points = (1 - shares) * x + shares * y
    return points, torch.vmap(fun)(points), (1 - shares) * fun(x) + shares * fun(y)


# %%
# The film
# --------
# The point :math:`x` (disc) carries the tangent, the point :math:`y` (diamond) is the other end of
# the chord. Where the graph rises above the chord it has a broad shadow; where it dips below the
# tangent its line is heavy.
FRAMES = 48
turn = [2 * math.pi * k / FRAMES for k in range(FRAMES)]
pairs = [(-1.0 + 3.3 * math.cos(t + 0.4), 0.6 + 4.2 * math.sin(2 * t + 0.3)) for t in turn]
window = torch.linspace(-5, 5, 301, dtype=torch.float64, device=device)
fig, axes = plots.figure(
    "A film with two panels. On the left a convex curve, with a moving chord always above it and "
    "a moving tangent always below it. On the right a wavy curve that rises above its "
    "chord and dips below its tangent most of the time; these parts are drawn heavy.",
    columns=2,
    figsize=(6.4, 3.7),
)
stage = []
for ax, (_, fun) in zip(axes, both, strict=True):
    plots.graph(ax, fun, (-5, 5), points=401, device=device, color=plots.INK, linewidth=1.2)
    over = ax.plot([], [], color="C1", linewidth=6.5, alpha=0.55)[0]
    under = ax.plot([], [], color="C3", linewidth=2.5)[0]
    line = ax.plot([], [], color="C0", linewidth=1.5)[0]
    touch = ax.plot([], [], color="C2", linewidth=1.5, linestyle="--")[0]
    ends = ax.plot([], [], "D", color="C0", markersize=6)[0]
    foot = ax.plot([], [], "o", color="C2", markersize=7)[0]
    ax.set(xlim=(-5, 5), ylim=(-2.5, 16.5), xlabel="x")
    stage.append((ax, fun, over, under, line, touch, ends, foot))
axes[0].set_ylabel("f(x)")


def draw(frame):
    x, y = (number(z) for z in pairs[frame])
    for ax, fun, over, under, line, touch, ends, foot in stage:
        points, graph, straight = chord(fun, x, y)
        value, slope = value_and_grad(fun, x)
        below = value + slope * (window - x)
        heights = torch.vmap(fun)(window)
        too_high = graph > straight + 1e-9
        too_low = heights < below - 1e-9
        over.set_data(points.cpu(), torch.where(too_high, graph, math.nan).cpu())
        under.set_data(window.cpu(), torch.where(too_low, heights, math.nan).cpu())
        line.set_data(points.cpu(), straight.cpu())
        touch.set_data(window.cpu(), below.cpu())
        ends.set_data([y.item()], [fun(y).item()])
        foot.set_data([x.item()], [value.item()])
        broken = bool(too_high.any()), bool(too_low.any())
        ax.set_title(
            f"chord {'broken' if broken[0] else 'holds'}, "
            f"tangent {'broken' if broken[1] else 'holds'}",
            color="C1" if any(broken) else "C0",
            fontsize=10,
        )


draw(0)
fig.canvas.draw()
fig.set_layout_engine("none")  # the axes stay where they are: no new layout for each frame
film = plots.film(fig, draw, frames=FRAMES, per_second=10, still=28)

# %%
# All pairs at once
# -----------------
# Each point of the square is a pair :math:`(x, y)`. Left: the graph rises above the chord of the
# pair. Right: at :math:`y` it is below the tangent at :math:`x`. The chord does not care which end
# comes first, so the left map is symmetric; the tangent does. For the convex function both squares
# are empty, so only the wavy one is drawn.
SIDE = 120
grid = torch.linspace(-5, 5, SIDE, dtype=torch.float64, device=device)
mix = torch.linspace(0, 1, 41, dtype=torch.float64, device=device)[:, None, None]


def maps(fun):
    """Return how far each pair breaks the chord condition, and the first-order condition."""
    x, y = torch.meshgrid(grid, grid, indexing="ij")
    at_x, at_y = fun(x), fun(y)
    excess = (fun((1 - mix) * x + mix * y) - (1 - mix) * at_x - mix * at_y).amax(0)
    slopes = value_and_grad(lambda z: fun(z).sum(), grid)[1][:, None]
    return excess, at_x + slopes * (y - x) - at_y


found = {name: maps(fun) for name, fun in both}
fig, axes = plots.figure(
    "Two square maps of all pairs of points. Left, the pairs whose chord is broken fill most of "
    "the square except for cells along the diagonal. Right, the pairs whose tangent is broken form "
    "vertical bands with wavy edges.",
    columns=2,
    figsize=(6.4, 3.5),
)
for ax, gap, title, color in zip(
    axes, found["not convex"], ("chord", "tangent at x"), ("C1", "C3"), strict=True
):
    ax.contourf(
        grid.cpu(), grid.cpu(), (gap > 1e-9).T.double().cpu(), levels=[0.5, 1.5], colors=[color]
    )
    ax.plot([-5, 5], [-5, 5], color=plots.INK, linewidth=0.8)
    share = (gap > 1e-9).double().mean().item()
    ax.set(title=f"{title}: {share:.0%} broken", xlabel="x", ylabel="y", aspect="equal")

# %%
# What the pictures claim
# -----------------------
broken = {name: [gap > 1e-9 for gap in gaps] for name, gaps in found.items()}
for k, condition in enumerate(("chord", "first-order")):
    claim(
        f"convex function: of {SIDE}² pairs none breaks the {condition} condition",
        broken["convex"][k].sum(),
        0,
    )
chords, tangents = found["not convex"]
claim(
    "wavy function: the map of chords is symmetric",
    (chords - chords.T).abs().max(),
    0,
    atol=1e-9,
)
claim("wavy function: the map of tangents is not", (tangents - tangents.T).max(), 100, relation=">")
claim(
    "wavy function: share of pairs with a broken chord, and with a broken tangent",
    [gap.double().mean() for gap in broken["not convex"]],
    [0.82, 0.43],
    atol=0.01,
)
minima = problems.seven_minima()
claim(
    "wavy function: at each of its six smooth local minima the tangent is level, and above the "
    "graph at 0",
    [minima.minima[k] - wavy(number(0.0)) for k in (0, 1, 2, 4, 5, 6)],
    0.7,
    relation=">",
)
x = number(-4.9)
value, slope = value_and_grad(wavy, x)
claim(
    "wavy function: the tangent at −4.9 is nowhere above the graph, so it alone would acquit",
    (value + slope * (window - x) - wavy(window)).max(),
    1e-12,
    relation="<",
)
heavy = [
    bool((graph > straight + 1e-9).any())
    for _, graph, straight in (chord(wavy, number(x), number(y)) for x, y in pairs)
]
claim("wavy function: in how many of the 48 frames the chord is broken", sum(heavy), 42)
line = Box(number(-5.0), number(5.0))
witness = find_violation(wavy, line)
claim("the search finds a pair that convicts the wavy function", witness.recheck(wavy), True)
claim("the same pair does not convict the convex one", not witness.recheck(bowl), True)
claim("nor does the search find another", find_violation(bowl, line) is None, True)

plt.show()
