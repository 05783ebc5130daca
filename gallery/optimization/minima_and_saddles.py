# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Minima, saddles, and neither
============================

Where the gradient vanishes there may be a minimum, a maximum or a saddle. You will see the four
shapes from close by, all nine stationary points of Himmelblau's function with the kinds that their
Hessians tell, and a function whose Hessian does not tell.

The script belongs to the lecture :doc:`/lectures/minima`.
"""

# %%
# Four shapes
# -----------
# Around a stationary point a function looks like its second-order part. Both eigenvalues positive:
# a bowl. Both negative: a dome. One of each: a saddle. In the fourth picture both are zero; third
# derivatives decide, and make a saddle with room for a tail: a *monkey saddle*.
import matplotlib.pyplot as plt
import torch

from steepest import claim, methods, minimize, minimize_many, plots, problems
from steepest.derivatives import hessian, value_and_grad

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 2
# sphinx_gallery_tags = ["many minima", "curvature"]

shapes = {
    "bowl": lambda x: x[0] ** 2 + x[1] ** 2,
    "dome": lambda x: -(x[0] ** 2) - x[1] ** 2,
    "saddle": lambda x: x[0] ** 2 - x[1] ** 2,
    "monkey saddle": lambda x: x[0] ** 3 - 3 * x[0] * x[1] ** 2,
}
fig, axes = plots.figure(
    "Four surfaces over a square: a bowl, a dome, a saddle that rises in two opposite directions "
    "and falls in two others, and a monkey saddle that rises in three and falls in three.",
    rows=2,
    columns=2,
    figsize=(6.4, 5.6),
    subplot_kw={"projection": "3d"},
)
axis = torch.linspace(-1, 1, 41, dtype=torch.float64, device=device)
u, v = torch.meshgrid(axis, axis, indexing="ij")
for ax, (name, fun) in zip(axes.flat, shapes.items(), strict=True):
    height = fun(torch.stack([u, v])).cpu()
    ax.plot_surface(u.cpu().numpy(), v.cpu().numpy(), height.numpy(), cmap="cividis", alpha=0.9)
    ax.set_title(name)
    ax.set(xticks=[], yticks=[], zticks=[])
    for side in (ax.xaxis, ax.yaxis, ax.zaxis):
        side.pane.set_visible(False)

# %%
# Nine stationary points
# ----------------------
# Newton's method goes to stationary points of every kind: it looks for a zero of the gradient and
# does not care whether that is a minimum. From a grid of starts it finds nine points of
# Himmelblau's function. The signs of the eigenvalues sort them.
himmelblau = problems.himmelblau().fun
found = []
sides = torch.linspace(-5, 5, 10, dtype=torch.float64, device=device)
for start in torch.cartesian_prod(sides, sides):
    run = minimize(himmelblau, start, methods.newton(), max_iter=60, tol=1e-9, history=False)
    if run.success and all((run.x - x).norm() > 1e-6 for x in found):
        found.append(run.x)
points = torch.stack(found)
eigenvalues = torch.stack([torch.linalg.eigvalsh(hessian(himmelblau, x)) for x in points])
downward = (eigenvalues < 0).sum(1)

fig, ax = plots.figure(
    "Contour lines of a function with four basins. Discs mark four minima, crosses four saddles "
    "between them, a triangle the maximum in the middle; short lines through the saddles show the "
    "direction in which each of them falls.",
    figsize=(6.0, 5.2),
)
levels = [2, 10, 25, 45, 70, 100, 140, 180, 250, 400]
plots.contours(
    ax,
    himmelblau,
    (-5, 5),
    (-5, 5),
    levels=levels,
    device=device,
    colors=plots.LINES,
)
for k, (name, mark, color) in enumerate(
    (("minimum", "o", "C2"), ("saddle", "X", "C1"), ("maximum", "^", "C3"))
):
    chosen = points[downward == k].cpu()
    ax.plot(*chosen.T.numpy(), mark, color=color, markersize=10, linestyle="none", label=name)
for x in points[downward == 1]:
    fall = torch.linalg.eigh(hessian(himmelblau, x))[1][:, 0]
    line = torch.stack([x - 0.8 * fall, x + 0.8 * fall]).cpu()
    ax.plot(*line.T.numpy(), color="C1", linewidth=1.4)
ax.grid(False)
ax.set(xlabel="$x_1$", ylabel="$x_2$", title="Himmelblau's function: 4 + 4 + 1")
fig.legend(loc="outside lower center", ncols=3)

# %%
# Descent ends in minima only
# ---------------------------
# Gradient descent from 10 000 random starts: each ends in one of the four minima, none on a saddle.
# The borders between the basins run through the saddles.
generator = torch.Generator().manual_seed(0)
starts = 10 * torch.rand(10_000, 2, dtype=torch.float64, generator=generator).to(device) - 5
ends = minimize_many(himmelblau, starts, methods.gradient_descent(0.005), max_iter=4000, tol=1e-6)
minima = points[downward == 0]
nearest = torch.cdist(ends.x, minima).min(1)
fig, ax = plots.figure(
    "A square filled with dots in four colours, one for each minimum where descent from there "
    "ends. The four regions meet near the maximum; their borders pass through the four crosses.",
    figsize=(5.6, 5.2),
)
for k in range(len(minima)):
    here = starts[nearest.indices == k].cpu()
    ax.plot(*here.T.numpy(), ".", color=("C0", "C4", "C5", "C3")[k], markersize=2.2)
ax.plot(*minima.cpu().T.numpy(), "o", color=plots.INK, markersize=8)
ax.plot(*points[downward == 1].cpu().T.numpy(), "X", color=plots.INK, markersize=8)
ax.grid(False)
ax.set(xlabel="$x_1$", ylabel="$x_2$", title="Which minimum a start leads to", xlim=(-5, 5))

# %%
# Where the Hessian is silent
# ---------------------------
# :math:`f(x) = (x_2 - x_1^2)(x_2 - 3x_1^2)` rises from the origin along every straight line. Along
# the parabola :math:`x_2 = 2x_1^2` it falls, as :math:`-x_1^4`.


def peano(x):
    return (x[..., 1] - x[..., 0] ** 2) * (x[..., 1] - 3 * x[..., 0] ** 2)


t = torch.linspace(-0.3, 0.3, 241, dtype=torch.float64, device=device)
fig, ax = plots.figure(
    "Values over the distance from the origin. Along three lines the curves have their lowest "
    "point at 0; the dashed curve, along a parabola, has its highest point there.",
)
for slope, mark in ((0.0, "o"), (1.0, "s"), (3.0, "^")):
    length = (1 + slope**2) ** 0.5
    along = peano(torch.stack([t / length, slope * t / length], -1))
    ax.plot(t.cpu(), 100 * along.cpu(), marker=mark, markevery=30, label=f"line of slope {slope:g}")
bent = peano(torch.stack([t, 2 * t**2], -1))
ax.plot(t.cpu(), 100 * bent.cpu(), "--", label="parabola")
ax.set(xlabel="distance from the origin", ylabel="100 f", ylim=(-1, 4), title="Up along every line")
fig.legend(loc="outside lower center", ncols=2)

# %%
# What the pictures claim
# -----------------------
origin = torch.zeros(2, dtype=torch.float64, device=device)
slopes = [value_and_grad(fun, origin)[1].norm().item() for fun in shapes.values()]
claim("all four shapes are stationary at the origin", slopes, [0.0] * 4)
curvatures = [torch.linalg.eigvalsh(hessian(fun, origin)).tolist() for fun in shapes.values()]
claim(
    "eigenvalues: bowl, dome, saddle, monkey saddle",
    curvatures,
    [[2, 2], [-2, -2], [-2, 2], [0, 0]],
)
claim("stationary points of Himmelblau's function", len(points), 9)
claim("minima, saddles, maxima", [int((downward == k).sum()) for k in range(3)], [4, 4, 1])
claim("no eigenvalue is near 0", eigenvalues.abs().min(), 1, relation=">")
claim("every start ends at a minimum", nearest.values.max(), 1e-5, relation="<")
claim("each minimum has starts of its own", nearest.indices.bincount().min(), 1000, relation=">")
claim("along the parabola f is −x₁⁴", bent, -(t**4), atol=1e-15)
claim("the Hessian at Peano's origin is singular", torch.linalg.det(hessian(peano, origin)), 0)

plt.show()
