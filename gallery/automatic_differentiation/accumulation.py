# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Gradients that add up
=====================

``backward()`` adds to ``.grad``. You will see what comes of a training loop that never clears it: a
ball that rolls without friction, in a film; the ellipses that it cannot leave; what clearing every
second or third step does; and a use of the same addition: batches that are too large for the
memory.

The script belongs to the lecture :doc:`/lectures/autograd`.
"""

# %%
# Two balls in one bowl
# ---------------------
# The bowl is :math:`f(x) = \tfrac12 (x_1^2 + 3 x_2^2)`, the step 0.1, the start :math:`(1, 0.8)`.
# The two loops differ by one line: whether ``x.grad`` is cleared. The careful ball slides to the
# bottom and stays there. The forgetful one adds up all gradients it has met,
#
# .. math::
#     \begin{aligned}
#     x_{k+1} &= x_k - \alpha \sum_{i \le k} \nabla f(x_i) \\
#     &= x_k - \alpha \nabla f(x_k) + (x_k - x_{k-1}) ,
#     \end{aligned}
#
# which is the heavy ball with momentum 1: inertia and no friction. Each coordinate swings with a
# frequency of its own.
import math

import matplotlib.pyplot as plt
import torch

from steepest import claim, plots

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_tags = ["film", "networks", "pitfalls"]


def descend(curvatures, start, lr, steps, clear_every=None):
    """Gradient descent on ½ Σ λᵢxᵢ², clearing .grad before every m-th step, or never."""
    curvatures = torch.tensor(curvatures, dtype=torch.float64, device=device)
    x = torch.tensor(start, dtype=torch.float64, device=device, requires_grad=True)
    way = [x.detach().clone()]
    for k in range(steps):
        if clear_every and k % clear_every == 0:
            x.grad = None
        (curvatures @ x**2 / 2).backward()
        with torch.no_grad():
            x -= lr * x.grad
        way.append(x.detach().clone())
    return torch.stack(way).cpu()


def swing(k, rate):
    """The forgetful iterate k from 1, where rate is the step size times the curvature."""
    omega = torch.arccos(1 - torch.as_tensor(rate, dtype=torch.float64) / 2)
    return torch.cos((k + 0.5) * omega) / torch.cos(omega / 2)


curvatures, start, lr, steps = [1.0, 3.0], [1.0, 0.8], 0.1, 96
careful = descend(curvatures, start, lr, steps, clear_every=1)
forgetful = descend(curvatures, start, lr, steps)

fig, ax = plots.figure(
    "A film of two balls in a bowl with elliptic contours. Both start at the right. One slides to "
    "the centre and stays. The other overshoots and goes on for ever, on a woven path that fills "
    "a rectangle.",
    figsize=(6.0, 4.6),
)
plots.contours(
    ax,
    lambda x: (x[0] ** 2 + 3 * x[1] ** 2) / 2,
    (-1.25, 1.25),
    (-1.05, 1.05),
    levels=[0.02, 0.1, 0.25, 0.5, 0.85, 1.3],
    points=81,
    colors=plots.LINES,
)
(trail,) = ax.plot([], [], ".-", color="C1", linewidth=0.9, markersize=4)
(ball,) = ax.plot([], [], "o", color="C1", markersize=9)
(calm_trail,) = ax.plot([], [], ".-", color="C0", linewidth=0.9, markersize=4)
(calm,) = ax.plot([], [], "s", color="C0", markersize=8)
heading = ax.set_title("")
ax.set(xlabel=r"$x_1$", ylabel=r"$x_2$")


def draw(j):
    """Show both balls after 3j steps, with their trails."""
    k = 3 * j
    for line, head, way in ((trail, ball, forgetful), (calm_trail, calm, careful)):
        line.set_data(way[: k + 1, 0], way[: k + 1, 1])
        head.set_data(way[k : k + 1, 0], way[k : k + 1, 1])
    heading.set_text(f"{k} steps: cleared (square), never cleared (disc)")


plots.film(fig, draw, frames=steps // 3 + 1, per_second=6, still=20)

# %%
# The ellipse it cannot leave
# ---------------------------
# In one dimension with curvature :math:`\lambda` the number
#
# .. math:: E = x_k^2 - (2 - \alpha\lambda)\, x_k x_{k-1} + x_{k-1}^2
#
# is the same for all :math:`k`: like an energy, it is conserved. Draw each iterate over the one
# before it, and all points lie on one ellipse. At :math:`\alpha\lambda = 2` it is a circle; it gets
# thin as :math:`\alpha\lambda` approaches 0 or 4, and beyond 4 it is a hyperbola: the run escapes.
rates = (0.1, 1.0, 2.5, 3.7)
runs = {rate: descend([1.0], [1.0], rate, 150)[:, 0] for rate in rates}
fig, axes = plots.figure(
    "Four panels with each iterate drawn over the one before it, for step size times curvature "
    "0.1, 1, 2.5 and 3.7. The points lie on an ellipse along the rising diagonal, on six points "
    "of a rounder one, on one along the falling diagonal, and on a long thin one.",
    rows=2,
    columns=2,
    figsize=(5.6, 5.4),
)
turn = torch.linspace(0, 2 * math.pi, 300, dtype=torch.float64)
for ax, (rate, way), color in zip(axes.flat, runs.items(), ("C0", "C1", "C2", "C3"), strict=True):
    omega = math.acos(1 - rate / 2)
    size = 1 / math.cos(omega / 2)
    ax.plot(size * torch.cos(turn), size * torch.cos(turn + omega), color=plots.SOFT, linewidth=0.8)
    ax.plot(way[:-1], way[1:], ".", color=color)
    ax.set(title=rf"$\alpha\lambda = {rate}$", aspect="equal")
for ax in axes[1]:
    ax.set_xlabel("iterate k")
for ax in axes[:, 0]:
    ax.set_ylabel("iterate k + 1")

# %%
# Clearing now and then
# ---------------------
# What if ``.grad`` is cleared before every :math:`m`-th step only? Such a cycle starts without any
# speed, so after it the error has been multiplied by the forgetful iterate :math:`m`,
#
# .. math:: V_m = \frac{\cos((m + \frac12)\omega)}{\cos\frac{\omega}{2}}
#
# with :math:`\cos\omega = 1 - \tfrac12 \alpha\lambda`.
#
# As a polynomial in :math:`\cos\omega` this is a Chebyshev polynomial of the third kind. At
# :math:`\alpha\lambda = 0` it is 1, it falls, and it reaches :math:`-1` where :math:`\omega =
# \pi/(m+1)`. So every error shrinks as long as all :math:`\alpha\lambda` lie below
#
# .. math:: 2 - 2\cos\frac{\pi}{m+1} :
#
# 2 for :math:`m = 1`, as it must be, then 1, then 0.59. A cycle of two steps gets farther, but its
# steps must be half as long. For small :math:`\alpha\lambda`, :math:`V_m \approx 1 -
# \tfrac{m(m+1)}{2} \alpha\lambda`. With step sizes near these limits, a step therefore lowers the
# slowest error by about :math:`(m+1)\bigl(1 - \cos\frac{\pi}{m+1}\bigr)/\kappa` of itself: by 2,
# 1.5, 1.17, … of :math:`1/\kappa`. By this measure, clearing always is best.
fig, ax = plots.figure(
    "The factor of one cycle against step size times curvature, for clearing before every step, "
    "every second, third and fifth. All begin at 1. The straight line reaches minus 1 at 2; the "
    "others bend down to minus 1 earlier, at 1, 0.59 and 0.27, where dots mark them, and then "
    "swing.",
    figsize=(6.0, 3.8),
)
grid = torch.linspace(0, 2.2, 400, dtype=torch.float64)
for m, color, line in ((1, "C0", "-"), (2, "C1", "--"), (3, "C2", "-."), (5, "C3", ":")):
    ax.plot(grid, swing(m, grid), line, color=color, label=f"m = {m}")
    ax.plot(2 - 2 * math.cos(math.pi / (m + 1)), -1, "o", color=color)
ax.axhspan(-1, 1, color=plots.LINES, alpha=0.35, linewidth=0)
ax.set(
    title="What one cycle makes of an error of 1",
    xlabel=r"$\alpha\lambda$",
    ylabel="factor",
    ylim=(-1.6, 1.5),
    xlim=(0, 2.2),
)
ax.legend(ncols=4, loc="upper center")

# %%
# Where adding up is wanted
# -------------------------
# The gradient of a sum is the sum of gradients. So a batch that is too large for the memory is
# swept in pieces, and ``.grad`` adds up. Here 4096 samples go through a layer of 64 units. What the
# nodes put away for one sweep falls with the size of a piece; the gradient stays the same.
samples = torch.randn(4096, 16, dtype=torch.float64, device=device)
weights = torch.randn(64, 16, dtype=torch.float64, device=device) / 4


def swept(pieces):
    """The gradient of a mean over all samples, and the most bytes put away for one sweep."""
    leaf = weights.clone().requires_grad_()
    most = 0
    for part in samples.chunk(pieces):
        held = {}

        def keep(tensor, held=held):
            held[tensor.data_ptr()] = tensor.numel() * tensor.element_size()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            loss = (torch.tanh(part @ leaf.T) ** 2).sum() / len(samples)
        loss.backward()
        most = max(most, sum(held.values()))
    return leaf.grad, most


pieces = (1, 2, 4, 8, 16, 32)
results = [swept(p) for p in pieces]
memory = [held / 1e6 for _, held in results]
fig, ax = plots.figure(
    "Megabytes put away for one sweep against the number of pieces, both axes logarithmic. The "
    "dots fall along a straight line, from 2.6 megabytes to less than one tenth of a megabyte.",
    figsize=(5.6, 3.3),
)
ax.loglog(pieces, memory, "o-", color="C0", base=2)
ax.set_xticks(pieces, [str(p) for p in pieces])
ax.set_yticks([0.125, 0.5, 2], ["1/8", "1/2", "2"])
ax.minorticks_off()
ax.set(title="Memory of a sweep, in megabytes", xlabel="pieces")

# %%
# What the pictures claim
# -----------------------
k = torch.arange(steps + 1, dtype=torch.float64)
both = torch.stack([start[i] * swing(k, lr * curvatures[i]) for i in (0, 1)], dim=1)
claim("never cleared: 96 iterates, against the formula", forgetful, both, atol=1e-12)
claim("cleared: 96 steps, largest coordinate left", careful[-1].abs().max(), 5e-5, relation="<")
for rate, way in runs.items():
    energy = way[1:] ** 2 - (2 - rate) * way[1:] * way[:-1] + way[:-1] ** 2
    claim(f"αλ = {rate}: E stays at αλ", (energy / rate - 1).abs().max(), 0, atol=1e-10)
claim("αλ = 1 has period 6", runs[1.0][6:12], runs[1.0][:6], atol=1e-12)
claim("αλ = 4.1 escapes", descend([1.0], [1.0], 4.1, 100)[-1].abs().max(), 1e10, relation=">")
gains = []
for m in (1, 2, 3, 5):
    limit = 2 - 2 * math.cos(math.pi / (m + 1))
    ends = torch.cat(
        [
            descend([0.01, 0.5, 1.0], [1.0] * 3, r * limit, 200 * m, m)[-1:].abs()
            for r in (0.98, 1.02)
        ]
    )
    claim(
        f"clearing every {m}: 200 cycles, 2 % below the limit all errors are below 1",
        ends[0],
        1,
        relation="<",
    )
    claim(
        f"clearing every {m}: 2 % above it the steepest direction has grown",
        ends[1, 2],
        1,
        relation=">",
    )
    gains.append(-100 * ends[0, 0].log().item() / (200 * m * 0.98))
    claim(
        f"clearing every {m}: one cycle at αλ = 0.9 times the limit is V_m",
        descend([1.0], [1.0], 0.9 * limit, m, m)[-1, 0],
        swing(m, 0.9 * limit),
        atol=1e-13,
    )
claim(
    "clearing every 1, 2, 3, 5: what a step gains in the slowest direction, times κ = 100",
    gains,
    [(m + 1) * (1 - math.cos(math.pi / (m + 1))) for m in (1, 2, 3, 5)],
    rtol=0.02,
)
claim(
    "4096 samples in 32 pieces: largest difference of the gradient",
    (results[-1][0] - results[0][0]).abs().max(),
    0,
    atol=1e-14,
)
claim("memory of a sweep in 32 pieces, as a share", memory[-1] / memory[0], 1 / 32, rtol=0.05)

plt.show()
