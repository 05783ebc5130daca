# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
PyTorch's graphs, drawn
=======================

While a function runs, PyTorch writes down what it would have to do to go back. You will see these
graphs for small functions: how little is in them, how they follow loops and branches, what
``detach`` cuts off, what a derivative's own graph looks like; and, in the last picture, a graph
that grows for ever because of one innocent line.

The script belongs to the lecture :doc:`/lectures/autograd`.
"""

# %%
# A function of one number
# ------------------------
# The function is :math:`3x^2 + x + 4 \sin x` at :math:`x = 5`. Below, the values flow from the top
# to the bottom. A node has the name of the step *back*: ``PowBackward0`` knows how to pass an
# adjoint through a power. The leaf's ``AccumulateGrad`` is where the result is added to ``x.grad``.
# Three nodes use :math:`x`, so three adjoints meet there.
import matplotlib.pyplot as plt
import torch

from steepest import claim, plots
from steepest.render import autograd_graph

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 1
# sphinx_gallery_tags = ["differentiation", "networks"]


def leaf(value):
    return torch.tensor(value, dtype=torch.float64, device=device, requires_grad=True)


def wavy(x):
    return 3 * x**2 + x + 4 * torch.sin(x)


x = leaf(5.0)
y = wavy(x)
autograd_graph(
    y,
    {"x": x},
    title="PyTorch's graph of 3x² + x + 4 sin x",
    description="From the leaf x through AccumulateGrad to a power, a sum and a sine; products "
    "with 3 and 4; the last sum gives the result.",
)

# %%
# What the names hide
# -------------------
# There are no values in this graph, and no numbers 3 and 4: they are kept inside of the nodes, as
# far as they are needed. Here is how to look: every node has a name, the nodes behind it, and
# attributes that begin with ``_saved``.


def nodes(tensor):
    """All nodes behind a tensor, each once, as a dictionary from node to name."""
    found, waiting = {}, [tensor.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in found:
            found[node] = node.name().split("::")[-1]
            waiting += [behind for behind, _ in node.next_functions]
    return found


for node, name in nodes(y).items():
    saved = {entry: getattr(node, entry) for entry in dir(node) if entry.startswith("_saved_")}
    kept = [entry.removeprefix("_saved_") for entry, held in saved.items() if held is not None]
    print(f"{name:16s} keeps {', '.join(kept) or 'nothing'}")

# %%
# A value in between
# ------------------
# With :math:`y = \tfrac12 x_2^2` and :math:`z = x_1^2 + y`, the tensor :math:`y` is what a node
# made; it is no leaf and has no ``AccumulateGrad``. Its gradient passes by and is not stored,
# unless ``y.retain_grad()`` asks for it.
x1, x2 = leaf(5.0), leaf(2.0)
half = x2**2 / 2
half.retain_grad()
z = x1**2 + half
picture = autograd_graph(
    z,
    {"x1": x1, "x2": x2, "y": half},
    title="PyTorch's graph of x1² + y",
    description="Two branches, from the leaves x1 and x2; the second runs through a power and the "
    "division that makes y; they meet in the sum.",
)
z.backward()
picture

# %%
# The graph follows Python
# ------------------------
# A loop that squares until 100 is reached. From 3 it runs three times. There is no loop in the
# graph, only what happened; another input leaves another graph.


def until_large(x):
    while x < 100:
        x = x * x
    return x


from_three, from_eleven = leaf(3.0), leaf(11.0)
long, short = until_large(from_three), until_large(from_eleven)
autograd_graph(
    long,
    {"x": from_three},
    title="PyTorch's graph of the loop, from 3",
    description="The leaf and a chain of three products; each product uses its input twice.",
)

# %%
# From 11, one product is enough.
autograd_graph(
    short,
    {"x": from_eleven},
    title="PyTorch's graph of the loop, from 11",
    description="The leaf and one product, which uses it twice.",
)

# %%
# What detach cuts
# ----------------
# In :math:`x \cdot \mathrm{detach}(x)` the second factor has the same value and no past. Where two
# arrows went into the product, there is one. The value is :math:`x^2`; what comes back is :math:`x`
# and not :math:`2x`.
cut_leaf = leaf(3.0)
cut = cut_leaf * cut_leaf.detach()
autograd_graph(
    cut,
    {"x": cut_leaf},
    title="PyTorch's graph of x times detach(x)",
    description="The leaf, its AccumulateGrad, and one arrow into the product.",
)

# %%
# The graph of a derivative
# -------------------------
# With ``create_graph=True`` the sweep back is recorded as well, so that it can be differentiated.
# For :math:`e^{\sin x}` the derivative is :math:`\cos x\, e^{\sin x}`. Its graph contains the
# graph of the function, because the derivative uses values computed there.
at = leaf(0.5)
value = torch.exp(torch.sin(at))
(slope,) = torch.autograd.grad(value, at, create_graph=True)
autograd_graph(
    slope,
    {"x": at},
    title="PyTorch's graph of the derivative of exp(sin x)",
    description="The leaf feeds a sine, its exponential and a cosine; products join exponential "
    "and cosine into the derivative.",
)

# %%
# A graph that grows by mistake
# -----------------------------
# To report a mean loss at the end, one writes ``total = total + loss`` in the loop. ``loss`` has a
# graph, so ``total`` has all of them: nothing that they hold can be freed until ``total`` goes.
# With ``loss.item()`` (or ``loss.detach()``) there is only a number. The second trap is a state
# that is handed from step to step: its graph reaches back to the beginning. If that is not wanted,
# detach it now and then; every ten steps, say.
matrix = torch.randn(3, 3, dtype=torch.float64, device=device, requires_grad=True)


def behind(steps, report, every=None):
    """How many nodes hang on what a loop keeps, after each of its steps."""
    state, total, history = torch.ones(3, dtype=torch.float64, device=device), 0.0, []
    for k in range(steps):
        if report == "state":
            state = torch.tanh(matrix @ state)
            if every and k % every == every - 1:
                state = state.detach()
            kept = state
        else:
            loss = ((matrix @ state) ** 2).sum()
            total = total + (loss if report == "loss" else loss.detach())
            kept = total
        history.append(len(nodes(kept)) if kept.requires_grad else 0)
    return history


steps = 60
curves = {
    "total + loss": (behind(steps, "loss"), "C1", "-"),
    "state": (behind(steps, "state"), "C3", "--"),
    "state, detached every 10": (behind(steps, "state", every=10), "C2", "-"),
    "total + loss.detach()": (behind(steps, "number"), "C0", "-"),
}
places = {
    "total + loss": (18, 130),
    "state": (50, 84),
    "state, detached every 10": (30, 26),
    "total + loss.detach()": (30, -18),
}
fig, ax = plots.figure(
    "Nodes kept alive against the number of steps, for four loops. The running total of losses "
    "and the state handed on grow along straight lines to more than a hundred; the state detached "
    "every ten steps is a low saw tooth; the detached total stays at zero.",
    figsize=(6.0, 3.6),
)
for name, (history, color, line) in curves.items():
    ax.plot(range(1, steps + 1), history, line, color=color)
    ax.text(*places[name], name, color=color)
ax.set(
    title="Graphs that grow by mistake",
    xlabel="step",
    ylabel="nodes kept alive",
    ylim=(-25, None),
    xlim=(0, steps + 1),
)

# %%
# What the pictures claim
# -----------------------
claim("nodes of 3x² + x + 4 sin x", len(nodes(y)), 7)
plain = torch.tensor(5.0, dtype=torch.float64, device=device)
claim(
    "no graph for a tensor that needs no gradient",
    lambda: autograd_graph(wavy(plain)),
    ValueError,
    relation="raises",
)
claim(
    "z, y and their gradients by y, x₁, x₂",
    [z.item(), half.item(), half.grad.item(), x1.grad.item(), x2.grad.item()],
    [27, 2, 1, 10, 2],
)
claim("nodes of the loop from 3 and from 11", [len(nodes(long)), len(nodes(short))], [4, 2])
long.backward()
short.backward()
claim(
    "the loop's derivatives: 8x⁷ at 3 and 2x at 11",
    [from_three.grad.item(), from_eleven.grad.item()],
    [8 * 3**7, 22],
)
cut.backward()
claim("x · detach(x) at 3: what comes back", cut_leaf.grad, 3)
sin, cos = torch.sin(at.detach()), torch.cos(at.detach())
claim("the derivative of exp(sin x)", slope, cos * torch.exp(sin), atol=1e-15)
more, fewer = len(nodes(slope)), len(nodes(value))
claim("its graph has more nodes than the function's", more, fewer, relation=">")
(second,) = torch.autograd.grad(slope, at)
claim("and leads to the second derivative", second, (cos**2 - sin) * torch.exp(sin), atol=1e-14)
grown = {name: history for name, (history, _, _) in curves.items()}
claim(
    "total + loss: each step adds the same number of nodes",
    sorted(set(torch.tensor(grown["total + loss"]).diff().tolist()))[-1],
    sorted(set(torch.tensor(grown["total + loss"]).diff().tolist()))[0],
)
claim("after 60 steps it has more than 100", grown["total + loss"][-1], 100, relation=">")
claim(
    "a state detached every ten steps never has more nodes than it has after nine",
    max(grown["state, detached every 10"]),
    grown["state"][8],
)
claim("the detached total has none", max(grown["total + loss.detach()"]), 0)

plt.show()
