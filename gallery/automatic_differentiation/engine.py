# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
An engine of one's own
======================

Reverse mode in plain Python, small enough to be read in five minutes. You will see the graph of one
prediction of a small neural network, the network trained by the engine, three hundred random
programs on which the engine is compared with autograd, and how many paths it did not have to
follow.

The script belongs to the lecture :doc:`/lectures/reverse-engine`.
"""

# %%
# The engine
# ----------
# A node holds a value, the time of its birth, and an arrow with a slope for each parent. The sweep
# visits the nodes from the youngest to the oldest, so that every adjoint is complete before it is
# passed on. The lecture builds this step by step and proves it.
import itertools
import math
import random

import matplotlib.pyplot as plt
import torch

from steepest import claim, plots

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 2
# sphinx_gallery_tags = ["differentiation", "networks"]
clock = itertools.count()


class Node:
    def __init__(self, value, *arrows):
        self.value, self.arrows, self.birth = value, arrows, next(clock)

    def __add__(self, other):
        other = node(other)
        return Node(self.value + other.value, (self, 1.0), (other, 1.0))

    def __sub__(self, other):
        other = node(other)
        return Node(self.value - other.value, (self, 1.0), (other, -1.0))

    def __mul__(self, other):
        other = node(other)
        return Node(self.value * other.value, (self, other.value), (other, self.value))

    __radd__, __rmul__ = __add__, __mul__

    def tanh(self):
        y = math.tanh(self.value)
        return Node(y, (self, 1.0 - y * y))

    def sin(self):
        return Node(math.sin(self.value), (self, math.cos(self.value)))


def node(x):
    return x if isinstance(x, Node) else Node(x)


def reached(y):
    """All nodes from which a path leads to y, the youngest first."""
    found, todo = {y}, [y]
    while todo:
        fresh = {i for i, _ in todo.pop().arrows} - found
        found |= fresh
        todo += fresh
    return sorted(found, key=lambda j: j.birth, reverse=True)


def adjoints(y, slope_of=lambda slope: slope):
    bar = dict.fromkeys(nodes := reached(y), 0) | {y: 1}
    for j in nodes:
        for i, slope in j.arrows:
            bar[i] += bar[j] * slope_of(slope)
    return bar


# %%
# The graph of one prediction
# ---------------------------
# A network with two inputs, six hidden units with :math:`\tanh`, and one output has 25 parameters.
# Here are the nodes of its squared error at one point, in the order of their birth, with an arc for
# each arrow. The sweep walks along this line from right to left. Long arcs belong to values that
# had to wait: the parameters and the inputs, which were there from the beginning.
HIDDEN = 6
COUNT = 4 * HIDDEN + 1


def predict(weights, x1, x2):
    """The network's output; works on floats in nodes and on tensors alike."""
    total = weights[-1]
    for k in range(HIDDEN):
        a, b, c, out = weights[4 * k : 4 * k + 4]
        total = total + out * (a * x1 + b * x2 + c).tanh()
    return total


def squared_error(weights, x1, x2, label):
    residual = predict(weights, x1, x2) - label
    return residual * residual


start = (0.8 * torch.randn(COUNT, dtype=torch.float64)).tolist()
weights = [Node(w) for w in start]
error = squared_error(weights, Node(0.5), Node(-0.3), Node(1.0))
line = list(reversed(reached(error)))
position = {j: k for k, j in enumerate(line)}

fig, ax = plots.figure(
    "Dots in a row, one for each of some seventy nodes, joined by arcs above. Short arcs at the "
    "right link the operations of each hidden unit; long arcs reach back to the parameters at the "
    "left.",
    figsize=(6.4, 3.4),
)
turn = torch.linspace(0, math.pi, 40)
for j in line:
    for i, _ in j.arrows:
        middle, radius = (position[i] + position[j]) / 2, (position[j] - position[i]) / 2
        color = "C0" if i in weights else plots.SOFT
        ax.plot(middle + radius * turn.cos(), radius * turn.sin(), color=color, linewidth=0.8)
for color, chosen in (("C0", weights), (plots.INK, [j for j in line if j not in weights])):
    ax.plot([position[j] for j in chosen], [0] * len(chosen), "o", color=color, markersize=4)
ax.text(12, -4, "parameters", color="C0", ha="center")
ax.text(50, -4, "operations", color=plots.INK, ha="center")
ax.set(title="One prediction, node by node", xlabel="order of birth", yticks=[], ylim=(-6, 36))
ax.grid(False)
ax.spines[["left"]].set_visible(False)

# %%
# Training with it
# ----------------
# Thirty-two points in a disc and a ring around it, labels 1 and −1, the mean squared error,
# gradient descent with step 0.2. Each gradient comes from one sweep over a graph of nearly two
# thousand nodes, and the graph is built anew at every step, because that is what running the
# program means.
angle = 2 * math.pi * torch.rand(32, dtype=torch.float64)
radius = torch.cat([torch.rand(16) * 0.6, 1.4 + 0.4 * torch.rand(16)]).double()
points = torch.stack([radius * angle.cos(), radius * angle.sin()], 1)
labels = torch.cat([torch.ones(16), -torch.ones(16)]).double()
STEPS, LR = 100, 0.2


def train(weights):
    losses = []
    for _ in range(STEPS):
        nodes = [Node(w) for w in weights]
        errors = [
            squared_error(nodes, x1, x2, label)
            for (x1, x2), label in zip(points.tolist(), labels.tolist(), strict=True)
        ]
        loss = sum(errors[1:], start=errors[0]) * (1 / len(errors))
        bar = adjoints(loss)
        weights = [w - LR * bar[n] for w, n in zip(weights, nodes, strict=True)]
        losses.append(loss.value)
    return weights, losses, len(reached(loss))


trained, losses, size = train(start)


def train_by_autograd(weights):
    w = torch.tensor(weights, dtype=torch.float64, device=device)
    data, target = points.to(device), labels.to(device)
    for _ in range(STEPS):
        w.requires_grad_()
        loss = squared_error(list(w.unbind()), data[:, 0], data[:, 1], target).mean()
        (slope,) = torch.autograd.grad(loss, w)
        w = (w - LR * slope).detach()
    return w.cpu()


fig, (left, right) = plots.figure(
    "Left, the loss falls from above one to below a tenth in 100 steps. Right, the plane, shaded "
    "where the trained network says disc; the shaded patch holds all the round points and none of "
    "the crosses of the ring.",
    columns=2,
    figsize=(6.4, 3.5),
)
left.semilogy(losses, color="C0")
left.set(title="The loss", xlabel="iteration")
axis = torch.linspace(-2, 2, 121, dtype=torch.float64)
x, y = torch.meshgrid(axis, axis, indexing="xy")
said = predict(torch.tensor(trained, dtype=torch.float64).tolist(), x, y)
right.contourf(x, y, said, levels=[0, 100], colors=["C0"], alpha=0.25)
right.contour(x, y, said, levels=[0], colors=["C0"], linewidths=1.2)
right.plot(*points[:16].T, "o", color="C0", markersize=4.5)
right.plot(*points[16:].T, "x", color="C1", markersize=5)
right.set(title="What was learnt", xticks=[], yticks=[])
right.set_aspect("equal")
right.grid(False)

# %%
# Three hundred random programs
# -----------------------------
# A program of a hundred lines; each line adds, subtracts or multiplies two random earlier values,
# tamed by a sine. The engine with every slope replaced by 1 counts the *paths* from the inputs to
# the output, because the adjoint is a sum over paths of products of slopes. A sweep crosses each
# arrow once; there are a hundred million paths and more.


def program(seed, inputs):
    """Run the random program of this seed, on nodes or on tensors."""
    draw, rows = random.Random(seed), list(inputs)
    for _ in range(100):
        a, b = draw.choice(rows[-6:]), draw.choice(rows[-6:])
        operation = draw.choice("+-*")
        rows.append((a + b if operation == "+" else a - b if operation == "-" else a * b).sin())
    return rows[-1]


arrows, paths, gaps = [], [], []
for seed in range(300):
    draw = random.Random(-1 - seed)
    at = [draw.uniform(-2, 2) for _ in range(4)]
    nodes = [Node(a) for a in at]
    y = program(seed, nodes)
    bar = adjoints(y)
    counted = adjoints(y, lambda slope: 1)
    arrows.append(sum(len(j.arrows) for j in reached(y)))
    paths.append(sum(counted.get(n, 0) for n in nodes))
    leaves = [torch.tensor(a, dtype=torch.float64, requires_grad=True) for a in at]
    judged = torch.autograd.grad(
        program(seed, leaves), leaves, allow_unused=True, materialize_grads=True
    )
    ours = torch.tensor([float(bar.get(n, 0.0)) for n in nodes], dtype=torch.float64)
    gaps.append(((ours - torch.stack(judged)).abs() / (1 + torch.stack(judged).abs())).max().item())

fig, ax = plots.figure(
    "Three hundred dots: paths on a logarithmic axis against arrows. Programs with about 240 "
    "arrows have between a hundred million and a hundred billion paths. A line far below marks as "
    "many paths as arrows.",
    figsize=(6.4, 3.6),
)
ax.semilogy(arrows, paths, ".", color="C0", markersize=5, alpha=0.6)
ax.semilogy(sorted(arrows), sorted(arrows), color="C1", linewidth=1.4)
ax.text(240, 600, "as many paths as arrows", color="C1", ha="center")
ax.set(title="What a sweep saves", xlabel="arrows", ylabel="paths")

# %%
# What the pictures claim
# -----------------------
claim(
    "parameters of the network, and nodes of one prediction's error", [COUNT, len(line)], [25, 72]
)
claim("nodes of the graph of one training step, more than", size, 1800, relation=">")
claim("the loss, first and last", [losses[0], -losses[-1]], [0.8, -0.1], relation=">")
claim(
    "100 steps by the engine and by autograd: largest difference of a weight",
    (torch.tensor(trained, dtype=torch.float64) - train_by_autograd(start)).abs().max(),
    0,
    atol=1e-9,
)
claim(
    "points on the right side of the border, of 32",
    sum(
        predict(trained, *point.unbind()) * label > 0
        for point, label in zip(points, labels, strict=True)
    ),
    32,
)
claim("300 random programs: largest difference to autograd, relative to 1 + |∂|", max(gaps), 0,
      atol=1e-12)  # fmt: skip
claim("the program with the fewest paths: more than", min(paths), 1e8, relation=">")
claim("the program with the most paths: more than", max(paths), 1e11, relation=">")
claim("that program's arrows: fewer than", arrows[paths.index(max(paths))], 300, relation="<")

plt.show()
