# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
What a Hessian costs
====================

Five ways to compute the same Hessian, timed against the number of variables: by hand, by automatic
differentiation in three arrangements, and by differences of gradients. You will see that the
arrangement matters more than the mathematics, what digits the differences lose, and, in counted
operations instead of seconds, why a product with the Hessian is cheap and the whole of it is not.

The script belongs to the lecture :doc:`/lectures/hessians-and-newton`.
"""

# %%
# Five ways
# ---------
# The function is a logistic loss over :math:`2n` rows :math:`a_i` in :math:`n` variables. With
# :math:`s_i` the sigmoid of :math:`a_i^\top x` its Hessian can be worked out by hand:
#
# .. math::
#
#     f(x) = -\frac{1}{2n} \sum_{i=1}^{2n} \log s_i, \qquad
#     \nabla^2 f(x) = \frac{1}{2n} \sum_{i=1}^{2n} s_i (1 - s_i)\, a_i a_i^\top .
#
# The four others do not need to know the formula. Three are automatic: one reverse sweep over the
# gradient's graph for each row of the Hessian, in a loop or all at once, and forward sweeps through
# the gradient, all at once. The last takes differences of gradients.
import time
from functools import partial

import matplotlib.pyplot as plt
import torch
from torch.nn.functional import logsigmoid
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from steepest import claim, plots
from steepest.derivatives import hessian, hvp, value_and_grad
from steepest.plots import INK, SOFT

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 1
# sphinx_gallery_tags = ["curvature", "cost"]


def logistic(n):
    """Return the loss, its Hessian by hand, and a point."""
    rows = (torch.randn(2 * n, n, dtype=torch.float64) / n**0.5).to(device)

    def by_hand(x):
        s = torch.sigmoid(rows @ x)
        return rows.T @ ((s * (1 - s))[:, None] * rows) / len(rows)

    x = torch.randn(n, dtype=torch.float64).to(device)
    return (lambda x: -logsigmoid(rows @ x).mean()), by_hand, x


def differences(fun, x, h):
    """Return central differences of gradients, column by column."""
    steps = h * torch.eye(len(x), dtype=x.dtype, device=x.device)
    slopes = [value_and_grad(fun, x + e)[1] - value_and_grad(fun, x - e)[1] for e in steps]
    return torch.stack(slopes) / (2 * h)


def ways(n):
    """Return the five ways as functions without arguments."""
    fun, by_hand, x = logistic(n)
    return {
        "differences": lambda: differences(fun, x, 1e-5),
        "reverse, row by row": lambda: torch.autograd.functional.hessian(fun, x),
        "forward, all at once": lambda: torch.func.hessian(fun)(x),
        "reverse, all at once": lambda: hessian(fun, x),
        "by hand": lambda: by_hand(x),
    }


def seconds(call):
    """Return the shortest of two runs after a first one, and the result."""
    result, best = call(), float("inf")
    for _ in range(2):
        if device == "cuda":
            torch.cuda.synchronize()
        start = time.perf_counter()
        result = call()
        if device == "cuda":
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - start)
    return best, result


sizes = (10, 20, 40, 80, 160, 240)
measured = {n: {name: seconds(call) for name, call in ways(n).items()} for n in sizes}
print(f"on {device}, in milliseconds; n = {sizes[-1]}")
for name, (best, _) in measured[sizes[-1]].items():
    print(f"{name:22s} {1e3 * best:8.2f}")

# %%
# The two ways that go row by row pay :math:`n` times for a sweep, and for the Python around it. The
# same sweeps done all at once, as a batch, are matrix products, and a processor likes those. Which
# of the two batched ways wins depends on the function and the library; the closed form beats both,
# where one has the patience.
fig, ax = plots.figure(
    "Time against the number of variables, both axes logarithmic, for five ways. Differences and "
    "the row-by-row way lie highest, the two batched ways several times lower, and the closed form "
    "lowest of all.",
    figsize=(5.2, 4.2),
)
styles = (("C1", "v", ":"), ("C3", "s", "--"), ("C2", "^", "-."), ("C0", "o", "-"), (INK, "D", "-"))
dressed = dict(zip(measured[10], styles, strict=True))
height = 0.0
for name in sorted(dressed, key=lambda name: measured[sizes[-1]][name][0]):
    color, mark, line = dressed[name]
    times = [1e3 * measured[n][name][0] for n in sizes]
    ax.loglog(sizes, times, marker=mark, linestyle=line, color=color, markersize=5)
    height = max(times[-1], 1.7 * height)  # names keep their distance where lines meet
    ax.text(1.2 * sizes[-1], height, name, color=color, fontsize=9, va="center")
ax.set(title="Five ways to one Hessian", xlabel="variables n", ylabel="milliseconds")
ax.set(xlim=(8, 5000), xticks=[10, 100], xticklabels=["10", "100"])

# %%
# The price of differences
# ------------------------
# The automatic ways return the Hessian to rounding. Differences cannot: a small step :math:`h`
# divides the rounding errors of the gradients by :math:`h`, a large one cuts off Taylor's series.
# In between lies the best they can do, about five digits short of what the other ways give without
# any step to choose.
fun, by_hand, x = logistic(40)
truth = by_hand(x)


def error(H):
    """Return the largest error of an entry, relative to the largest entry."""
    return float((H - truth).abs().max() / truth.abs().max())


steps = torch.logspace(-12, 0, 19).tolist()
valley = [error(differences(fun, x, h)) for h in steps]
automatic = max(error(hessian(fun, x)), error(torch.func.hessian(fun)(x)))
fig, ax = plots.figure(
    "Error of the differences against the step, both axes logarithmic: a V with its lowest point "
    "near ten to the minus ten. A dashed line far below is the error of automatic "
    "differentiation.",
    figsize=(5.6, 3.5),
)
ax.loglog(steps, valley, "v:", color="C1", markersize=5)
ax.axhline(automatic, color="C0", linestyle="--")
ax.text(1e-12, automatic * 2.5, "automatic", color="C0")
ax.text(2e-7, 1e-5, "differences", color="C1")
ax.set(title="Differences lose digits", xlabel="step h", ylabel="relative error", ylim=(1e-17, 1))

# %%
# Operations instead of seconds
# -----------------------------
# Seconds depend on the machine. Multiplications and additions in matrix products do not, and
# PyTorch can count them. For the same loss with :math:`x` as a column, the gradient costs twice the
# function and a product with the Hessian four times, whatever :math:`n`; the Hessian costs twice
# the function *for each variable* on top of the gradient. The lines of the first three are
# parallel, the fourth is one power of :math:`n` steeper.


def operations(call):
    """Return how many multiplications and additions the matrix products in a call take."""
    with FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops()


def layer(n):
    """Return the logistic loss with x as a column, which the counter can see, and a point."""
    loss, _, x = logistic(n)
    return loss, x[:, None]


tasks = {
    "f": lambda loss, x: loss(x),
    "gradient": value_and_grad,
    "product Hv": lambda loss, x: hvp(loss, x, torch.ones_like(x)),
    "Hessian": hessian,
}
counts = {
    name: [operations(partial(task, *layer(n))) for n in sizes] for name, task in tasks.items()
}

fig, ax = plots.figure(
    "Counted operations against the number of variables, both axes logarithmic. Function, gradient "
    "and product are three parallel lines close together; the Hessian's line is steeper and lies "
    "far above them at the right end.",
    figsize=(5.6, 3.9),
)
for (name, count), (color, mark, line) in zip(
    counts.items(), ((SOFT, "D", ":"), ("C2", "^", "-."), ("C0", "o", "-"), ("C1", "s", "--")),
    strict=True,
):  # fmt: skip
    ax.loglog(sizes, count, marker=mark, linestyle=line, color=color, markersize=5)
    ax.annotate(name, (sizes[-1], count[-1]), xytext=(7, -3), textcoords="offset points",
                color=color, fontsize=9)  # fmt: skip
ax.set(title="One power of n apart", xlabel="variables n", ylabel="operations", xlim=(8, 1600))
ax.set(xticks=[10, 100], xticklabels=["10", "100"])

# %%
# Memory, in chunks
# -----------------
# All rows at once means :math:`n` copies of every intermediate vector. ``chunk_size`` says how many
# rows to hold at a time. What is counted here is the largest tensor that any operation makes, for
# :math:`n = 100` and a loss over 2000 rows of data. With :math:`c` rows of the Hessian at a time it
# has :math:`2000\,c` entries, but never fewer than the Hessian itself, which has 10 000.


class Largest(TorchDispatchMode):
    """Remembers the number of entries of the largest tensor that an operation made."""

    def __init__(self, *given):
        super().__init__()
        self.given = {tensor.untyped_storage()._cdata for tensor in given}
        self.entries = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for leaf in torch.utils._pytree.tree_leaves(out):
            if isinstance(leaf, torch.Tensor) and leaf.untyped_storage()._cdata not in self.given:
                self.entries = max(self.entries, leaf.untyped_storage().nbytes() // 8)
        return out


tall = torch.randn(2000, 100, dtype=torch.float64).to(device)
point = torch.zeros(100, dtype=torch.float64).to(device)
peaks, pieces = {}, {}
for chunk in (1, 4, 20, 100):
    with Largest(tall) as mode:
        pieces[chunk] = hessian(lambda x: -logsigmoid(tall @ x).mean(), point, chunk_size=chunk)
    peaks[chunk] = mode.entries
    print(f"chunk_size {chunk:3d}: largest tensor {mode.entries:7d} entries")

# %%
# What the pictures claim
# -----------------------
# Orderings of times are claimed with a wide margin only; all else is exact or a bound on rounding.
results = {name: [measured[n][name][1] for n in sizes] for name in measured[10]}
for name in ("reverse, row by row", "forward, all at once", "reverse, all at once"):
    gap = max((a - b).abs().max() for a, b in zip(results[name], results["by hand"], strict=True))
    claim(f"{name}: largest difference from the Hessian by hand", gap, 0, atol=1e-14)
gap = max(
    (a - b).abs().max() for a, b in zip(results["differences"], results["by hand"], strict=True)
)
claim("differences with h = 1e-5 agree with it within 1e-10", gap, 0, atol=1e-10)
claim("the best step loses more than 4 digits", min(valley) / automatic, 1e4, relation=">")
best = {name: measured[160][name][0] for name in measured[160]}
for name in ("differences", "reverse, row by row"):
    claim(f"{name}, n = 160: more than 3 times as long as all at once",
          best[name] / best["reverse, all at once"], 3, relation=">")  # fmt: skip
claim("by hand, n = 160: the shortest time of all", min(best, key=best.get), "by hand")
claim("operations of the gradient / of f", [a / b for a, b in zip(counts["gradient"], counts["f"],
      strict=True)], 2)  # fmt: skip
claim("operations of a product / of f", [a / b for a, b in zip(counts["product Hv"], counts["f"],
      strict=True)], 4)  # fmt: skip
claim("operations of the Hessian / of f, less 2: twice the number of variables",
      [a / b - 2 for a, b in zip(counts["Hessian"], counts["f"], strict=True)],
      [2 * n for n in sizes])  # fmt: skip
claim("largest tensor for chunks of 1, 4, 20, 100 rows",
      list(peaks.values()), [10_000, 10_000, 40_000, 200_000])  # fmt: skip
claim("the Hessian does not depend on the chunk",
      max((H - pieces[100]).abs().max() for H in pieces.values()), 0, atol=1e-15)  # fmt: skip

plt.show()
