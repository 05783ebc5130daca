# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Basins against start and step size
==================================

On :math:`x\cos 4x + 2|x|` the start chooses one of seven valleys, as long as the step is small. You
will see valleys lose their starts one after another as the step grows, borders that fray at every
magnification, and how many digits of the start it takes to foretell the end.

The script belongs to the lecture :doc:`/lectures/rates`.
"""

# %%
# All step sizes in one run
# -------------------------
# ``minimize_many`` moves many starts with *one* step size. A change of units gives each start its
# own: with :math:`x = \sqrt\alpha\,z`, a step of length 1 in z on
# :math:`z \mapsto f(\sqrt\alpha\,z)` reads
#
# .. math:: z^+ = z - \sqrt\alpha\,f'(\sqrt\alpha\,z),
#
# and that is :math:`x^+ = x - \alpha f'(x)`.
#
# So 40,000 pairs of a start and a step size make one batch. The colour is the valley in which the
# run is after 350 steps. Small steps: seven clean stripes, with borders at the local maxima.
# Larger ones: the outer valleys, which are the narrow ones, hand their starts on to their
# neighbours. The level lines are the bounds :math:`2/f''`, above which a valley no longer lets
# a run come to rest.
import math
from itertools import pairwise

import matplotlib.pyplot as plt
import torch

from steepest import claim, methods, minimize, minimize_many, plots, problems

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 1
# sphinx_gallery_tags = ["many minima", "step size"]
double = {"dtype": torch.float64, "device": device}

problem = problems.seven_minima()
fun = problem.fun
minimisers = problem.minimisers.to(device)
names = [f"{m:.2f}".replace("-", "−") for m in minimisers.tolist()]
names[3] = "0"


def descend(starts, lrs, steps):
    """Return the last points and the slopes there, each start with its own step size."""
    unit = lrs.sqrt().flatten()
    run = minimize_many(
        lambda z: fun(unit * z),
        starts.flatten() / unit,
        methods.gradient_descent(1.0),
        max_iter=steps,
        batched=True,
    )
    return (run.x * unit).reshape(starts.shape), (run.grad_norm / unit).reshape(starts.shape)


def slope(x):
    return torch.cos(4 * x) - 4 * x * torch.sin(4 * x) + 2 * torch.sign(x)


def curvature(x):
    return -8 * torch.sin(4 * x) - 16 * x * torch.cos(4 * x)


# The borders: the slope changes there from + to −.
grid = torch.linspace(-5.7, 5, 4001, **double)
top = (slope(grid[:-1]) > 0) & (slope(grid[1:]) <= 0)
left, right = grid[:-1][top], grid[1:][top]
for _ in range(60):
    middle = (left + right) / 2
    up = slope(middle) > 0
    left, right = torch.where(up, middle, left), torch.where(up, right, middle)
borders = left


def valley(x):
    """Number the valleys from 0 to 6 by place; -1 and 7 lie outside."""
    return torch.bucketize(x.contiguous(), borders) - 1


def mesh(xlim, ylim, columns, rows):
    x, y = torch.linspace(*xlim, columns, **double), torch.linspace(*ylim, rows, **double)
    return x.expand(rows, columns), y[:, None].expand(rows, columns)


starts, lrs = mesh((-5, 5), (0.002, 0.12), 240, 170)
ends, slopes = descend(starts, lrs, 350)
where = valley(ends)
colours = plt.get_cmap("cividis", 7)
paint = {"origin": "lower", "aspect": "auto", "vmin": -0.5, "vmax": 6.5, "cmap": colours}

fig, ax = plots.figure(
    "A map over start and step size in seven colours. Seven clean vertical stripes at the bottom, "
    "five of them crossed by a short bar; higher up the outer stripes change colour at sharp "
    "levels above their bars, and near the top the borders fray.",
    figsize=(6.4, 4.3),
)
image = ax.imshow(
    where.clamp(0, 6).cpu(), extent=(-5, 5, 0.002, 0.12), interpolation="nearest", **paint
)
for m, (a, b) in zip(minimisers.tolist(), pairwise(borders.tolist()), strict=True):
    bound = 2 / curvature(torch.tensor(m, dtype=torch.float64)).item() if m else math.inf
    if bound < 0.12:
        ax.plot([max(a, -5), b], [bound, bound], color=plots.PAPER, linewidth=4)
        ax.plot([max(a, -5), b], [bound, bound], color="C1", linewidth=1.8)
bar = fig.colorbar(image, ax=ax, ticks=range(7), pad=0.02)
bar.set_ticklabels(names)
bar.set_label("valley of the minimum at")
ax.grid(False)
ax.set(title="In which valley the run is", xlabel="start", ylabel="step size")

# %%
# How the starts are shared
# -------------------------
# The same runs, counted. The dashed line is the share of runs that have come to rest at a smooth
# minimum. At the far left some have not arrived yet. Then it falls where a valley passes its
# bound, and jumps up where a valley hands its starts to a wider neighbour, in which they can rest.
# It never reaches one: in the valley of the kink 0 nobody rests.
at_rest = slopes < 1e-6
axis = lrs[:, 0].cpu()
shares = torch.stack([(where.clamp(0, 6) == i).double().mean(1) for i in range(7)]).cpu()
resting = at_rest.double().mean(1).cpu()

fig, ax = plots.figure(
    "Stacked bands against the step size, one a valley. Outer bands end at sharp steps, and "
    "inner ones "
    "widen there. A dashed line for the share of runs at rest goes down in stairs, and jumps "
    "up twice.",
    figsize=(6.4, 3.8),
)
ax.stackplot(axis, shares, colors=[colours(i) for i in range(7)])
ax.plot(axis, resting, "--", color=plots.PAPER, linewidth=4)
ax.plot(axis, resting, "--", color="C1", linewidth=2)
ax.grid(False)
ax.set(
    title="Share of each valley; dashed: at rest",
    xlabel="step size",
    ylabel="share of starts",
    xlim=(0.002, 0.12),
    ylim=(0, 1),
)

# %%
# Fraying at every magnification
# ------------------------------
# A window near the top, then the tenth of it with most changes of colour, then the tenth of that:
# each picture enlarges the ringed square of the one before ten times in both directions. There the
# borders do not become single lines: enlarged, a streak is made of streaks. Steps of this size
# stretch the distance between two starts again and again before the run falls into a valley that
# keeps it.


def changes(picture):
    """Return where neighbours in a row lie in different valleys."""
    return (picture[:, 1:] != picture[:, :-1]).double()


window, details = ((0.5, 2.5), (0.10, 0.12)), []
fig, axes = plots.figure(
    "Three square pictures of coloured streaks. A small square marked in the first is the "
    "second, one "
    "marked in the second is the third, which again consists of streaks.",
    columns=3,
    figsize=(6.4, 2.6),
)
for ax in axes:
    (x0, x1), (y0, y1) = window
    details.append(valley(descend(*mesh(*window, 120, 120), 300)[0]))
    ax.imshow(
        details[-1].cpu(),
        extent=(x0, x1, y0, y1),
        interpolation="nearest",
        **paint | {"vmin": 3, "vmax": 4, "cmap": "cividis"},  # the valleys of 0 and of 0.68
    )
    busy = torch.nn.functional.pad(changes(details[-1]), (0, 1)).reshape(10, 12, 10, 12).sum((1, 3))
    row, column = divmod(int(busy.argmax()), 10)
    width, height = (x1 - x0) / 10, (y1 - y0) / 10
    corner = x0 + column * width, y0 + row * height
    window = (corner[0], corner[0] + width), (corner[1], corner[1] + height)
    if ax is not axes[-1]:
        ax.add_patch(plt.Rectangle(corner, width, height, fill=False, color="C1", linewidth=2))
    ax.grid(False)
    ax.set(xticks=[], yticks=[], xlabel=f"start ({x1 - x0:g} wide)")
axes[0].set_ylabel("step size")

# %%
# How many digits of the start?
# -----------------------------
# Suppose the start is known up to ε. For which share of starts is the valley in doubt? Where
# borders are points, the share is proportional to ε: ten times the accuracy, a tenth of the doubt.
# Frayed borders give a law :math:`\varepsilon^d` with a smaller d (Grebogi, McDonald, Ott and
# Yorke, *Physics Letters A*, 1983). With step 0.12 the exponent is small, and a million times the
# accuracy leaves an eighth of the doubt.
epsilons = torch.tensor([1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8], **double)
base = 10 * torch.rand(2000, **double) - 5
shifted = torch.cat([base[None], base + epsilons[:, None]])
doubt = {}
for lr in (0.03, 0.10, 0.12):
    reached = valley(descend(shifted, torch.full_like(shifted, lr), 300)[0])
    doubt[lr] = (reached[1:] != reached[0]).double().mean(1)
far = epsilons.log()[:, None] ** torch.arange(2, **double)
exponents = {
    lr: torch.linalg.lstsq(far, doubt[lr].log()[:, None], driver="gels").solution[1].item()
    for lr in (0.10, 0.12)
}

fig, ax = plots.figure(
    "Share of starts in doubt against the error of the start, on two logarithmic axes. For "
    "step 0.03 it falls "
    "steeply to nothing; for 0.10 and 0.12 it falls very slowly.",
    figsize=(6.0, 3.6),
)
for lr, style, y in ((0.12, "C1o-", 0.16), (0.10, "C3s-.", 0.019), (0.03, "C0^--", 1.3e-3)):
    seen = doubt[lr] > 0
    ax.loglog(epsilons[seen].cpu(), doubt[lr][seen].cpu(), style)
    ax.text(3e-5 if lr > 0.05 else 6e-4, y, f"step {lr:.2f}", color=style[:2], ha="right")
ax.set(
    title="For which share of starts the end is in doubt",
    xlabel="error of the start",
    ylabel="share",
    ylim=(1e-4, 0.5),
)

# %%
# What the pictures claim
# -----------------------

sample = torch.tensor([-3.5, -1.0, 2.0], **double)
by_units = descend(sample, torch.tensor([0.03, 0.01, 0.02], **double), 50)[0]
by_step = [
    minimize(fun, x, methods.gradient_descent(lr), max_iter=50).x.item()
    for x, lr in zip(sample, (0.03, 0.01, 0.02), strict=True)
]
claim("a change of units is a step size", by_units, by_step, atol=1e-12)
small = lrs[:, 0] < 0.02
claim(
    "below step 0.02 every start stays in its own valley",
    bool((where == valley(starts))[small].all()),
    True,
)
claim(
    "from step 0.075 to 0.08 only four valleys hold a run",
    torch.unique(where[(lrs[:, 0] > 0.075) & (lrs[:, 0] < 0.08)]),
    [2, 3, 4, 5],
)
claim("at step 0.12 only the three in the middle do", torch.unique(where[-1]), [2, 3, 4])
rests = [resting[(axis - lr).abs().argmin()].item() for lr in (0.02, 0.045, 0.08)]
claim("at rest at the steps 0.02, 0.045, 0.08: less, then more", rests[1], min(rests), relation="≤")
claim(
    "at 0.08 more than half of all runs rest, though only two valleys let them",
    rests[2],
    0.5,
    relation=">",
)

per_row = [changes(picture).sum(1).mean().item() for picture in details]
claim(
    "each magnification shows more than three changes of colour a row", per_row, 3.0, relation=">"
)
claim(
    "step 0.03: an error of 1e-6 leaves no more than one start in a thousand in doubt",
    doubt[0.03][4],
    1e-3,
    relation="≤",
)
claim("step 0.10: exponent of the doubt", exponents[0.10], 0.15, atol=0.05)
claim("step 0.12: exponent of the doubt", exponents[0.12], 0.145, atol=0.02)
claim(
    "step 0.12: a million times the accuracy leaves an eighth of the doubt, about",
    doubt[0.12][6] / doubt[0.12][0],
    1 / 8,
    atol=0.02,
)

plt.show()
