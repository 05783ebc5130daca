# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Conjugates
==========

For every slope there is a highest line that stays below a graph. You will see such a line roll
along a graph while its height draws the conjugate, in a film; six pairs of conjugates found by a
plain search over a grid; and the convex function that hides below :math:`x\cos 4x + 2|x|`.

The script belongs to the lecture :doc:`/lectures/jensen-and-examples`.
"""

# %%
# The supremum, taken literally
# -----------------------------
# The conjugate is :math:`f^*(s) = \sup_x (sx - f(x))`; here the largest value on a grid.
import math

import matplotlib.pyplot as plt
import torch

from steepest import claim, plots, problems

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_tags = ["film", "convexity", "nonsmooth"]
options = {"dtype": torch.float64, "device": device}


def conjugate(values, points, slopes):
    """Return the largest of s x - f(x) over the points, and where, for every slope s."""
    best = (slopes[:, None] * points - values).max(1)
    return best.values, points[best.indices]


# %%
# The film
# --------
# The function is not convex: it has two valleys of different depth. Left: the highest line of slope
# :math:`s` below the graph; it meets the vertical axis at :math:`-f^*(s)` (square). Right: the
# conjugate, as far as it has been drawn. While the line rolls over the hill it touches the graph
# twice; the touching point jumps, and the conjugate has a kink.
def valleys(x):
    return (x**2 - 1) ** 2 / 2 + x / 4


window = torch.linspace(-2.2, 2.2, 2201, **options)
FRAMES = 32
rolling = torch.linspace(-3, 3, FRAMES, **options)
level, touching = conjugate(valleys(window), window, rolling)
fine = torch.linspace(-3, 3, 1201, **options)
fine_level, fine_touching = conjugate(valleys(window), window, fine)
fig, (left, right) = plots.figure(
    "A film with two panels. On the left a line rolls below a curve with two valleys, touching "
    "one of them, and jumps across the hill between. On the right its height draws a convex curve "
    "with one kink.",
    columns=2,
    figsize=(6.4, 3.6),
)
plots.graph(left, valleys, (-2.1, 2.1), device=device, color="C0")
line = left.plot([], [], color="C1", linewidth=1.8)[0]
foot = left.plot([], [], "o", color="C1", markersize=8)[0]
crossing = left.plot([], [], "s", color="C3", markersize=8)[0]
left.set(xlabel="x", ylabel="f(x)", xlim=(-2.1, 2.1), ylim=(-5, 4))
right.plot(fine.cpu(), fine_level.cpu(), color=plots.LINES, linewidth=1)
drawn = right.plot([], [], color="C3", linewidth=2.2)[0]
pen = right.plot([], [], "s", color="C3", markersize=8)[0]
right.set(xlabel="slope s", ylabel="$f^*(s)$", xlim=(-3.2, 3.2), ylim=(-0.5, 5))


def draw(frame):
    s, height, x = rolling[frame].item(), level[frame].item(), touching[frame].item()
    ends = [-2.1, 2.1]
    line.set_data(ends, [s * end - height for end in ends])
    foot.set_data([x], [s * x - height])
    crossing.set_data([0], [-height])
    shown = fine <= s
    drawn.set_data(fine[shown].cpu(), fine_level[shown].cpu())
    pen.set_data([s], [height])
    left.set_title(f"s = {s:.1f}", color="C1")


film = plots.film(fig, draw, frames=FRAMES, per_second=8, still=22)

# %%
# Six pairs
# ---------
# Solid: the formula. Marks: the search over the grid.
grid = torch.linspace(-20, 20, 20_001, **options)
pairs = {
    "x²/2": (lambda x: x**2 / 2, lambda s: s**2 / 2, (-3, 3)),
    "|x|³/3": (lambda x: x.abs() ** 3 / 3, lambda s: s.abs() ** 1.5 / 1.5, (-3, 3)),
    "eˣ": (torch.exp, lambda s: s * s.log() - s, (0.02, 3)),
    "−ln x": (
        lambda x: torch.where(x > 0, -x.log(), math.inf),
        lambda s: -1 - (-s).log(),
        (-3, -0.1),
    ),
    "|x|": (torch.abs, torch.zeros_like, (-1, 1)),
    "√(1+x²)": (
        lambda x: (1 + x**2).sqrt(),
        lambda s: -(1 - s**2).sqrt(),
        (-0.95, 0.95),
    ),
}
fig, axes = plots.figure(
    "Six small panels over the slope. Four curves are valleys, one rises throughout, ever more "
    "steeply, and that of |x| is a flat line from -1 to 1; marks lie on each of them.",
    2,
    3,
    figsize=(6.4, 4.3),
)
errors = {}
for ax, (name, (fun, formula, ends)) in zip(axes.flat, pairs.items(), strict=True):
    slopes = torch.linspace(*ends, 13, **options)
    found, _ = conjugate(fun(grid), grid, slopes)
    errors[name] = (found - formula(slopes)).abs().max()
    plots.graph(ax, formula, ends, points=201, device=device, color="C0")
    ax.plot(slopes.cpu(), found.cpu(), "o", color="C1", markersize=4.5)
    ax.set_title("f = " + name, fontsize=10)
axes[1, 1].set(ylim=(-1, 1))
for ax in axes[1]:
    ax.set_xlabel("slope s")

# %%
# The convex function that hides below
# ------------------------------------
# Conjugate twice, and what returns is the *convex envelope*: the largest convex function below the
# graph. It touches the graph in its valleys, and at the right end; bars below mark where.
space = torch.linspace(-5, 5, 1001, **options)
slopes = torch.linspace(-30, 30, 2401, **options)
wavy = torch.vmap(problems.seven_minima().fun)(space)
envelope, _ = conjugate(conjugate(wavy, space, slopes)[0], slopes, space)
touches = wavy - envelope < 5e-3
fig, ax = plots.figure(
    "A wavy curve with seven valleys, and below it a convex curve of almost straight pieces. "
    "Short bars mark that the two agree in the valleys and at the right end.",
    figsize=(5.6, 3.7),
)
ax.plot(space.cpu(), wavy.cpu(), color="C0", linewidth=1.2)
ax.plot(space.cpu(), envelope.cpu(), color="C1", linestyle="--", linewidth=2.2)
ax.plot(space[touches].cpu(), torch.full_like(space[touches], -1.2).cpu(), "|", color="C1")
ax.set(xlabel="x", ylabel="value", ylim=(-1.8, 15))
ax.text(1.9, 7.2, "$f$", color="C0")
ax.text(1.5, 0.2, "$f^{**}$", color="C1")

# %%
# What the pictures claim
# -----------------------
claim(
    "film: the line is below the graph at every point, in all 32 frames",
    (valleys(window) - rolling[:, None] * window + level[:, None]).min(),
    -1e-12,
    relation=">",
)
claim(
    "film: the conjugate is convex although f is not",
    fine_level[2:] - 2 * fine_level[1:-1] + fine_level[:-2],
    -1e-12,
    relation=">",
)
jump = fine_touching.diff().argmax()
claim("film: the touching point jumps at slope ¼", fine[jump], 0.25, atol=6e-3)
ends = fine_touching[jump : jump + 2]
claim("film: from the left valley to the right one", ends, [-1, 1], atol=5e-3)
for name, error in errors.items():
    claim(f"f = {name}: the search misses the formula by less than 1e-5", error, 1e-5, relation="<")
claim("x cos 4x + 2|x|: the envelope is below", wavy - envelope, -1e-12, relation=">")
claim(
    "x cos 4x + 2|x|: and convex",
    envelope[2:] - 2 * envelope[1:-1] + envelope[:-2],
    -1e-12,
    relation=">",
)
groups = int((touches[1:] & ~touches[:-1]).sum()) + int(touches[0])
claim("x cos 4x + 2|x|: they touch in seven valleys and at the right end", groups, 8)
again, _ = conjugate(conjugate(envelope, space, slopes)[0], slopes, space)
claim("conjugating twice more changes nothing", again, envelope, atol=1e-12)
plt.show()
