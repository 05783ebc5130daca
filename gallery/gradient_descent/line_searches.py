# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Line searches
=============

How far to go along a direction when nobody knows :math:`L`. You will see which step sizes Armijo's
and Wolfe's conditions accept, what four rules cost in evaluations on a crooked valley, and a
method that takes perfect steps and still stops short, because its directions turn away from the
gradient.

The script belongs to the lecture :doc:`/lectures/gradient-descent`.
"""

# %%
# What is accepted
# ----------------
# Along a direction the objective is a function of one number, :math:`\varphi(t) = f(x + t d)`.
# Armijo's condition asks that it has fallen by a share :math:`c_1` of what the slope at 0
# promises: the graph lies on or below the dashed line. Wolfe's second condition asks that the
# slope is at most :math:`c_2` of the one at 0 in size: short steps and steep places drop out. Here
# :math:`c_1 = 0.2` and :math:`c_2 = 0.4`; customary are :math:`10^{-4}` and 0.9.
import math

import matplotlib.pyplot as plt
import torch

from steepest import claim, directions, minimize, plots, problems, step_sizes
from steepest.methods import Method

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 1
# sphinx_gallery_tags = ["step size", "cost"]


def phi(t):
    return 0.12 * t**2 - 0.55 * t + 0.28 * (torch.cos(2.6 * t) - 1)


def run(step_size, fun, start, **options):
    """Steepest directions with one of the rules for the step size."""
    x0 = torch.tensor(start, dtype=torch.float64, device=device)
    method = Method(directions.steepest(), step_size, step_size.name)
    return minimize(fun, x0, method, **options)


c1, c2 = 0.2, 0.4
t = torch.linspace(0, 5.5, 2201, dtype=torch.float64)
value = phi(t)
slope = 0.24 * t - 0.55 - 0.28 * 2.6 * torch.sin(2.6 * t)
enough = value <= c1 * t * slope[0]
flat = slope.abs() <= c2 * slope[0].abs()
taken = {
    rule.name: run(rule, phi, 0.0, max_iter=1).history.step_size[0].item()
    for rule in (
        step_sizes.armijo(c1, first=8 / 0.55),
        step_sizes.wolfe(c1, c2),
        step_sizes.exact(),
    )
}

fig, ax = plots.figure(
    "A curve with two valleys below a dashed line. A long bar under it marks the step sizes that "
    "Armijo's condition accepts, three short bars those that Wolfe's conditions accept: around the "
    "bottom of each valley and around the hilltop between them. Three markers on the curve are the "
    "steps that the searches take.",
)
ax.plot(t, value, color=plots.INK)
ax.plot(t, c1 * t * slope[0], "--", color=plots.SOFT, linewidth=1.2)
for level, mask, color, label in (
    (-1.6, enough, "C0", "Armijo accepts"),
    (-1.9, enough & flat, "C1", "Wolfe accepts"),
):
    bar = torch.where(mask, level, torch.nan)
    ax.plot(t, bar, color=color, linewidth=6, solid_capstyle="butt")
    ax.text(5.5, level, label, color=color, va="center", ha="right")
for (name, size), marker, color in zip(taken.items(), "o^s", ("C0", "C1", "C2"), strict=True):
    at = torch.tensor(size * 0.55)
    # Wolfe's and the exact step are close together: the triangle is hollow, so that both are seen
    hollow = {"markerfacecolor": "none", "markersize": 15} if marker == "^" else {}
    style = {"markersize": 8, "linestyle": "none"} | hollow
    ax.plot(at, phi(at), marker, color=color, label=name, **style)
ax.legend(loc="upper center", ncols=3, handletextpad=0.2, columnspacing=1.2)
ax.set(title="Step sizes that pass", xlabel="step size t", ylabel="change of f", ylim=(-2.1, 0.75))

# %%
# What they cost
# --------------
# Rosenbrock's curved valley, steepest directions, four rules for the step size. A fixed step has to
# be small enough for the steepest wall that is met, and then crawls along the floor. The searches
# spend more evaluations on a step and need no constant. What counts is the work: evaluations of
# value and gradient.
#
# The exact search, best in every single step, is not best in the long run: its path turns by a
# right angle each time and zigzags down the valley. The sloppier steps of the other searches break
# the zigzag, and now and then a long one goes far along the floor.
rosenbrock = problems.rosenbrock(2)
rules = (
    step_sizes.fixed(0.0015),
    step_sizes.armijo(),
    step_sizes.wolfe(),
    step_sizes.exact(),
)
BUDGET = 1000
progress = {}
for rule in rules:
    counts, values = [], []

    def note(state, counts=counts, values=values):
        counts.append(state.oracle.nfev)
        values.append(state.fun.item())
        return state.oracle.nfev >= BUDGET

    run(rule, rosenbrock.fun, rosenbrock.x0.tolist(), max_iter=BUDGET, callback=note)
    progress[rule.name] = (counts, values)

fig, ax = plots.figure(
    "The value of Rosenbrock's function against the number of evaluations, both on logarithmic "
    "axes, for four rules. All drop quickly at first. Then the fixed step and the exact search "
    "crawl; Armijo's search falls further, and Wolfe's reaches the bottom of the picture.",
)
for (name, (counts, values)), style in zip(progress.items(), ("-", "--", "-.", ":"), strict=True):
    ax.loglog(counts, values, style, label=name)
ax.legend(loc="lower left")
ax.set(title="Four rules on Rosenbrock's valley", xlabel="evaluations", ylabel="f")

# %%
# Perfect steps in bad directions
# -------------------------------
# Zoutendijk's theorem bounds :math:`\sum_k \cos^2\vartheta_k\,\|\nabla f(x_k)\|^2`, where
# :math:`\vartheta_k` is the angle between the direction and :math:`-\nabla f`. If the angle stays
# away from a right one, the gradient has to vanish. If it does not, nothing has to. On
# :math:`\tfrac12\|x\|^2`, turn the direction away such that :math:`\cos\vartheta_k = 1/(k+2)`, and
# step to the exact minimum along it: then :math:`\|x_k\|^2 = (k+2)/(2(k+1))`, which tends to 1/2.
# With :math:`\cos\vartheta_k = 1/2` throughout the run spirals into the minimum.


def turned(cosine):
    """Directions whose angle with minus the gradient has the cosine given for step k."""

    def update(state, k):
        k = k or 0
        c, g = cosine(k), state.grad
        return -c * g + math.sqrt(1 - c * c) * torch.stack([-g[1], g[0]]), k + 1

    return directions.Direction("turned", update)


def half_square(x):
    return x @ x / 2


start = torch.tensor([1.0, 0.0], dtype=torch.float64, device=device)
spirals = {
    name: minimize(
        half_square, start, Method(turned(c), step_sizes.exact(), name), max_iter=200
    ).history
    for name, c in (("away", lambda k: 1 / (k + 2)), ("steady", lambda k: 0.5))
}

fig, axes = plots.figure(
    "Two paths over circles. On the left the path winds around and approaches a circle of radius "
    "0.71 without coming closer. On the right it spirals into the centre.",
    columns=2,
    figsize=(6.4, 3.5),
    sharey=True,
)
for ax, way, color in zip(axes, spirals.values(), ("C1", "C0"), strict=True):
    plots.contours(
        ax, half_square, (-1.1, 1.1), (-1.1, 1.1), levels=8, device=device, colors=plots.LINES
    )
    plots.path(ax, way.x, color=color, markersize=3)
    ax.plot(0, 0, "x", color=plots.INK, markersize=8, markeredgewidth=2)
    ax.set(aspect="equal")
axes[0].set_title("cosine 1/(k + 2): stops short")
axes[1].set_title("cosine 1/2: arrives")

# %%
# What the pictures claim
# -----------------------
at = torch.tensor([size * 0.55 for size in taken.values()], dtype=torch.float64)
rate = (0.24 * at - 0.55 - 0.28 * 2.6 * torch.sin(2.6 * at)).abs()
claim("all three steps satisfy Armijo's condition", phi(at) + c1 * at * 0.55, 0, relation="≤")
claim("Wolfe's and the exact step are flat enough", rate[1:], c2 * 0.55, relation="≤")
claim(
    "Wolfe's steps are among Armijo's, and fewer",
    int((enough & flat).sum()),
    int(enough.sum()),
    relation="<",
)
claim("the exact step has slope zero", rate[2], 0, atol=1e-7)
claim(
    "every tiny step satisfies Armijo's condition, and none Wolfe's",
    [bool(enough[1:20].all()), bool((enough & flat)[1:20].any())],
    [True, False],
)
best = {name: min(values) for name, (_, values) in progress.items()}
claim("with its budget every rule brings 24.2 below 0.2", list(best.values()), 0.2, relation="<")
claim(
    "the exact search, and the fixed step, are still above 0.01",
    [best["exact line search"], best["fixed step 0.0015"]],
    0.01,
    relation=">",
)
claim("Wolfe's search has arrived", best["Wolfe search"], 1e-10, relation="<")
k = torch.arange(201, dtype=torch.float64, device=device)
claim(
    "turning away: ‖xₖ‖² = (k + 2)/(2(k + 1))",
    (spirals["away"].x ** 2).sum(1),
    (k + 2) / (2 * (k + 1)),
    rtol=1e-9,
)
claim(
    "a steady angle: ‖xₖ‖² = (3/4)ᵏ",
    (spirals["steady"].x[:60] ** 2).sum(1),
    0.75 ** k[:60],
    rtol=1e-6,
)

plt.show()
