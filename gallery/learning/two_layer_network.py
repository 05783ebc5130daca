# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
A network folds the plane
=========================

A network with one hidden layer learns to tell two half-moons apart. You will see the gradient of
each of its parameters, derived by hand and found by a reverse sweep, a film of the border between
the classes while it is learned, and what the hidden units do: each folds the surface along a line.

The script belongs to the lecture :doc:`/lectures/learning`.
"""

# %%
# Data, model, loss
# -----------------
# Two classes of 60 points. The network maps a point x of the plane to the score
#
# .. math:: s(x) = \sum_{j=1}^{12} a_j \operatorname{relu}(w_j^\top x + b_j) + c ,
#
# and the sign of the score is its answer. The loss is the mean of :math:`\ln(1 + e^{-y s(x)})` with
# the classes :math:`y = \pm 1`. The weights start with variance 2/fan-in (He et al. 2015), the
# biases at 0. ``flatten`` makes one vector of the 49 parameters.
import math

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn.functional import softplus

from steepest import claim, methods, minimize, modules, plots
from steepest.derivatives import value_and_grad

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 3
# sphinx_gallery_tags = ["film", "networks", "data"]

UNITS = 12
angle = math.pi * torch.rand(60).double()
moon = torch.stack([angle.cos(), angle.sin()], dim=1)
X = torch.cat([moon, torch.tensor([1.0, 0.4]) - moon]) + 0.12 * torch.randn(120, 2).double()
X, y = X.to(device), torch.ones(120, dtype=torch.float64, device=device)
y[60:] = -1

network = nn.Sequential(nn.Linear(2, UNITS), nn.ReLU(), nn.Linear(UNITS, 1)).double()
for layer in (network[0], network[2]):
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    nn.init.zeros_(layer.bias)
network.to(device)


def loss(model):
    return softplus(-y * model(X)[:, 0]).mean()


fun, start = modules.flatten(network, loss)


def parts(theta):
    """Return w of shape (12, 2), b, a of shape (12,), and c."""
    w, b, a, c = theta.split([2 * UNITS, UNITS, UNITS, 1])
    return w.view(UNITS, 2), b, a, c


def score(theta, at):
    """Return the scores at points of shape (k, 2)."""
    w, b, a, c = parts(theta)
    return (at @ w.T + b).clamp(min=0) @ a + c


# %%
# Every parameter's gradient
# --------------------------
# The derivative of the loss with respect to the score of sample i is
# :math:`\delta_i = -\frac1n\, y_i/(1 + e^{y_i s_i})`. Going back through the layers,
#
# .. math:: \frac{\partial F}{\partial a_j} = \sum_i \delta_i h_{ij}, \quad
#    \frac{\partial F}{\partial b_j} = \sum_i \delta_i a_j\,[z_{ij} > 0], \quad
#    \nabla_{w_j} F = \sum_i \delta_i a_j\,[z_{ij} > 0]\, x_i .
#
# The bars are these sums, the dots are what one reverse sweep of autograd finds.


def gradient_by_hand(theta):
    w, b, a, c = parts(theta)
    z = X @ w.T + b
    h = z.clamp(min=0)
    delta = -y * torch.sigmoid(-y * (h @ a + c)) / len(y)
    back = delta[:, None] * a * (z > 0)
    return torch.cat([(back.T @ X).reshape(-1), back.sum(0), h.T @ delta, delta.sum()[None]])


by_hand = gradient_by_hand(start)
_, swept = value_and_grad(fun, start)

fig, ax = plots.figure(
    "Forty-nine bars, up and down, in four groups: the weights of the first layer, its biases, the "
    "weights of the second layer, its bias. On the end of each bar sits a dot.",
    figsize=(6.4, 3.6),
)
groups = (("w", 0, 24, "C0"), ("b", 24, 36, "C2"), ("a", 36, 48, "C3"), ("c", 48, 49, "C1"))
for name, low, high, color in groups:
    ax.bar(range(low, high), by_hand[low:high].cpu(), color=color, width=0.75)
    ax.text((low + high - 1) / 2, 0.5, name, color=color, ha="center")
ax.plot(swept.cpu(), "o", color=plots.INK, markersize=3.5)
ax.axhline(0, color=plots.SOFT, linewidth=0.8)
ax.set(
    title="Bars by hand, dots by autograd",
    xlabel="parameter",
    ylabel="derivative",
    ylim=(-0.2, 0.6),
)

# %%
# The training in motion
# ----------------------
# Heavy ball with step 0.3 and momentum 0.9, all 120 points in every step. Left the plane with the
# border, where the score is 0; right the loss so far.
run = minimize(fun, start, methods.heavy_ball(0.3, 0.9), max_iter=300)
way = run.history
side_x = torch.linspace(-1.6, 2.6, 85, dtype=torch.float64, device=device)
side_y = torch.linspace(-1.3, 1.7, 61, dtype=torch.float64, device=device)
grid = torch.cartesian_prod(side_x, side_y)


def surface(theta):
    return score(theta, grid).reshape(85, 61).T.cpu()


def scatter(ax):
    ax.plot(*X[:60].T.cpu(), "o", color="C0", markersize=3.5)
    ax.plot(*X[60:].T.cpu(), "^", color="C1", markersize=3.5)
    ax.set(xlim=(-1.6, 2.6), ylim=(-1.3, 1.7), xlabel="$x_1$", ylabel="$x_2$")


shown = [*range(0, 20, 2), *range(20, 100, 8), *range(100, 301, 25)]
fig, (plane, curve) = plots.figure(
    "A film. Left, discs and triangles in two interlocking half-moons. At first all the plane has "
    "the colour of the discs; then a nearly straight border comes in, cuts through both moons, "
    "bends, and winds its way between them. Right, the loss falls, with a few ripples at the "
    "beginning.",
    columns=2,
    figsize=(6.4, 3.8),
)
scatter(plane)
curve.set(xlabel="step", title="loss", yscale="log", xlim=(-5, 305), ylim=(5e-4, 3))
(trace,) = curve.plot([], [], color="C2")
drawn = []


def draw(frame):
    k = shown[frame]
    while drawn:
        drawn.pop().remove()
    values = surface(way.x[k])
    box = (side_x.cpu(), side_y.cpu(), values)
    drawn.append(plane.contourf(*box, levels=[-1e9, 0, 1e9], colors=["C1", "C0"], alpha=0.16))
    drawn.append(plane.contour(*box, levels=[0], colors=[plots.INK], linewidths=1.6))
    trace.set_data(range(k + 1), way.fun[: k + 1].cpu())
    plane.set_title(f"after {k} steps")


film = plots.film(fig, draw, frames=len(shown), per_second=8, still=-1)

# %%
# What the hidden units do
# ------------------------
# Between the lines :math:`w_j^\top x + b_j = 0` the score is an affine function. Crossing one, its
# slope jumps by :math:`a_j w_j`: the surface is folded there. The border is therefore a chain of
# straight pieces, with its corners on the dashed lines.
w, b, a, c = parts(run.x)
fig, ax = plots.figure(
    "The two half-moons with the learned border, a chain of straight pieces, and dashed straight "
    "lines across the plane, one for each hidden unit. The corners of the border lie on them.",
    figsize=(5.6, 4.2),
)
scatter(ax)
for j in range(UNITS):
    foot = -b[j] * w[j] / (w[j] @ w[j])
    along = torch.stack([-w[j, 1], w[j, 0]]) / w[j].norm()
    ends = torch.stack([foot - 6 * along, foot + 6 * along]).cpu()
    ax.plot(*ends.T, "--", color=plots.SOFT, linewidth=0.7, scalex=False, scaley=False)
fine_x = torch.linspace(-1.6, 2.6, 421, dtype=torch.float64, device=device)
fine_y = torch.linspace(-1.3, 1.7, 301, dtype=torch.float64, device=device)
fine = score(run.x, torch.cartesian_prod(fine_x, fine_y)).reshape(421, 301).T.cpu()
box = (fine_x.cpu(), fine_y.cpu(), fine)
ax.contourf(*box, levels=[-1e9, 0, 1e9], colors=["C1", "C0"], alpha=0.16)
ax.contour(*box, levels=[0], colors=[plots.INK], linewidths=2)
ax.set(title="Each unit folds the plane along a line")

# %%
# What the pictures claim
# -----------------------
claim("all 49 derivatives by hand are autograd's", by_hand, swept, atol=1e-14)
before, after = ((score(theta, X) * y > 0).double().mean() for theta in (start, run.x))
claim("before training some of the points are on the wrong side", before, 0.9, relation="<")
claim("after training all are on their own", after, 1.0)
separated = [bool((score(theta, X) * y > 0).all()) for theta in way.x]
claim(
    "step 60 has not separated the moons yet, and from step 100 on all have",
    [separated[60], *separated[100:]],
    [False, *[True] * 201],
)
claim("the loss has come down to less than a hundredth", run.fun / way.fun[0], 0.01, relation="<")
claim("with momentum it did not fall all the way", way.fun.diff().max(), 0, relation=">")

# Along a line through the plane the score is affine between two crossings of dashed lines.
t = torch.linspace(0, 1, 2001, dtype=torch.float64, device=device)[:, None]
line = torch.tensor([[-1.6, -0.9]], device=device) + t * torch.tensor([[4.2, 2.1]], device=device)
active = line @ w.T + b > 0
bend = (score(run.x, line)[2:] - 2 * score(run.x, line)[1:-1] + score(run.x, line)[:-2]).abs()
crossed = (active[2:] != active[:-2]).any(dim=1)
claim("away from the dashed lines the score does not bend", bend[~crossed].max(), 0, atol=1e-12)
claim("on them it does", bend.max(), 1e-4, relation=">")

alike = torch.cat([start[:2].repeat(UNITS), start[24].repeat(12), start[36].repeat(12), start[48:]])
twins = minimize(fun, alike, methods.heavy_ball(0.3, 0.9), max_iter=300)
pieces = parts(twins.x)
claim(
    "started with equal units, they stay equal, and twelve fold the plane no better than one",
    [pieces[0].std(dim=0).max(), pieces[1].std(), pieces[2].std()],
    0,
    atol=1e-9,
)
claim(
    "so some points stay on the wrong side",
    (score(twins.x, X) * y > 0).double().mean(),
    0.95,
    relation="<",
)

plt.show()
