# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Where the heavy ball never arrives
==================================

A strongly convex function of one variable on which the heavy ball, with the parameters that are
best for quadratics, can circle for ever (Lessard, Recht and Packard, 2016). You will see thousands
of starts divide into those that reach the minimiser and those that are caught, the map of who is,
and the condition number at which the trap opens.

The script belongs to the lecture :doc:`/lectures/conditioning-and-momentum`.
"""

# %%
# One function, three methods
# ---------------------------
# The slope is :math:`25x` up to 1, rises by only 1 from there to 2, and by 25 per unit again after
# that. So :math:`\mu = 1` and :math:`L = 25`, and the minimiser is 0.
import math

import matplotlib.pyplot as plt
import torch

from steepest import claim, methods, minimize, plots, problems
from steepest.derivatives import value_and_grad

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 3
# sphinx_gallery_tags = ["film", "momentum", "pitfalls"]

problem = problems.piecewise_quadratic()
start = problem.x0.to(device)
runs = {
    "heavy ball": minimize(problem.fun, start, methods.heavy_ball(1 / 9, 4 / 9), max_iter=300),
    "gradient descent": minimize(
        problem.fun, start, methods.gradient_descent(2 / 26), max_iter=300
    ),
    "Nesterov": minimize(problem.fun, start, methods.nesterov(1 / 25, 2 / 3), max_iter=300),
}
cycle = torch.tensor([2592, 792, -2208], dtype=torch.float64) / 1225

fig, (left, right) = plots.figure(
    "Left, the slope of the function: a steep line with a flat stretch between 1 and 2; three "
    "points of the cycle lie on its steep parts. Right, distance to the minimiser against the "
    "iteration: gradient descent and Nesterov's method fall, the heavy ball stays near 1.",
    columns=2,
    figsize=(6.4, 3.6),
)


def slope(x, weak=25.0 - 1.0, begin=1.0, steep=25.0):
    """Return f'(x): `steep` per unit, less `weak` on the unit interval from `begin`."""
    return steep * x - weak * (x - begin).clamp(0, 1)


line = torch.linspace(-2.4, 3.4, 400, dtype=torch.float64)
left.plot(line, slope(line), color=plots.INK, linewidth=1.4)
left.plot(cycle, slope(cycle), "o", color="C1", markersize=9)
left.axvspan(1, 2, color="C5", alpha=0.25, linewidth=0)
left.set(title="Slope, and the cycle", xlabel="x", ylabel="f'(x)")
for color, style, run in zip(("C1", "C0", "C2"), ("-", ":", "--"), runs.values(), strict=True):
    error = run.history.x[:91].abs().cpu().clamp(min=1e-17)
    right.semilogy(error, color=color, linestyle=style)
right.text(88, 8, "heavy ball", color="C1", ha="right")
right.text(88, 1e-6, "gradient\ndescent", color="C0", ha="right")
right.text(8, 1e-12, "Nesterov", color="C2")
right.set(title="Distance to 0", xlabel="iteration", ylim=(1e-17, 100))

# %%
# A cloud of starts
# -----------------
# The method remembers its last point, so a state is a pair :math:`(x_k, x_{k-1})`. Start with 3000
# random pairs and follow them all. Those that will be caught are drawn as orange triangles from the
# beginning. They end at three points, which they visit in turn; the others contract to the origin.


def advance(x, old, steps=1, alpha=1 / 9, beta=4 / 9, **shape):
    """Return the pair after so many steps of the heavy ball, elementwise."""
    for _ in range(steps):
        x, old = x - alpha * slope(x, **shape) + beta * (x - old), x
    return x, old


cloud = 8 * torch.rand(2, 3000, dtype=torch.float64) - 4
cloud = cloud.to(device)
fate = advance(*cloud, steps=400)[0].abs() > 0.1
frames = [cloud]
for _ in range(24):
    frames.append(torch.stack(advance(*frames[-1])))

fig, ax = plots.figure(
    "A film of points in the plane of present and last iterate. A square cloud contracts; blue "
    "dots gather at the origin, orange triangles at three points around it, among which they hop.",
    figsize=(4.8, 4.8),
)
(free,) = ax.plot([], [], ".", color="C0", markersize=3, rasterized=True)
(held,) = ax.plot([], [], "^", color="C1", markersize=3, rasterized=True)
heading = ax.set_title("")
ax.set(
    xlabel="x now", ylabel="x one step before", xlim=(-4.2, 4.2), ylim=(-4.2, 4.2), aspect="equal"
)


def draw(j):
    """Show all pairs after j steps."""
    now = frames[j].cpu()
    free.set_data(now[0][~fate.cpu()], now[1][~fate.cpu()])
    held.set_data(now[0][fate.cpu()], now[1][fate.cpu()])
    heading.set_text(f"3000 pairs after {j} steps")


plots.film(fig, draw, frames=len(frames), per_second=4, still=4)

# %%
# Who is caught
# -------------
# The fate of each pair on a grid. The dashed diagonal holds the starts at rest,
# :math:`x_{-1} = x_0`, the only ones that `minimize` makes. The region around the origin where the
# heavy ball converges is what the local theorem promises; it says nothing about the rest.
axis = torch.linspace(-6, 6, 400, dtype=torch.float64, device=device)
x, old = torch.meshgrid(axis, axis, indexing="xy")
caught = advance(x.clone(), old.clone(), steps=300)[0].abs() > 0.1

fig, ax = plots.figure(
    "A map over present and last iterate. Slanted bands of caught starts alternate with free ones; "
    "a free region lies around the origin. A dashed diagonal marks starts at rest.",
    figsize=(5.0, 4.8),
)
ax.contourf(
    axis.cpu(), axis.cpu(), caught.cpu().double(), [0.5, 1.5], colors=["#d55e00"], alpha=0.75
)
ax.plot([-6, 6], [-6, 6], "--", color=plots.INK, linewidth=1)
ax.plot(0, 0, "o", color="C0", markersize=8)
ax.set(title="Caught (shaded) or free", xlabel="x now", ylabel="x one step before", aspect="equal")

# %%
# When the trap opens
# -------------------
# For any :math:`\kappa` there is one candidate for such a cycle (exercise 7 of the lecture). It
# needs its two points on the right to be at least as far apart as the stretch of slope
# :math:`\mu` is long. Put this stretch in their middle, and run the best heavy ball from 801 starts
# for each :math:`\kappa`: dots show where the runs go, and the line where the trap opens in theory.


def candidate(kappa):
    """Return α, β, the cycle (a, b, c), and where its weak unit interval begins."""
    root = kappa**0.5
    alpha, beta = 4 / (root + 1) ** 2, ((root - 1) / (root + 1)) ** 2
    eye = torch.eye(2, dtype=torch.float64)

    def matrix(lam):
        return torch.tensor([[1 + beta - alpha * lam, -beta], [1, 0]], dtype=torch.float64)

    twice = matrix(kappa) @ matrix(kappa)
    at0, at1 = (torch.linalg.det(twice @ matrix(lam) - eye).item() for lam in (0.0, 1.0))
    lam = at0 / (at0 - at1)
    a, c = torch.linalg.svd(twice @ matrix(lam) - eye)[2][-1]
    b = (1 + beta - alpha * lam) * a - beta * c
    points = torch.stack([a, b, c]) * (kappa - 1) / (kappa - lam) / a
    return alpha, beta, points, ((points[0] + points[1] - 1) / 2).item()


threshold = (2 + math.sqrt(5)) ** 2
grid = [12.0, 14.0, 16.0, 17.0, 17.9, 18.5, 19.0, 20.0, 22.0, 25.0, 28.0, 32.0, 36.0, 40.0]
begins = torch.linspace(-12, 12, 801, dtype=torch.float64, device=device)
limits = {}
for kappa in grid:
    alpha, beta, points, begin = candidate(kappa)
    shape = {"weak": kappa - 1, "begin": begin, "steep": kappa}
    x, old = advance(begins, begins, 1500, alpha, beta, **shape)
    visits = [x.cpu()]
    for _ in range(2):
        x, old = advance(x, old, 1, alpha, beta, **shape)
        visits.append(x.cpu())
    limits[kappa] = torch.stack(visits)

fig, ax = plots.figure(
    "Limit points against the condition number. Left of a dashed line at 17.94 only zero; right of "
    "it also two points above and one below zero, which drift apart slowly.",
    figsize=(6.4, 3.9),
)
for kappa, visits in limits.items():
    reached = (visits * 1e6).round().unique() / 1e6
    away = reached.abs() > 1e-3
    ax.plot([kappa] * int(away.sum()), reached[away], "^", color="C1", markersize=6)
    ax.plot([kappa], [0], "o", color="C0", markersize=5)
ax.axvline(threshold, color=plots.SOFT, linestyle="--", linewidth=1)
ax.text(threshold + 0.5, -0.85, r"$(2+\sqrt{5})^2$", color=plots.SOFT)
ax.set(title="Where the runs end", xlabel=r"condition number $\kappa$", ylabel="limit points")

# %%
# What the pictures claim
# -----------------------
probe = torch.tensor([-3.0, 0.5, 1.25, 1.9, 4.0], dtype=torch.float64, device=device)
claim(
    "the slope used here is autograd's",
    slope(probe),
    [value_and_grad(problem.fun, x)[1] for x in probe],
    atol=1e-12,
)
ball = runs["heavy ball"].history.x.cpu()
claim(
    "from 3.3 the heavy ball ends on 2592/1225, 792/1225, −2208/1225",
    ball[-3:].sort(descending=True).values,
    cycle,
    atol=1e-9,
)
claim(
    "gradient descent and Nesterov reach 0 from the same start",
    [runs[name].x for name in ("gradient descent", "Nesterov")],
    0.0,
    atol=1e-9,
)
claim("about one pair in seven of the cloud is caught", fate.double().mean(), 1 / 7, atol=0.02)
later = torch.stack(advance(*cloud, steps=45))
ends = later[:, fate].cpu()
claim(
    "after 45 steps every caught pair is near a point of the cycle",
    (ends[0][:, None] - cycle).abs().min(1).values,
    0.1,
    relation="≤",
)
claim("and every other pair near 0", later[:, ~fate].abs().max(), 0.1, relation="≤")
inner = (axis[:, None] ** 2 + axis[None, :] ** 2).sqrt() < 0.3
claim("no pair within 0.3 of the origin is caught", int((caught & inner).sum()), 0)
for kappa in (17.0, 17.9):
    claim(f"κ = {kappa:g}: all 801 runs reach 0", limits[kappa].abs().max(), 1e-9, relation="<")
for kappa in (18.5, 25.0, 40.0):
    far = limits[kappa].abs().amin(0) > 1e-3
    worst = limits[kappa][:, far].sort(0, descending=True).values - candidate(kappa)[2][:, None]
    claim(f"κ = {kappa:g}: some runs are caught", int(far.sum()), 0, relation=">")
    claim(f"κ = {kappa:g}: and these end on the candidate cycle", worst.abs().max(), 0.0, atol=1e-9)

plt.show()
