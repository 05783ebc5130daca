# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
A line learns
=============

Linear regression by gradient descent. You will see the loss as a bowl over slope and intercept, a
film of two runs, one that crawls and one that arrives in five steps, a straight line for every
step size, and how a harmless shift of the inputs turns the bowl into a ravine.

The script belongs to the lecture :doc:`/lectures/learning`.
"""

# %%
# The data and the bowl
# ---------------------
# A hundred points along :math:`y = 3x + 2`, with noise of standard deviation 0.5. The loss is the
# mean square error as a function of slope w and intercept b: a quadratic, with the Hessian
# :math:`H = \frac2n A^\top A`, the rows of A being :math:`(x_i, 1)`. Below it, its level lines and
# arrows along the negative gradient, found by autograd at every point of a grid.
import matplotlib.pyplot as plt
import torch
from torch.func import grad, vmap

from steepest import claim, methods, minimize, plots

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(42)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 2
# sphinx_gallery_tags = ["film", "data", "step size"]

x = torch.randn(100).double().to(device)  # drawn on the CPU: the same everywhere
y = 3 * x + 2 + 0.5 * torch.randn(100).double().to(device)


def error(theta, inputs=x):
    """Return the mean square error of the line with slope theta[0] and intercept theta[1]."""
    return ((theta[0] * inputs + theta[1] - y) ** 2).mean()


def design(inputs):
    return torch.stack([inputs, torch.ones_like(inputs)], dim=1)


best = torch.linalg.lstsq(design(x), y, driver="gels").solution
H = 2 / 100 * design(x).T @ design(x)
mu, L = torch.linalg.eigvalsh(H).tolist()

w, b = torch.linspace(-1, 7, 41), torch.linspace(-2, 6, 41)
points = torch.cartesian_prod(w, b).double().to(device)
heights = vmap(error)(points).reshape(41, 41).cpu()
coarse = torch.cartesian_prod(w[2::6], b[2::6]).double().to(device)
arrows = -vmap(grad(error))(coarse)

fig, ax = plots.figure(
    "A round bowl over the plane of slope and intercept, seen from above its rim. On the floor its "
    "level lines, nearly circles around the point three, two, and arrows that point to the centre.",
    figsize=(5.6, 4.8),
    subplot_kw={"projection": "3d"},
)
W, B = torch.meshgrid(w, b, indexing="ij")
FLOOR = -40
ax.plot_wireframe(
    W.numpy(), B.numpy(), heights.numpy(), rstride=4, cstride=4, color="C0", linewidth=0.7
)
floor = {"offset": FLOOR, "colors": plots.SOFT, "linewidths": 0.8}
ax.contour(W.numpy(), B.numpy(), heights.numpy(), 10, **floor)
start, flow = coarse.cpu(), arrows.cpu() / 12
ax.quiver(*start.T, FLOOR, *flow.T, 0, color="C1", linewidth=1.1, arrow_length_ratio=0.4)
ax.set(title="The loss of a line", xlabel="slope w", ylabel="intercept b", zlim=(FLOOR, 70))
ax.set_zticks([0, 30, 60])
for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
    axis.pane.set_visible(False)
ax.view_init(28, -60)

# %%
# Two runs in motion
# ------------------
# Both start at :math:`(0, 0)`. The step 0.01 (discs, dashed) is what one takes without thinking.
# The step :math:`2/(L + \mu) = 0.508` (squares, solid) is the best of all fixed steps. After the
# first frames the film takes larger leaps.


def descend(lr, steps, inputs=x):
    """Return the history of gradient descent from (0, 0)."""
    x0 = torch.zeros(2, dtype=torch.float64, device=device)
    method = methods.gradient_descent(lr)
    return minimize(lambda t: error(t, inputs), x0, method, max_iter=steps).history


bold_step = 2 / (L + mu)
slow, bold = descend(0.01, 200), descend(bold_step, 200)
shown = [*range(6), *range(10, 50, 5), *range(50, 201, 10)]

fig, (plane, cloud) = plots.figure(
    "A film. Left, the plane of slope and intercept: a path of squares is at the centre of the "
    "level lines within three frames, a chain of discs creeps towards it. Right, the data: the "
    "solid line lies in their middle almost at once, the dashed one rises slowly.",
    columns=2,
    figsize=(6.4, 3.8),
)
plots.contours(plane, error, (-0.7, 4.6), (-0.7, 3.6), levels=11, device=device, colors=plots.LINES)
cloud.plot(x.cpu(), y.cpu(), ".", color=plots.SOFT, markersize=4)
(slow_path,) = plane.plot([], [], "o", color="C1", markersize=3)
(bold_path,) = plane.plot([], [], "s-", color="C0", markersize=5, linewidth=1)
span = torch.tensor([-2.6, 2.6], dtype=torch.float64)
(slow_line,) = cloud.plot([], [], "--", color="C1", linewidth=2)
(bold_line,) = cloud.plot([], [], "-", color="C0", linewidth=2)
plane.set(xlabel="slope w", ylabel="intercept b")
cloud.set(xlabel="x", ylabel="y", ylim=(-8, 11), title="step 0.01 dashed, 0.508 solid")


def draw(frame):
    k = shown[frame]
    for run, path, line in ((slow, slow_path, slow_line), (bold, bold_path, bold_line)):
        way = run.x[: k + 1].cpu()
        path.set_data(way[:, 0], way[:, 1])
        line.set_data(span, way[-1, 0] * span + way[-1, 1])
    plane.set_title(f"after {k} steps")


film = plots.film(fig, draw, frames=len(shown), per_second=8, still=13)

# %%
# A rate for every step size
# --------------------------
# Along the eigenvector of :math:`\lambda` a step multiplies the error by :math:`1 - \alpha\lambda`,
# the loss above its minimum by the square. The thin lines are
# :math:`\max(1 - \alpha\mu,\, \alpha L - 1)^{2k}`, an upper bound that is nearly attained.
fig, ax = plots.figure(
    "The loss above its minimum on a logarithmic axis against the step: three straight lines that "
    "fall, one slowly, one faster, one almost vertically, each on or below its bound.",
    figsize=(5.6, 3.8),
)
k = torch.arange(41)
lowest = error(best)
gaps = {}
for lr, color, mark, at in (
    (0.01, "C1", "o", (24, 0.15)),
    (0.1, "C2", "^", (26, 3e-3)),
    (bold_step, "C0", "s", (6.5, 1e-11)),
):
    gaps[lr] = (descend(lr, 40).fun - lowest).cpu()
    seen = gaps[lr] > 1e-13
    bound = gaps[lr][0] * max(1 - lr * mu, lr * L - 1) ** (2 * k.double())
    ax.semilogy(k[seen], gaps[lr][seen], mark, color=color, markersize=4)
    ax.semilogy(k[bound > 1e-13], bound[bound > 1e-13], color=color, linewidth=0.9)
    ax.text(*at, f"step {lr:.3g}", color=color)
ax.set(title="Loss above its minimum", xlabel="step", ylabel="F − F*", ylim=(1e-14, 60))

# %%
# A shift of the inputs
# ---------------------
# Measure the same inputs from another zero: :math:`x + 10`. The same lines fit the same data, but
# a change of slope now moves the whole line up or down, and the bowl becomes a ravine. The path is
# that of 800 steps of :math:`1/L`. Subtracting the mean gives back a bowl, in which the
# step :math:`1/2` arrives almost at once.
shifted, centred = x + 10, x - x.mean()
columns = design(shifted)
small, large = torch.linalg.eigvalsh(2 / 100 * columns.T @ columns).tolist()
ravine = descend(1 / large, 800, shifted)
valley = torch.linalg.lstsq(columns, y, driver="gels").solution
bowl = descend(0.5, 12, centred)
centre = torch.linalg.lstsq(design(centred), y, driver="gels").solution

fig, axes = plots.figure(
    "Left, for shifted inputs, level lines so long that they look like parallel stripes; a path "
    "jumps to the floor of the ravine and creeps along it, far from the minimiser, a diamond. "
    "Right, for centred inputs, circles, and a path that ends in the centre.",
    columns=2,
    figsize=(6.4, 3.8),
)
for ax, inputs, run, goal, window in (
    (axes[0], shifted, ravine, valley, ((-1.0, 4.0), (-32.0, 6.0))),
    (axes[1], centred, bowl, centre, ((-1, 7), (-2, 6))),
):
    plots.contours(
        ax,
        lambda theta, inputs=inputs: error(theta, inputs),
        *window,
        levels=[0.5, 4, 20, 60, 150, 400],
        points=301,
        device=device,
        colors=plots.LINES,
    )
    plots.path(ax, run.x, color="C0", markersize=3)
    ax.plot(*goal.cpu(), "D", color="C1", markersize=6)
    ax.set(xlabel="slope w")
axes[0].set(title="inputs x + 10", ylabel="intercept b")
axes[1].set(title="inputs centred")

# %%
# What the pictures claim
# -----------------------
claim("the least-squares line", best, [3.0059, 2.0178], atol=5e-5)
claim("after 100 steps of 0.01", slow.x[100], [2.6101, 1.7986], atol=5e-5)
claim(
    "every arrow points downhill: a tenth of it lowers the loss",
    vmap(error)(coarse + arrows / 10) - vmap(error)(coarse),
    0,
    relation="<",
)
claim(
    "five steps of 2/(L + μ) leave a millionth of the error",
    (bold.x[5] - best).norm() / best.norm(),
    1e-6,
    relation="≤",
)
for lr, gap in gaps.items():
    bound = gap[0] * max(1 - lr * mu, lr * L - 1) ** (2 * k.double())
    claim(
        f"step {lr:.3g}: the loss above its minimum never exceeds its bound",
        gap,
        bound.tolist(),
        relation="≤",
        atol=1e-14,
    )
claim(
    "the shifted inputs give the same best line, written differently",
    valley,
    [best[0], best[1] - 10 * best[0]],
    atol=1e-9,
)
claim("with the shift the condition number exceeds 10000", large / small, 1e4, relation=">")
claim(
    "after 800 steps in the ravine more than nine tenths of the error in b is left",
    (ravine.x[-1, 1] - valley[1]) / (0 - valley[1]),
    0.9,
    relation=">",
)
claim(
    "with centred inputs the Hessian is diagonal",
    (2 / 100 * design(centred).T @ design(centred))[0, 1],
    0,
    atol=1e-14,
)
claim("with centred inputs twelve steps of 1/2 arrive", bowl.fun[-1], lowest, atol=1e-12)

plt.show()
