# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
The zigzag and the condition number
===================================

Steepest descent on :math:`\tfrac12(x_1^2 + \kappa x_2^2)`, from the start that suits it least. You
will see round contours become a long valley while the way to the centre becomes a zigzag, count the
steps that gradient descent needs as the condition number :math:`\kappa` grows, and see that the
zigzag is a symptom: where it is absent, things are no better.

The script belongs to the lecture :doc:`/lectures/conditioning-and-momentum`.
"""

# %%
# A valley that gets longer
# -------------------------
# The exact minimum along the negative gradient, again and again. From :math:`(\kappa, 1)` all
# iterates are known: :math:`x_k = q^k(\kappa, (-1)^k)` with :math:`q = (\kappa - 1)/(\kappa + 1)`.
# The film shows them for :math:`\kappa` from 1 to 30, the start scaled to lie at distance 1 on the
# horizontal axis.
import math

import matplotlib.pyplot as plt
import torch

from steepest import claim, methods, minimize, plots, problems

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_tags = ["film", "curvature", "rates"]


def valley(kappa):
    """Return half of x₁² + κ x₂²."""
    spectrum = torch.tensor([1.0, kappa], dtype=torch.float64, device=device)
    return problems.quadratic_from_spectrum(spectrum).fun


def vector(*entries):
    """Return these numbers as a float64 tensor on the device."""
    return torch.tensor(entries, dtype=torch.float64, device=device)


def exact_run(kappa, start, steps):
    """Return the history of steepest descent with exact steps."""
    return minimize(valley(kappa), start, methods.steepest_descent(), max_iter=steps).history


kappas = [30 ** (j / 27) for j in range(28)]
ways = []
for kappa in kappas:
    way = exact_run(kappa, vector(1.0, 1 / kappa), 15).x.cpu()
    ways.append(torch.cat([way, way[-1:].expand(16 - len(way), 2)]))  # κ = 1 arrives at once

fig, ax = plots.figure(
    "A film. Contours around the centre grow from circles into flat ellipses while the condition "
    "number rises from 1 to 30, and the way of steepest descent from the right to the centre "
    "changes from a single straight step to a dense zigzag that does not arrive in fifteen steps.",
    figsize=(6.4, 4.2),
)
angle = torch.linspace(0, 2 * math.pi, 200, dtype=torch.float64)
circle = torch.stack([angle.cos(), angle.sin()])
rings = [ax.plot(*circle, color=plots.LINES, linewidth=1)[0] for _ in range(6)]
(line,) = ax.plot([], [], ".-", color="C0", linewidth=1.2)
(disc,) = ax.plot([], [], "o", color="C0", markersize=8)
ax.plot(0, 0, "+", color=plots.SOFT, markersize=12)
# The window is stretched upwards: the start lies at height 1/κ, whatever κ is.
heading = ax.set_title("")
ax.set(xlabel=r"$x_1$", ylabel=r"$x_2$", xlim=(-0.35, 1.1), ylim=(-0.55, 1.1))


def draw(j):
    """Show the valley number j, its contours through the even iterates, and the way."""
    root = kappas[j] ** 0.5
    for i, ring in enumerate(rings):
        size = (2 * valley(kappas[j])(ways[j][2 * i].to(device)).item()) ** 0.5
        ring.set_data(size * circle[0], size * circle[1] / root)
    line.set_data(ways[j][:, 0], ways[j][:, 1])
    disc.set_data(ways[j][-1:, 0], ways[j][-1:, 1])
    heading.set_text(f"Exact steepest descent, condition number {kappas[j]:.1f}")


plots.film(fig, draw, frames=len(kappas), per_second=7, still=19)

# %%
# Ten times the condition number, ten times the steps
# ---------------------------------------------------
# The error shrinks by :math:`q` in a step, and :math:`\ln(1/q) \approx 2/\kappa`. So a millionth
# of the first error takes about :math:`\tfrac{\kappa}{2}\ln 10^6 \approx 6.9\,\kappa` steps,
# whether the step is searched exactly or is the best fixed one, :math:`2/(L + \mu)`. Momentum, the
# subject of the lecture, needs of the order of :math:`\sqrt\kappa`.


def count(kappa, method):
    """Return how many steps make the gradient a million times smaller."""
    x0 = vector(1.0, 1 / kappa)
    first = float(torch.autograd.functional.jacobian(valley(kappa), x0).norm())
    return minimize(valley(kappa), x0, method, max_iter=20_000, tol=1e-6 * first, history=False).nit


grid = [3.0, 10.0, 30.0, 100.0, 300.0]
fixed = [count(kappa, methods.gradient_descent(2 / (1 + kappa))) for kappa in grid]
searched = [count(kappa, methods.steepest_descent()) for kappa in grid[:4]]
balls = [
    count(kappa, methods.heavy_ball(4 / (1 + root) ** 2, ((root - 1) / (root + 1)) ** 2))
    for kappa in grid
    for root in [kappa**0.5]
]

fig, ax = plots.figure(
    "Steps against the condition number, both logarithmic. Gradient descent with the best fixed "
    "step and with exact steps lie on one line of slope one; the heavy ball lies on a line of "
    "slope one half, far below.",
    figsize=(5.6, 3.9),
)
ax.loglog(grid, [kappa / 2 * math.log(1e6) for kappa in grid], "--", color=plots.SOFT, linewidth=1)
ax.loglog(grid, fixed, "o", color="C0", markersize=9, markerfacecolor="none")
ax.loglog(grid[:4], searched, "x", color="C3", markersize=6)
ax.loglog(grid, balls, "s-", color="C1")
ax.text(28, 420, "gradient descent:\nfixed (rings), exact (crosses)", color="C0", ha="right")
ax.text(110, 42, "heavy ball", color="C1")
ax.set(
    title="Steps for a millionth of the gradient",
    xlabel=r"condition number $\kappa$",
    ylabel="steps",
)

# %%
# A symptom, not the disease
# --------------------------
# Three fixed steps in the same valley, :math:`\kappa = 10`. A step above :math:`1/L` overshoots the
# axis of the valley and zigzags; one below does not. The one that zigzags, :math:`2/(L + \mu)`, is
# ahead after fifteen steps. Above :math:`2/L` the zigzag grows.
steps = {"0.3/L": 0.03, "2/(L+μ)": 2 / 11, "2.02/L": 0.202}
tries = {
    name: minimize(
        valley(10.0), vector(10.0, 1.0), methods.gradient_descent(lr), max_iter=15
    ).history
    for name, lr in steps.items()
}
fig, axes = plots.figure(
    "Three valleys, one above the other, with fifteen steps in each. The short step gives a smooth "
    "way that stays far out, the best step a zigzag that arrives, the longest a zigzag that grows "
    "across the valley.",
    rows=3,
    sharex=True,
    figsize=(6.4, 6.0),
)
for ax, color, (name, run) in zip(axes, ("C1", "C0", "C3"), tries.items(), strict=True):
    plots.contours(
        ax,
        valley(10.0),
        (-1, 10.8),
        (-1.9, 1.9),
        levels=[1, 5, 15, 30, 50],
        colors=plots.LINES,
        device=device,
    )
    plots.path(ax, run.x, color=color)
    ax.set(title=f"step {name}", ylabel=r"$x_2$")
axes[-1].set(xlabel=r"$x_1$")

# %%
# What the pictures claim
# -----------------------
q = 29 / 31
k = torch.arange(16, dtype=torch.float64)
closed = q ** k[:, None] * torch.stack([torch.ones(16), (-1.0) ** k / 30], 1)
claim("κ = 30: the film's last way is the closed form", ways[-1], closed, atol=1e-12)
claim("κ = 1: one step arrives", ways[0][1], 0.0, atol=1e-15)
turns = ways[-1].diff(dim=0)
claim(
    "κ = 30: successive steps are perpendicular", (turns[1:] * turns[:-1]).sum(1), 0.0, atol=1e-12
)
claim(
    "exact and fixed steps need the same number, within one",
    [abs(a - b) for a, b in zip(fixed, searched, strict=False)],
    1,
    relation="≤",
)
claim("κ from 30 to 300: ten times the steps", fixed[-1] / fixed[2], 10.0, rtol=0.01)
claim(
    "κ from 30 to 300: the heavy ball needs less than 4 times the steps",
    balls[-1] / balls[2],
    4,
    relation="<",
)
claim(
    "κ = 300: the heavy ball needs less than a tenth of them",
    fixed[-1] / balls[-1],
    10,
    relation=">",
)
short, best, long = (run.x for run in tries.values())
claim("step 0.3/L never changes sides of the valley", short[:, 1].min(), 0.0, relation=">")
claim("step 2/(L+μ) changes sides in every step", best[1:, 1] * best[:-1, 1], 0.0, relation="<")
claim(
    "after 15 steps it is more than ten times closer",
    short[-1].norm() / best[-1].norm(),
    10,
    relation=">",
)
claim(
    "step 2.02/L: the swings across the valley grow by 1.02",
    (long[1:, 1] / long[:-1, 1]).abs(),
    1.02,
    atol=1e-9,
)

plt.show()
