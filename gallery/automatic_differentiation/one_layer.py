# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
One layer of a network, row by row
==================================

An affine map, a hyperbolic tangent and a squared loss, for a batch of eight samples. The rows of
the trace hold whole matrices now. You will read their shapes in a table, see the reverse sweep
carry a matrix of the same shape back through every row, recognise the layer's two gradients as a
product and a sum, and find each of them equal to what ``backward()`` leaves in ``.grad``.

The script belongs to the lecture :doc:`/lectures/forward-and-reverse-mode` and to the reference
page :doc:`/reference/reading-a-trace`.
"""

# %%
# The layer
# ---------
# Eight samples with three features each are the rows of :math:`X`; the layer has four units. Its
# parameters, the weights :math:`W` and the biases :math:`b`, are the inputs of the trace, because
# they are what we want derivatives by. The data :math:`X` and the targets :math:`Y` stand in the
# rows by their names: they are constants.
import matplotlib.pyplot as plt
import torch

from steepest import claim, plots
from steepest.render import autograd_graph, drawing, table
from steepest.trace import record

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 1
# sphinx_gallery_tags = ["differentiation", "networks", "step by step"]

samples, features, units = 8, 3, 4


def randn(*shape):
    return torch.randn(*shape, dtype=torch.float64).to(device)  # drawn on the CPU: same everywhere


X, Y = randn(samples, features), 0.5 * randn(samples, units)
W, b = randn(units, features), randn(units)


def loss(weights, biases):
    scores = X @ weights.T + biases
    outputs = torch.tanh(scores)
    errors = outputs - Y
    return (errors**2).mean()


trace = record(loss, W, b)
table(trace, form="html", digits=3)

# %%
# Large tensors are summed up by their shape and their range. The product with the transpose maps
# 8×3 and 3×4 to 8×4; adding the four biases to a matrix of eight rows repeats them in each.

# %%
# The reverse sweep
# -----------------
# Every adjoint has the shape of its row: entry by entry, it says how fast the loss changes with
# that entry. Where one row acts on another element by element, the rule is a product element by
# element. Where a shape changes on the way, the adjoint has to change back. The biases were
# repeated eight times, so their adjoint is a *sum* over the eight samples. Where a product of
# matrices has no short rule of its own, the table writes the transposed Jacobian; two cells further
# down stands the formula.
table(trace, cotangent=1.0, form="html", digits=3)

# %%
# The drawing shows the same flow. Both parameters lie on the left, the loss on the right, and the
# adjoints run from right to left.
drawing(
    trace,
    direction="reverse",
    cotangent=1.0,
    digits=3,
    title="The reverse sweep through one layer",
    description="Nine boxes in a line, from the weights through transpose, product, sum with the "
    "biases, hyperbolic tangent, difference, square and mean to the loss; the biases join at the "
    "sum. Each box says the shape and range of its value and of its adjoint.",
)

# %%
# Values and adjoints, entry by entry
# -----------------------------------
# Orange entries are positive, purple ones negative, and the deeper the colour, the larger. Above
# are the values, below the adjoints. Where an output of the layer is far from its target, the
# adjoint of the output is strong; where the hyperbolic tangent is saturated, little of it arrives
# at the score.
scores, outputs = (
    next(row.number for row in trace.rows if row.operation == name) for name in ("add", "tanh")
)
adjoints = trace.reverse()
shown = {"weights W": 0, "biases b": 1, "scores": scores, "outputs": outputs}

fig, axes = plots.figure(
    "Eight small tables of coloured cells. Above, the values of the weights (4 by 3), the biases "
    "(4 by 1), the scores and the outputs (8 by 4). Below, their adjoints, of the same shapes. The "
    "adjoints of outputs and scores have the same pattern of signs.",
    rows=2,
    columns=4,
    figsize=(6.4, 4.6),
)
for column, (name, number) in enumerate(shown.items()):
    for ax, tensor, word in (
        (axes[0][column], trace.rows[number].value, "value"),
        (axes[1][column], adjoints[number], "adjoint"),
    ):
        cells = tensor.reshape(len(tensor), -1).cpu().numpy()
        reach = abs(cells).max()
        ax.imshow(cells, cmap="PuOr_r", vmin=-reach, vmax=reach, interpolation="nearest")
        ax.set(xticks=[], yticks=[], title=name if word == "value" else "")
        ax.set_xlabel(f"±{reach:.2g}")
        ax.grid(False)
        ax.spines[:].set_visible(False)
    axes[0][column].set_ylabel("value" if column == 0 else "")
    axes[1][column].set_ylabel("adjoint" if column == 0 else "")
fig.suptitle("Four rows of the trace: values and adjoints", x=0.01, ha="left", fontsize=11.5)

# %%
# What the nonlinearity lets through
# ----------------------------------
# The hyperbolic tangent has the slope :math:`1 - \tanh^2`, so the quotient of the two adjoints lies
# on a bell: near 1 for scores around 0, and next to nothing for large ones. A unit whose scores are
# all large learns almost nothing, however wrong it is (*saturation*).
gate = adjoints[scores] / adjoints[outputs]
bell = torch.linspace(-4, 4, 201, dtype=torch.float64)

fig, ax = plots.figure(
    "32 dots, one for each sample and unit, on a bell-shaped curve over the score: the ratio of "
    "the adjoint behind the hyperbolic tangent to the one before it, 1 at score 0 and near 0 "
    "beyond ±3.",
    figsize=(6.4, 3.4),
)
ax.plot(bell, 1 - torch.tanh(bell) ** 2, color=plots.SOFT, linewidth=1)
for unit, (color, marker) in enumerate(zip(("C0", "C1", "C2", "C3"), "os^D", strict=True)):
    ax.plot(
        trace.rows[scores].value[:, unit].cpu(),
        gate[:, unit].cpu(),
        marker,
        color=color,
        markersize=5.5,
        label=f"unit {unit + 1}",
    )
ax.legend()
ax.set(
    title="Share of the adjoint that passes the hyperbolic tangent",
    xlabel="score",
    ylabel="adjoint after / adjoint before",
    xlim=(-4, 4),
)

# %%
# PyTorch's own graph
# -------------------
# PyTorch keeps a graph of its own, which holds no forward operations, only what is needed to go
# back. It is read from the top down here, in the direction of the computation. Its nodes correspond
# to our rows: ``PermuteBackward0`` belongs to the transpose, ``MmBackward0`` to the product. In
# addition there are the two leaves and a node ``AccumulateGrad`` for each, which adds to ``.grad``.
leaf_weights, leaf_biases = W.clone().requires_grad_(), b.clone().requires_grad_()
value = loss(leaf_weights, leaf_biases)
autograd_graph(
    value,
    {"W": leaf_weights, "b": leaf_biases},
    title="PyTorch's graph of the layer",
    description="From the leaves W and b through AccumulateGrad, transpose, matrix product, sum, "
    "hyperbolic tangent, difference, power and mean to the loss.",
)

# %%
# Written out
# -----------
# With :math:`\Delta` for the adjoint of the scores, the two gradients are
#
# .. math:: \bar W = \Delta^\top X, \qquad \bar b = \Delta^\top \mathbf 1 .
#
# Indeed :math:`S_{nk} = \sum_f W_{kf} X_{nf} + b_k`, so :math:`W_{kf}` acts on the score of unit
# :math:`k` in every sample :math:`n`, each time with the factor :math:`X_{nf}`, and :math:`b_k`
# with the factor 1. Summing over all successors is all there is to it.
delta = adjoints[scores]
value.backward()

# %%
# What the pictures claim
# -----------------------
claim(
    "the shapes of the nine rows",
    " ".join("×".join(map(str, row.value.shape)) or "number" for row in trace.rows),
    "4×3 4 3×4 8×4 8×4 8×4 8×4 8×4 number",
)
claim(
    "every adjoint has the shape of its row",
    [row.value.shape == adjoint.shape for row, adjoint in zip(trace.rows, adjoints, strict=True)],
    True,
)
claim("the adjoint of W is W.grad after backward()", adjoints[0], leaf_weights.grad, atol=1e-16)
claim("the adjoint of b is b.grad after backward()", adjoints[1], leaf_biases.grad, atol=1e-16)
claim(
    "largest error of Δᵀ X for the weights", (adjoints[0] - delta.T @ X).abs().max(), 0, atol=1e-15
)
claim("the sum of Δ over the samples, for the biases", delta.sum(0), adjoints[1], atol=1e-15)
claim(
    "largest error of 2/32 (outputs − Y) for the adjoint of the outputs",
    (adjoints[outputs] - 2 / 32 * (trace.rows[outputs].value - Y)).abs().max(),
    0,
    atol=1e-15,
)
claim(
    "the dots lie on the bell; the largest distance",
    (gate - 1 + torch.tanh(trace.rows[scores].value) ** 2).abs().max(),
    0,
    atol=1e-12,
)
claim("adjoints of scores and outputs have the same signs", (gate > 0).all().item(), True)
claim(
    "sweeps for all 16 derivatives, forward and reverse",
    [trace.cost("forward").sweeps, trace.cost("reverse").sweeps],
    [16, 1],
)
nudge = randn(units, features), randn(units)
difference = (
    loss(W + 1e-5 * nudge[0], b + 1e-5 * nudge[1]) - loss(W - 1e-5 * nudge[0], b - 1e-5 * nudge[1])
) / 2e-5
along = (adjoints[0] * nudge[0]).sum() + (adjoints[1] * nudge[1]).sum()
claim(
    "along a random direction: ⟨adjoints, direction⟩ and a difference", along, difference, atol=1e-9
)
claim("and the forward sweep", along, trace.forward(*nudge)[-1], atol=1e-14)

plt.show()
