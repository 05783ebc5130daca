# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
A path over contour lines
=========================

Gradient descent on :math:`(x - 2)^2 + (y - 3)^2`, fifty steps of 0.1: a straight path over circles.
You will see which point a printed row of such a run really shows, and how much this bowl hides: the
same step on a stretched one zigzags, or flies out.

The script belongs to the lecture :doc:`/lectures/gradient-descent`.
"""

# %%
# Fifty steps
# -----------
# The gradient is :math:`2(\theta - (2, 3))`, so a step multiplies the error by
# :math:`1 - 2 \cdot 0.1 = 0.8`, and iterate k is :math:`(1 - 0.8^k)(2, 3)`. The history holds 51
# points: the start, and one for each step.
import matplotlib.pyplot as plt
import torch

from steepest import claim, methods, minimize, plots

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_tags = ["step size", "pitfalls"]


def bowl(theta, stretch=1.0):
    return (theta[0] - 2) ** 2 + stretch * (theta[1] - 3) ** 2


def descend(lr, steps=50, stretch=1.0, start=(0.0, 0.0)):
    """Return the history of a run of gradient descent."""
    x0 = torch.tensor(start, dtype=torch.float64, device=device)
    method = methods.gradient_descent(lr)
    return minimize(lambda x: bowl(x, stretch), x0, method, max_iter=steps).history


path = descend(0.1)
for k in range(0, 51, 10):
    x, y = path.x[k].tolist()
    print(f"iterate {k:2d}: x = {x:.7f}, y = {y:.7f}, f = {path.fun[k].item():.3e}")

fig, ax = plots.figure(
    "Circles around the point two, three, and a straight line of dots from the origin to the "
    "centre. The dots crowd as they come near; those with numbers 0, 1, 2, 5 and 10 are labelled.",
    figsize=(5.2, 4.6),
)
plots.contours(ax, bowl, (-0.6, 4.4), (-0.5, 4.4), levels=14, device=device, colors=plots.LINES)
plots.path(ax, path.x, color="C0")
for k in (0, 1, 2, 5, 10):
    ax.annotate(
        str(k),
        path.x[k].tolist(),
        xytext=(7, -12),
        textcoords="offset points",
        color="C0",
    )
ax.set(title="Fifty steps of 0.1 over circles", xlabel="x", ylabel="y", aspect="equal")

# %%
# Whose value is it?
# ------------------
# A common loop computes the value, takes the step, and prints both. Each printed row then shows the
# value of one iterate beside the position of the next: the rows below are iterates 1, 11, 21, 31
# and 41 with the values of 0, 10, 20, 30 and 40. And a list that is filled before the update
# misses the end of the run.
theta, rows, trail = torch.zeros(2, dtype=torch.float64, device=device), [], []
for k in range(50):
    theta.requires_grad_()
    value = bowl(theta)
    (gradient,) = torch.autograd.grad(value, theta)
    trail.append(theta.detach())
    theta = (theta - 0.1 * gradient).detach()
    if k % 10 == 0:
        rows.append((value.item(), *theta.tolist()))
        print(f"step {k:2d}: f = {value.item():.3e} printed beside f{tuple(rows[-1][1:])}")
printed = torch.tensor(rows, dtype=torch.float64)

fig, ax = plots.figure(
    "The value of f against the iteration on a logarithmic axis. True values lie on a falling "
    "line. Triangles, the printed values at the positions they are printed beside, lie above it by "
    "the same small distance everywhere.",
)
number = torch.arange(51)
ax.semilogy(number, path.fun.cpu(), ".-", color="C0", linewidth=1)
ax.semilogy(torch.arange(1, 42, 10), printed[:, 0], "^", color="C1", markersize=9)
ax.text(24, 6e-2, "as printed, beside the next iterate", color="C1")
ax.text(20, 1e-4, "value of each iterate", color="C0", ha="right")
ax.set(title="Printed values are one step old", xlabel="number of the iterate", ylabel="f")

# %%
# What the circles hide
# ---------------------
# The Hessian is :math:`2I`: all curvatures are equal, one step of 0.5 would arrive at once, and the
# path has no reason to bend. Weigh the second term with 9, and the curvatures are 2 and 18. The
# step 0.1 is now close to the border :math:`2/18 = 0.111`: in y each step multiplies the error by
# :math:`-0.8`, and the path zigzags. With weight 25 it is :math:`-4`, and the run flies out.
tame, wild = descend(0.1, stretch=9.0), descend(0.1, steps=3, stretch=25.0)

fig, axes = plots.figure(
    "Two stretched bowls with flat elliptic level lines. On the left, with weight 9, the path "
    "zigzags across the valley into the centre. On the right, with weight 25, three steps leave "
    "the picture, first up, then far down.",
    columns=2,
    figsize=(6.4, 3.7),
)
for ax, weight, run, color, ylim in (
    (axes[0], 9.0, tame, "C0", (-0.5, 6.5)),
    (axes[1], 25.0, wild, "C1", (-60.0, 60.0)),
):
    plots.contours(
        ax,
        lambda x, weight=weight: bowl(x, weight),
        (-0.3, 3.3),
        ylim,
        levels=12,
        device=device,
        colors=plots.LINES,
    )
    plots.path(ax, run.x, color=color, clip_on=True)
    ax.set(title=f"weight {weight:g}", xlabel="x", ylim=ylim)
axes[0].set_ylabel("y")

# %%
# What the pictures claim
# -----------------------
k = torch.arange(51, dtype=torch.float64, device=device)[:, None]
goal = torch.tensor([2.0, 3.0], dtype=torch.float64, device=device)
claim("all 51 iterates are (1 − 0.8ᵏ)(2, 3)", path.x, (1 - 0.8**k) * goal, atol=1e-13)
claim("the end", path.x[-1], [1.9999715, 2.9999572], atol=5e-8)
claim("printed x", printed[:, 1], [0.4, 1.8282, 1.9816, 1.9980, 1.9998], atol=5e-5)
claim("printed y", printed[:, 2], [0.6, 2.7423, 2.9723, 2.9970, 2.9997], atol=5e-5)
claim(
    "the values printed are those of iterates 0, 10, 20, 30, 40",
    printed[:, 0],
    path.fun[:50:10],
    rtol=1e-9,
)
claim(
    "the value at each printed point is 0.64 of the one beside it",
    path.fun[1:42:10].cpu() / printed[:, 0],
    0.64,
    atol=1e-9,
)
claim("the trail ends one step short of the end", trail[-1], path.x[49], atol=1e-14)
claim(
    "weight 9: the y error changes sign at every step", tame.x[:20, 1].sub(3).sign().diff().abs(), 2
)
claim("weight 9: it arrives all the same", tame.x[-1], goal, atol=1e-4)
claim(
    "weight 25: the y error grows fourfold a step",
    wild.x[:, 1] - 3,
    [-3.0, 12.0, -48.0, 192.0],
    rtol=1e-12,
)

plt.show()
