# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Hyperparameters by descent
==========================

Ridge regression has a penalty, and somebody has to choose it. You will see the validation error of
one penalty with the slopes that hypergradients find on it; how the derivative through a training
run first gets worse, or does not, depending on how one and the same question is written; and, in a
film, thirty penalties that are set at once by gradient descent, until they begin to overfit.

The script belongs to the lecture :doc:`/lectures/gradients-of-gradients`.
"""

# %%
# One penalty
# -----------
# 45 observations of 30 features, of which six matter, and 20 more to validate with. :math:`\varphi`
# is the logarithm of the penalty's weight. The dots are hypergradient descent from two ends; the
# short lines have the slopes that ``hypergradient`` returns: one linear system each, and no
# neighbouring fits.
import matplotlib.pyplot as plt
import torch
from torch.func import jacfwd

from steepest import claim, plots
from steepest.bilevel import hypergradient

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 3
# sphinx_gallery_tags = ["film", "data", "differentiation"]
double = {"dtype": torch.float64, "device": device}
draw_from = torch.Generator().manual_seed(0)


def normal(*shape):
    """Standard normal numbers, the same ones on every device."""
    return torch.randn(*shape, dtype=torch.float64, generator=draw_from).to(device)


d, matter = 30, 6
sizes = normal(matter).sign()
lengths = torch.rand(matter, dtype=torch.float64, generator=draw_from).to(device)
truth = torch.zeros(d, **double)
truth[:matter] = sizes * (0.5 + lengths)


def observe(n):
    features = normal(n, d)
    return features, features @ truth + normal(n)


(X, y), (X_val, y_val), (X_test, y_test) = observe(45), observe(20), observe(4000)


def training(theta, phi):
    return (((X @ theta - y) ** 2).sum() + (phi.exp() * theta**2).sum()) / 2


def validation(theta, phi):
    return ((X_val @ theta - y_val) ** 2).mean()


def fit(phi):
    return torch.linalg.solve(X.T @ X + torch.diag(phi.exp().expand(d)), X.T @ y)


def test_error(theta):
    return ((X_test @ theta - y_test) ** 2).mean()


def slope_at(phi):
    return hypergradient(validation, training, fit(phi), phi, mode="implicit", tol=1e-6)


grid = torch.linspace(-4, 7, 111, **double)
on_grid = torch.stack([validation(fit(p), p) for p in grid])
runs = {}
for start in (-1.0, 2.6):
    phi, dots = torch.tensor(start, **double), []
    for _ in range(25):
        slope = slope_at(phi)
        dots.append(torch.stack([phi, validation(fit(phi), phi), slope]))
        phi = phi - 3 * slope
    runs[start] = torch.stack(dots).cpu()

fig, ax = plots.figure(
    "A valley: validation error against the logarithm of the penalty. Dots come down from both "
    "sides, each with a short tangent line, and meet at the bottom.",
    figsize=(5.6, 3.7),
)
ax.plot(grid.cpu(), on_grid.cpu(), color=plots.SOFT)
for run, color, mark in zip(runs.values(), ("C0", "C1"), ("o", "s"), strict=True):
    for at, value, slope in run[::2].tolist():
        ax.plot([at - 0.3, at + 0.3], [value - 0.3 * slope, value + 0.3 * slope], color=color, lw=1)
    ax.plot(run[:, 0], run[:, 1], mark, color=color, markersize=5)
ax.set(title="Slopes without neighbouring fits", xlabel=r"$\varphi$, logarithm of the penalty")
ax.set(xlim=(-4, 3), ylim=(1.2, 1.6), ylabel="validation error")

# %%
# One question, written in two ways
# ---------------------------------
# A smaller regression, with eigenvalues from 0.02 to 1.01, trained by gradient descent with the
# best fixed step. Let :math:`\varphi` be the logarithm of the weight of the *data*, or of the
# weight of the *penalty*: the iterates agree in every digit, the true derivatives agree up to the
# sign. The derivatives of the iterates do not. With the weight on the data they first run away.
left, _ = torch.linalg.qr(normal(30, 6))
right, _ = torch.linalg.qr(normal(6, 6))
small = left * torch.logspace(0, -1, 6, **double) @ right.T
seen = small @ normal(6) + 0.1 * normal(30)
H = small.T @ small + 0.01 * torch.eye(6, **double)
low, high = torch.linalg.eigvalsh(H)[[0, -1]]
lr, rho = 2 / (low + high), ((high - low) / (high + low)).cpu()
end = torch.linalg.solve(H, small.T @ seen)
true_slope = torch.linalg.solve(H, 0.01 * end)


def train(phi, where, start, steps=200):
    """Return all iterates; phi weighs the data or the penalty."""
    on_data, on_penalty = (phi.exp(), 1.0) if where == "data" else (1.0, phi.exp())
    theta, way = start, [start]
    for _ in range(steps):
        gradient = on_data * small.T @ (small @ theta - seen) + 0.01 * on_penalty * theta
        theta = theta - lr * gradient
        way.append(theta)
    return torch.stack(way)


zero, nothing = torch.zeros((), **double), torch.zeros(6, **double)
errors = {}
for name, where, start, sign in (
    ("weight of the data", "data", nothing, 1),
    ("weight of the penalty", "penalty", nothing, -1),
    ("data, from the minimiser", "data", end, 1),
):
    slopes = jacfwd(lambda phi, where=where, start=start: train(phi, where, start))(zero)
    errors[name] = ((slopes - sign * true_slope).norm(dim=1) / true_slope.norm()).cpu()
parameters = ((train(zero, "data", nothing) - end).norm(dim=1) / end.norm()).cpu()
k = torch.arange(201, dtype=torch.float64)
bound = rho**k + k * rho ** (k - 1) * (lr * end.norm() / true_slope.norm()).cpu()

fig, ax = plots.figure(
    "Errors over 200 steps on a logarithmic scale. The parameters fall from the start. The "
    "derivative by the weight of the data climbs first and stays far above the others; the "
    "derivative by the weight of the penalty and the one from the minimiser fall. A thin line, the "
    "bound of the theorem, lies above all.",
    figsize=(5.6, 4.0),
)
ax.semilogy(k, bound, color=plots.SOFT, linewidth=0.8)
looks = (("C1", "-"), ("C0", "--"), ("C2", ":"))
for (name, error), (color, style) in zip(errors.items(), looks, strict=True):
    ax.semilogy(k, error, style, color=color, linewidth=1.8, label=name)
ax.semilogy(k, parameters, color="C3", linestyle="-.", linewidth=1.2, label="the parameters")
ax.text(150, 12, "bound", color=plots.SOFT)
ax.set(title="The way, differentiated", xlabel="inner steps", ylabel="relative error")
ax.set(ylim=(3e-6, 1e3))
ax.legend(loc="lower left")

# %%
# Thirty penalties
# ----------------
# Each feature gets its own penalty. The film shows the parameters (left; the first six matter) and
# the errors (right) while hypergradients push thirty :math:`\varphi_i` around. Useless features
# fade. The validation error falls in every step; the test error turns after some thirty.
phi, thetas, curve = grid[on_grid.argmin()].expand(d), [], []
for _ in range(151):
    theta = fit(phi)
    thetas.append(theta.cpu())
    curve.append(torch.stack([validation(theta, phi), test_error(theta)]).cpu())
    phi = phi - 5 * slope_at(phi)
curve = torch.stack(curve)
best_single = test_error(fit(grid[on_grid.argmin()])).cpu()

fig, (bars, lines) = plots.figure(
    "A film. Left, thirty bars for the parameters: the six on the left keep their length, most "
    "others shrink to nothing. Right, the validation error falls over 150 steps; the test "
    "error falls below a dotted line, and rises again.",
    columns=2,
    figsize=(6.6, 3.4),
)
rows = bars.bar(range(d), thetas[0], color=["C0"] * matter + ["C1"] * (d - matter), width=0.7)
bars.plot(range(matter), truth[:matter].cpu(), "_", color=plots.INK, markersize=9)
bars.set(ylim=(-2, 2), xlabel="feature", ylabel="parameter", title="true values: strokes")
lines.axhline(best_single, color=plots.SOFT, linestyle=":")
(validated,) = lines.plot([], [], color="C2")
(tested,) = lines.plot([], [], color="C3", linestyle="--")
lines.text(150, 2.16, "one penalty", color=plots.SOFT, ha="right")
lines.text(150, 1.55, "test", color="C3", ha="right")
lines.text(150, 0.38, "validation", color="C2", ha="right")
lines.set(xlim=(0, 153), ylim=(0.1, 2.45), xlabel="outer step", title="mean square error")


def draw(frame):
    now = 3 * frame
    for row, height in zip(rows, thetas[now].tolist(), strict=True):
        row.set_height(height)
    validated.set_data(range(now + 1), curve[: now + 1, 0])
    tested.set_data(range(now + 1), curve[: now + 1, 1])


film = plots.film(fig, draw, frames=51, per_second=10, still=50)

# %%
# What the pictures claim
# -----------------------
lowest = grid[on_grid.argmin()].cpu()
for start, run in runs.items():
    claim(f"one penalty, from {start:g}: the best grid point", run[-1, 0], lowest, atol=0.06)
h = torch.tensor(1e-4, **double)
difference = (validation(fit(h), h) - validation(fit(-h), -h)) / (2 * h)
claim("one penalty: the hypergradient is the slope", slope_at(zero), difference, rtol=1e-5)
apart = (train(zero, "data", nothing) - train(zero, "penalty", nothing)).abs().max()
claim("both ways to write the question have the same iterates", apart, 0, atol=1e-12)
claim("the parameters come closer in every step", parameters.diff().max(), 0, relation="<")
on_data, on_penalty, at_end = errors.values()
claim("weight of the data: the error first more than triples", on_data.max(), 3, relation=">")
claim("weight of the penalty: it hardly rises", on_penalty.max(), 1.001, relation="≤")
claim("weight of the data: below the bound", on_data / bound, 1, relation="≤", rtol=1e-9)
claim("from the minimiser: below ρ^k", at_end / rho**k, 1, relation="≤", rtol=1e-9)
gain, turn = curve[-1, 1] / best_single, curve[-1, 1] - curve[:, 1].min()
fall = curve[:, 0].diff().max()
claim("thirty penalties: test error at the end, over that of one", gain, 0.85, relation="<")
claim("thirty penalties: the validation error falls in every step", fall, 0, relation="<")
claim("thirty penalties: the test error had been lower on the way", turn, 0.05, relation=">")

plt.show()
