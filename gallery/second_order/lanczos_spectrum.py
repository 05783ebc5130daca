# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
A network's curvatures by Lanczos
=================================

The Hessian of a small network's loss has 321 eigenvalues. Lanczos' method finds those that matter
from a few dozen products :math:`Hv`, without the matrix. You will see its guesses settle from the
ends of the spectrum inwards, a bound that tells how far to trust each of them, what happens
when rounding is left to itself, and how ten random vectors reveal the whole distribution. Here
the matrix is small enough to check everything against all its eigenvalues.

The script belongs to the lecture :doc:`/lectures/hessians-and-newton`.
"""

# %%
# A network and its Hessian
# -------------------------
# A network with two hidden layers of 16 units learns :math:`\sin 3t` from 60 points. After training
# most of its 321 curvatures are next to nothing, two stand far above all others, and many are
# slightly negative.
import matplotlib.pyplot as plt
import torch
from torch import nn

from steepest import claim, methods, minimize, modules, plots
from steepest.derivatives import hessian, hvp_operator
from steepest.plots import INK, SOFT

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 2
# sphinx_gallery_tags = ["curvature", "networks"]

t = torch.linspace(-1, 1, 60, dtype=torch.float64, device=device)[:, None]
target = torch.sin(3 * t)
layers = nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1)
net = nn.Sequential(*layers).double().to(device)
loss, x0 = modules.flatten(net, lambda model: ((model(t) - target) ** 2).mean())
adam = methods.from_torch(torch.optim.Adam, lr=0.01)
trained = minimize(loss, x0, adam, max_iter=400, history=False).x
n = len(trained)

H = hessian(loss, trained)
spectrum = torch.linalg.eigvalsh(H)
largest, smallest = spectrum[-1], spectrum[0]

fig, ax = plots.figure(
    "The 321 eigenvalues in ascending order on an axis that is linear near zero and logarithmic "
    "beyond. A tail of small negative values, a long stretch at zero, and a steep rise at the end "
    "to two values above ten.",
    figsize=(5.6, 3.6),
)
for part, color, mark in (
    (spectrum < -1e-6, "C1", "v"), (spectrum.abs() <= 1e-6, SOFT, "."), (spectrum > 1e-6, "C0", "o")
):  # fmt: skip
    ax.plot(torch.arange(n)[part.cpu()], spectrum[part].cpu(), mark, color=color, markersize=3.5)
ax.set_yscale("symlog", linthresh=1e-5)
ax.set(title="All curvatures of a trained network", xlabel="number, in ascending order")
ax.set(ylabel="eigenvalue", yticks=[-1e-2, -1e-4, 0, 1e-4, 1e-2, 1])

# %%
# Lanczos
# -------
# From a random unit vector :math:`q_1` the method builds an orthonormal basis of the space spanned
# by :math:`q_1, Hq_1, H^2q_1, \dots` In that basis :math:`H` becomes a tridiagonal matrix
# :math:`T`, whose eigenvalues, the *Ritz values*, are its guesses. After each product the new
# vector is made orthogonal to all old ones, twice.


def lanczos(product, start, steps, clean=True):
    """Return T, the basis as columns, and the length of the last remainder."""
    basis, diagonal, off = [start / start.norm()], [], []
    for k in range(steps):
        r = product(basis[k])
        diagonal.append(basis[k] @ r)
        r = r - diagonal[k] * basis[k] - (off[k - 1] * basis[k - 1] if k else 0)
        if clean:
            Q = torch.stack(basis, dim=1)
            r = r - Q @ (Q.T @ r)
            r = r - Q @ (Q.T @ r)
        off.append(r.norm())
        basis.append(r / off[k])
    inner = torch.stack(off[:-1]) if steps > 1 else x0.new_zeros(0)
    T = torch.diag(torch.stack(diagonal)) + torch.diag(inner, 1) + torch.diag(inner, -1)
    return T, torch.stack(basis[:-1], dim=1), off[-1]


product = hvp_operator(loss, trained)
start = torch.randn(n, dtype=torch.float64).to(device)
steps = 40
T, Q, remainder = lanczos(product, start, steps)
guesses, bounds = [], []
for m in range(1, steps + 1):
    ritz, vectors = torch.linalg.eigh(T[:m, :m])
    beyond = T[m - 1, m] if m < steps else remainder
    guesses.append(ritz)
    bounds.append(beyond * vectors[-1].abs())

# %%
# Each column of dots holds the Ritz values after so many products; the lines on the right are the
# eigenvalues. The five largest are found within ten products, the negative end takes longer, and
# the hundreds of values near zero are represented by a handful.
fig, ax = plots.figure(
    "Ritz values against the number of products. From the left, dots spread out and settle on "
    "horizontal levels: the top ones within ten products, those near zero never. Short lines at "
    "the right edge mark the true eigenvalues.",
    figsize=(5.8, 4.2),
)
for m, ritz in enumerate(guesses, start=1):
    ax.plot([m] * m, ritz.cpu(), ".", color="C0", markersize=3.5)
ax.hlines(spectrum.cpu(), steps + 1.5, steps + 4, color="C1", linewidth=0.8)
ax.set_yscale("symlog", linthresh=1e-3)
ax.set(title="Guesses settle from the outside in", xlabel="products Hv", ylabel="Ritz values")
ax.set(yticks=[-1e-2, -1e-3, 0, 1e-3, 1e-2, 1e-1, 1, 10], xlim=(0, steps + 4))

# %%
# How far to trust a guess
# ------------------------
# With :math:`s` the unit eigenvector of :math:`T` for the Ritz value :math:`\theta`, some
# eigenvalue of :math:`H` lies within :math:`\beta_m |s_m|` of it: the length of the next remainder
# times the last entry of :math:`s`. That number needs nothing but :math:`T`. The true error is
# smaller still, like its square, until rounding ends the race.
at = torch.arange(1, steps + 1)
errors = torch.stack([(g[-1] - largest).abs() for g in guesses]).cpu()
promised = torch.stack([b[-1] for b in bounds]).cpu()
lower = torch.stack([(g[0] - smallest).abs() for g in guesses]).cpu()
fig, ax = plots.figure(
    "Errors against the number of products on a logarithmic scale. For the largest eigenvalue the "
    "error falls below ten to the minus twelve within six products, a few products ahead of a "
    "dashed bound; for the smallest eigenvalue it takes more than thirty.",
    figsize=(5.6, 3.8),
)
tiny = 1e-16
ax.semilogy(at, errors.clamp(min=tiny), "o-", color="C0", markersize=4)
ax.semilogy(at, promised.clamp(min=tiny), "--", color=INK)
ax.semilogy(at, lower.clamp(min=tiny), "v:", color="C1", markersize=4)
ax.text(12, 3e-13, "largest: error", color="C0")
ax.text(8.5, 1e-8, "largest: bound", color=INK)
ax.text(18, 2e-3, "smallest: error", color="C1")
ax.set(title="The bound can be trusted", xlabel="products Hv", ylabel="error", ylim=(5e-17, 1e2))

# %%
# Rounding left to itself
# -----------------------
# In exact arithmetic the remainders are orthogonal to all earlier vectors by themselves. In
# floating point they lose this as soon as a Ritz value has settled, and the method finds the same
# eigenvalue again: *ghosts*. The picture counts the Ritz values within a millionth of the largest
# eigenvalue; it has one copy.
rough, spoilt, _ = lanczos(product, start, 80, clean=False)
tidy, _, _ = lanczos(product, start, 80)


def copies(T):
    """Return how many Ritz values lie at the largest eigenvalue, after 1, 2, … products."""
    return [int(((torch.linalg.eigvalsh(T[:m, :m]) - largest).abs() < 1e-6).sum())
            for m in range(1, len(T) + 1)]  # fmt: skip


ghosts, honest = copies(rough), copies(tidy)
fig, ax = plots.figure(
    "Copies of the largest eigenvalue against the number of products. With cleaning the line stays "
    "at one; without it climbs in steps.",
    figsize=(5.6, 3.1),
)
ax.step(range(1, 81), ghosts, color="C1", where="mid")
ax.step(range(1, 81), honest, "--", color="C0", where="mid")
ax.text(50, 0.72 * ghosts[-1], "without cleaning", color="C1", ha="right")
ax.text(79, 0.35, "with", color="C0", ha="right")
ax.set(title="Ghosts", xlabel="products Hv", ylabel="copies found", ylim=(-0.2, ghosts[-1] + 0.5))

# %%
# The whole distribution
# ----------------------
# The share of eigenvalues up to a level :math:`t` is the trace of :math:`\mathbf 1[H \le t]`
# divided by :math:`n`, and that is the mean of :math:`v^\top(\cdot)\,v` over random unit vectors.
# For each of ten vectors, Lanczos gives a quadrature rule: nodes at the Ritz values, weights the
# squared first entries of the eigenvectors of :math:`T`. Four hundred products then draw the
# distribution of all eigenvalues (Ghorbani, Krishnan and Xiao, 2019, do it for large networks).
# Only at zero, where more than half of them crowd within a millionth, they show no detail.
nodes, weights = [], []
for _ in range(10):
    small, _, _ = lanczos(product, torch.randn(n, dtype=torch.float64).to(device), 40)
    ritz, vectors = torch.linalg.eigh(small)
    nodes.append(ritz)
    weights.append(vectors[0] ** 2 / 10)
nodes, weights = torch.cat(nodes), torch.cat(weights)
far = torch.logspace(-3, 1.5, 120, dtype=torch.float64, device=device)
near = torch.linspace(-1e-3, 1e-3, 101, dtype=torch.float64, device=device)
levels = torch.cat([-far[:50].flip(0), near, far])
true = (spectrum <= levels[:, None]).double().mean(dim=1)
guessed = ((nodes <= levels[:, None]) * weights).sum(dim=1)

fig, ax = plots.figure(
    "Share of eigenvalues up to a level, against the level on an axis that is linear near zero. A "
    "solid line from all eigenvalues and a dashed one from ten random vectors coincide except "
    "close to zero, where the solid one jumps at once and the dashed one in several steps.",
    figsize=(5.6, 3.6),
)
ax.plot(levels.cpu(), true.cpu(), color="C0")
ax.plot(levels.cpu(), guessed.cpu(), "--", color="C1")
ax.set_xscale("symlog", linthresh=1e-3)
ax.text(2e-3, 0.68, "all eigenvalues", color="C0")
ax.text(2e-3, 0.55, "ten random vectors", color="C1")
ax.set(title="Ten vectors for 321 eigenvalues", xlabel="level t", ylabel="share of eigenvalues ≤ t")
ax.set(xticks=[-1e-2, 0, 1e-2, 1])

# %%
# What the pictures claim
# -----------------------
claim("a product without the matrix is the matrix's", product(start), H @ start, atol=1e-12)
claim("the basis is orthonormal", (Q.T @ Q - torch.eye(steps, device=device)).abs().max(), 0,
      atol=1e-13)  # fmt: skip
claim("in it the Hessian is tridiagonal", (Q.T @ H @ Q - T).abs().max(), 0, atol=1e-12)
claim("10 products: the five largest eigenvalues", guesses[9][-5:], spectrum[-5:], rtol=1e-7)
gaps = torch.cat([(g[:, None] - spectrum).abs().min(dim=1).values - b
                  for g, b in zip(guesses, bounds, strict=True)])  # fmt: skip
claim("all 820 guesses keep their bounds, up to rounding", gaps, 0, relation="≤", atol=1e-12)
order = torch.tensor([g[-1] for g in guesses]).diff()
claim("the largest guess never falls, up to rounding", order, 0, relation="≥", atol=1e-12)
claim("after 80 products, copies of the largest eigenvalue with cleaning", honest[-1], 1)
claim("… and without: at least this many", ghosts[-1], 5, relation="≥")
overlap = (spoilt.T @ spoilt - torch.eye(80, device=device)).abs().max()
claim("without cleaning, two vectors of the basis are far from orthogonal", overlap, 0.5,
      relation=">")  # fmt: skip
away = levels.abs() >= 1e-3
claim("ten vectors: the shares up to levels of size 0.001 and more, largest error",
      (true - guessed)[away].abs().max(), 0.05, relation="<")  # fmt: skip
claim("ten vectors: share of eigenvalues within 0.001 of zero",
      float(weights[nodes.abs() < 1e-3].sum()),
      float((spectrum.abs() < 1e-3).double().mean()), atol=0.05)  # fmt: skip
claim("share of eigenvalues within a millionth of zero",
      (spectrum.abs() < 1e-6).double().mean(), 0.5, relation=">")  # fmt: skip
claim("the five largest make up most of the sum of all |λ|",
      spectrum[-5:].sum() / spectrum.abs().sum(), 0.9, relation=">")  # fmt: skip

plt.show()
