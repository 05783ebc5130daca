# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Waiting on a plateau
====================

Gradient descent on :math:`\tanh x`, far out, where the slope has nearly vanished. You will see a
run creep for hundreds of steps and then fall, the wait grow by :math:`e^2` with every unit of
distance, four ways to shorten it, and what a stack of layers does to a gradient.

The script belongs to the lecture :doc:`/lectures/flat-and-kinked`.
"""

# %%
# The function and its slope
# --------------------------
# The slope :math:`1 - \tanh^2 x = 1/\cosh^2 x` is 1 in the middle. On a logarithmic axis it falls
# along straight lines: by the factor :math:`e^2`, more than seven, with each unit.
import math

import matplotlib.pyplot as plt
import torch
from matplotlib import patheffects

from steepest import claim, methods, minimize, plots
from steepest.constrained import reparametrize

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 3
# sphinx_gallery_tags = ["film", "rates", "pitfalls"]


def slope(x):
    """Return the derivative of tanh, written so that it does not round to 0 far out."""
    return 1 / torch.cosh(x) ** 2


fig, axes = plots.figure(
    "Above, the graph of tanh between -1 and 1: a slope between two plateaus. Below, its "
    "derivative on a logarithmic axis: a roof with straight sides, with its top, 1, at 0.",
    rows=2,
    sharex=True,
    figsize=(5.6, 4.6),
)
plots.graph(axes[0], torch.tanh, (-6, 6), device=device, color="C0")
plots.graph(axes[1], slope, (-6, 6), device=device, color="C1")
axes[0].set(title="tanh x", ylabel="value")
axes[1].set(title="its slope", xlabel="x", ylabel="derivative", yscale="log")
for ax, value in ((axes[0], torch.tanh), (axes[1], slope)):
    ax.plot(4, value(torch.tensor(4.0)), "o", color=plots.INK)

# %%
# The run in motion
# -----------------
# From 4 with step size 1. Time runs evenly: twelve steps to a frame.
start = torch.tensor(4.0, dtype=torch.float64, device=device)
run = minimize(torch.tanh, start, methods.gradient_descent(1.0), max_iter=450)
x, y = run.history.x.cpu(), run.history.fun.cpu()

fig, ax = plots.figure(
    "A point on the graph of tanh. It starts at 4 on the upper plateau, creeps to the left for "
    "most of the film, slides down the slope within two frames, and creeps on along the lower one.",
    figsize=(5.6, 3.4),
)
plots.graph(ax, torch.tanh, (-4.5, 4.5), device=device, color=plots.SOFT, linewidth=1.2)
(trail,) = ax.plot([], [], ".", color="C0", markersize=4)
(point,) = ax.plot([], [], "o", color="C1", markersize=10)
label = ax.text(-4.4, 0.85, "")
ax.set(title="Twelve steps to a frame", xlabel="x", ylabel="tanh x", ylim=(-1.15, 1.15))


def show(frame):
    k = 12 * frame
    trail.set_data(x[: k + 1], y[: k + 1])
    point.set_data(x[k : k + 1], y[k : k + 1])
    label.set_text(f"step {k}")


plots.film(fig, show, frames=37, per_second=10, still=31)

# %%
# How long is the wait?
# ---------------------
# In continuous time the way from :math:`x_0` to 0 takes
#
# .. math:: T(x_0) = \int_0^{x_0} \cosh^2 x\,\mathrm dx = \frac{x_0}{2} + \frac{\sinh 2x_0}{4}.
#
# The dots are counted steps, for three step sizes :math:`\alpha`; the lines are
# :math:`T(x_0)/\alpha`, a lower bound. The counts lie above it by about :math:`\ln\cosh x_0`.


def wait(x):
    return x / 2 + torch.sinh(2 * x) / 4


def count(x, lr):
    """Return for each start after how many steps it is at or below 0."""
    k = torch.zeros_like(x)
    while (x > 0).any():
        k = k + (x > 0)
        x = torch.where(x > 0, x - lr * slope(x), x)
    return k


starts = torch.linspace(0.25, 4.5, 18, dtype=torch.float64, device=device)
counts = {lr: count(starts, lr) for lr in (0.5, 1.0, 10.0)}

fig, ax = plots.figure(
    "Number of steps until x is at or below 0, on a logarithmic axis, against the start. Three "
    "rows of dots for three step sizes rise along three curves that become parallel lines.",
    figsize=(5.6, 3.8),
)
for (lr, k), color, marker in zip(counts.items(), ("C0", "C1", "C2"), ("o", "s", "^"), strict=True):
    ax.semilogy(starts.cpu(), k.cpu(), marker, color=color)
    ax.semilogy(starts.cpu(), (wait(starts) / lr).cpu(), color=color, linewidth=1)
    ax.text(4.6, k[-1].item(), f"step {lr:g}", color=color, va="center")
ax.set(title="The wait", xlabel="start", ylabel="steps to reach 0", xlim=(0, 5.4), ylim=(0.6, 4e3))

# %%
# Four ways to shorten it
# -----------------------
# All from 4 with step size 1, but for the inverse function, whose domain is (−1, 1) and whose step
# size is 0.1. Momentum gathers speed. The change of variables :math:`x = \sinh t` is steep far out.
# The logistic loss :math:`\ln(1 + e^{2x})` orders all points as :math:`\tanh` does, without a
# plateau on the right. And with :math:`x = \operatorname{artanh} t` the function is a straight
# line: the best, if one knew it.


def logistic(x):
    return torch.nn.functional.softplus(2 * x)


def through(map, t, lr):
    at = torch.tensor(t, dtype=torch.float64, device=device)
    method = methods.gradient_descent(lr)
    return map(minimize(reparametrize(torch.tanh, map), at, method, max_iter=450).history.x)


ways = {
    "plain": run.history.x,
    "momentum 0.9": minimize(
        torch.tanh, start, methods.heavy_ball(1.0, 0.9), max_iter=450
    ).history.x,
    "x = sinh t": through(torch.sinh, math.asinh(4), 1.0),
    "x = artanh t": through(torch.atanh, math.tanh(4), 0.1),
    "logistic loss": minimize(
        logistic, start, methods.gradient_descent(1.0), max_iter=450
    ).history.x,
}
reached = {name: int((way <= 0).nonzero()[0]) for name, way in ways.items()}

fig, ax = plots.figure(
    "Five runs from 4 down to 0 against the iteration number on a logarithmic axis. The plain run "
    "arrives at step 378, the others at 64, 34, 10 and 3.",
    figsize=(5.6, 3.9),
)
ax.axhline(0, color=plots.SOFT, linestyle=":", linewidth=1)
styles = (("C0", "-"), ("C1", "--"), ("C2", "-."), ("C4", ":"), ("C3", "-"))
for (name, way), (color, style) in zip(ways.items(), styles, strict=True):
    k = reached[name]
    ax.semilogx(range(1, k + 2), way[: k + 1].cpu(), color=color, linestyle=style)
    ax.plot(k + 1, way[k].cpu(), "o", color=color)
    deep = way[k].item() < -0.5
    ax.annotate(
        f"{name}: {k}",
        (k + 1, way[k].item() if deep else 0.1),
        xytext=(8, 0),
        textcoords="offset points",
        color=color,
        rotation=0 if deep else 90,
        va="center" if deep else "bottom",
        fontsize=9.5,
    )
ax.set(title="Steps until x is at or below 0", xlabel="1 + iteration", ylabel="x", ylim=(-1.6, 4.3))
ax.set_xlim(0.75, 700)

# %%
# Through many layers
# -------------------
# Random networks :math:`v \mapsto \tanh(Wv)` of width 64, the entries of W with standard deviation
# *gain* :math:`/\sqrt{64}`: how many decades has the gradient with respect to the input lost or won
# behind each layer? On the left small weights let it vanish. On the right many units are saturated,
# and yet it explodes on average, for the large weights outweigh them. In between lies a narrow
# valley, near gain 1, where depth costs little.
width, depth, nets = 64, 40, 4
gains = torch.linspace(0.4, 3.0, 27, device=device)
v = torch.randn(nets, 1, width, 1, device=device).expand(nets, len(gains), width, 1)
row = torch.randn(nets, 1, 1, width, device=device) / math.sqrt(width)
jacobian = torch.eye(width, device=device).expand(nets, len(gains), width, width)
decades = []
for _ in range(depth):
    noise = torch.randn(nets, 1, width, width, device=device) / math.sqrt(width)
    W = gains[:, None, None] * noise
    v = torch.tanh(W @ v)
    jacobian = (1 - v**2) * (W @ jacobian)  # the chain rule, one layer more
    decades.append((row @ jacobian).norm(dim=-1).log10().mean(dim=0)[:, 0])
decades = torch.stack(decades)

fig, ax = plots.figure(
    "A map over gain and depth, coloured by the decades that the gradient has won or lost. Left of "
    "gain one it darkens quickly with depth; right of gain one and a half it brightens; between "
    "them a band of zero runs down. Rimmed lines mark one and three decades won, and one, three "
    "and six lost.",
    figsize=(5.6, 4.0),
)
image = ax.imshow(
    decades.cpu().numpy(),
    origin="lower",
    aspect="auto",
    extent=(0.35, 3.05, 0.5, depth + 0.5),
    vmin=-8,
    vmax=8,
)
grid = gains.cpu(), range(1, depth + 1), decades.cpu().numpy(), [-6, -3, -1, 1, 3]
ax.contour(*grid, colors=plots.PAPER, linestyles="-", linewidths=3)
lines = ax.contour(*grid, colors=plots.INK, linewidths=1.2)
rim = [patheffects.withStroke(linewidth=2.5, foreground=plots.PAPER)]
plt.setp(ax.clabel(lines, fmt="%g", fontsize=9.5), rotation=0, path_effects=rim)
ax.grid(False)
bar = fig.colorbar(image, ax=ax, extend="both", pad=0.02)
bar.set_label("log10 of the gradient")
ax.set(title="Vanishing on the left, exploding on the right", xlabel="gain", ylabel="layers")

# %%
# What the pictures claim
# -----------------------
claim("the slope of tanh at 4", slope(start), 0.00134095, atol=5e-9)
claim("steps to reach x ≤ 0, for the five ways", list(reached.values()), [378, 64, 34, 10, 3])
claim("after 230 of 378 steps the plain run is still above 3.5", x[230], 3.5, relation=">")
excess = {lr: counts[lr] - wait(starts) / lr for lr in counts}
claim(
    "no count is below T(x0) divided by the step size",
    torch.stack(list(excess.values())),
    0,
    relation="≥",
)
claim(
    "with step 1 they are above it by ln cosh x0, up to one step",
    excess[1.0] - torch.cosh(starts).log(),
    0,
    atol=1,
)
claim(
    "from 3.5 to 4.5 the wait is multiplied by e², up to two in a hundred",
    wait(starts[17]) / wait(starts[13]),
    math.exp(2),
    rtol=0.02,
)
claim("gain 0.4: forty layers leave less than 10⁻¹²", decades[-1, 0], -12, relation="<")
claim("gain 3: forty layers multiply it by more than 100", decades[-1, -1], 2, relation=">")
claim("gain 1: they change it by less than two decades", decades[-1, 6].abs(), 2, relation="<")

plt.show()
