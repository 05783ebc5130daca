# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
How fast Newton's method converges
==================================

Correct digits double with each step of Newton's method, if all goes well. You will see them double
nine times, in arithmetic with 800 digits; you will see six methods side by side, of the orders 1,
3/2, 1.618, 2 and 3; how BFGS becomes ever faster; and, in a film, how the same method on a smooth
convex function passes from convergence to flight as its start slides over the point 1.

The script belongs to the lecture :doc:`/lectures/newton`.
"""

# %%
# Nine doublings
# --------------
# On :math:`f(x) = e^x - 2x` the error :math:`u = x - \ln 2` becomes :math:`u - 1 + e^{-u} =
# \tfrac12 u^2 - \dots` in each step. Sixteen digits are used up after four steps, so we leave
# ``float64`` for decimal numbers with 800 digits. The dashed line is what the theorem of the
# lecture guarantees, from :math:`\mu = 2` and :math:`M = 2e^{0.2}`.
import math
from decimal import Decimal, getcontext, localcontext

import matplotlib.pyplot as plt
import torch
from torch.func import grad, vmap

from steepest import claim, methods, minimize, plots, problems
from steepest.plots import INK, SOFT

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 2
# sphinx_gallery_tags = ["film", "curvature", "rates"]
getcontext().prec = 800


def errors_of(step, start, target, iterations):
    """Return the distances to the target along an iteration in decimal arithmetic."""
    x, errors = start, [abs(start - target)]
    for _ in range(iterations):
        x = step(x)
        errors.append(abs(x - target))
    return errors


def digits(errors):
    return [-e.adjusted() - math.log10(e.scaleb(-e.adjusted())) for e in errors]


ln2 = Decimal(2).ln()
doubling = errors_of(lambda x: x - 1 + 2 / x.exp(), Decimal("0.5"), ln2, 9)
guaranteed = [doubling[0]]
for _ in range(9):
    M, e = 2 * Decimal("0.2").exp(), guaranteed[-1]
    guaranteed.append(M * e * e / (2 * (2 - M * e)))

fig, ax = plots.figure(
    "Correct digits against the step, from 1 to 512 on a scale of powers of two: dots on a "
    "straight line, close above a dashed one. A horizontal line marks the sixteen digits of "
    "float64.",
    figsize=(5.6, 3.7),
)
ax.semilogy(digits(doubling), "o-", base=2, color="C0")
ax.semilogy(digits(guaranteed), "--", base=2, color="C1")
ax.axhline(16, color=SOFT, linewidth=1)
ax.text(9, 18, "all that float64 holds", color=SOFT, ha="right")
ax.text(5.5, 110, "correct digits ", color="C0", ha="right")
ax.text(7.2, 52, "guaranteed", color="C1")
ax.set(title="Nine steps: from one digit to hundreds", xlabel="step", ylabel="correct digits")
ax.set_yticks(
    [0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256], labels=["½", 1, 2, 4, 8, 16, 32, 64, 128, 256]
)

# %%
# Six orders
# ----------
# Draw each error against the one before, both as numbers of digits. Order :math:`p` means
# :math:`e_{k+1} \approx C e_k^p`: a line of slope :math:`p`.
#
# - Gradient descent has order 1, and so has Newton's method on :math:`x^4`, where the Hessian at
#   the minimum is singular.
# - :math:`\tfrac12 x^2 + \tfrac4{15}|x|^{5/2}` has a second derivative that is no more than Hölder
#   continuous, with exponent ½: order 3/2.
# - The secant method guesses the second derivative from two slopes: order :math:`(1+\sqrt5)/2
#   \approx 1.618`.
# - Newton's method proper: order 2. On :math:`\sqrt{1+x^2}` the third derivative vanishes at the
#   minimum as well: order 3.
half = Decimal("0.5")


def rough_step(x):
    q = abs(x).sqrt()
    return x * q / (3 * (1 + q))


def secant_errors(x0, x1, iterations):
    """Return the errors of the secant method for eˣ = 2."""
    xs = [x0, x1]
    for _ in range(iterations):
        slope = (xs[-1].exp() - xs[-2].exp()) / (xs[-1] - xs[-2])
        xs.append(xs[-1] - (xs[-1].exp() - 2) / slope)
    return [abs(x - ln2) for x in xs]


runs = {}
with localcontext(prec=100):  # the two slow ones need many steps, and few digits
    runs["gradient descent"] = errors_of(lambda x: x - (x.exp() - 2) / 5, half, ln2, 200)
    runs["Newton, x⁴"] = errors_of(lambda x: 2 * x / 3, Decimal(1), 0, 250)
runs |= {
    "Newton, Hölder": errors_of(rough_step, Decimal(1), 0, 11),
    "secant": secant_errors(half, Decimal("0.6"), 9),
    "Newton": doubling[:9],
    "Newton, √(1+x²)": errors_of(lambda x: -(x**3), Decimal("0.6"), 0, 5),
}
orders = {}
fig, ax = plots.figure(
    "The digits after a step against those before it, up to 60. Lines through the origin fan out: "
    "the flattest has slope one, then come three halves, 1.6, two, and three.",
    figsize=(5.6, 4.4),
)
for i, (name, errors) in enumerate(runs.items()):
    d = digits(errors)
    orders[name] = (d[-1] - d[-2]) / (d[-2] - d[-3])
    shown = [k for k in range(len(d) - 1) if 0 <= d[k] <= 40]
    before, after = [d[k] for k in shown], [d[k + 1] for k in shown]
    every = 20 if len(d) > 50 else 1
    ax.plot(before, after, f"{'sv^Do*'[i]}-", color=f"C{i}", linewidth=1.2, markevery=every)
for name, at, color in (
    ("order 3", (4.5, 38), "C5"),
    ("2", (22, 50), "C4"),
    ("3/2", (31.5, 44.5), "C2"),
    ("1", (35, 29), "C1"),
):
    ax.text(*at, name, color=color)
arrow = {"arrowstyle": "-", "color": "C3", "linewidth": 0.8, "shrinkB": 4}
ax.annotate("1.618", (25, 40.7), xytext=(31.5, 55), color="C3", arrowprops=arrow)
ax.set(title="The slope is the order", xlim=(-1, 41), ylim=(-2, 62))
ax.set(xlabel="correct digits before a step", ylabel="correct digits after it")

# %%
# BFGS learns
# -----------
# On Rosenbrock's valley, in two and in ten variables, BFGS begins without any idea of curvature.
# The quotient of successive errors at first jumps about; at the end it falls towards zero, as
# *superlinear convergence* says. For gradient descent it would stay just below 1 for ever.
quotients = {}
for n in (2, 10):
    problem = problems.rosenbrock(n)
    run = minimize(problem.fun, problem.x0.to(device), methods.bfgs(), max_iter=200, tol=1e-9)
    error = (run.history.x - 1).norm(dim=1)
    quotients[n] = (error[1:] / error[:-1]).cpu()

fig, ax = plots.figure(
    "Quotients of successive errors of BFGS on a logarithmic scale, for 2 and for 10 variables. "
    "Both scatter around one for most of the run and then dive below a hundredth.",
    figsize=(5.6, 3.5),
)
ax.axhline(1, color=SOFT, linewidth=1)
for (n, quotient), color, mark in zip(quotients.items(), ("C0", "C1"), ("o", "s"), strict=True):
    ax.semilogy(quotient, f"{mark}-", color=color, markersize=4, linewidth=1.2)
    ax.text(len(quotient), quotient[-1] / 4, f"n = {n}", color=color, ha="center")
ax.set(title="BFGS: ever faster", ylim=(2e-6, 9), xlabel="iteration", ylabel="error / error before")

# %%
# Over the edge
# -------------
# For :math:`f(x) = \sqrt{1+x^2}` Newton's step is :math:`x^+ = -x^3`. In the film the start slides
# from 0.9 to 1.15. Below 1 the iterates close in on the minimum; at 1 they go to and fro between
# two mirror points, and beyond it each parabola is flatter than the one before and throws the next
# iterate farther out. The dashed curve is the first parabola.


def bowl(x):
    return torch.sqrt(1 + x**2)


slope, bend = vmap(grad(bowl)), vmap(grad(grad(bowl)))
starts = torch.linspace(0.9, 1.15, 26, dtype=torch.float64, device=device)
way = [starts]
for _ in range(5):
    way.append(way[-1] - slope(way[-1]) / bend(way[-1]))
way = torch.stack(way)  # shape (6, 26)

line = torch.linspace(-3, 3, 301, dtype=torch.float64, device=device)
fig, ax = plots.figure(
    "A convex bowl with a path of iterates on it. As the start moves right from 0.9, the path "
    "first closes in on the bottom; at 1 it repeats between two points; beyond 1 it leaves the "
    "window.",
    figsize=(5.6, 3.6),
)
plots.graph(ax, bowl, (-3, 3), color="C0", device=device)
(model,) = ax.plot([], [], "--", color="C2", linewidth=1.2)
(path,) = ax.plot([], [], ".-", color="C1", linewidth=1, markersize=7)
(first,) = ax.plot([], [], "o", color=INK)
text = ax.text(0, 2.75, "", ha="center")
ax.set(xlim=(-3, 3), ylim=(0.6, 3), xlabel="x", ylabel="f(x)")
ax.set(title="A start slides over the edge")


def draw(k):
    x0 = starts[k]
    f0, f1, f2 = bowl(x0), slope(x0[None])[0], bend(x0[None])[0]
    model.set_data(line.cpu(), (f0 + f1 * (line - x0) + f2 * (line - x0) ** 2 / 2).cpu())
    path.set_data(way[:, k].cpu(), bowl(way[:, k]).cpu())
    first.set_data([x0.item()], [f0.item()])
    text.set_text(f"start {x0.item():.2f}")


film = plots.film(fig, draw, frames=26, per_second=6, still=5)

# %%
# What the pictures claim
# -----------------------
claim(
    "eˣ − 2x: digits after a step, divided by those before, from the third step on",
    [b / a for a, b in zip(digits(doubling)[3:], digits(doubling)[4:], strict=False)],
    2,
    atol=0.05,
)
claim(
    "eˣ − 2x: each error is below what the theorem guarantees",
    [float(e / bound) for e, bound in zip(doubling[1:], guaranteed[1:], strict=True)],
    1,
    relation="<",
)
known = [1, 1, 1.5, (1 + math.sqrt(5)) / 2, 2, 3]
claim("the measured orders", list(orders.values()), known, atol=0.02)
x = torch.tensor(0.37, dtype=torch.float64, device=device)
for name, fun, step in (
    ("x⁴", lambda x: x**4, 2 * 0.37 / 3),
    ("½x² + 4|x|^2.5/15", lambda x: x**2 / 2 + 4 / 15 * x**2.5, rough_step(Decimal("0.37"))),
    ("√(1+x²)", bowl, -(0.37**3)),
):
    claim(
        f"Newton's step on {name}, as written down by hand",
        minimize(fun, x, methods.newton(), max_iter=1).x,
        float(step),
        atol=1e-14,
    )
for n, quotient in quotients.items():
    mean = quotient[-3:].log().mean().exp()
    claim(f"BFGS, n = {n}: geometric mean of the last three quotients", mean, 0.2, relation="<")
claim("√(1+x²): all iterates are those of x⁺ = −x³", way[1:3], -(way[:2] ** 3), rtol=1e-9)
claim("√(1+x²): starts up to 0.98 end within 1/100", way[-1][:9].abs(), 0.01, relation="<")
claim("√(1+x²): starts from 1.02 on leave the window", way[-1][12:].abs(), 3, relation=">")

plt.show()
