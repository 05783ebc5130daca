# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
The reverse sweep, one arrow at a time
======================================

A film of one computational graph: first the values run from left to right, then a weight of 1 runs
back, crosses each arrow once, and is multiplied by the number that stands there. After it you will
see what the adjoints hold in between, when they are not yet derivatives, and what becomes of the
gradient if the rows are visited in any other order.

The script belongs to the lecture :doc:`/lectures/forward-and-reverse-mode`.
"""

# %%
# The graph
# ---------
# The function is :math:`f(x_1, x_2) = \ln x_1 + x_1 x_2 - \sin x_2` at :math:`(2, 5)`, recorded
# while it runs. Each box is a row of the record. An arrow says that a row is used; its number is
# the local slope.
import itertools

import matplotlib.pyplot as plt
import torch
from matplotlib.patches import FancyBboxPatch

from steepest import claim, plots, record

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 1
# sphinx_gallery_tags = ["film", "differentiation", "step by step"]


def number(value):
    return torch.tensor(value, dtype=torch.float64, device=device)


def f(x1, x2):
    v1 = torch.log(x1)
    v2 = x1 * x2
    v3 = torch.sin(x2)
    v4 = v1 + v2
    return v4 - v3


trace = record(f, number(2.0), number(5.0))
values = [row.value.item() for row in trace.rows]
slopes = {
    (j, i): slope.item() for j in range(2, 7) for i, slope in sorted(trace.partials(j).items())
}
names = ["v_{-1}", "v_0", "v_1", "v_2", "v_3", "v_4", "v_5"]
rules = ["x_1", "x_2", r"\ln v_{-1}", r"v_{-1}v_0", r"\sin v_0", "v_1+v_2", "v_4-v_3"]
places = [(0, 1.3), (0, -1.3), (1.25, 2.2), (1.25, 0.0), (1.25, -2.2), (2.5, 1.1), (3.5, 0.0)]


def text(x):
    """A number as it is written in a picture."""
    return f"{x:.4g}".replace("-", "−")


# %%
# The sweep as a list of moments
# ------------------------------
# Before the film is drawn, the whole sweep is carried out, from the last row to the first, and each
# crossing of an arrow is noted: the row that gives, the row that gets, how much, and what all
# adjoints are afterwards.


def sweep(order=(6, 5, 4, 3, 2)):
    """Visit the rows in this order. Return the crossings and the adjoints after each of them."""
    bar = [0.0] * 6 + [1.0]
    crossings, states = [], [list(bar)]
    for j in order:
        for (row, i), slope in slopes.items():
            if row == j:
                bar[i] += bar[j] * slope
                crossings.append((j, i, bar[j] * slope))
                states.append(list(bar))
    return crossings, states


crossings, states = sweep()

# %%
# The film
# --------
# Seven frames for the values, then four for each arrow. A box is grey as long as its adjoint waits
# for contributions, and turns blue when it is complete. Both inputs receive two contributions, at
# different times.
MOVES = 4
BEGIN = len(values) + 1
FRAMES = BEGIN + MOVES * len(crossings) + 6

fig, ax = plots.figure(
    "A film of seven boxes joined by eight arrows with their slopes. Values appear from left to "
    "right. Then a bead with a number starts at the box on the right, where the adjoint is 1, and "
    "crosses the arrows one by one to the left. At the end the two input boxes hold 5.5 and "
    "1.716.",
    figsize=(4.8, 4.8),
)
ax.set(xlim=(-0.5, 4.0), ylim=(-3.8, 4.1))
ax.axis("off")
boxes, upper, lower, lines = [], [], [], {}
for (j, i), slope in slopes.items():
    (x0, y0), (x1, y1) = places[i], places[j]
    (lines[j, i],) = ax.plot([x0, x1], [y0, y1], color=plots.LINES, linewidth=2, zorder=1)
    ax.text(
        0.45 * x0 + 0.55 * x1,
        0.45 * y0 + 0.55 * y1,
        f"{slope:.2g}".replace("-", "−"),
        ha="center",
        va="center",
        fontsize=9.5,
        color=plots.INK,
        zorder=2,
        bbox={"facecolor": plots.PAPER, "edgecolor": "none", "pad": 1.5},
    )
for (x, y), name, rule in zip(places, names, rules, strict=True):
    box = FancyBboxPatch(
        (x - 0.36, y - 0.55), 0.72, 1.1, boxstyle="round,pad=0.02,rounding_size=0.1", zorder=3
    )
    box.set(facecolor=plots.PAPER, edgecolor=plots.SOFT)
    boxes.append(ax.add_patch(box))
    ax.text(x, y + 0.72, f"${name}={rule}$", ha="center", va="bottom", fontsize=9.5, zorder=4)
    upper.append(ax.text(x, y + 0.25, "", ha="center", va="center", fontsize=11.5, zorder=4))
    lower.append(
        ax.text(x, y - 0.25, "", ha="center", va="center", fontsize=11.5, color="C1", zorder=4)
    )
(bead,) = ax.plot([], [], "o", color="C1", markersize=11, zorder=5)
said = ax.text(1.75, 4.0, "", ha="center", va="top", fontsize=13)


def draw(frame):
    back = frame - BEGIN
    step, move = divmod(max(back, 0), MOVES)
    done = min(step, len(crossings))
    for j, value in enumerate(values):
        upper[j].set_text(text(value) if frame >= j else "")
        waiting = any(i == j for _, i, _ in crossings[done:])
        held = back >= 0 and (j == 6 or states[done][j] != 0)
        lower[j].set_text(text(states[done][j]) if held else "")
        boxes[j].set_edgecolor("C0" if held and not waiting else plots.SOFT)
        boxes[j].set_linewidth(2.2 if held and not waiting else 1.0)
    for line in lines.values():
        line.set(color=plots.LINES, linewidth=2)
    bead.set_data([], [])
    if back < 0:
        said.set_text("the values, from left to right")
    elif done == len(crossings):
        said.set_text("both partial derivatives, from one sweep")
    else:
        j, i, given = crossings[done]
        lines[j, i].set(color="C1", linewidth=3)
        share = (move + 0.5) / MOVES
        (x0, y0), (x1, y1) = places[j], places[i]
        bead.set_data([x0 + share * (x1 - x0)], [y0 + share * (y1 - y0)])
        said.set_text(
            rf"$\bar{{{names[i][0]}}}_{{{names[i][2:].strip('{}')}}}$ gets  "
            f"{text(states[done][j])} · {text(slopes[j, i])} = {text(given)}"
        )


film = plots.film(fig, draw, frames=FRAMES, per_second=6, still=BEGIN + MOVES * 7 + 2)

# %%
# What the adjoints hold in between
# ---------------------------------
# A column for each crossing, a line for each row. Orange is the number that has just changed; a
# number stands in bold from the moment when it is complete, which is when its row may be visited.
# The first input, for instance, holds 5 for a while: the share of the product only.
fig, ax = plots.figure(
    "A table of the seven adjoints before and after each of the eight crossings. In each column "
    "one number is orange. Numbers turn bold when they are complete: the last row at once, the "
    "two inputs only near the end, with 5.5 and 1.716.",
    figsize=(6.4, 3.7),
)
for column, state in enumerate(states):
    changed = crossings[column - 1][1] if column else 6
    for j, bar in enumerate(state):
        complete = not any(i == j for _, i, _ in crossings[column:])
        if bar or complete:
            ax.text(
                column,
                6 - j,
                f"{bar:.3g}".replace("-", "−"),
                ha="center",
                va="center",
                fontsize=9.5,
                color="C1" if j == changed else plots.INK if complete else plots.SOFT,
                weight="bold" if complete else "normal",
            )
ax.set(
    title="Adjoints after each crossing",
    xlim=(-0.6, 8.6),
    ylim=(-0.6, 6.6),
    xlabel="arrows crossed",
    xticks=range(9),
)
ax.set_yticks(range(7), [rf"$\bar v_{{{name[2:].strip('{}')}}}$" for name in reversed(names)])
ax.grid(axis="y", alpha=0.5)

# %%
# Any other order
# ---------------
# The five operations can be visited in 120 orders. A row that is visited too early passes on too
# little, and what it receives later stays where it is. The picture shows the gradients that come
# out. Right are the orders in which each row comes after all rows that use it. These are 8: the
# difference first, the sum before the logarithm and the product, and the sine anywhere behind the
# first.
outcomes = {}
for order in itertools.permutations((6, 5, 4, 3, 2)):
    _, reached = sweep(order)
    outcome = round(reached[-1][0], 9), round(reached[-1][1], 9)
    outcomes.setdefault(outcome, []).append(order)

right = (round(values[0] ** -1 + 5, 9), round(2 - torch.cos(number(5.0)).item(), 9))
listed = sorted(outcomes, key=lambda outcome: len(outcomes[outcome]))
fig, ax = plots.figure(
    "Bars for eight different gradients, as long as the number of orders that lead there. The "
    "longest belong to gradients whose first entry is 0. The right one, 5.5 and 1.716, has a short "
    "blue bar, for 8 of 120.",
    figsize=(5.4, 3.9),
)
for k, outcome in enumerate(listed):
    color = "C0" if outcome == right else "C1"
    ax.barh(k, len(outcomes[outcome]), color=color, height=0.6)
    ax.text(len(outcomes[outcome]) + 0.8, k, len(outcomes[outcome]), va="center", color=color)
ax.set_yticks(range(len(listed)), [f"{text(a)},  {text(b)}" for a, b in listed])
ax.set(title="The gradient after 120 orders of visiting", xlabel="orders", xlim=(0, 60))
ax.grid(axis="y", visible=False)

# %%
# What the pictures claim
# -----------------------
claim("the last frame: both adjoints of the inputs", states[-1][:2], [5.5, 1.716338], atol=5e-7)
claim(
    "they are what the package's sweep says", states[-1], torch.stack(trace.reverse()), atol=1e-15
)
claim("arrows crossed, and arrows of the graph", [len(crossings), len(slopes)], 8)
claim(
    "the box of the second input, between the sine's contribution and the product's",
    sorted({round(state[1], 6) for state in states}),
    [-0.283662, 0, 1.716338],
)
claim("orders of visiting that give the right gradient", len(outcomes[right]), 8)
claim(
    "these are the orders in which every row comes after all rows that use it",
    outcomes[right],
    [
        order
        for order in itertools.permutations((6, 5, 4, 3, 2))
        if all(order.index(j) < order.index(i) for j, i in slopes if i >= 2)
    ],
)
claim(
    "from the first row to the last, the worst order: the gradient",
    sweep((2, 3, 4, 5, 6))[1][-1][:2],
    0,
)
claim("different gradients that 120 orders produce", len(outcomes), 8)

plt.show()
