# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Coordinate descent, and where it stalls
=======================================

One coordinate at a time, each to its exact minimum. You will see a staircase into a bowl, stairs
that end on a crease with the minimum in plain sight, the same crease made harmless, and a run that
walks around a cube without ever coming near a stationary point.

The script belongs to the lecture :doc:`/lectures/gradient-descent`.
"""

# %%
# A staircase
# -----------
# On a quadratic, minimising over one coordinate solves one equation of :math:`Ax = -b`: this is the
# Gauss–Seidel method. No step size is needed, *because* each one-dimensional problem is solved.
import matplotlib.pyplot as plt
import torch

from steepest import claim, directions, methods, minimize, plots, step_sizes
from steepest.methods import Method

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 2
# sphinx_gallery_tags = ["nonsmooth", "pitfalls"]

A = torch.tensor([[2.0, 1.2], [1.2, 1.5]], dtype=torch.float64, device=device)


def bowl(x):
    return x @ (A.to(x) @ x) / 2


def by_coordinates(fun, start, steps, tol=1e-10):
    """Return the history of coordinate descent, each line searched to the tolerance."""
    x0 = torch.tensor(start, dtype=torch.float64, device=device)
    method = Method(directions.coordinate(), step_sizes.exact(tol), "coordinate descent")
    return minimize(fun, x0, method, max_iter=steps).history


stairs = by_coordinates(bowl, (-1.8, 2.0), 24)
x0 = torch.tensor([-1.8, 2.0], dtype=torch.float64, device=device)
smooth = minimize(bowl, x0, methods.gradient_descent(0.3), max_iter=24).history

fig, ax = plots.figure(
    "Elliptic level lines. From the upper left, a staircase of horizontal and vertical segments "
    "leads into the centre; a dashed curve of gradient steps leads there too.",
    figsize=(5.2, 4.4),
)
plots.contours(ax, bowl, (-2.2, 1.4), (-0.8, 2.3), levels=14, device=device, colors=plots.LINES)
plots.path(ax, stairs.x, color="C0")
plots.path(ax, smooth.x, color="C1", linestyle="--")
ax.text(-0.35, 1.62, "one axis at a time", color="C0")
ax.text(-2.05, 0.55, "gradient steps", color="C1")
ax.set(title="A staircase into a bowl", xlabel="$x_1$", ylabel="$x_2$", aspect="equal")

# %%
# Stuck on a crease
# -----------------
# The function :math:`|x_1 - x_2| + \tfrac12\|x\|^2` is convex with its minimum at 0. Its crease is
# the diagonal. At a point :math:`(c, c)` with :math:`|c| \le 1` a move along one axis lowers the
# second term at the rate :math:`|c|` and raises the first at the rate 1: neither axis leads down.
# The diagonal does, but no step goes along it.
#
# The function :math:`|x_1| + |x_2| + \tfrac12\|x - (0.4, 1.6)\|^2` has creases too, but along the
# axes: each belongs to one coordinate. There the stairs arrive at once.


def crease(x):
    return (x[0] - x[1]).abs() + x @ x / 2


TARGET = torch.tensor([0.4, 1.6], dtype=torch.float64, device=device)


def separable(x):
    return x.abs().sum() + ((x - TARGET.to(x)) ** 2).sum() / 2


STARTS = ((1.8, 0.7), (-1.6, 0.9), (-0.4, 1.9), (0.4, -1.7), (1.9, 1.6))
runs = {fun: [by_coordinates(fun, start, 6) for start in STARTS] for fun in (crease, separable)}

fig, axes = plots.figure(
    "Two sets of level lines with five staircases each. On the left each staircase ends on the "
    "diagonal crease, at five different points, with the minimum, a cross, in the middle. On the "
    "right all five end at the cross.",
    columns=2,
    figsize=(6.4, 3.6),
    sharey=True,
)
for ax, (fun, ways), title, goal in zip(
    axes,
    runs.items(),
    ("coupled kink: stuck", "separable kinks: fine"),
    ((0, 0), (0, 0.6)),
    strict=True,
):
    plots.contours(ax, fun, (-2, 2.1), (-2, 2.1), levels=14, device=device, colors=plots.LINES)
    for color, way in zip(("C0", "C1", "C2", "C3", "C4"), ways, strict=True):
        plots.path(ax, way.x, color=color)
    ax.plot(*goal, "x", color=plots.INK, markersize=9, markeredgewidth=2, zorder=5)
    ax.set(title=title, xlabel="$x_1$", aspect="equal")
axes[0].set_ylabel("$x_2$")

# %%
# Around the cube
# ---------------
# Without kinks there is still a way to fail. Powell's function (1973),
#
# .. math:: -x_1x_2 - x_2x_3 - x_3x_1 + \sum_i (x_i - 1)_+^2 + (-x_i - 1)_+^2 ,
#
# is continuously differentiable and not convex. From :math:`(-1 - \epsilon, 1 + \epsilon/2, -1 -
# \epsilon/4)` exact coordinate descent visits six of the eight corners of a cube in turn, ever
# closer. At each of them the gradient has norm 2. In floating point the spell breaks after some
# forty steps, when the differences it lives on drown in rounding; the picture shows the first
# thirty-six.


def cube(x):
    return (
        -(x[0] * x[1] + x[1] * x[2] + x[2] * x[0])
        + (torch.relu(x - 1) ** 2 + torch.relu(-x - 1) ** 2).sum()
    )


EPS = 0.4
walk = by_coordinates(cube, (-1 - EPS, 1 + EPS / 2, -1 - EPS / 4), 36, tol=1e-14)

fig, ax = plots.figure(
    "A cube in space, drawn in thin lines. A thick path runs along six of its edges, around and "
    "around, through all corners but two opposite ones, which carry crosses.",
    subplot_kw={"projection": "3d"},
    figsize=(5.0, 4.6),
)
corners = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0])] * 3)
for i, a in enumerate(corners):
    for b in corners[i + 1 :]:
        if (a != b).sum() == 1:
            ax.plot(*torch.stack([a, b]).T, color=plots.SOFT, linewidth=0.8)
ax.plot(*walk.x.T.cpu(), color="C0", marker=".", markersize=6)
ax.plot(*walk.x[:1].T.cpu(), "o", color="C0", markerfacecolor="none", markersize=9)
for sign in (-1, 1):
    ax.plot([sign], [sign], [sign], "x", color="C1", markersize=9, markeredgewidth=2)
ax.set(title="Around six corners", xlabel="$x_1$", ylabel="$x_2$", zlabel="$x_3$")
for set_ticks in (ax.set_xticks, ax.set_yticks, ax.set_zticks):
    set_ticks([-1, 0, 1])
for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
    axis.pane.set_visible(False)
ax.grid(False)
ax.view_init(elev=22, azim=-62)
ax.set_box_aspect(None, zoom=0.87)

# %%
# What the pictures claim
# -----------------------
ratio = (A[0, 1] ** 2 / (A[0, 0] * A[1, 1])).item()
claim(
    "each round of the staircase multiplies both errors by a₁₂²/(a₁₁a₂₂)",
    stairs.x[4:21:2] / stairs.x[2:19:2],
    ratio,
    rtol=1e-9,
)
claim("along the staircase the value never rises", stairs.fun.diff(), 0, relation="≤", atol=1e-15)
stuck = torch.stack([way.x[-1] for way in runs[crease]]).cpu()
claim("on the crease the five runs end at", stuck[:, 0], [0.7, 0.9, 1, -1, 1], atol=1e-9)
claim("all on the diagonal", stuck[:, 0] - stuck[:, 1], 0, atol=1e-9)
side = torch.linspace(-3, 3, 601, dtype=torch.float64)
claim(
    "from (0.7, 0.7) no move along an axis leads lower",
    ((side - 0.7).abs() + (side**2 + 0.49) / 2).min(),
    0.49,
    atol=1e-12,
)
claim("although the minimum is 0", crease(torch.zeros(2, dtype=torch.float64)), 0)
claim(
    "with separable kinks all five runs end at the minimiser (0, 0.6)",
    torch.stack([way.x[-1] for way in runs[separable]]),
    [[0, 0.6]] * 5,
    atol=1e-7,
)
claim(
    "around the cube: six iterates in a row are six different corners",
    len({tuple(x.round().int().tolist()) for x in walk.x[30:36]}),
    6,
)
claim("and the gradient there has norm 2", walk.grad_norm[30:36], 2, atol=1e-6)

plt.show()
