# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Descent among seven minima
==========================

Gradient descent on :math:`f(x) = x \cos 4x + 2|x|`, which has seven local minima on
:math:`[-5, 5]`. You will see the start decide where a small step leads, a larger step hop in a
valley for ever, and a still larger one leave the valley for a better minimum, after a stretch of
chaos.

The script belongs to the lecture :doc:`/lectures/gradient-descent-at-work`.
"""

# %%
# Seven valleys
# -------------
# Because :math:`\cos 4x \ge -1`, the function lies on or above :math:`|x|`, and it is 0 at 0: the
# global minimiser is 0, where the graph has a kink with the slopes −1 and 3. The other six minima
# on :math:`[-5, 5]` are smooth. Between two neighbours lies a local maximum, and these maxima are
# the *basin borders*: a ball that rolls down without inertia ends in the valley between whose
# borders it was let go.
from itertools import pairwise

import matplotlib.pyplot as plt
import torch

from steepest import claim, methods, minimize, plots, problems

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 4
# sphinx_gallery_tags = ["many minima", "step size"]

problem = problems.seven_minima()
fun = problem.fun
minimisers = problem.minimisers.to(device)


def slope(x):
    """Return the derivative at every entry of x, from one reverse sweep."""
    x = x.detach().requires_grad_()
    return torch.autograd.grad(fun(x).sum(), x)[0]


# The borders: the slope changes there from + to −. A fine grid brackets them, bisection closes in.
grid = torch.linspace(-5.6, 5, 2001, dtype=torch.float64, device=device)
rising = slope(grid) > 0
left, right = grid[:-1][rising[:-1] & ~rising[1:]], grid[1:][rising[:-1] & ~rising[1:]]
for _ in range(60):
    middle = (left + right) / 2
    up = slope(middle) > 0
    left, right = torch.where(up, middle, left), torch.where(up, right, middle)
borders = left

fig, ax = plots.figure(
    "The graph of x cos 4x + 2|x| from -5.6 to 5, above the line |x|: seven valleys, each tinted "
    "between its borders and marked with its lowest value, from 4.71 at the far left down to 0 "
    "in the middle and up to 3.92 at the right.",
    figsize=(6.4, 4.2),
)
plots.graph(ax, fun, (-5.6, 5), color=plots.INK, linewidth=1.5)
plots.graph(ax, torch.abs, (-5.6, 5), color=plots.SOFT, linewidth=0.9, linestyle="--")
for i, (a, b) in enumerate(pairwise(borders.tolist())):
    color = "C2" if i == 3 else ("C0", "C4")[i % 2]
    ax.axvspan(a, b, color=color, alpha=0.16, linewidth=0)
    ax.plot(problem.minimisers[i], problem.minima[i], "o", color=color, markersize=7)
    ax.annotate(
        f"{problem.minima[i]:.2f}" if i != 3 else "0",
        (problem.minimisers[i], problem.minima[i]),
        xytext=(0, -16),
        textcoords="offset points",
        ha="center",
        fontsize=9.5,
    )
ax.text(2.75, 1.75, "|x|", color=plots.SOFT)
ax.set(
    title="Seven minima and their basins",
    xlabel="x",
    ylabel="f(x)",
    xlim=(-5.6, 5),
    ylim=(-1.9, 17.5),
)

# %%
# Five starts, two step sizes
# ---------------------------
# 150 steps each. Rings are starts, discs are the last iterates.
starts = (-3.5, -2.5, -2.0, -1.0, -0.5)
runs = {
    lr: [
        minimize(
            fun,
            torch.tensor(start, dtype=torch.float64, device=device),
            methods.gradient_descent(lr),
            max_iter=150,
        )
        for start in starts
    ]
    for lr in (0.001, 0.05)
}
for lr, results in runs.items():
    print(f"after 150 steps of {lr:g}")
    for start, run in zip(starts, results, strict=True):
        gradient = round(run.grad.item(), 4) + 0.0  # so that −0 prints as 0
        print(f"  from {start:4g}: x = {run.x.item():9.6f}, slope {gradient:7.4f}")

fig, axes = plots.figure(
    "Two copies of the graph on [-4.2, 0.6] with five runs. Above, with step size 0.001, every run "
    "slides down its own slope, and the ones from -1 and -0.5 are still on the way. Below, with "
    "step size 0.05, the runs from -3.5 and -2.5 hop across the valley at -3.12, those from -2 and "
    "-1 sit at -1.53, and the one from -0.5 is close to 0.",
    rows=2,
    sharex=True,
    figsize=(6.4, 6.2),
)
for ax, (lr, results) in zip(axes, runs.items(), strict=True):
    plots.graph(ax, fun, (-4.2, 0.6), color=plots.SOFT, linewidth=1)
    for i, (start, run) in enumerate(zip(starts, results, strict=True)):
        plots.path(ax, run.history.x, run.history.fun, color=f"C{i}", zorder=3)
        ax.annotate(
            f"{start:g}".replace("-", "−"),
            (start, fun(torch.tensor(start))),
            xytext=(7, 5),
            textcoords="offset points",
        )
    ax.set(title=f"Step size {lr:g}", ylabel="f(x)", xlim=(-4.2, 0.6), ylim=(-0.7, 10.5))
axes[1].set_xlabel("x")

# %%
# The small step behaves like the rolling ball: −3.5 and −2.5 share a valley, −2 and −1 the next
# one, and only −0.5 finds 0. But it is slow. After 150 steps the run from −3.5 has arrived to three
# significant digits, those from −2.5 and −2 are near, and the last two are on open slopes: 2.92 and
# −1.34. Read as "where gradient descent converges to", such a point would be a mistake. It is only
# where the run was stopped.
#
# The large step arrives fast where it arrives at all. From −2 and −1 it is at −1.529167 to all
# digits. From −0.5 it hops about the kink, where the slope does not fade. And from −3.5 and −2.5 it
# never settles: the last two iterates are −3.295959 and −2.855074, on opposite walls of the valley.
#
# Why the valley does not hold it
# -------------------------------
# One step is the map :math:`F(x) = x - \alpha f'(x)`, and a minimiser is a *fixed point* of it,
# :math:`F(x) = x`. Close to the fixed point a step multiplies the distance by
#
# .. math:: F'(x^\star) = 1 - \alpha f''(x^\star),
#
# which is smaller than 1 in size exactly when :math:`0 < \alpha < 2/f''(x^\star)`. At −3.121484 the
# curvature is 49.14, so the bound is 0.0407. Below it the run spirals in; above it, it is pushed
# away. Here it is caught by a pair of points that are mapped to each other. To read the pictures,
# go up or down to the curve (one step), then across to the diagonal (the result becomes the next
# start), and again.


def second(x):
    """Return the second derivative at every entry of x: two reverse sweeps."""
    x = x.detach().requires_grad_()
    (first,) = torch.autograd.grad(fun(x).sum(), x, create_graph=True)
    return torch.autograd.grad(first.sum(), x)[0]


curvature = second(minimisers[1])
threshold = 2 / curvature


def cobweb(ax, lr, start, steps, color):
    """Draw the map x ↦ x − lr f′(x), the diagonal, and a run between the two."""
    x = torch.linspace(-3.8, -2.45, 300, dtype=torch.float64, device=device)
    ax.plot(x.cpu(), (x - lr * slope(x)).cpu(), color=plots.INK, linewidth=1.4)
    ax.plot([-3.8, -2.45], [-3.8, -2.45], color=plots.SOFT, linewidth=0.9)
    point = torch.tensor(start, dtype=torch.float64, device=device)
    corners = [(start, -3.8)]
    for _ in range(steps):
        image = point - lr * slope(point)
        corners += [(point.item(), image.item()), (image.item(), image.item())]
        point = image
    ax.plot(*zip(*corners, strict=True), color=color, linewidth=1.1)
    ax.plot(start, -3.8, "o", color=color, clip_on=False, zorder=5)


fig, axes = plots.figure(
    "Two cobweb diagrams around -3.12. With step size 0.03 the staircase spirals into the crossing "
    "of curve and diagonal. With 0.05 the curve is steeper there, and the staircase is caught in a "
    "square with corners at -3.296 and -2.855.",
    columns=2,
    sharey=True,
    figsize=(6.4, 3.7),
)
for ax, lr, color in zip(axes, (0.03, 0.05), ("C2", "C1"), strict=True):
    cobweb(ax, lr, -3.5, 60, color)
    factor = 1 - lr * curvature.item()
    ax.plot(minimisers[1].cpu(), minimisers[1].cpu(), "o", color=plots.INK, markersize=5, zorder=4)
    ax.set(
        title=f"step {lr:g}: factor {factor:.2f}".replace("-", "−"),
        xlabel="$x_k$",
        xlim=(-3.8, -2.45),
        ylim=(-3.8, -2.45),
        aspect="equal",
        xticks=[-3.6, -3.2, -2.8],
        yticks=[-3.6, -3.2, -2.8],
    )
axes[0].set_ylabel("$x_{k+1}$")

# %%
# All step sizes at once
# ----------------------
# Start 1200 runs at −3.5, each with its own step size, let them forget the start for 1500 steps,
# and draw the next 80 iterates above the step size. One dot means a limit, two a 2-cycle.
#
# The valley holds up to 0.0407. Then the limit splits in two, in four, in eight, ever faster, and
# the iterates wander over whole intervals without repeating: the period-doubling road to chaos
# (May, *Nature*, 1976). Near 0.068 the wandering reaches the border −2.433 and the run falls into
# the next valley. There it converges again, to a *better* minimum, because that valley is wider:
# :math:`f'' = 22.8` allows steps up to 0.0877, where the same story begins anew. A few step sizes
# throw the run still farther, to the kink at 0.
lrs = torch.linspace(0.03, 0.12, 1200, dtype=torch.float64, device=device)
x = torch.full_like(lrs, -3.5)
for _ in range(1500):
    x = x - lrs * slope(x)
seen = []
for _ in range(80):
    x = x - lrs * slope(x)
    seen.append(x)
seen = torch.stack(seen)
settled = (seen - seen[0]).abs().amax(dim=0) < 1e-6

fig, ax = plots.figure(
    "The iterates that a run from -3.5 visits for ever, against the step size. A single line at "
    "-3.12 splits at 0.0407 into two, four and more, and becomes a cloud. Near 0.068 the cloud "
    "breaks off, and a single line at -1.53 goes on until it splits at 0.0877 in its turn.",
    figsize=(6.4, 4.4),
)
ax.plot(
    lrs.expand_as(seen).flatten().cpu(),
    seen.flatten().cpu(),
    ".",
    color="C0",
    markersize=1.6,
    alpha=0.5,
    markeredgewidth=0,
    rasterized=True,
)
border = borders[2].item()
ax.axhline(border, color="C1", linewidth=1.2, linestyle="--")
ax.text(0.12, border, "border −2.433", color="C1", ha="right", va="bottom")
for value, level in ((threshold.item(), -3.6), (2 / second(minimisers[2]).item(), -2.0)):
    ax.axvline(value, color=plots.SOFT, linewidth=0.9, linestyle=":")
    ax.text(value, level, f" {value:.4f}", color=plots.SOFT, va="bottom")
ax.set(
    title="Where the run from −3.5 goes on visiting",
    xlabel="step size",
    ylabel="iterates",
    xlim=(0.03, 0.12),
    ylim=(-3.65, 0.35),
)

# %%
# Every start, every step size
# ----------------------------
# The last picture is a map of 30,000 runs: each point is a pair of start and step size, and its
# colour is the lowest value of the valley in which the run is found after 400 steps. At the bottom,
# where steps are small, the colours change exactly at the borders (vertical lines): a basin is a
# property of the function. The horizontal lines are the bounds :math:`2/f''`: above them a valley
# no longer lets a run come to rest, but it still holds it. Farther up it does not even do that, and
# the whole stripe takes the colour of the next valley inwards: a staircase of escapes, each of them
# a cloud as above that has grown to the border of its valley. In between and at the top the colours
# fray. There a basin belongs to the function *and* the step, and starts that differ by less than a
# pixel end in different valleys.
columns, rows = 210, 140  # in float32: for a picture that is enough, and twice as fast
start_axis = torch.linspace(-5, 5, columns, device=device)
lr_axis = torch.linspace(0.004, 0.12, rows, device=device)
x = start_axis.expand(rows, columns)
for _ in range(400):
    x = x - lr_axis[:, None] * slope(x)
beyond = torch.tensor([5.6], dtype=torch.float64, device=device)  # outside: worse than all inside
depths = torch.cat([beyond, problem.minima.to(device), beyond])
reached = depths[torch.bucketize(x.double(), borders)]
bounds = 2 / second(minimisers)  # at the kink 0 this is meaningless, and left out below

fig, ax = plots.figure(
    "A map over start and step size, coloured by the valley reached. Below it shows clean "
    "vertical stripes, dark in the middle and lighter outwards, separated at the basin borders. "
    "Farther up each outer stripe ends in a sharp step, above which it has the colour of the next "
    "valley inwards; near the top the colours fray into speckle.",
    figsize=(6.4, 4.4),
)
image = ax.imshow(
    reached.cpu().numpy(),
    origin="lower",
    aspect="auto",
    extent=(-5, 5, 0.004, 0.12),
    vmin=0,
    vmax=5,
    interpolation="nearest",
)
ax.vlines(borders.cpu(), 0.004, 0.02, color="C1", linewidth=1.4)
for bound, (a, b) in zip(bounds.tolist(), pairwise(borders.tolist()), strict=True):
    if 0 < bound < 0.12:
        ax.hlines(bound, a, b, color="C1", linewidth=1.4)
ax.grid(False)
bar = fig.colorbar(image, ax=ax, extend="max", pad=0.02)
bar.set_label("lowest value of the valley reached")
ax.set(
    title="Which valley, for each start and step size",
    xlabel="start",
    ylabel="step size",
    xlim=(-5, 5),
)

# %%
# What the pictures claim
# -----------------------
claim("valleys of x cos 4x + 2|x| between eight borders", len(borders) - 1, len(minimisers))
claim(
    "the slope at the six smooth minimisers", slope(minimisers)[[0, 1, 2, 4, 5, 6]], 0, atol=1e-12
)
claim(
    "the function is nowhere below |x|", (fun(grid) - grid.abs()).min(), 0, relation="≥", atol=1e-12
)
claim(
    "the basin borders",
    borders,
    [-5.531683, -3.974171, -2.433256, -0.977595, 0.453263, 1.682277, 3.200184, 4.751847],
    atol=1e-6,
)
small, large = runs[0.001], runs[0.05]
claim(
    "after 150 steps of 0.001 the five runs stand at",
    [run.x.item() for run in small],
    [-3.121674, -3.118293, -1.540482, -1.208370, -0.121152],
    atol=1e-6,
)
claim(
    "two of them stand on open slopes",
    [run.grad.item() for run in small[3:]],
    [2.92, -1.34],
    atol=5e-3,
)
many = torch.tensor(starts, dtype=torch.float64, device=device)
for _ in range(3000):
    many = many - 0.001 * slope(many)
claim(
    "3000 steps of 0.001 take four of them to the minimisers of their basins",
    many[:4],
    minimisers[[1, 1, 2, 2]],
    atol=1e-6,
)
claim("and the fifth to the kink, up to three steps", many[4].abs(), 0.003, relation="≤")
claim(
    "with 0.05 the runs from −3.5 and −2.5 hop between two points",
    torch.stack([run.history.x[-2:].sort().values for run in large[:2]]),
    [[-3.295959, -2.855074]] * 2,
    atol=1e-6,
)
ends = large[0].history.x[-2:]
claim(
    "this 2-cycle attracts: two steps shrink distances to it",
    ((1 - 0.05 * second(ends[0])) * (1 - 0.05 * second(ends[1]))).abs(),
    1,
    relation="<",
)
claim("the curvature 49.14 at −3.121484 bounds the step by", threshold, 0.0407005, atol=1e-7)
claim(
    "with 0.05 the runs from −2 and −1 converge",
    [run.x.item() for run in large[2:4]],
    -1.529166939939,
    atol=1e-10,
)
claim(
    "with 0.05 the run from −0.5 stays within three steps of the kink",
    large[4].history.x[-50:].abs().max(),
    0.15,
    relation="≤",
)
claim(
    "every step size below 0.04 keeps the run from −3.5 in its valley",
    torch.stack(seen[:, lrs < 0.04].aminmax()),
    minimisers[1].item(),
    atol=1e-6,
)
claim(
    "between 0.041 and 0.067 it never settles",
    not settled[(lrs > 0.041) & (lrs < 0.067)].any(),
    True,
)
claim(
    "between 0.072 and 0.085 the larger step ends in the better valley",
    torch.stack(seen[:, (lrs > 0.072) & (lrs < 0.085)].aminmax()),
    -1.529166939939,
    atol=1e-6,
)

low_rows = reached[lr_axis < 0.01]
claim(
    "with steps below 0.01 every start ends in its own valley",
    bool((low_rows == depths[torch.bucketize(start_axis.double(), borders)]).all()),
    True,
)

plt.show()
