# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Broadcasting, pictured
======================

A column plus a row is a table, and nothing is copied on the way. You will see, in a film, two small
tensors being read while a large one is written; what the same sum would cost in memory if the
operands were copied first; and a map of nearest points, two million distances without a loop.

The script belongs to the lecture :doc:`/lectures/tensors`.
"""

# %%
# Two hands that read
# -------------------
# A column of shape (4, 1) and a row of shape (1, 6) are added. Both are read as if they had the
# shape (4, 6): the column with the strides (1, 0), the row with the strides (0, 1). A stride of 0
# means that the hand stays where it is. In the film one entry of the result is written in each
# frame.
import matplotlib.pyplot as plt
import torch

from steepest import claim, plots
from steepest.plots import INK, PAPER

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 3
# sphinx_gallery_tags = ["film", "memory", "pitfalls"]

column = torch.arange(0, 40, 10, device=device).reshape(4, 1)
row = torch.arange(6, device=device).reshape(1, 6)
wide, tall = torch.broadcast_tensors(column, row)
total = column + row
print("strides while reading:", wide.stride(), tall.stride())


def cells(ax, values, left, top, color):
    """Draw a table of numbers, and return its squares and texts by index."""
    drawn = {}
    for i, line in enumerate(values.tolist()):
        for j, entry in enumerate(line):
            square = plt.Rectangle(
                (left + j, top - i), 0.92, 0.92, facecolor=PAPER, edgecolor=color
            )
            ax.add_patch(square)
            text = ax.text(left + j + 0.46, top - i + 0.44, entry, ha="center", va="center")
            drawn[i, j] = square, text
    return drawn


fig, ax = plots.figure(
    "A column of four numbers on the left, a row of six above, an empty table between them. Entry "
    "by entry the table fills, while the marked cell of the column waits for six frames and the "
    "marked cell of the row moves on with each frame.",
    figsize=(4.8, 4.4),
)
first = cells(ax, column, 0, 0, "C0")
second = cells(ax, row, 1.6, 1.6, "C1")
sums = cells(ax, total, 1.6, 0, "C2")
ax.text(0.46, 1.95, "+", ha="center", va="center", fontsize=18)
ax.set(xlim=(-0.2, 7.8), ylim=(-4.4, 2.8), aspect="equal")  # room for the controls
ax.set_title("Two hands read, one writes")
ax.axis("off")


def draw(k):
    i, j = divmod(k, 6)
    for index, (square, _) in first.items():
        square.set(facecolor="C0" if index == (i, 0) else PAPER, alpha=0.5)
    for index, (square, _) in second.items():
        square.set(facecolor="C1" if index == (0, j) else PAPER, alpha=0.5)
    for index, (square, text) in sums.items():
        square.set(facecolor="C2" if index == (i, j) else PAPER, alpha=0.5)
        text.set(visible=index <= (i, j), color=INK)


film = plots.film(fig, draw, frames=24, per_second=3, still=15)

# %%
# What a copy would cost
# ----------------------
# ``expand`` makes the wide tensor that the rule speaks of, and ``repeat`` makes it with copies.
# The memory of the first is that of the column, however wide it gets.


def memory(tensor):
    """Return where a tensor's memory begins."""
    return tensor.untyped_storage().data_ptr()


def stored(tensor):
    """Return how many bytes it has."""
    return tensor.untyped_storage().nbytes()


widths = [2**k for k in range(13)]
vector = torch.ones(1000, 1, device=device)
bytes_expanded = [stored(vector.expand(1000, width)) for width in widths]
bytes_repeated = [stored(vector.repeat(1, width)) for width in widths]

fig, ax = plots.figure(
    "Bytes against width, both on logarithmic scales. The line of expand is level at four thousand "
    "bytes, that of repeat rises in proportion to the width, to sixteen million.",
    figsize=(5.2, 3.4),
)
ax.loglog(widths, bytes_repeated, "s-", color="C1")
ax.loglog(widths, bytes_expanded, "o-", color="C0")
ax.text(70, 1.3e6, "repeat ", color="C1", ha="right")
ax.text(300, 5.5e3, "expand", color="C0")
ax.set(title="A thousand rows, seen as wide as you like", xlabel="width", ylabel="bytes in memory")

# %%
# Nearest points
# --------------
# Points of shape (90000, 1, 2) minus sites of shape (24, 2) are all the differences, of shape
# (90000, 24, 2). Their squares summed over the last axis are two million squared distances, and
# the argmin over the sites says whose cell a point belongs to: Voronoi's cells.
side = torch.linspace(0, 1, 300, device=device)
points = torch.cartesian_prod(side, side)
sites = torch.rand(24, 2, device=device)
squared = ((points[:, None] - sites) ** 2).sum(dim=-1)
nearest = squared.argmin(dim=1)
distance = squared.min(dim=1).values.sqrt()

fig, ax = plots.figure(
    "A square cut into twenty-four cells with straight borders, around one dot each. Within each "
    "cell the colour runs from dark blue at the dot to yellow at the far corners.",
    figsize=(4.6, 4.4),
)
extent = (0, 1, 0, 1)
shade = distance.reshape(300, 300).T.cpu()
ax.imshow(shade, origin="lower", extent=extent, interpolation="bilinear")
owner = nearest.reshape(300, 300).T.cpu()
border = torch.zeros(300, 300, dtype=torch.bool)
border[1:] |= owner[1:] != owner[:-1]
border[:, 1:] |= owner[:, 1:] != owner[:, :-1]
ax.contour(side.cpu(), side.cpu(), border.float(), [0.5], colors=[PAPER], linewidths=0.8)
ax.plot(sites[:, 0].cpu(), sites[:, 1].cpu(), "o", color=PAPER, markeredgecolor=INK, markersize=5)
ax.set(title="Whose cell? All distances at once", xticks=[], yticks=[])
ax.grid(visible=False)

# %%
# What the pictures claim
# -----------------------
claim("the column is read with strides", wide.stride(), [1, 0])
claim("the row is read with strides", tall.stride(), [0, 1])
claim("the column's numbers are read in place", memory(wide) == memory(column), True)
claim("the row's numbers are read in place", memory(tall) == memory(row), True)
claim("the table, entry by entry", total, [[10 * i + j for j in range(6)] for i in range(4)])
claim("expand: bytes at every width", bytes_expanded, 4000)
claim("repeat: bytes at every width", bytes_repeated, [4000 * width for width in widths])
claim("all differences: shape", (points[:, None] - sites).shape, [90000, 24, 2])
loop = torch.stack([(points - site).square().sum(dim=1) for site in sites]).argmin(dim=0)
claim("a loop over the sites finds the same owner for every point", (loop == nearest).all(), True)
claim("every site owns some points", nearest.unique().numel(), 24)
swapped = torch.ones(4, 1, device=device) - torch.ones(4, device=device)
claim("a column minus a list of the same length is a table", swapped.shape, [4, 4])

plt.show()
