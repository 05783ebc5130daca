# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Where Newton's method ends
==========================

Start Newton's method at every point of a square and colour the point by where the run ends. You
will see the most photographed iteration of all, and learn that it is a minimiser's walk to three
saddles; on a function that does have minima, how much of the square goes to the wrong points; and
how a positive definite matrix with a line search, or plain gradient descent, redraws the map.

The script belongs to the lecture :doc:`/lectures/newton`.
"""

# %%
# Three saddles and no minimum
# ----------------------------
# The real part of :math:`\tfrac14 z^4 - z` with :math:`z = x_1 + i x_2` is
#
# .. math:: f(x) = \tfrac14\,(x_1^4 - 6 x_1^2 x_2^2 + x_2^4) - x_1 .
#
# Its gradient, read as a complex number, is the conjugate of :math:`z^3 - 1`, so Newton's method
# on :math:`f` is Newton's iteration for the three roots of unity. Real parts of analytic functions
# are harmonic: the eigenvalues of the Hessian add up to zero. So each of the three points is a
# saddle, and there is no minimum to be found. Newton's method does not mind. A deeper tint means
# more steps.
import matplotlib.pyplot as plt
import torch
from matplotlib.colors import to_rgb
from torch.func import grad, jacrev, vmap

from steepest import claim, methods, minimize_many, plots, problems
from steepest.plots import INK

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 1
# sphinx_gallery_tags = ["curvature", "many minima"]


def harmonic(x):
    return (x[0] ** 4 - 6 * x[0] ** 2 * x[1] ** 2 + x[1] ** 4) / 4 - x[0]


def square(side, pixels):
    """Return the points of a square around the origin, of shape (pixels², 2)."""
    axis = torch.linspace(-side, side, pixels, dtype=torch.float64, device=device)
    return torch.cartesian_prod(axis, axis)


def newton(fun, x, iterations):
    """Return where Newton's method is from each start, and how many steps it needed."""
    slopes, hessians = vmap(grad(fun)), vmap(jacrev(grad(fun)))
    steps = torch.zeros(len(x), device=device)
    for _ in range(iterations):
        g, H = slopes(x), hessians(x)
        a, b, c = H[:, 0, 0], H[:, 0, 1], H[:, 1, 1]
        # Cramer's rule: for a hundred thousand 2 × 2 systems at once the fastest.
        solution = torch.stack([c * g[:, 0] - b * g[:, 1], a * g[:, 1] - b * g[:, 0]], dim=1)
        x = x - solution / (a * c - b * b)[:, None]
        steps += g.norm(dim=1) > 1e-6
    return x, steps


def nearest(x, points):
    """Return the number of the point that each row of x has reached, −1 for none."""
    distance = (x[:, None] - points).norm(dim=2)
    return torch.where(distance.amin(dim=1) < 1e-3, distance.argmin(dim=1), -1)


def show(ax, side, label, steps, colors, darkest=25):
    """Tint a square by label; a deeper tint means more steps, no tint means nowhere."""
    pixels = round(len(label) ** 0.5)
    palette = torch.tensor([to_rgb(color) for color in colors] + [(0.0, 0.0, 0.0)])
    depth = (0.3 + 0.7 * steps.cpu() / darkest).clamp(max=1) * (label.cpu() >= 0)
    picture = torch.cat([palette[label.cpu()], depth[:, None]], dim=1)
    picture = picture.reshape(pixels, pixels, 4).transpose(0, 1)
    ax.imshow(picture.numpy(), extent=(-side, side, -side, side), origin="lower")
    ax.grid(False)


third = 2 * torch.pi / 3
roots = torch.tensor([[0, 1, 2]], dtype=torch.float64, device=device).T * third
roots = torch.cat([roots.cos(), roots.sin()], dim=1)
ends, steps = newton(harmonic, square(1.6, 361), 30)
to_root = nearest(ends, roots)

fig, ax = plots.figure(
    "A square in three colours with threefold symmetry. Each colour fills a wide sector around "
    "its root; along the three borders run chains of ever smaller bulbs, each with all three "
    "colours.",
    figsize=(5.6, 5.4),
)
show(ax, 1.6, to_root, steps, ("C0", "C1", "C2"))
ax.plot(*roots.T.cpu(), "X", color=INK, markersize=9)
ax.set(title="Every colour leads to a saddle", xlabel="$x_1$", ylabel="$x_2$")

# %%
# Four minima, five traps
# -----------------------
# Himmelblau's function has four minima, four saddles and a maximum. Three methods set out from
# each point of the square.
#
# - *Newton's method* goes to all nine.
# - *Modified Newton* replaces the Hessian's eigenvalues by their absolute values, and halves the
#   step until Armijo's condition holds. Now only the minima attract.
# - *Gradient descent* in small steps follows the valleys; its borders are smooth curves.
problem = problems.himmelblau()
slopes, hessians = vmap(grad(problem.fun)), vmap(jacrev(grad(problem.fun)))
values = vmap(problem.fun)


def modified_newton(x, iterations):
    """Return where Newton's method with absolute eigenvalues and halved steps is."""
    for _ in range(iterations):
        f, g = values(x), slopes(x)
        eigenvalues, axes = torch.linalg.eigh(hessians(x))
        along = (axes.transpose(1, 2) @ g[:, :, None]) / eigenvalues.abs()[:, :, None].clamp(
            min=1e-8
        )
        d = -(axes @ along)[:, :, 0]
        t, slope = torch.ones_like(f), (g * d).sum(dim=1)
        for _ in range(12):
            t = torch.where(values(x + t[:, None] * d) <= f + 1e-4 * t * slope, t, t / 2)
        x = x + t[:, None] * d
    return x


side, starts = 5.2, square(5.2, 161)
found, steps = newton(problem.fun, starts, 40)
arrived = slopes(found).norm(dim=1) < 1e-8
stationary = torch.unique(found[arrived].round(decimals=5), dim=0)
kind = (torch.linalg.eigvalsh(hessians(stationary)) < 0).sum(dim=1)
stationary = torch.cat([stationary[kind == n] for n in range(3)])  # minima, saddles, maximum
kind = kind.sort().values

reached = {
    "Newton": nearest(found, stationary),
    "modified Newton": nearest(modified_newton(starts, 14), stationary),
    "gradient descent": nearest(
        minimize_many(problem.fun, starts, methods.gradient_descent(0.005), max_iter=500).x,
        stationary,
    ),
}
colors = ["C0", "C2", "C4", "C5"] + ["C1"] * 4 + ["C3"]
fig, axes = plots.figure(
    "Three maps of the same square. For Newton's method four coloured corners are separated by "
    "broad orange bands that lead to saddles, with ragged borders. For modified Newton and for "
    "gradient descent there are only four regions, which meet along nearly straight lines.",
    columns=3,
    figsize=(6.4, 2.6),
)
for ax, (name, label) in zip(axes, reached.items(), strict=True):
    show(ax, side, label, torch.full((len(label),), 8.0), colors)
    for n, mark in enumerate("oX^"):
        ax.plot(*stationary[kind == n].T.cpu(), mark, color=INK, markersize=4, linestyle="none")
    ax.set(title=name, xticks=[], yticks=[])
    ax.title.set_fontsize(10)

for name, label in reached.items():
    ends_at = [((kind[label] == n) & (label >= 0)).double().mean().item() for n in range(3)]
    print(f"{name:17}", *(f"{100 * share:5.1f} %" for share in ends_at), "minimum, saddle, maximum")

# %%
# How ragged is a border?
# -----------------------
# Shift every start by :math:`\varepsilon` and count how often the end changes. For smooth borders
# the share is proportional to :math:`\varepsilon`. For Newton's method it shrinks more slowly,
# like :math:`\varepsilon^{2-D}`, where :math:`D` is the dimension of the border: more than a
# curve, less than an area. More care with the start helps less than one would hope.
shifts = torch.logspace(-2.5, -1, 4, dtype=torch.float64, device=device)
along = torch.tensor([0.8, 0.6], dtype=torch.float64, device=device)
base = 3.2 * torch.rand(60_000, 2, dtype=torch.float64, device=device) - 1.6
home = nearest(newton(harmonic, base, 30)[0], roots)
newton_changes = torch.stack(
    [
        (nearest(newton(harmonic, base + e * along, 30)[0], roots) != home).double().mean()
        for e in shifts
    ]
)
# For comparison: the sectors of points that are nearer to one root than to the others.
angle = torch.stack(
    [(b @ roots.T).argmax(dim=1) for b in (base, *(base + e * along for e in shifts))]
)
straight_changes = (angle[1:] != angle[0]).double().mean(dim=1)
dimension = {
    name: 2 - ((c[-1] / c[0]).log() / (shifts[-1] / shifts[0]).log()).item()
    for name, c in (("Newton", newton_changes), ("sectors", straight_changes))
}

fig, ax = plots.figure(
    "The share of starts whose end changes against the shift, both on logarithmic axes: two "
    "straight lines, a steep one for straight borders and a flatter one, above it, for Newton's "
    "method.",
    figsize=(5.6, 3.5),
)
for c, color, mark in ((newton_changes, "C1", "o"), (straight_changes, "C0", "s")):
    ax.loglog(shifts.cpu(), c.cpu(), f"{mark}-", color=color)
ax.text(3.2e-3, 0.12, f"Newton, D = {dimension['Newton']:.2f}", color="C1", ha="left")
ax.text(1.1e-2, 2e-3, f"three straight rays, D = {dimension['sectors']:.2f}", color="C0")
ax.set(title="The border of Newton's basins is no curve", xlabel="shift of the start")
ax.set_ylabel("share that ends elsewhere")

# %%
# What the pictures claim
# -----------------------
eigenvalues = torch.linalg.eigvalsh(vmap(jacrev(grad(harmonic)))(roots))
claim(
    "at the three roots the Hessian has the eigenvalues −3 and 3",
    eigenvalues,
    [[-3, 3]] * 3,
    atol=1e-12,
)
z = torch.complex(*square(1.6, 361)[7:9].T)
complex_step = z - (z**3 - 1) / (3 * z**2)
claim(
    "Newton's step on f is the complex one",
    newton(harmonic, square(1.6, 361)[7:9], 1)[0],
    torch.stack([complex_step.real, complex_step.imag], dim=1),
    atol=1e-12,
)
claim("starts that reach a saddle", (to_root >= 0).double().mean(), 0.99, relation=">")
above, below = ((to_root == n).double().mean() for n in (1, 2))
claim("mirror symmetry: roots 2 and 3 get the same share", above, below, atol=0.005)
claim(
    "Himmelblau: minima, saddles, maxima that Newton's method finds",
    torch.bincount(kind, minlength=3),
    [4, 4, 1],
)
share = {
    name: ((kind[label] == 0) & (label >= 0)).double().mean() for name, label in reached.items()
}
claim("Newton's method: more than a third ends in no minimum", share["Newton"], 2 / 3, relation="<")
claim("modified Newton: share that reaches a minimum", share["modified Newton"], 0.98, relation=">")
claim(
    "gradient descent: share that reaches a minimum", share["gradient descent"], 0.98, relation=">"
)
claim("dimension of the border between straight sectors", dimension["sectors"], 1, atol=0.12)
claim("dimension of the border of Newton's basins", dimension["Newton"], 1.25, relation=">")

plt.show()
