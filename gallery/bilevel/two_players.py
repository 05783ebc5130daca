# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Two players, at once or in turns
================================

Two groups of variables, each with its own rule for a step. You will see how three programs for
"the same" step lead to three different ends; a film of the game :math:`\theta\varphi`, where moving
at once spirals out, taking turns circles for ever, and a gradient of a gradient lets both come to
rest; and how fast each of them does so, for every step size.

The script belongs to the lecture :doc:`/lectures/gradients-of-gradients`.
"""

# %%
# Three programs, three ends
# --------------------------
# The first player lowers :math:`f = \theta^2\varphi^2`, the second flattens it for the first, by
# the gradient of :math:`\tfrac12(\partial f/\partial\theta)^2`. Both gradients at the old point:
# that is the step of the formulas. In the second program the first player steps through ``.data``
# before the second sweep, which then mixes two points; in the third the players honestly take
# turns. All three end on the bottom of the valley, where :math:`\theta = 0`, but each at its own
# height.
import math

import matplotlib.pyplot as plt
import torch
from torch.func import grad, jacrev

from steepest import claim, plots
from steepest.bilevel import cross_gradient, two_player_step

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 2
# sphinx_gallery_tags = ["film", "step size", "pitfalls"]
double = {"dtype": torch.float64, "device": device}
ALPHA, BETA = 0.2, 0.05


def f(theta, phi):
    return (theta * theta) * (phi * phi)


def at_old_point(theta, phi):
    return two_player_step(f, theta, phi, alpha=ALPHA, beta=BETA)


def through_data(theta, phi):
    theta, phi = theta.clone().requires_grad_(), phi.clone().requires_grad_()
    (g,) = torch.autograd.grad(f(theta, phi), theta, create_graph=True)
    theta.data -= ALPHA * g.detach()  # too early: the next line reads the new theta
    # (Unless the graph saved a copy: with theta**2 for theta * theta it does, and all is well.)
    (mixed,) = torch.autograd.grad(g**2 / 2, phi)
    return theta.detach(), phi.detach() - BETA * mixed


def taking_turns(theta, phi):
    theta = theta - ALPHA * grad(f)(theta, phi)
    return theta, phi - BETA * cross_gradient(f, theta, phi)


def follow(program, theta, phi, steps=160):
    way = [torch.stack([theta, phi])]
    for _ in range(steps):
        way.append(torch.stack(program(*way[-1])))
    return torch.stack(way).cpu()


starts = [(1.0, 1.0), (0.7, 1.2)]
ways = {
    program.__name__: [follow(program, *torch.tensor(start, **double)) for start in starts]
    for program in (at_old_point, through_data, taking_turns)
}

fig, ax = plots.figure(
    "Contour lines of a product. From two starting points on the right three paths each lead "
    "left to the axis. Solid paths end lowest, dashed ones a little higher, dotted ones highest.",
    figsize=(5.0, 4.2),
)
levels = [0.05, 0.15, 0.3, 0.5, 0.75, 1.0, 1.3]
plots.contours(
    ax,
    lambda z: f(z[0], z[1]),
    (-0.06, 1.3),
    (0.4, 1.3),
    levels=levels,
    colors=plots.LINES,
    device=device,
)
looks = {"at_old_point": "C0o-", "through_data": "C1X--", "taking_turns": "C2s:"}
for name, look in looks.items():
    for way in ways[name]:
        ax.plot(way[:, 0], way[:, 1], look[3:], color=look[:2], linewidth=1.3)
        ax.plot(way[-1, 0], way[-1, 1], look[2], color=look[:2], markersize=6)
    ax.text(0.03, ways[name][0][-1, 1] - 0.01, name.replace("_", " "), color=look[:2], va="top")
for start in starts:
    ax.plot(*start, "o", color=plots.INK)
ax.set(title="One idea, three programs", xlabel=r"$\theta$", ylabel=r"$\varphi$")

# %%
# A game, in motion
# -----------------
# Now :math:`f = \theta\varphi`; :math:`\theta` descends and :math:`\varphi` ascends. With
# :math:`v = (\varphi, -\theta)`, what the players subtract, *consensus* also subtracts the gradient
# of :math:`\tfrac12\|v\|^2`, with the weight ½.
SIZE, GAMMA = 0.2, 0.5
signs = torch.tensor([1.0, -1.0], **double)


def field(z):
    return grad(lambda z: z[0] * z[1])(z) * signs


def at_once(z, alpha):
    return z - alpha * field(z)


def in_turns(z, alpha):
    z = z - alpha * field(z) * (signs > 0)
    return z - alpha * field(z) * (signs < 0)


def consensus(z, alpha):
    calming = grad(lambda z: (field(z) ** 2).sum() / 2)(z)
    return z - alpha * (field(z) + GAMMA * calming)


orbits = {}
for rule in (at_once, in_turns, consensus):
    z = [torch.tensor([0.6, 0.0], **double)]
    for _ in range(49):
        z.append(rule(z[-1], SIZE))
    orbits[rule.__name__] = torch.stack(z).cpu()

fig, axes = plots.figure(
    "A film of three orbits around the origin. Left, moving at once, a spiral that opens; in the "
    "middle, taking turns, an ellipse that closes; right, with a gradient of a gradient, a spiral "
    "into the centre.",
    columns=3,
    figsize=(6.6, 2.9),
    sharex=True,
    sharey=True,
)
lines, heads = [], []
for ax, (name, _), color in zip(axes, orbits.items(), ("C1", "C2", "C0"), strict=True):
    ax.plot(0, 0, "+", color=plots.SOFT)
    lines += ax.plot([], [], ".-", color=color, linewidth=1, markersize=4)
    heads += ax.plot([], [], "o", color=color, markersize=7)
    ax.set(title=name.replace("_", " "), xlim=(-1.7, 1.7), ylim=(-1.7, 1.7), aspect="equal")
    ax.set(xticks=[-1, 0, 1], yticks=[-1, 0, 1])


def draw(frame):
    for line, head, orbit in zip(lines, heads, orbits.values(), strict=True):
        line.set_data(orbit[: frame + 1, 0], orbit[: frame + 1, 1])
        head.set_data(orbit[frame : frame + 1, 0], orbit[frame : frame + 1, 1])


film = plots.film(fig, draw, frames=50, per_second=12, still=49)

# %%
# For every step size
# -------------------
# All three rules are linear here, so the largest size of an eigenvalue of one step decides. Below 1
# the players come to rest. At once it is :math:`\sqrt{1+\alpha^2}`; in turns it is 1 up to
# :math:`\alpha = 2`; with consensus :math:`\sqrt{(1-\alpha\gamma)^2 + \alpha^2}`, below 1 for
# :math:`\alpha < 2\gamma/(1+\gamma^2)`, which is 0.8.
alphas = torch.linspace(0.02, 2.4, 120, dtype=torch.float64)
origin = torch.zeros(2, **double)
radii = {
    rule.__name__: torch.stack(
        [
            torch.linalg.eigvals(jacrev(lambda z, a=a, rule=rule: rule(z, a))(origin)).abs().max()
            for a in alphas.tolist()
        ]
    ).cpu()
    for rule in (at_once, in_turns, consensus)
}
fig, ax = plots.figure(
    "Three curves over the step size from 0 to 2.4. The first rises from one at once; the second "
    "stays at one until 2 and then rises steeply; the third dips below one, has its minimum near "
    "0.4 and crosses one at 0.8.",
    figsize=(5.2, 3.6),
)
ax.axhline(1, color=plots.SOFT, linewidth=0.8)
for (name, radius), color, style in zip(
    radii.items(), ("C1", "C2", "C0"), ("--", ":", "-"), strict=True
):
    ax.plot(alphas, radius, style, color=color, linewidth=1.8, label=name.replace("_", " "))
ax.text(1.15, 1.68, "at once", color="C1", ha="right")
ax.text(1.5, 1.05, "in turns", color="C2")
ax.text(1.42, 1.28, "consensus", color="C0")
ax.set(title="Growth in one step", xlabel=r"step size $\alpha$", ylim=(0.8, 2.2))
ax.set(ylabel="largest eigenvalue, in size")

# %%
# What the pictures claim
# -----------------------
for i, start in enumerate(starts):
    ends = [ways[name][i][-1] for name in looks]
    claim(f"from {start}: all three programs reach θ = 0", [e[0].abs() for e in ends], 0, atol=2e-3)
    claim(
        f"from {start}: at once ends lowest, .data in between, turns highest",
        [ends[0][1] < ends[1][1], ends[1][1] < ends[2][1]],
        [True, True],
    )
one = torch.tensor(starts[0], **double)
claim(
    "one step at the old point: (1 − 2αφ²)θ and (1 − 8βθ²φ²)φ",
    torch.stack(at_old_point(*one)),
    [1 - 2 * ALPHA, 1 - 8 * BETA],
    atol=1e-14,
)
claim(
    ".data: the second sweep is off by the factor 1 − 2αφ²",
    (1 - through_data(*one)[1]) / (1 - at_old_point(*one)[1]),
    1 - 2 * ALPHA,
    atol=1e-14,
)
claim(
    "at once: the distance grows by √(1 + α²) a step",
    orbits["at_once"].norm(dim=1)[1:] / orbits["at_once"].norm(dim=1)[:-1],
    math.sqrt(1 + SIZE**2),
    atol=1e-12,
)
turns = orbits["in_turns"]
claim(
    "in turns: θ² + φ² − αθφ stays what it was",
    (turns**2).sum(1) - SIZE * turns.prod(1),
    0.36,
    atol=1e-12,
)
claim(
    "consensus: nearly at rest after 49 steps", orbits["consensus"][-1].norm(), 0.02, relation="<"
)
calm = radii["consensus"] < 1
claim(
    "consensus: rests for step sizes up to 0.8 and no further", alphas[calm].max(), 0.8, atol=0.02
)
still = radii["in_turns"][alphas < 1.9]
claim("in turns: neither growth nor decay below 2", still, 1, atol=1e-12)
claim("in turns: growth beyond 2", radii["in_turns"][alphas > 2.05], 1.1, relation=">")

plt.show()
