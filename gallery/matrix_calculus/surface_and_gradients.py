# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
A surface, its contours, its gradients
======================================

Three pictures of one function belong together: the surface above, the contours on the floor, and
the gradients, which live on the floor too and not on the surface. You will see all three, the
tangent plane that a gradient stands for, and how the slope changes with the direction in which one
walks.

The script belongs to the lecture :doc:`/lectures/matrix-calculus`.
"""

# %%
# Three pictures in one
# ---------------------
# The bowl :math:`x^2 + y^2`. A gradient is an arrow in the plane of x and y: it says which way to
# walk on the map, not which way the surface points. It is perpendicular to the contour through its
# foot (the dot), and the longer, the steeper the surface is above.
#
# (Three dimensions need no import of ``Axes3D``; ``projection="3d"`` is enough.)
import math

import matplotlib.pyplot as plt
import torch
from torch.func import grad, vmap

from steepest import claim, plots
from steepest.derivatives import directional_derivative, jvp, value_and_grad

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 2
# sphinx_gallery_tags = ["differentiation", "geometry"]


def bowl(x):
    return x[0] ** 2 + x[1] ** 2


def hills(x):
    """Two hills and a hollow."""
    first = torch.exp(-((x[0] - 0.9) ** 2) - (x[1] - 0.2) ** 2)
    second = 0.8 * torch.exp(-2 * (x[0] + 0.9) ** 2 - (x[1] + 0.5) ** 2)
    hollow = 0.6 * torch.exp(-2 * (x[0] + 0.3) ** 2 - 2 * (x[1] - 1.1) ** 2)
    return first + second - hollow


def stage(alt, fun, reach, floor, size=(5.8, 5.2), view=(28, -62)):
    """Draw a surface over its contours; return the axes."""
    _, ax = plots.figure(alt, figsize=size, subplot_kw={"projection": "3d"})
    axis = torch.linspace(-reach, reach, 33, dtype=torch.float64, device=device)
    u, v = torch.meshgrid(axis, axis, indexing="ij")
    height = fun(torch.stack([u, v]))
    sheet = [z.cpu().numpy() for z in (u, v, height)]
    ax.plot_surface(*sheet, cmap="cividis", alpha=0.75, linewidth=0, rstride=2, cstride=2)
    ax.contour(*sheet, 9, zdir="z", offset=floor, colors=plots.SOFT, linewidths=0.9)
    for side in (ax.xaxis, ax.yaxis, ax.zaxis):
        side.pane.set_visible(False)
    ax.view_init(elev=view[0], azim=view[1])
    ax.set_box_aspect((1, 1, 0.8), zoom=0.95)
    ax.set(xlabel="x", ylabel="y", xticks=[-2, 0, 2], yticks=[-2, 0, 2])
    return ax


def table(reach, side):
    axis = torch.linspace(-reach, reach, side, dtype=torch.float64, device=device)
    return torch.cartesian_prod(axis, axis)


def on_the_floor(ax, feet, field, floor, scale):
    """Draw arrows in the plane z = floor."""
    flat = torch.zeros(len(feet))
    x, y = feet.T.cpu()
    u, v = (scale * field).T.cpu()
    ax.plot(x, y, flat + floor, ".", color="C1", markersize=5)
    ax.quiver(x, y, flat + floor, u, v, flat, color="C1", linewidth=1.8, arrow_length_ratio=0.45)


feet = table(1.5, 5)
arrows = vmap(grad(bowl))(feet)
ax = stage(
    "A bowl that hovers over its circular contours. On the floor arrows point outwards, short near "
    "the middle and long at the rim.",
    bowl,
    2.0,
    -6.0,
)
on_the_floor(ax, feet, arrows, -6.0, 0.2)
ax.set(zlim=(-6, 8), zticks=[0, 4, 8], title="The bowl, its contours, its gradients")
kind = ax.name

# %%
# Hills
# -----
# With two hills and a hollow the arrows tell more. They point uphill, from the hollow to the tops,
# and vanish on the tops and at the saddle between them. At one point of the surface the orange
# lines are the tangents along x and y, and the dark arrow is the normal
# :math:`(-\partial_x f, -\partial_y f, 1)`: in three dimensions the gradient hides in the normal.
p = torch.tensor([0.15, -0.35], dtype=torch.float64, device=device)
height, slope = value_and_grad(hills, p)
ones = torch.eye(2, dtype=torch.float64, device=device)
tangents = [torch.cat([v, jvp(hills, p, v)[1][None]]) for v in ones]
normal = torch.cat([-slope, torch.ones(1, dtype=torch.float64, device=device)])
spot = torch.cat([p, height[None]])
feet = table(1.8, 8)
uphill = vmap(grad(hills))(feet)
ax = stage(
    "A surface with two hills and a hollow over its contours, with small arrows on the floor that "
    "lead uphill. At a point between the hills two tangents cross, and a dark arrow stands "
    "perpendicular to both.",
    hills,
    2.0,
    -1.6,
)
on_the_floor(ax, feet, uphill, -1.6, 0.5)
for tangent in tangents:
    ends = torch.stack([spot - 0.55 * tangent, spot + 0.55 * tangent]).cpu()
    ax.plot(*ends.T.numpy(), color="C1", linewidth=2.5, zorder=10)
ax.quiver(*spot.cpu(), *(0.7 * normal).cpu(), color=plots.INK, linewidth=2, zorder=11)
ax.set(zlim=(-1.6, 1.4), zticks=[0, 1], title="Two hills, a hollow, a normal")

# %%
# How steep is it, that way?
# --------------------------
# Walk from the marked point in the direction of the angle φ. The slope is
# :math:`\nabla f^\top (\cos\varphi, \sin\varphi) = \|\nabla f\| \cos(\varphi - \varphi_0)`: a
# cosine, with its top in the direction of the gradient and its zeros along the contour. That is all
# a first derivative can say. With a "direction" of length 2 (dashed) one gets twice the number,
# and that is no slope.
angles = torch.linspace(0, 2 * math.pi, 73, dtype=torch.float64, device=device)
ways = torch.stack([angles.cos(), angles.sin()], 1)
slopes = torch.stack([directional_derivative(hills, p, way) for way in ways])
doubled = torch.stack([jvp(hills, p, 2 * way)[1] for way in ways])
best = torch.atan2(slope[1], slope[0]) % (2 * math.pi)
fig, ax = plots.figure(
    "A cosine wave over the angle of the direction, its top marked by a vertical line at the angle "
    "of the gradient; a dashed wave of twice the height.",
    figsize=(5.4, 3.4),
)
degrees = torch.rad2deg(angles).cpu()
ax.axhline(0, color=plots.SOFT, linewidth=0.8)
ax.axvline(math.degrees(best.item()), color="C1", linewidth=1.2)
ax.plot(degrees, slopes.cpu(), color="C0")
ax.plot(degrees, doubled.cpu(), "--", color="C3", linewidth=1.2)
ax.set(xlabel="direction, in degrees", ylabel="slope", xticks=range(0, 361, 90))
ax.set_title("The slope is a cosine of the direction")

# %%
# What the pictures claim
# -----------------------
claim("the bowl at (1, 2) has the gradient (2, 4)", grad(bowl)(p.new_tensor([1.0, 2.0])), [2, 4])
claim(
    "the arrows of the bowl are perpendicular to the circles",
    (arrows * torch.stack([-table(1.5, 5)[:, 1], table(1.5, 5)[:, 0]], 1)).sum(1),
    0,
    atol=1e-14,
)
claim(
    "the normal is perpendicular to both tangents",
    torch.stack([normal @ tangent for tangent in tangents]),
    0,
    atol=1e-15,
)
claim("the largest slope is the length of the gradient", slopes.max(), slope.norm(), rtol=1e-3)
claim(
    "the slopes are a cosine of the angle to the gradient",
    slopes,
    slope.norm() * torch.cos(angles - best),
    atol=1e-14,
)
claim("a direction of length 2 gives twice the number", doubled, 2 * slopes, atol=1e-14)
small = 1e-3 * slope / slope.norm()
turned = torch.stack([-small[1], small[0]])
claim(
    "a step of 0.001 uphill gains 0.001 times the gradient's length",
    (hills(p + small) - height) / 1e-3,
    slope.norm(),
    atol=1e-3,
)
claim(
    "a step of 0.001 along the contour gains next to nothing",
    ((hills(p + turned) - height) / 1e-3).abs(),
    2e-3,
    relation="<",
)
claim("no import of Axes3D: the axes call themselves", kind, "3d")

plt.show()
