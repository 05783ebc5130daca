# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Preconditioning: the same descent in better variables
=====================================================

Gradient descent depends on the variables in which a problem is written. You will see one run in two
coordinate systems, a regression that suffers from the units of its data and is cured by a diagonal,
and valleys that no diagonal can cure.

The script belongs to the lecture :doc:`/lectures/conditioning-and-momentum`.
"""

# %%
# One run, two pictures
# ---------------------
# With :math:`x = Cz` and :math:`P^{-1} = CC^\top`, the step :math:`x - \alpha P^{-1}\nabla f(x)` is
# plain gradient descent in :math:`z`. On the left the problem in its own variables: gradient
# descent zigzags, the preconditioned way cuts across. On the right the same preconditioned way in
# the variables z, where the contours are nearly round and it follows the gradient.
import matplotlib.pyplot as plt
import torch

from steepest import claim, methods, minimize, plots, problems
from steepest.derivatives import hessian

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 3
# sphinx_gallery_tags = ["curvature", "rates"]


def matrix(*rows):
    """Return these rows as a float64 tensor on the device."""
    return torch.tensor(rows, dtype=torch.float64, device=device)


def extremes(A, P):
    """Return the smallest and the largest eigenvalue of P⁻¹A, for positive definite A and P."""
    root = torch.linalg.cholesky(P)
    inner = torch.linalg.solve_triangular(root, A, upper=False)
    values = torch.linalg.eigvalsh(torch.linalg.solve_triangular(root, inner.T, upper=False))
    return values[0].item(), values[-1].item()


def kappa(A, P):
    """Return the condition number of P⁻¹A."""
    low, high = extremes(A, P)
    return high / low


def descend(fun, x0, A, P, steps):
    """Return preconditioned descent with its best fixed step, 2/(L + μ) of P⁻¹A."""
    method = methods.preconditioned(P, 2 / sum(extremes(A, P)))
    return minimize(fun, x0, method, max_iter=steps).history


A = matrix([1.0, 1.4], [1.4, 20.0])
jacobi = torch.diag(A.diagonal())
identity = torch.eye(2, dtype=torch.float64, device=device)
bowl = problems.quadratic(A).fun
x0 = matrix(4.0, 0.9)
plain = descend(bowl, x0, A, identity, 12).x
better = descend(bowl, x0, A, jacobi, 12).x
scale = jacobi.diagonal() ** -0.5  # C, a diagonal matrix
in_z = minimize(
    lambda z: bowl(scale * z),
    x0 / scale,
    methods.gradient_descent(2 / sum(extremes(A, jacobi))),
    max_iter=12,
).history.x

fig, (left, right) = plots.figure(
    "Left, flat ellipses with a zigzag and a second way that heads for the centre. Right, the same "
    "problem in other variables: the contours are nearly circles, and the second way is short.",
    columns=2,
    figsize=(6.8, 3.5),
)
levels = [0.5, 2, 5, 10, 18]
plots.contours(left, bowl, (-2, 4.6), (-1.3, 1.3), levels=levels, colors=plots.LINES, device=device)
plots.path(left, plain, color="C1", linestyle="--")
plots.path(left, better, color="C0")
left.set(title=f"x: condition {kappa(A, identity):.0f}", xlabel=r"$x_1$", ylabel=r"$x_2$")
plots.contours(
    right,
    lambda z: bowl(scale.to(z) * z),
    (-1.5, 5.2),
    (-2.2, 5.2),
    levels=levels,
    colors=plots.LINES,
    device=device,
)
plots.path(right, in_z, color="C0")
right.set(
    title=f"z: condition {kappa(A, jacobi):.1f}", xlabel=r"$z_1$", ylabel=r"$z_2$", aspect="equal"
)

# %%
# Units
# -----
# A regression with six features. Two of them are recorded in units a hundred times too small or too
# large. The predictions do not depend on units; gradient descent does. The diagonal of the Hessian
# restores what a sensible choice of units would have given: the same condition number whatever the
# units are. (Standardising the columns of the data does the same to the data that the diagonal does
# to the gradient.)
features = torch.randn(200, 6, dtype=torch.float64).to(device)
features[:, 1] += 0.8 * features[:, 0]
target = features @ matrix(1.0, -2.0, 0.5, 0.0, 3.0, -1.0)
target = target + 0.1 * torch.randn(200, dtype=torch.float64).to(device)
units = matrix(1.0, 100.0, 1.0, 0.01, 1.0, 1.0)


def regression(data):
    """Return half the mean square error, its Hessian, and its minimum."""

    def fun(w):
        return (data @ w - target).square().mean() / 2

    w = torch.linalg.lstsq(data, target[:, None], driver="gels").solution[:, 0]
    return fun, data.T @ data / len(data), fun(w)


curves, conditions = {}, {}
for name, data in (("sensible", features), ("bad", features * units)):
    fun, hess, least = regression(data)
    zero = torch.zeros(6, dtype=torch.float64, device=device)
    diagonal = torch.diag(hess.diagonal())
    for kind, P in (("plain", torch.eye(6).to(hess)), ("diagonal", diagonal)):
        conditions[name, kind] = kappa(hess, P)
        curves[name, kind] = (descend(fun, zero, hess, P, 100).fun - least).clamp(min=1e-17).cpu()

fig, ax = plots.figure(
    "Error of the objective against the iteration, logarithmic. With bad units plain gradient "
    "descent stays on a horizontal line; with sensible units, or with the diagonal in either "
    "units, it falls steadily. The two curves with the diagonal coincide.",
    figsize=(6.4, 3.9),
)
ax.semilogy(curves["bad", "plain"], color="C1")
ax.semilogy(curves["sensible", "plain"], "--", color="C2")
ax.semilogy(curves["sensible", "diagonal"], color="C0")
ax.semilogy(curves["bad", "diagonal"], "o", color="C0", markevery=6, markerfacecolor="none")
ax.text(99, 12, "bad units", color="C1", ha="right")
ax.text(44, 1e-11, "sensible units", color="C2")
ax.text(26, 1e-13, "diagonal,\neither units", color="C0", ha="right")
ax.set(title="Units", xlabel="iteration", ylabel="error of the objective", ylim=(1e-17, 300))

# %%
# What a diagonal cannot do
# -------------------------
# Turn a valley with :math:`\kappa = 1000` by an angle. When it lies along an axis, the diagonal of
# the Hessian is the perfect preconditioner; at 45° all entries of the diagonal are equal and it
# does nothing. In between, no positive diagonal does better than this one (in the plane that is a
# theorem, exercise 6 of the lecture), and ten degrees bring back a tenth of the trouble. The
# Hessian itself is perfect at every angle: that is Newton's method.
degrees = torch.linspace(0, 90, 181, dtype=torch.float64)
spectrum = matrix(1.0, 1000.0)
turned = []
for angle in torch.deg2rad(degrees):
    c, s = angle.cos().item(), angle.sin().item()
    Q = matrix([c, -s], [s, c])
    H = (Q * spectrum) @ Q.T
    turned.append((H + H.T) / 2)
with_diagonal = torch.tensor([kappa(H, torch.diag(H.diagonal())) for H in turned])
without = torch.tensor([kappa(H, identity) for H in turned])

fig, ax = plots.figure(
    "Condition number against the angle of the valley. Without preconditioner a horizontal line at "
    "1000; with the diagonal a curve that is 1 at 0 and 90 degrees, climbs steeply within the "
    "first few degrees and touches the line at 45.",
    figsize=(6.4, 3.9),
)
ax.semilogy(degrees, without, "--", color="C1")
ax.semilogy(degrees, with_diagonal, color="C0")
ax.text(2, 1300, "none", color="C1")
ax.text(45, 300, "diagonal", color="C0", ha="center")
ax.set(
    title="A diagonal cannot turn",
    xlabel="angle between valley and axis, degrees",
    ylabel=r"condition number of $P^{-1}A$",
    xticks=[0, 15, 30, 45, 60, 75, 90],
    ylim=(0.7, 3000),
)

# %%
# What the pictures claim
# -----------------------
claim("preconditioned descent in x is gradient descent in z", better, in_z * scale, atol=1e-12)
claim(
    "after 12 steps it is a thousand times closer than plain descent",
    plain[-1].norm() / better[-1].norm(),
    1000.0,
    relation=">",
)
fun, hess, _ = regression(features * units)
claim(
    "the regression's Hessian is XᵀX/N",
    hessian(fun, torch.zeros(6, dtype=torch.float64, device=device)) / hess.norm(),
    hess / hess.norm(),
    atol=1e-12,
)
claim(
    "bad units make its condition number more than 10⁷ times larger",
    conditions["bad", "plain"] / conditions["sensible", "plain"],
    1e7,
    relation=">",
)
claim(
    "with the diagonal the condition number does not depend on units",
    conditions["bad", "diagonal"],
    conditions["sensible", "diagonal"],
    rtol=1e-9,
)
claim(
    "nor does any value of the run, within rounding",
    curves["bad", "diagonal"][:30],
    curves["sensible", "diagonal"][:30],
    rtol=1e-6,
    atol=1e-14,
)
claim(
    "bad units, plain: 100 steps gain less than a factor 10",
    curves["bad", "plain"][0] / curves["bad", "plain"][-1],
    10.0,
    relation="<",
)
claim("a valley along an axis: the diagonal is perfect", with_diagonal[[0, -1]], 1.0, atol=1e-9)
claim("a valley at 45°: the diagonal does nothing", with_diagonal[90], 1000.0, rtol=1e-9)
claim(
    "ten degrees bring back a tenth of the condition number", with_diagonal[20], 100, relation=">"
)
claim(
    "the diagonal never makes it worse in the plane",
    with_diagonal / without,
    1.0,
    relation="≤",
    atol=1e-9,
)
claim(
    "the Hessian as preconditioner: condition 1 at every angle",
    [kappa(H, H) for H in turned],
    1.0,
    atol=1e-9,
)

plt.show()
