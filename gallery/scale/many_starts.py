# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Many starts at once
===================

A method that goes downhill finds the minimum of the basin that it starts in. So start everywhere.
You will see, in a film, two thousand starts flow to the four minima of Himmelblau's function, all
in one tensor; how many starts find the best of eight minima, measured and by formula; and what it
costs to have a thousand times more of them.

The script belongs to the lecture :doc:`/lectures/beyond-one-machine`.
"""

# %%
# Two thousand starts, four minima
# --------------------------------
# Himmelblau's function :math:`(x^2+y-11)^2 + (x+y^2-7)^2` is zero at four points. All starts take
# their steps together; none knows of the others. One colour for each minimum: it says where a
# point will end.
import math
import time

import matplotlib.pyplot as plt
import torch

from steepest import claim, methods, minimize, minimize_many, plots, problems
from steepest.plots import INK, LINES, PAPER

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 1
# sphinx_gallery_tags = ["film", "many minima", "cost"]

himmelblau = problems.himmelblau().fun
clouds = [(10 * torch.rand(2000, 2, dtype=torch.float64) - 5).to(device)]
for steps in (1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50):
    run = minimize_many(himmelblau, clouds[-1], methods.gradient_descent(0.002), max_iter=steps)
    clouds.append(run.x)
final = minimize_many(
    himmelblau, clouds[-1], methods.gradient_descent(0.01), max_iter=400, tol=1e-9
)
basins = final.basins()
label = basins.label.cpu()

fig, ax = plots.figure(
    "Two thousand points in four colours, spread evenly over a square at first. They flow along "
    "the contours' slopes into curved valleys and along these into four points.",
    figsize=(4.8, 4.6),
)
levels = [2.0**k for k in range(10)]
plots.contours(ax, himmelblau, (-5, 5), (-5, 5), levels=levels, device=device, colors=[LINES])
dots = [ax.plot([], [], "o^sD"[b], color=f"C{b}", markersize=3)[0] for b in range(4)]
ends = basins.x.cpu()
ax.plot(ends[:, 0], ends[:, 1], "*", color=PAPER, markeredgecolor=INK, markersize=13, zorder=3)
ax.set(title="All starts move at once", xlabel="x", ylabel="y", aspect="equal")
ax.grid(visible=False)


def draw(k):
    cloud = clouds[k].cpu()
    for b, line in enumerate(dots):
        line.set_data(cloud[label == b, 0], cloud[label == b, 1])


film = plots.film(fig, draw, frames=len(clouds), per_second=5, still=8)

# %%
# How many starts are needed
# --------------------------
# On :math:`x\cos 4x + 2|x|` a random start in [-5, 5] reaches the best minimum, at 0, with the
# probability :math:`q`: the width of its basin over 10. If starts are independent, :math:`k` of
# them find it with probability :math:`1 - (1-q)^k`. Each dot is the share of successful groups
# among thousands of groups of :math:`k` starts; all of these starts are one run.
wavy = problems.seven_minima().fun
starts = (10 * torch.rand(20_000, dtype=torch.float64) - 5).to(device)
crowd = minimize_many(wavy, starts, methods.gradient_descent(0.005), max_iter=150)
home = (crowd.x.abs() < 0.15).double().cpu()
q = (0.453263 + 0.977595) / 10
sizes = [1, 2, 3, 5, 8, 12, 18, 25, 35]
found = [home[: len(home) // k * k].reshape(-1, k).amax(dim=1) for k in sizes]
measured = torch.stack([groups.mean() for groups in found])

fig, ax = plots.figure(
    "Probability of success against the number of starts. A curve rises from one seventh and "
    "flattens out near one; dots lie on it. A dashed line marks 99 percent, which it passes at "
    "30 starts.",
    figsize=(4.8, 3.5),
)
k = torch.linspace(0, 36, 200)
ax.axhline(0.99, color="C2", linestyle="--", linewidth=1)
ax.plot(k, 1 - (1 - q) ** k, color="C0")
ax.plot(sizes, measured, "o", color="C1", markersize=7)
ax.text(0.3, 1.01, "99 %", color="C2")
ax.set(title="One of k starts finds the best minimum", xlabel="k", ylabel="probability")
ax.set(ylim=(0, 1.09))

# %%
# What a thousand times more costs
# --------------------------------
# The same fifty steps for more and more starts. As long as an operation costs its overhead, more
# starts cost nothing; then the time becomes proportional to their number. The triangle is the
# loop that calls ``minimize`` for one start after another.


def seconds(call):
    """Return the least time of three calls."""
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        call()
        if device == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - begin)
    return min(times)


fifty = {"method": methods.gradient_descent(0.005), "max_iter": 50}
counts = [1, 10, 100, 1000, 20_000]
cost = [seconds(lambda k=k: minimize_many(wavy, starts[:k], **fifty)) for k in counts]
loop = seconds(lambda: [minimize(wavy, start, **fifty) for start in starts[:10]])

fig, ax = plots.figure(
    "Time against the number of starts on logarithmic scales: within a power of ten for a thousand "
    "starts and for one. A triangle at ten starts, the loop, lies above it.",
    figsize=(4.8, 3.4),
)
ax.loglog(counts, cost, "o-", color="C0")
ax.loglog([10], [loop], "^", color="C1", markersize=9)
ax.text(16, loop, "a loop over ten", color="C1", va="center")
ax.text(100, cost[2] * 0.45, "minimize_many", color="C0")
ax.set(title=f"Fifty steps on the {device.upper()}", xlabel="starts", ylabel="seconds")
ax.set(ylim=(min(cost) / 5, max(*cost, loop) * 4))

# %%
# What the pictures claim
# -----------------------
claim("Himmelblau: four basins", len(basins), 4)
claim("Himmelblau: every start has converged", final.success.all(), True)
claim(
    "Himmelblau: the four minimisers",
    basins.x[basins.x[:, 0].argsort()],
    [[-3.77931, -3.283186], [-2.805118, 3.131313], [3, 2], [3.584428, -1.848127]],
    atol=5e-6,
)
claim("Himmelblau: the values there", basins.fun, 0, atol=1e-15)
away = crowd.x.abs() > 0.5  # at the kink, the last bit of a cosine decides on which side one is
alone = [
    minimize(wavy, start, methods.gradient_descent(0.005), max_iter=150).x
    for start in starts[away][:3]
]
claim(
    "three starts alone end where they end in the crowd",
    crowd.x[away][:3],
    torch.stack(alone),
    atol=1e-9,
)
for size, groups, share in zip(sizes, found, measured, strict=True):
    exact = 1 - (1 - q) ** size
    claim(
        f"{size} starts: measured success, within four standard deviations",
        share,
        exact,
        atol=4 * math.sqrt(exact * (1 - exact) / len(groups)),
    )
needed = math.ceil(math.log(0.01) / math.log(1 - q))
claim("starts for a probability of 99 %", needed, 30)
claim("a thousand starts cost less than 100 times one", cost[3] / cost[0], 100, relation="<")

plt.show()
