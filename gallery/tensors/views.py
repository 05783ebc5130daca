# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Views and copies
================

A tensor is a line of memory and a way of reading it: an offset, and a stride for each axis. You
will see one memory read in five ways; the walks through memory that these readings are, and which
of them can be flattened without a copy; what happens to all when one of them is written to; and a
moving average whose hundreds of windows take no memory.

The script belongs to the lecture :doc:`/lectures/tensors`.
"""

# %%
# One memory, five readings
# -------------------------
# Twelve cells in a line, coloured by their place. Below are five tensors that all read this line.
# A cell of a tensor has the colour of the memory cell that it reads: entry :math:`(i, j)` reads
# the cell :math:`o + i s_0 + j s_1`, with offset :math:`o` and strides :math:`s_0, s_1`.
import matplotlib.pyplot as plt
import torch

from steepest import claim, plots
from steepest.plots import PAPER, SOFT

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 1
# sphinx_gallery_tags = ["memory", "pitfalls"]

X = torch.arange(12, device=device).reshape(3, 4)  # each entry is its own address
readings = {
    "X": X,
    "X.T": X.T,
    "X[:, ::2]": X[:, ::2],
    "X[1:, 1:]": X[1:, 1:],
    "X[:, 1:2].expand(3, 4)": X[:, 1:2].expand(3, 4),
}
colors = plt.get_cmap("cividis")


def draw_cells(ax, values, left, top):
    """Draw a table whose colours are the addresses that it holds."""
    for i, line in enumerate(values.tolist()):
        for j, address in enumerate(line):
            ax.add_patch(plt.Rectangle((left + j, top - i), 0.92, 0.92, color=colors(address / 11)))
            ink = colors(1.0 if address < 6 else 0.0)
            at = (left + j + 0.46, top - i + 0.44)
            ax.text(*at, address, ha="center", va="center", weight="bold", color=ink)


fig, ax = plots.figure(
    "A line of twelve coloured cells, numbered from 0 to 11, dark to light. Below it five tables "
    "in the same colours: the matrix in rows, its transpose in columns, every other column, the "
    "lower right block, and one column repeated four times.",
    figsize=(4.8, 5.2),
)
draw_cells(ax, X.reshape(1, 12), 0, 0)
ax.text(0, 1.2, "the memory")
places = {"X": (0, -3.4), "X.T": (5, -3.4), "X[:, ::2]": (9, -3.4)}
places |= {"X[1:, 1:]": (0, -10), "X[:, 1:2].expand(3, 4)": (5, -10)}
for name, (left, top) in places.items():
    view = readings[name]
    draw_cells(ax, view, left, top)
    ax.text(left, top + 2, name)
    ax.text(left, top + 1.15, f"strides {view.stride()}", fontsize=9.5, color=SOFT)
ax.set(xlim=(-0.3, 12.9), ylim=(-12.2, 2.2), aspect="equal")
ax.set_title("One memory, five readings")
ax.axis("off")

# %%
# Walks through memory
# --------------------
# Read a tensor row after row, and note the addresses. Two axes merge into one without a copy just
# where this walk has equal steps: where :math:`s_0 = n_1 s_1`. The matrix walks straight on, and
# so does the one with every other column. The transpose jumps back and the block makes a leap:
# they must be copied to be flat.


def walk(view):
    """Return the addresses in reading order."""
    return view.flatten().cpu()


def flat_without_copy(view):
    try:
        view.view(-1)
    except RuntimeError:
        return False
    return True


flat = {name: flat_without_copy(view) for name, view in readings.items()}
fig, axes = plots.figure(
    "Four panels of addresses against reading order. The matrix and every other column are "
    "straight lines; the transpose is a sawtooth; the block is a line with a leap.",
    2,
    2,
    figsize=(5.6, 4.6),
    sharey=True,
)
for ax, (name, view) in zip(axes.flat, readings.items(), strict=False):
    style, color, kind = ("o-", "C0", "a view") if flat[name] else ("^--", "C1", "a copy")
    ax.plot(walk(view), style, color=color, linewidth=1.2)
    ax.set(title=f"{name}: {kind}", yticks=range(0, 12, 3))
    ax.set_xticks(range(0, view.numel(), 3))
for ax in axes[1]:
    ax.set_xlabel("reading order")
for ax in axes[:, 0]:
    ax.set_ylabel("address")

# %%
# Written once, seen everywhere
# -----------------------------
# Write into the diagonal of the transpose, and the matrix has changed, and its block as well. A
# copy taken before keeps what it had; a copy made by a mask never was part of the matrix.
Y = torch.zeros(3, 4, device=device)
before, block, chosen = Y.clone(), Y[1:, 1:], Y[Y == 0]
Y.T.diagonal().fill_(1)
chosen.fill_(5)

fig, axes = plots.figure(
    "Three tables: the matrix with three marked cells on its diagonal, its lower right block with "
    "two marked cells, and the copy, unmarked.",
    1,
    3,
    figsize=(5.6, 1.9),
    width_ratios=[4, 3, 4],
)
for ax, table, name in zip(axes, (Y, block, before), ("Y", "Y[1:, 1:]", "copy"), strict=True):
    for i, line in enumerate(table.tolist()):
        for j, entry in enumerate(line):
            face = {"facecolor": "C2", "alpha": 0.55} if entry else {"facecolor": PAPER}
            ax.add_patch(plt.Rectangle((j, -i), 0.92, 0.92, edgecolor=SOFT, **face))
            ax.text(j + 0.46, 0.44 - i, f"{entry:.0f}", ha="center", va="center")
    ax.set(xlim=(-0.1, table.shape[1]), ylim=(0.05 - len(table), 1.1), aspect="equal", title=name)
    ax.axis("off")

# %%
# Windows
# -------
# ``unfold`` reads a signal of 400 samples as a table of 360 overlapping windows of 41 samples.
# Its strides are (1, 1): the next window begins one cell further, and so does the next sample.
# The moving average is the mean of each row, or the table times a vector.
width = 41
time = torch.linspace(0, 4, 400, dtype=torch.float64, device=device)
truth = torch.sin(2 * time) + time / 4
signal = truth + 0.4 * torch.randn(400, dtype=torch.float64, device=device)
windows = signal.unfold(0, width, 1)
average = windows.mean(dim=1)
middle = slice(width // 2, -(width // 2))

fig, ax = plots.figure(
    "A cloud of noisy samples over time, and a smooth line through its middle, close to a dashed "
    "line, the truth.",
    figsize=(5.6, 3.4),
)
ax.plot(time.cpu(), signal.cpu(), ".", color=SOFT, markersize=3.5)
ax.plot(time.cpu(), truth.cpu(), "--", color="C1", linewidth=1.4)
ax.plot(time[middle].cpu(), average.cpu(), color="C0")
ax.set(title="360 windows in the memory of one signal", xlabel="time", ylabel="sample")

# %%
# What the pictures claim
# -----------------------
home = X.untyped_storage().data_ptr()
claim(
    "all five readings use one memory",
    [view.untyped_storage().data_ptr() == home for view in readings.values()],
    True,
)
claim(
    "strides of " + ", ".join(readings),
    [list(view.stride()) for view in readings.values()],
    [[4, 1], [1, 4], [4, 2], [4, 1], [4, 0]],
)
claim("X[1:, 1:]: offset", X[1:, 1:].storage_offset(), 5)
for name, view in readings.items():
    merges = view.stride(0) == view.shape[1] * view.stride(1)
    claim(f"{name}: flat without a copy just if s₀ = n₁s₁", flat[name], merges)
even = [walk(view).diff().unique().numel() == 1 for view in readings.values()]
claim("and just if the walk has equal steps", even, list(flat.values()))
claim("written into the transpose, read in the block", block, [[1, 0, 0], [0, 1, 0]])
claim("the clone keeps what it had", before, 0)
claim("what was written into the mask's copy is not in Y", Y.max(), 1)
claim("windows: shape and strides", [windows.shape, windows.stride()], [[360, 41], [1, 1]])
claim("bytes of memory behind 360 windows", windows.untyped_storage().nbytes(), 400 * 8)
cumulative = torch.cat([signal.new_zeros(1), signal.cumsum(0)])
claim(
    "the average by cumulative sums is the same",
    (cumulative[width:] - cumulative[:-width]) / width,
    average,
    atol=1e-12,
)
claim(
    "the average is nearer to the truth than the samples are, by a factor",
    (signal - truth)[middle].norm() / (average - truth[middle]).norm(),
    3,
    relation=">",
)

plt.show()
