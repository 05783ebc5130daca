# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Newton against descent, at the till
===================================

Second derivatives save steps, and cost more per step. You will see gradient descent, L-BFGS,
Newton-CG and Newton's method fit the same logistic regressions, counted first in steps and then in
what the steps cost; how the bill grows with the condition number; and how it grows with the number
of variables. No method wins everywhere.

The script belongs to the lecture :doc:`/lectures/hessians-and-newton`.
"""

# %%
# One step, on a quadratic
# ------------------------
# On :math:`f(x, y) = x^2 + 2y^2 + xy` the quadratic model is the function, so Newton's method goes
# from :math:`(5, 5)` to the minimum at once. Gradient descent with the best fixed step,
# :math:`2/(L+\mu) = 1/3`, multiplies the error by :math:`\sqrt2/3 \approx 0.47` each time.
import math

import matplotlib.pyplot as plt
import torch

from steepest import claim, methods, minimize, plots, problems
from steepest.derivatives import hessian
from steepest.plots import SOFT

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 2
# sphinx_gallery_tags = ["curvature", "cost", "data"]


def quadratic(x):
    return x[0] ** 2 + 2 * x[1] ** 2 + x[0] * x[1]


start = torch.tensor([5.0, 5.0], dtype=torch.float64, device=device)
newton = minimize(quadratic, start, methods.newton(), max_iter=1)
descent = minimize(quadratic, start, methods.gradient_descent(1 / 3), max_iter=12)

fig, ax = plots.figure(
    "Tilted contour ellipses. A straight dashed line leads from (5, 5) to the centre; a solid "
    "path zigzags across the valley, towards the centre, in ever shorter steps.",
    figsize=(4.8, 4.2),
)
plots.contours(ax, quadratic, (-3, 6), (-4, 6), levels=[1, 5, 15, 30, 50, 75, 100], device=device,
               colors=SOFT, linewidths=0.7)  # fmt: skip
plots.path(ax, descent.history.x, color="C1")
plots.path(ax, newton.history.x, color="C0", linestyle="--", linewidth=2)
box = {"facecolor": plots.PAPER, "edgecolor": "none", "pad": 1.5}
ax.text(2.3, 3.4, "Newton", color="C0", ha="right", bbox=box)
ax.text(3.3, -2.4, "gradient\ndescent", color="C1", bbox=box)
ax.set(title="One step against many", xlabel="x", ylabel="y")
ax.grid(False)

# %%
# Steps, and what they cost
# -------------------------
# Now a problem without a formula for its answer: logistic regression with 50 variables of very
# different scales, so that the Hessian at the minimum has a condition number of several hundred.
# As in the lecture on Newton's method we count an evaluation of value and gradient as 1, a
# Hessian-vector product as 1, and a Hessian as :math:`n` products.


def regression(n, spread):
    """Return a logistic regression whose columns differ in squared scale by a factor `spread`."""
    scales = torch.logspace(0, -0.5 * math.log10(spread), n, dtype=torch.float64)
    rows = torch.randn(4 * n, n, dtype=torch.float64) * scales
    odds = torch.sigmoid(rows @ torch.randn(n, dtype=torch.float64))
    coin = torch.rand(4 * n, dtype=torch.float64)
    labels = torch.where(coin < odds, 1.0, -1.0).double()
    return problems.logistic_regression(rows.to(device), labels.to(device), ridge=0.1 / spread)


def spectrum(problem, x):
    return torch.linalg.eigvalsh(hessian(problem.fun, x))


def run(problem, method, most):
    """Return a run, and what it had cost after each step."""
    n, bill = problem.x0.numel(), [1]

    def price(state):
        used = state.oracle
        bill.append(used.nfev + used.nhvp + n * used.nhess)

    result = minimize(problem.fun, problem.x0, method, max_iter=most, tol=1e-6, callback=price)
    return result, bill


def contest(problem, most=1000):
    """Return the runs of all four methods; the fixed step is 1/L, with L the largest curvature."""
    smooth = spectrum(problem, problem.x0)[-1]  # at 0 all sigmoids are at their steepest
    return {
        "gradient descent": run(problem, methods.gradient_descent(1 / float(smooth)), most),
        "L-BFGS": run(problem, methods.lbfgs(), most),
        "Newton-CG": run(problem, methods.newton_cg(), most),
        "Newton": run(problem, methods.damped_newton(), most),
    }


styles = {
    "gradient descent": ("C1", "-."),
    "L-BFGS": ("C2", "--"),
    "Newton-CG": ("C3", ":"),
    "Newton": ("C0", "-"),
}
problem = regression(50, 1e3)
runs = contest(problem)
fig, (top, bottom) = plots.figure(
    "The gradient's norm on a logarithmic scale, above against steps, below against cost. Above, "
    "Newton and Newton-CG fall like stones at the left edge. Below, Newton-CG and L-BFGS lead and "
    "Newton needs more than twice as much; gradient descent stays high in both.",
    rows=2,
    figsize=(5.6, 6.2),
)
for name, (result, bill) in runs.items():
    color, line = styles[name]
    norms = result.history.grad_norm.cpu()
    top.loglog(range(1, len(norms) + 1), norms, line, color=color, linewidth=2)
    bottom.loglog(bill, norms, line, color=color, linewidth=2)
top.text(1.1, 2e-5, "Newton-CG,\nNewton", color="C0")
top.text(60, 1e-5, "L-BFGS", color="C2", ha="right")
top.text(1000, 1.5e-2, "gradient descent", color="C1", ha="right")
bottom.text(85, 3e-7, "Newton-CG", color="C3", ha="right")
bottom.text(330, 1e-5, "Newton", color="C0")
bottom.text(20, 6e-4, "L-BFGS", color="C2", ha="right")
bottom.text(1000, 1.5e-2, "gradient descent", color="C1", ha="right")
top.set(title="The same runs, counted twice", xlabel="steps + 1", ylabel="gradient's norm")
bottom.set(xlabel="cost", ylabel="gradient's norm")

# %%
# The condition number's bill
# ---------------------------
# Newton's bill hardly depends on the condition number. That of gradient descent grows in
# proportion to it (crosses: not there yet after 1000 steps), those of the two in between more
# slowly: conjugate gradients never need many more than :math:`n` products for one step.
spreads = (10, 100, 1000, 10000)
conditions, table = [], {name: [] for name in styles}
for spread in spreads:
    one = problem if spread == 1000 else regression(50, spread)
    ends = spectrum(one, one.minimisers[0])
    found = runs if one is problem else contest(one, most=2000 if spread < 1000 else 1000)
    conditions.append(float(ends[-1] / ends[0]))
    for name, (result, bill) in found.items():
        table[name].append((bill[-1], result.success))

fig, ax = plots.figure(
    "Cost against the condition number, both axes logarithmic. Newton's line is nearly level at "
    "about three hundred; gradient descent begins there and rises steeply, crosses at the top mark "
    "where it was stopped; L-BFGS and Newton-CG start far below and come close to it or pass it at "
    "the right end.",
    figsize=(5.6, 4.0),
)
for name, entries in table.items():
    color, line = styles[name]
    known = [cost if there else math.nan for cost, there in entries]
    ax.loglog(conditions, known, line, color=color, linewidth=2)
    for x, (cost, there) in zip(conditions, entries, strict=True):
        ax.plot(x, cost, "o" if there else "x", color=color, markersize=6 if there else 9)
ax.text(20, 180, "Newton", color="C0")
ax.text(160, 1250, "gradient descent", color="C1")
ax.text(conditions[2], 1.35 * table["L-BFGS"][2][0], "L-BFGS", color="C2", ha="right")
ax.text(conditions[2], 0.62 * table["Newton-CG"][2][0], "Newton-CG", color="C3")
ax.set(title="What ill-conditioning costs", xlabel="condition number", ylabel="cost")
ax.set(ylim=(20, 2500))

# %%
# The number of variables' bill
# -----------------------------
# At a fixed spread of scales the roles change: the Hessian's price is proportional to :math:`n`,
# and Newton's bill with it. The others do not care much. That the equations for the step also cost
# about :math:`n^3/3` operations is not even counted here.
dimensions = (5, 10, 20, 40, 80, 160)
growth = {name: [] for name in ("Newton", "Newton-CG", "L-BFGS")}
for n in dimensions:
    one = regression(n, 100)
    for name, method in (
        ("Newton", methods.damped_newton()),
        ("Newton-CG", methods.newton_cg()),
        ("L-BFGS", methods.lbfgs()),
    ):
        growth[name].append(run(one, method, 500)[1][-1])

fig, ax = plots.figure(
    "Cost against the number of variables, both axes logarithmic. Newton's line rises with slope "
    "one, from the level of the others to far above them; Newton-CG and L-BFGS rise much more "
    "slowly.",
    figsize=(5.6, 3.8),
)
for name, costs in growth.items():
    color, line = styles[name]
    mark = {"Newton": "o", "Newton-CG": "^", "L-BFGS": "s"}[name]
    ax.loglog(dimensions, costs, line, marker=mark, color=color, linewidth=2, markersize=5)
    ax.annotate(name, (dimensions[-1], costs[-1]), xytext=(8, -3), textcoords="offset points",
                color=color)  # fmt: skip
ax.set(title="What variables cost", xlabel="variables n", ylabel="cost", xlim=(4, 900))
ax.set(xticks=[10, 100], xticklabels=["10", "100"])

# %%
# What the pictures claim
# -----------------------
claim("x² + 2y² + xy from (5, 5): f before and after Newton's step", newton.history.fun, [100, 0],
      atol=1e-25)  # fmt: skip
ratio = descent.history.x.norm(dim=1)
claim("gradient descent with step 1/3 shrinks the error by √2/3 in every step",
      ratio[1:] / ratio[:-1], math.sqrt(2) / 3, atol=1e-9)  # fmt: skip
claim("three of the four methods arrive", [result.success for result, _ in runs.values()],
      [False, True, True, True])  # fmt: skip
reached = [result.x for result, _ in list(runs.values())[1:]]
least = spectrum(problem, problem.minimisers[0])[0]
claim("… near the minimum: distances, against twice the tolerance over the least curvature",
      [(x - problem.minimisers[0]).norm() for x in reached], 2e-6 / least,
      relation="≤")  # fmt: skip
steps = {name: result.nit for name, (result, _) in runs.items()}
cost = {name: bill[-1] for name, (_, bill) in runs.items()}
claim("Newton and Newton-CG: steps, relative to those of L-BFGS",
      [steps[name] / steps["L-BFGS"] for name in ("Newton", "Newton-CG")], 0.2,
      relation="<")  # fmt: skip
claim(
    "Newton costs more than Newton-CG: quotient of the costs",
    cost["Newton"] / cost["Newton-CG"],
    1,
    relation=">",
)
claim("Newton's step is the dearest: what 50 variables cost per step",
      (cost["Newton"] - 1) / steps["Newton"], 51, atol=2)  # fmt: skip
newton_bill = [c for c, _ in table["Newton"]]
claim("from the first condition number to the last: a factor of more than 300",
      conditions[-1] / conditions[0], 300, relation=">")  # fmt: skip
claim("… that changes Newton's bill by a factor below 2",
      max(newton_bill) / min(newton_bill), 2, relation="<")  # fmt: skip
slow_bill = table["gradient descent"]
claim("gradient descent: cost at the second condition number / at the first",
      slow_bill[1][0] / slow_bill[0][0], 3, relation=">")  # fmt: skip
claim("gradient descent, worst two: not there after 1000 steps",
      [not there for _, there in slow_bill[2:]], True)  # fmt: skip
claim("variables × 32: Newton's bill grows by more than",
      growth["Newton"][-1] / growth["Newton"][0], 16, relation=">")  # fmt: skip
claim("… those of Newton-CG and L-BFGS by less than",
      [growth[name][-1] / growth[name][0] for name in ("Newton-CG", "L-BFGS")], 8,
      relation="<")  # fmt: skip

plt.show()
