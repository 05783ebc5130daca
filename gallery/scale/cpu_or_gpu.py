# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
CPU or GPU?
===========

What does an operation cost, by its size? You will see the time of a product of matrices from 8 × 8
upwards, in two precisions, and on a GPU as well where there is one; how the cost of a number falls
when more of them are handled at a time; and what the lower precision costs in digits. Where a GPU
pays can be read off the first two pictures. Without one, they show its rule on the CPU: small
operations pay for themselves being called.

The script belongs to the lecture :doc:`/lectures/beyond-one-machine`.
"""

# %%
# The price of a product
# ----------------------
# A product of :math:`n \times n` matrices takes :math:`n^2(2n-1)` additions and multiplications.
# For small :math:`n` this is not what it costs: the call itself has a price, and the curves begin
# level. A GPU has a higher price for a call and a lower one for an operation; where the curves
# cross, it begins to pay.
import time

import matplotlib.pyplot as plt
import torch

from steepest import claim, plots
from steepest.derivatives import value_and_grad
from steepest.plots import SOFT

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 1
# sphinx_gallery_tags = ["cost", "rounding"]

devices = ["cpu", "cuda"] if device == "cuda" else ["cpu"]
print("measured on:", ", ".join(devices))
if device == "cpu":
    print(
        "With a GPU there would be a second pair of curves, higher on the left, lower on the right."
    )


def seconds(call, place, rounds=5, budget=0.02):
    """Return the least time of a call, over rounds of as many calls as fit into the budget."""

    def once(repeats):
        begin = time.perf_counter()
        for _ in range(repeats):
            call()
        if place == "cuda":
            torch.cuda.synchronize()  # a GPU works while Python goes on: wait for it
        return (time.perf_counter() - begin) / repeats

    once(1)  # the first call loads what the others need
    repeats = max(1, min(200, int(budget / once(1))))
    return min(once(repeats) for _ in range(rounds))


sizes = [8, 16, 32, 64, 128, 256, 512, 768]
styles = {
    ("cpu", torch.float32): ("o-", "C0", "CPU, float32"),
    ("cpu", torch.float64): ("s-", "C1", "CPU, float64"),
    ("cuda", torch.float32): ("^--", "C2", "GPU, float32"),
    ("cuda", torch.float64): ("D--", "C3", "GPU, float64"),
}
price = {}
for place in devices:
    for dtype in (torch.float32, torch.float64):
        price[place, dtype] = []
        for n in sizes:
            A = torch.randn(n, n, dtype=dtype, device=place)
            price[place, dtype].append(seconds(lambda A=A: A @ A, place))

fig, ax = plots.figure(
    "Time of a matrix product against the size n on logarithmic scales. The curves are nearly "
    "level for the smallest matrices and rise as steeply as a dotted line of slope three for the "
    "largest.",
    figsize=(4.8, 3.8),
)
for key, times in price.items():
    style, color, name = styles[key]
    ax.loglog(sizes, times, style, color=color, label=name, markersize=5)
last = price["cpu", torch.float32][-1]
cubic = [last * (n / sizes[-1]) ** 3 for n in sizes[3:]]
ax.loglog(sizes[3:], cubic, ":", color=SOFT, label="slope 3")
fig.legend(loc="outside lower center", ncols=2)
ax.set(title="A product of n × n matrices", xlabel="n", ylabel="seconds")
ax.set_xticks([8, 32, 128, 512], labels=["8", "32", "128", "512"])
ax.minorticks_off()

# %%
# The price of a row
# ------------------
# The gradient of a logistic loss with 20 unknowns, for batches of 1 to 65536 rows, divided by the
# number of rows. One row by itself costs what the calls cost. In a large batch the same calls
# serve all rows.
weights = torch.linspace(-1, 1, 20)
batches = [4**k for k in range(9)]
per_row = {}
for place in devices:
    w, per_row[place] = weights.to(place), []
    for rows in batches:
        table = torch.randn(rows, 20, device=place)

        def loss(w, table=table):
            return torch.nn.functional.softplus(table @ w).sum()

        call = lambda w=w, loss=loss: value_and_grad(loss, w)  # noqa: E731
        per_row[place].append(seconds(call, place, rounds=3) / rows)

fig, ax = plots.figure(
    "Time for each row against the rows in a batch on logarithmic scales: a fall over several "
    "powers of ten, at first along a dotted straight line.",
    figsize=(4.8, 3.5),
)
for place, times in per_row.items():
    style, color, _ = styles[place, torch.float32]
    ax.loglog(batches, times, style, color=color, label=place.upper())
ideal = [per_row["cpu"][0] / rows for rows in batches[:6]]
ax.loglog(batches[:6], ideal, ":", color=SOFT, label="calls only")
ax.legend(loc="upper right")
ax.set(title="A gradient, for each row", xlabel="rows in the batch", ylabel="seconds per row")

# %%
# The price of speed
# ------------------
# ``float32`` takes half the memory, and is what GPUs are built for. The price is paid in digits.
# Here are the relative errors of sums of :math:`n` positive random numbers, added one after
# another, and as ``sum`` adds them, many partial sums first. The dashed line is the guarantee for
# any order, :math:`(n-1)u/(1-(n-1)u)` with the unit roundoff :math:`u = 2^{-24}`.
lengths = [10, 100, 1000, 10_000, 30_000]
in_a_row, as_sum = [], []
for n in lengths:
    numbers = torch.rand(20, n, generator=torch.Generator().manual_seed(n)).to(device)
    exact = numbers.double().sum(dim=1)
    running = torch.zeros(20, device=device)
    for column in numbers.T.contiguous():
        running = running + column
    for errors, total in ((in_a_row, running), (as_sum, numbers.sum(dim=1))):
        errors.append(((total - exact) / exact).abs().max().item())
guarantee = [(n - 1) * 2**-24 / (1 - (n - 1) * 2**-24) for n in lengths]

fig, ax = plots.figure(
    "Relative errors of sums against their length on logarithmic scales. Sums in a row get worse "
    "with the length, those of PyTorch stay near one part in ten million; a dashed line, the "
    "guarantee, rises above both.",
    figsize=(4.8, 3.5),
)
ax.loglog(lengths, guarantee, "--", color=SOFT)
ax.loglog(lengths, in_a_row, "o-", color="C1")
ax.loglog(lengths, as_sum, "s-", color="C0")
ax.text(1000, 2.2e-4, "guarantee ", color=SOFT, ha="right")
ax.text(30_000, in_a_row[-1] * 2, "in a row", color="C1", ha="right")
ax.text(30_000, as_sum[-1] / 4, "sum", color="C0", ha="right")
ax.set(title="float32: the error of a sum", xlabel="numbers added", ylabel="largest relative error")
ax.set(ylim=(1e-8, 1e-2))

# %%
# What the pictures claim
# -----------------------
for key, times in price.items():
    rates = [n * n * (2 * n - 1) / t for n, t in zip(sizes, times, strict=True)]
    claim(
        f"{styles[key][2]}: operations per second, 768 × 768 against 8 × 8",
        rates[-1] / rates[0],
        10,
        relation=">",
    )
on_cpu = price["cpu", torch.float64]
claim("CPU: 768 × 768 costs more than 100 times 8 × 8", on_cpu[-1] / on_cpu[0], 100, relation=">")
for place, times in per_row.items():
    claim(
        f"{place.upper()}: a row alone costs more than 20 times a row among 65536",
        times[0] / times[-1],
        20,
        relation=">",
    )
A = torch.randn(256, 256, dtype=torch.float64, device=device)
product = A.float() @ A.float()
claim("float32 takes half the memory", A.float().nbytes / A.nbytes, 0.5)
distance = (product - A @ A).norm() / (A @ A).norm()
claim("float32: a product of 256 × 256 is right to six digits or so", distance, 1e-5, relation="<")
claim("and not to eight", distance, 1e-8, relation=">")
claim(
    "no sum is worse than guaranteed",
    [e / g for e, g in zip(in_a_row + as_sum, guarantee * 2, strict=True)],
    1,
    relation="≤",
)
claim(
    "30000 numbers: errors in a row, against those of sum",
    in_a_row[-1] / as_sum[-1],
    5,
    relation=">",
)
if device == "cuda":
    claim(
        "the GPU's product is the CPU's, to rounding", (A @ A).cpu(), A.cpu() @ A.cpu(), atol=1e-10
    )

plt.show()
