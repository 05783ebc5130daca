# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Determinant and inverse, differentiated
=======================================

You will see why the gradient of a determinant consists of cofactors (push a side of a parallelogram
outwards, and it gains area), what :math:`\log|\det|` looks like along a line of matrices and where
:math:`\log\det` is not a number, and which of two formulas for the derivative of an inverse is one.

The script belongs to the lecture :doc:`/lectures/matrix-calculus`.
"""

# %%
# Push, and gain area
# -------------------
# The columns a and b of a :math:`2 \times 2` matrix span a parallelogram, and the determinant is
# its area (with a sign). Only the part of a push at a that is perpendicular to b changes it, and by
# the length of b. So the gradient with respect to a is b, turned clockwise by a right angle; with
# respect to b it is a, turned the other way. Side by side they are the matrix of cofactors,
# :math:`\operatorname{adj}(X)^\top`. (The orange arrows are drawn at half their length.)
import math

import matplotlib.pyplot as plt
import torch
from torch.func import grad, vmap

from steepest import claim, plots
from steepest.derivatives import jvp, value_and_grad

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 2
# sphinx_gallery_tags = ["differentiation", "geometry"]


def matrix(*rows):
    return torch.tensor(rows, dtype=torch.float64, device=device)


X = matrix([2.0, 0.6], [0.5, 1.5])
C = value_and_grad(torch.linalg.det, X)[1]
a, b = X.T.cpu()
fig, ax = plots.figure(
    "A parallelogram with sides a and b from the origin. An arrow at the tip of a points down to "
    "the right, perpendicular to b; an arrow at the tip of b points up to the left, perpendicular "
    "to a.",
    figsize=(5.4, 4.4),
)
corners = torch.stack([torch.zeros(2, dtype=torch.float64), a, a + b, b])
ax.fill(*corners.T.numpy(), color="C0", alpha=0.2, linewidth=0)
for tip, push, color, name, other in ((a, C[:, 0], "C0", "a", "b"), (b, C[:, 1], "C2", "b", "a")):
    end = tip + 0.5 * push.cpu()
    style = {"arrowstyle": "-|>", "linewidth": 2, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", tip.tolist(), xytext=(0, 0), arrowprops=style | {"color": color})
    ax.annotate(
        "", end.tolist(), xytext=tip.tolist(), arrowprops=style | {"color": "C1", "linestyle": "-"}
    )
    ax.text(*(0.55 * tip + torch.tensor([0.06, -0.16])).tolist(), f"${name}$", color=color)
    ax.text(*(end + torch.tensor([0.05, 0.06])).tolist(), rf"$\perp {other}$", color="C1")
ax.set(xlim=(-0.7, 3.3), ylim=(-0.75, 2.8), aspect="equal", title="The gradient of the area")

# %%
# A line of matrices
# ------------------
# Along :math:`A + tI` the determinant is a polynomial in t. Here A is a random matrix of six rows.
# Where the polynomial is negative, :math:`\log\det` is not a number, and :math:`\log|\det|` does
# not mind. At a zero it has a pole. Its slope is :math:`\operatorname{tr}\big((A + tI)^{-1}\big)`,
# everywhere between the poles; short tangents show it.
A = torch.randn(6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(21)).to(device)
unit = torch.eye(6, dtype=torch.float64, device=device)
t = torch.linspace(-3.2, 3.2, 3201, dtype=torch.float64, device=device)
family = A + t[:, None, None] * unit
determinants = torch.linalg.det(family)
careful = torch.linalg.slogdet(family).logabsdet
careless = determinants.log()  # NaN where the determinant is negative
slopes = vmap(grad(lambda t: torch.linalg.slogdet(A + t * unit).logabsdet))(t)
eigenvalues = torch.linalg.eigvals(A)
poles = -eigenvalues.real[eigenvalues.imag.abs() < 1e-9]
poles = poles[(poles > -3.2) & (poles < 3.2)].sort().values

fig, ax = plots.figure(
    "A curve that falls to minus infinity at four points of the axis. Thick stretches mark where "
    "the log of the determinant exists; in the shaded stretches between, the determinant is "
    "negative and only the thin curve goes on.",
    figsize=(6.0, 3.8),
)
ax.plot(t.cpu(), careful.cpu(), color="C1", linewidth=1.2)
ax.plot(t.cpu(), careless.cpu(), color="C0", linewidth=4.5, alpha=0.45)
negative = (determinants < 0).cpu().numpy()
low, high = -4.5, 7.5
ax.fill_between(t.cpu(), low, high, where=negative, color=plots.LINES, alpha=0.6, linewidth=0)
for k in range(100, 3201, 250):
    x, y, slope = t[k].item(), careful[k].item(), slopes[k].item()
    reach = 0.3 / math.hypot(1, slope / 2)
    ax.plot([x - reach, x + reach], [y - reach * slope, y + reach * slope], color=plots.INK)
    ax.plot(x, y, ".", color=plots.INK)
ax.set(xlabel="t", ylim=(low, high), title="log |det(A + tI)|; log det where it exists (thick)")
ax.grid(False)

# %%
# The derivative of an inverse
# ----------------------------
# :math:`(X + H)^{-1} \approx X^{-1} - X^{-1} H X^{-1}`, and the error of that is of second order in
# H. Who treats matrices like numbers writes :math:`X^{-1} - X^{-2} H`. That looks similar, and it
# leaves an error of first order, as :math:`X^{-1}` alone does.
Y, H = (
    torch.randn(2, 5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    .to(device)
    .unbind()
)
Y = Y + 3 * torch.eye(5, dtype=torch.float64, device=device)
H = H / H.norm()
inverse = torch.linalg.inv(Y)
sizes = torch.logspace(-5, 0, 11, dtype=torch.float64, device=device)
truth = torch.linalg.inv(Y + sizes[:, None, None] * H)
guesses = {
    "none": inverse.expand_as(truth),
    "school": inverse - sizes[:, None, None] * (inverse @ inverse @ H),
    "right": inverse - sizes[:, None, None] * (inverse @ H @ inverse),
}
errors = {name: (truth - guess).flatten(1).norm(dim=1) for name, guess in guesses.items()}
fig, ax = plots.figure(
    "Three lines on logarithmic axes. The error of the right formula falls with slope two; those "
    "of the formula for numbers and of no correction at all fall with slope one and lie close "
    "together.",
    figsize=(5.2, 3.8),
)
for error, color, style, text, at in zip(
    errors.values(),
    ("C2", "C1", "C0"),
    ("^:", "s--", "o-"),
    ("no correction", r"$-X^{-2}H$", r"$-X^{-1}HX^{-1}$"),
    ((1.2e-5, 1e-3), (2e-3, 8e-6), (8e-4, 1.2e-9)),
    strict=True,
):
    ax.loglog(sizes.cpu(), error.cpu(), style, color=color, markersize=4)
    ax.text(*at, text, color=color)
ax.set(xlabel="norm of H", ylabel="error", title="Matrices do not commute")

# %%
# What the pictures claim
# -----------------------
claim(
    "the gradient's columns are the other column, turned: (b₂, −b₁) and (−a₂, a₁)",
    C,
    matrix([1.5, -0.5], [-0.6, 2.0]),
    atol=1e-14,
)
claim("each is perpendicular to the side that stays", (C * X.flip(1)).sum(0), 0, atol=1e-14)
claim("it is det(X) X⁻ᵀ", C, torch.linalg.det(X) * torch.linalg.inv(X).T, atol=1e-13)
claim(
    "the determinant changes its sign as often as A has real eigenvalues −t in the picture",
    (determinants[1:] * determinants[:-1] < 0).sum(),
    len(poles),
)
claim(
    "log det is NaN exactly where the determinant is negative: exceptions",
    (careless.isnan() != (determinants < 0)).sum(),
    0,
)
claim(
    "where it is a number, both agree: largest difference",
    (careless - careful)[determinants > 0].abs().max(),
    0,
    atol=1e-9,
)
claim(
    "the slope is the trace of the inverse: largest relative error",
    (slopes / torch.linalg.inv(family).diagonal(dim1=1, dim2=2).sum(1) - 1).abs().max(),
    1e-6,
    relation="<",
)
logs = sizes.log()


def order(error):
    """Return the slope of the line between the first and the sixth point."""
    return (error[5] / error[0]).log() / (logs[5] - logs[0])


claim("the right formula: order of its error", order(errors["right"]), 2, atol=0.02)
claim("as if for numbers: order of its error", order(errors["school"]), 1, atol=0.02)
claim(
    "the derivative of the inverse along H",
    jvp(torch.linalg.inv, Y, H)[1],
    -inverse @ H @ inverse,
    atol=1e-12,
)

plt.show()
