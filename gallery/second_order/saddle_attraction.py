# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Drawn to the saddle
===================

Newton's method looks for a point where the gradient vanishes, and a saddle is one. You will see a
cloud of starts fall into a saddle between two minima, and the same cloud leave it once the
Hessian's eigenvalues lose their signs; where the basin of the saddle ends, by a formula; and why
the trouble grows with the number of variables.

The script belongs to the lecture :doc:`/lectures/newton`.
"""

# %%
# Three fields of arrows
# ----------------------
# The function is :math:`f(x, y) = x^2 - y^2 + \tfrac14 y^4`: minima at :math:`(0, \pm\sqrt2)`, a
# saddle at the origin. The arrows show where three directions lead:
#
# - the negative gradient: away from the saddle, along :math:`y`;
# - Newton's direction :math:`-H^{-1}\nabla f`: into the saddle, within the orange band in which
#   :math:`H` is indefinite, :math:`|y| < \sqrt{2/3}`;
# - the modified direction :math:`-|H|^{-1}\nabla f`: the same arrows outside of the band, and
#   inside it their :math:`y` turned round.
import math

import matplotlib.pyplot as plt
import torch
from torch.func import grad, jacrev, vmap

from steepest import claim, methods, minimize, plots
from steepest.plots import INK, SOFT

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 2
# sphinx_gallery_tags = ["film", "curvature", "many minima", "pitfalls"]


def saddle(x):
    return x[0] ** 2 - x[1] ** 2 + x[1] ** 4 / 4


slopes, hessians = vmap(grad(saddle)), vmap(jacrev(grad(saddle)))


def descent(x):
    return -slopes(x)


def newton(x):
    return -torch.linalg.solve(hessians(x), slopes(x))


def modified(x):
    eigenvalues, axes = torch.linalg.eigh(hessians(x))
    along = (axes.transpose(1, 2) @ slopes(x)[:, :, None]) / eigenvalues.abs()[:, :, None]
    return -(axes @ along)[:, :, 0]


directions = {"−gradient": descent, "Newton": newton, "modified Newton": modified}
inflection = math.sqrt(2 / 3)
grid = torch.cartesian_prod(
    torch.linspace(-1.2, 1.2, 6, dtype=torch.float64, device=device),
    torch.linspace(-1.8, 1.8, 10, dtype=torch.float64, device=device),
)


def landscape(ax):
    """Draw contours, the band where the Hessian is indefinite, and the three stationary points."""
    ax.axhspan(-inflection, inflection, color="C1", alpha=0.15, linewidth=0)
    plots.contours(
        ax,
        saddle,
        (-1.5, 1.5),
        (-2.1, 2.1),
        levels=[-0.8, -0.4, 0, 0.5, 1.5],
        points=61,
        device=device,
        colors=SOFT,
        linewidths=0.5,
        linestyles="solid",
    )
    ax.plot([0, 0], [-math.sqrt(2), math.sqrt(2)], "o", color=INK, markersize=6)
    ax.plot(0, 0, "X", color=INK, markersize=8)
    ax.set(xticks=[-1, 0, 1])
    ax.grid(False)


fig, axes = plots.figure(
    "Three fields of arrows on the same contours. The gradient's arrows point away from the "
    "central saddle, up and down; Newton's point into it from all sides within an orange band; "
    "the modified ones again lead to the two minima.",
    columns=3,
    sharey=True,
    figsize=(6.4, 3.6),
)
for ax, (name, direction), color in zip(axes, directions.items(), ("C2", "C1", "C0"), strict=True):
    landscape(ax)
    arrows = torch.nn.functional.normalize(direction(grid)).cpu()
    ax.quiver(*grid.T.cpu(), *arrows.T, color=color, scale=7.5, width=0.016, pivot="mid")
    ax.set(title=name)
    ax.title.set_fontsize(10)

# %%
# A cloud, twice
# --------------
# Three hundred starts in a disc around the saddle take seven full steps of each method. The first
# flattens both clouds onto the axis, since :math:`f` is quadratic in :math:`x`. Then Newton's
# cloud collapses into the saddle. The modified steps double a small distance from the saddle each
# time, and gather most of the cloud in the two minima; a few points overshoot, for there is no
# line search here.
angle = 2 * math.pi * torch.rand(300, dtype=torch.float64, device=device)
radius = 0.6 * torch.rand(300, dtype=torch.float64, device=device).sqrt()
cloud = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)


def walk(direction, x, steps):
    """Return the points after 0, 1, … full steps, of shape (steps + 1, k, 2)."""
    way = [x]
    for _ in range(steps):
        way.append(way[-1] + direction(way[-1]))
    return torch.stack(way)


ways = {name: walk(directions[name], cloud, 7) for name in ("Newton", "modified Newton")}
fig, axes = plots.figure(
    "Two clouds of dots around a saddle, side by side. In the left one the dots collapse onto a "
    "line and into the saddle; in the right one they move away from it, up and down, to the two "
    "minima.",
    columns=2,
    sharey=True,
    figsize=(5.2, 3.6),
)
dots = []
for ax, name, color in zip(axes, ways, ("C1", "C0"), strict=True):
    landscape(ax)
    dots.append(ax.plot([], [], ".", color=color, markersize=3.5)[0])
    ax.set(title=name)


def draw(k):
    """Show the clouds k/4 of a step after the start, resting at each whole step."""
    step, part = divmod(k, 4)
    share = part / 3
    for dot, way in zip(dots, ways.values(), strict=True):
        now = way[step] if step == 7 else torch.lerp(way[step], way[step + 1], share)
        dot.set_data(*now.T.cpu())


film = plots.film(fig, draw, frames=29, per_second=7, still=5)

# %%
# Where the basin ends
# --------------------
# In :math:`y` Newton's step is :math:`y^+ = 2y^3 / (3y^2 - 2)`. Its graph meets the line
# :math:`y^+ = -y` at :math:`y = \sqrt{2/5}`: there the iterates go to and fro. Below it they
# shrink and fall into the saddle; beyond :math:`\sqrt{2/3}`, where the curvature has changed its
# sign, they go to the minimum. Between the two the iterates change sides and move out, until they
# are past :math:`\sqrt{2/3}`. The nearer to :math:`\sqrt{2/5}`, the more often: in ever narrower
# intervals the two minima take turns.
border = math.sqrt(2 / 5)
line = torch.linspace(0, 1.2, 1201, dtype=torch.float64, device=device)
y = line
for _ in range(60):
    y = 2 * y**3 / (3 * y**2 - 2)

fig, (top, bottom) = plots.figure(
    "Above, the graph of Newton's map in y: flat near 0, falling to minus infinity at 0.816, and "
    "coming down from plus infinity beyond. Below, the point where each start ends: 0 up to "
    "0.632, root two beyond 0.816, and between them mostly minus root two, with ever shorter "
    "pieces of both.",
    rows=2,
    sharex=True,
    figsize=(5.6, 5.0),
)
for ax in (top, bottom):
    ax.axvspan(border, inflection, color="C4", alpha=0.25, linewidth=0)
for piece in (line < inflection, line > inflection):
    top.plot(line[piece].cpu(), (2 * line**3 / (3 * line**2 - 2))[piece].cpu(), color="C0")
top.plot([0, 1.2], [0, -1.2], "--", color=SOFT, linewidth=1)
top.plot([0, 1.2], [0, 1.2], ":", color=SOFT, linewidth=1)
top.text(0.3, -1.2, r"$y^+ = -y$", color=SOFT)
top.set(ylim=(-2.5, 2.5), ylabel="$y^+$", title="A basin with a border at √(2/5)")
bottom.plot(line.cpu(), y.cpu(), ".", color="C1", markersize=3)
bottom.set(xlabel="start y", ylabel="end", yticks=[-math.sqrt(2), 0, math.sqrt(2)])
bottom.set_yticklabels(["−√2", "0", "√2"])

# %%
# Many variables
# --------------
# The function :math:`\sum_i (\tfrac14 y_i^4 - y_i^2)` of :math:`n` variables has :math:`2^n`
# minima among its :math:`3^n` stationary points. For uniform starts in :math:`[-1.5, 1.5]^n` each
# coordinate of Newton's method ends at a minimum of its own with the probability :math:`p = 1 -
# \sqrt{2/5}/1.5 \approx 0.58`, all of them with :math:`p^n`. In eight variables hardly a start in
# a hundred ends in a minimum. Dimension is not on Newton's side.
trials, dimensions = 20_000, torch.arange(1, 17)
y = 3 * torch.rand(trials, 16, dtype=torch.float64, device=device) - 1.5
for _ in range(60):
    y = 2 * y**3 / (3 * y**2 - 2)
at_minimum = (y.abs() - math.sqrt(2)).abs() < 1e-6
p = 1 - border / 1.5
share = at_minimum.cumprod(dim=1).double().mean(dim=0).cpu()  # all of the first n coordinates

fig, ax = plots.figure(
    "The share of starts that reach a minimum, on a logarithmic scale, against the number of "
    "variables: dots that fall on a straight dashed line, from one half to below one in a "
    "thousand.",
    figsize=(5.6, 3.5),
)
ax.semilogy(dimensions, p ** dimensions.double(), "--", color=SOFT, linewidth=1)
ax.semilogy(dimensions[share > 0], share[share > 0], "o", color="C1")
ax.set(title="Newton's chance of a minimum shrinks like $p^n$", xlabel="variables n")
ax.set_ylabel("share of starts")

# %%
# What the pictures claim
# -----------------------
from_lecture = torch.tensor([1, 0.3], dtype=torch.float64, device=device)
claim(
    "from (1, 0.3) Newton's method ends in the saddle",
    minimize(saddle, from_lecture, methods.newton(), tol=1e-12).x,
    0,
    atol=1e-12,
)
claim("the whole cloud: farthest from the saddle after seven Newton steps",
      ways["Newton"][-1].norm(dim=1).max(), 0.1, relation="<")  # fmt: skip
settled = (ways["modified Newton"][-1][:, 1].abs() - math.sqrt(2)).abs() < 0.1
claim("the cloud, modified: share near a minimum after seven steps", settled.double().mean(), 0.75,
      relation=">")  # fmt: skip
end = walk(modified, cloud, 30)[-1]
claim("the whole cloud, modified: in a minimum after thirty steps",
      torch.stack([end[:, 0], end[:, 1].abs() - math.sqrt(2)]), 0, atol=1e-9)  # fmt: skip
turned, plain = modified(grid), newton(grid)
inside = grid[:, 1].abs() < inflection
claim("inside the band the modified step has the opposite y",
      turned[inside, 1], -plain[inside, 1], atol=1e-10)  # fmt: skip
claim("outside of it the two directions agree", turned[~inside], plain[~inside], atol=1e-10)
claim("the modified direction descends everywhere on the grid",
      (turned * slopes(grid)).sum(dim=1), 0, relation="<")  # fmt: skip
start = torch.tensor(border, dtype=torch.float64)
claim("√(2/5) is sent to −√(2/5)", 2 * start**3 / (3 * start**2 - 2), -border, atol=1e-12)
claim(
    "the share of coordinates that end at a minimum is p", at_minimum.double().mean(), p, atol=0.005
)
claim("the share of minima in two variables is p²", share[1], p**2, atol=0.02)
claim("the share of minima in eight variables", share[7], 0.02, relation="<")

plt.show()
