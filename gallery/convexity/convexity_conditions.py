# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
What derivatives say about convexity
====================================

Tangents below the graph, a second derivative that is nowhere negative: two ways to see the same
thing. You will see them agree on four functions, :math:`x^4` among them; where in the plane
Rosenbrock's function curves upwards in all directions; and how little :math:`x^4` is curved at 0.

The script belongs to the lecture :doc:`/lectures/convex-functions`.
"""

# %%
# Tangents and second derivatives
# -------------------------------
# Above, eleven tangents for each function; below, its second derivative. The envelope of the
# tangents of a convex function is its graph. Where the second derivative is negative (shaded), the
# tangents cut through.
import matplotlib.pyplot as plt
import torch

from steepest import claim, plots, problems
from steepest.convexity import Box, find_violation
from steepest.derivatives import hessian

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_tags = ["convexity", "curvature"]


def number(x):
    return torch.tensor(x, dtype=torch.float64, device=device)


def second(fun, x):
    """The second derivative at every number of a tensor."""
    return torch.vmap(torch.func.grad(torch.func.grad(fun)))(x)


four = (
    ("$e^x - x$", lambda x: torch.exp(x) - x),
    ("$x^4$", lambda x: x**4),
    ("$x^3$", lambda x: x**3),
    (r"$-\cos 2x$", lambda x: -torch.cos(2 * x)),
)
side = torch.linspace(-1.6, 1.6, 321, dtype=torch.float64, device=device)
feet = torch.linspace(-1.5, 1.5, 11, dtype=torch.float64, device=device)


def tangents(fun):
    """Return the tangents at the feet, one a row, at the points of the side."""
    values, slopes = torch.vmap(fun)(feet), torch.vmap(torch.func.grad(fun))(feet)
    return values[:, None] + slopes[:, None] * (side - feet[:, None])


fig, axes = plots.figure(
    "Four columns. Above, a graph with eleven tangents: for the first two functions they all lie "
    "below the graph, for the other two some cut through it. Below, the second derivative: "
    "positive; positive except for a zero at 0; negative on the left; negative on both sides.",
    rows=2,
    columns=4,
    figsize=(6.4, 4.4),
    sharex=True,
    height_ratios=(3, 2),
)
for (upper, lower), (name, fun) in zip(axes.T, four, strict=True):
    upper.plot(side.cpu(), tangents(fun).T.cpu(), color="C2", linewidth=0.8)
    plots.graph(upper, fun, (-1.6, 1.6), device=device, color=plots.INK, linewidth=1.6)
    curvature = second(fun, side).cpu()
    lower.plot(side.cpu(), curvature, color="C0")
    lower.axhline(0, color=plots.SOFT, linewidth=0.8)
    lower.fill_between(side.cpu(), curvature, 0, where=curvature < 0, color="C1", alpha=0.5)
    upper.set(title=name, ylim=(-3, 4))
    lower.set(ylim=(-6, 10), xlabel="x", xticks=[-1, 0, 1])
    for ax in (upper, lower):
        ax.label_outer()
        ax.tick_params(labelleft=ax in axes[:, 0])
axes[0, 0].set_ylabel("f")
axes[1, 0].set_ylabel("f''")

# %%
# In the plane
# ------------
# Rosenbrock's function :math:`(1-x_1)^2 + 100\,(x_2 - x_1^2)^2` has a Hessian with lower right
# entry 200 and determinant :math:`80000\,(x_1^2 - x_2) + 400`. So :math:`\nabla^2 f \succeq 0`
# exactly where :math:`x_2 \le x_1^2 + \tfrac{1}{200}`: up to just above the bottom of the valley.
# That region is not a convex set. So it may happen, and it does, that the Hessian is positive
# definite at and around both ends of a segment, while the function in between is far above the
# chord.
rosenbrock = problems.rosenbrock(2).fun
square = Box(number([-1.5, -1.0]), number([1.5, 2.0]))
witness = find_violation(rosenbrock, square)
ends = number([[-1.2, 1.3], [1.2, 1.3]])
xs = torch.linspace(-1.5, 1.5, 121, dtype=torch.float64, device=device)
ys = torch.linspace(-1.0, 2.0, 121, dtype=torch.float64, device=device)
plane = torch.cartesian_prod(xs, ys)
least = torch.linalg.eigvalsh(torch.vmap(torch.func.hessian(rosenbrock))(plane))[:, 0]

fig, (ax, section) = plots.figure(
    "Left, contour lines of a curved valley; the part above a parabola is shaded, and a segment "
    "joins two points outside it, crossing it. Right, the function along the segment: a hump far "
    "above the straight chord.",
    columns=2,
    figsize=(6.8, 3.4),
    width_ratios=(1.2, 1),
)
shade = (least < 0).double().reshape(121, 121).T.cpu()
ax.contourf(xs.cpu(), ys.cpu(), shade, levels=[0.5, 1.5], colors=["C1"], alpha=0.35)
plots.contours(
    ax,
    rosenbrock,
    (-1.5, 1.5),
    (-1.0, 2.0),
    levels=[1, 5, 25, 100, 300, 700],
    colors=plots.SOFT,
    linewidths=0.7,
    device=device,
)
ax.plot(*ends.T.cpu(), "o-", color="C0", linewidth=2)
ax.set(title="where f curves downwards", xlabel="$x_1$", ylabel="$x_2$")
t = torch.linspace(0, 1, 101, dtype=torch.float64)
heights = torch.vmap(rosenbrock)(torch.lerp(ends[0], ends[1], t[:, None].to(device))).cpu()
section.plot(t, heights, color=plots.INK)
section.plot([0, 1], [heights[0], heights[-1]], "o-", color="C0")
section.set(title="along the segment", xlabel="position", yticks=[])

# %%
# How little x⁴ is curved
# -----------------------
# The distance between a chord of :math:`x^4` and the graph, at the middle of :math:`[-r, r]`, is
# :math:`r^4`: positive for every chord, so the function is strictly convex, and smaller than any
# :math:`\tfrac\mu2 r^2` once r is small, so it is not strongly convex. A second derivative that
# vanishes at one point costs the strength, not the strictness.
radii = torch.logspace(-3, 0.3, 60, dtype=torch.float64, device=device)


def sag(fun):
    """How far the graph hangs below the chord, at the middle of [-r, r], for all radii."""
    f = torch.vmap(fun)
    return (f(-radii) + f(radii)) / 2 - f(torch.zeros_like(radii))


fig, ax = plots.figure(
    "Distance between chord and graph against the half-width of the chord, both logarithmic. The "
    "line for x squared over 2 has slope two, that for x to the fourth is steeper.",
    figsize=(5.2, 3.4),
)
ax.loglog(radii.cpu(), sag(lambda x: x**2 / 2).cpu(), color="C0", linestyle="--")
ax.loglog(radii.cpu(), sag(lambda x: x**4).cpu(), color="C1")
ax.text(2e-3, 2e-5, "$x^2/2$: strongly convex", color="C0", rotation=24)
ax.text(1.2e-2, 3e-10, "$x^4$: strictly", color="C1", rotation=42)
ax.set(xlabel="half-width r of the chord", ylabel="distance at the middle")

# %%
# What the pictures claim
# -----------------------
above = [(tangents(fun) - torch.vmap(fun)(side)).max() for _, fun in four]
lowest = [second(fun, side).min() for _, fun in four]
claim("eˣ − x and x⁴: no tangent is above the graph", above[:2], 1e-12, relation="<")
claim("eˣ − x and x⁴: no second derivative is negative", lowest[:2], 0, relation="≥")
claim("x³ and −cos 2x: some tangent is above the graph", above[2:], 0.5, relation=">")
claim(
    "x³ and −cos 2x: the least second derivatives on [−1.6, 1.6] are −9.6 and −4",
    lowest[2:],
    [-9.6, -4],
    atol=1e-3,
)
line = Box(number(-1.6), number(1.6))
fourth = four[1][1]
claim("x⁴: the second derivative at 0", hessian(fourth, number(0.0)), 0)
claim(
    "x⁴: the search for a violation of strict convexity finds none",
    find_violation(fourth, line, kind="strict") is None,
    True,
)
claim("x⁴: the distance at the middle of the chord is r⁴", sag(fourth), radii**4, rtol=1e-12)
claim(
    "x⁴: for r = 0.001 that is less than a hundred thousandth of what x²/2 has",
    sag(fourth)[0] / sag(lambda x: x**2 / 2)[0],
    1e-5,
    relation="<",
)
claim(
    "Rosenbrock: the Hessian is positive semidefinite exactly where x₂ ≤ x₁² + 1/200",
    torch.equal(least >= 0, plane[:, 1] <= plane[:, 0] ** 2 + 1 / 200),
    True,
)
claim(
    "Rosenbrock: at both ends of the segment the Hessian is positive definite",
    torch.linalg.eigvalsh(torch.vmap(torch.func.hessian(rosenbrock))(ends))[:, 0],
    0,
    relation=">",
)
claim(
    "Rosenbrock: at the middle of the segment the graph is this far above the chord",
    rosenbrock(ends.mean(0)) - torch.vmap(rosenbrock)(ends).mean(),
    165.6,
    atol=0.1,
)
claim("Rosenbrock: the search finds a pair of its own", witness.recheck(rosenbrock), True)

plt.show()
