# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
From convergence to a 2-cycle to divergence
===========================================

One convex function, one start, and a step size that grows. You will see a film in which gradient
descent first converges, then, from :math:`\alpha = 4/3` on, jumps between two points for ever, and
from :math:`\alpha = 4` on runs away; and a picture in which the two borders are exact.

The script belongs to the lecture :doc:`/lectures/gradient-descent`.
"""

# %%
# A function with two curvatures
# ------------------------------
# The function is :math:`f(x) = \log\cosh x + x^2/4`. Its second derivative falls from
# :math:`L = 3/2` at the minimum 0 to :math:`\varepsilon = 1/2` far out. One step is
#
# .. math:: x^+ = x - \alpha f'(x) = \bigl(1 - \alpha\, q(x)\bigr)\, x,
#    \qquad q(x) = \frac{\tanh x}{x} + \frac12 ,
#
# and :math:`q` falls from 3/2 to 1/2 too. So everything is decided by where :math:`q` meets
# :math:`2/\alpha`: nowhere if :math:`\alpha < 4/3` (each step shrinks x) or :math:`\alpha \ge 4`
# (each step lets it grow), and at one pair of points :math:`\pm a` in between.
import math

import matplotlib.pyplot as plt
import torch

from steepest import claim, methods, minimize, minimize_many, plots

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 2
# sphinx_gallery_tags = ["film", "step size", "convexity"]

FIRST, SECOND = 4 / 3, 4.0


def fun(x):
    return torch.log(torch.cosh(x)) + x**2 / 4


def descend(lr, start=1.0, steps=40):
    """Return the iterates of gradient descent, start included."""
    x0 = torch.tensor(start, dtype=torch.float64, device=device)
    return minimize(fun, x0, methods.gradient_descent(lr), max_iter=steps).history.x.cpu()


def cycle(lr):
    """Return the point a > 0 with f'(a)/a = 2/lr, by bisection."""
    low, high = 1e-9, 1e4
    for _ in range(200):
        a = (low + high) / 2
        low, high = (a, high) if math.tanh(a) / a + 0.5 > 2 / lr else (low, a)
    return a


# %%
# The film
# --------
# On the left the iterates on the graph, on the right the same against their number. The step size
# grows from frame to frame.
lrs = torch.cat(
    [torch.linspace(0.2, 1.3, 14), torch.linspace(1.36, 3.9, 26), torch.linspace(4.0, 4.5, 8)]
)
lrs = lrs.double().tolist()
runs = [descend(lr) for lr in lrs]
REACH = 9.0

fig, (left, right) = plots.figure(
    "A film. Left, the graph of a bowl with dots for the iterates; right, the iterates against "
    "their number. As the step size grows, the dots first slide to the bottom, then come in from "
    "both sides, then stay on two points at equal height that move apart, and at the end leave the "
    "picture.",
    columns=2,
    figsize=(6.4, 3.6),
)
plots.graph(left, fun, (-REACH, REACH), device=device, color=plots.INK, linewidth=1.3)
(on_graph,) = left.plot([], [], "o-", color="C0", markersize=4, linewidth=0.7)
(in_time,) = right.plot([], [], "o-", color="C0", markersize=4, linewidth=0.7)
left.set(xlim=(-REACH, REACH), ylim=(-1, 28), xlabel="x", ylabel="f(x)")
right.set(xlim=(-1, 41), ylim=(-REACH, REACH), xlabel="iteration", ylabel="x")
right.axhline(0, color=plots.SOFT, linewidth=0.8)


def draw(frame):
    lr, x = lrs[frame], runs[frame]
    life, color = (
        ("converges", "C0")
        if lr < FIRST
        else ("2-cycle", "C3")
        if lr < SECOND
        else ("diverges", "C1")
    )
    shown = x.abs() < 3 * REACH
    on_graph.set_data(x[shown], fun(x[shown]))
    in_time.set_data(torch.arange(len(x))[shown], x[shown])
    for line in (on_graph, in_time):
        line.set_color(color)
    left.set_title(f"step size {lr:.2f}")
    right.set_title(life, color=color)


film = plots.film(fig, draw, frames=len(lrs), per_second=8, still=27)

# %%
# Where it ends, for every step size
# ----------------------------------
# Dots are the last two of 2000 iterates for 120 step sizes, the line is the solution of
# :math:`q(a) = 2/\alpha`. It leaves 0 at :math:`2/L` like a square root and goes to infinity at
# :math:`2/\varepsilon`. The 2-cycle attracts all along: two steps multiply small distances to it by
# :math:`(1 - \alpha f''(a))^2 < 1`, since :math:`f''(a) < q(a) = 2/\alpha`.
many = torch.linspace(0.6, 3.95, 120, dtype=torch.float64, device=device)
x = torch.ones_like(many)
for _ in range(2000):
    before, x = x, x - many * (torch.tanh(x) + x / 2)
fine = torch.linspace(FIRST + 1e-4, 3.9, 200, dtype=torch.float64).tolist()
branch = torch.tensor([cycle(lr) for lr in fine], dtype=torch.float64)

fig, ax = plots.figure(
    "The last two iterates against the step size. One line at zero up to four thirds, where it "
    "splits like a fork; the two prongs bend apart and rise steeply towards the border at four. "
    "Dots of computed runs lie on the lines.",
)
ax.axvspan(FIRST, SECOND, color="C3", alpha=0.12, linewidth=0)
ax.axvspan(SECOND, 4.3, color="C1", alpha=0.15, linewidth=0)
ax.plot(fine, branch, color="C3", linewidth=1)
ax.plot(fine, -branch, color="C3", linewidth=1)
ax.plot([0.6, FIRST], [0, 0], color="C0", linewidth=1)
ax.plot([FIRST, SECOND], [0, 0], color=plots.SOFT, linewidth=1, linestyle="--")
for ends in (before, x):
    ax.plot(many.cpu(), ends.cpu(), ".", color=plots.INK, markersize=4)
ax.text(0.95, 2.5, "converges", color="C0", ha="center")
ax.text(2.35, 13, "2-cycle", color="C3", ha="center")
ax.text(4.15, 0, "diverges", color="C1", rotation=90, ha="center", va="center")
ax.text(2.7, 0.6, "0 repels", color=plots.SOFT)
ax.set(
    title="The end of the run against the step size",
    xlabel="step size",
    ylabel="last two iterates",
    xlim=(0.6, 4.3),
    ylim=(-22, 22),
)

# %%
# What the pictures claim
# -----------------------
starts = torch.linspace(-6, 6, 60, dtype=torch.float64, device=device)


def ends_of(lr, steps=800):
    return minimize_many(fun, starts, methods.gradient_descent(lr), max_iter=steps).x


claim("step 1.25 < 4/3: 60 starts all end at 0", ends_of(1.25), 0, atol=1e-9)
for lr in (1.4, 2.5, 3.8):
    claim(f"step {lr}: 60 starts all end on ±a", ends_of(lr).abs(), cycle(lr), atol=1e-8)
claim(
    "at step 2.5 the next iterate is the mirror image",
    descend(2.5, steps=400)[-2:].sum(),
    0,
    atol=1e-9,
)
ends = torch.stack([before, x]).abs()
inside = many > 1.36
claim(
    "for every step size drawn beyond 1.36 the end is on the branch",
    ends[:, inside],
    [[cycle(lr) for lr in many[inside].tolist()]] * 2,
    atol=1e-6,
)
claim(
    "the cycle's multiplier (1 − αf''(a))² is below 1 along the whole branch",
    [(1 - lr * (1.5 - math.tanh(cycle(lr)) ** 2)) ** 2 for lr in fine[1:]],
    1,
    relation="<",
)
growth = descend(4.0, start=0.01, steps=400).abs()
claim(
    "step 4 exactly: from 0.01 on each iterate is farther out than the last",
    growth.diff(),
    0,
    relation=">",
)
claim("far out the growth is 4 a step, not geometric", growth.diff()[-100:], 4, atol=1e-9)

plt.show()
