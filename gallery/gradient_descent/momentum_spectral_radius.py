# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Momentum's spectral radius
==========================

On a quadratic the heavy ball multiplies the error along each eigenvector by a 2×2 matrix. You will
see where its two eigenvalues are in the complex plane, the map of the worst spectral radius over
step size and momentum with the best pair at its tip, and what a spectral radius does not tell: the
error grows before it shrinks.

The script belongs to the lecture :doc:`/lectures/conditioning-and-momentum`.
"""

# %%
# Two roots for each eigenvalue
# -----------------------------
# The error along an eigenvector with eigenvalue :math:`\lambda` obeys
# :math:`e_{k+1} = (1 + \beta - \alpha\lambda)\,e_k - \beta e_{k-1}`, so what counts are the roots
# of :math:`z^2 - (1 + \beta - \alpha\lambda)z + \beta`. Let :math:`\alpha\lambda` grow from 0. The
# roots start at 1 and :math:`\beta`, meet at :math:`\sqrt\beta`, run round the circle of that
# radius, whatever :math:`\lambda` is, meet again at :math:`-\sqrt\beta`, and one of them leaves the
# unit circle at −1, where :math:`\alpha\lambda = 2(1 + \beta)`.
import math

import matplotlib.pyplot as plt
import torch

from steepest import claim, methods, minimize, plots, problems

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 2
# sphinx_gallery_tags = ["film", "momentum", "rates"]


def companion(alpha, beta, lam):
    """Return the matrices [[1 + β − αλ, −β], [1, 0]]; the three arguments broadcast."""
    parts = torch.broadcast_tensors(
        *(torch.as_tensor(part, dtype=torch.float64, device=device) for part in (alpha, beta, lam))
    )
    alpha, beta, lam = parts
    one = torch.ones_like(beta)
    first = torch.stack([1 + beta - alpha * lam, -beta], -1)
    return torch.stack([first, torch.stack([one, 0 * one], -1)], -2)


def radius(alpha, beta, lam):
    """Return the spectral radius of the same matrices."""
    return torch.linalg.eigvals(companion(alpha, beta, lam)).abs().amax(-1)


beta = 0.5
products = torch.linspace(0, 3.2, 33, dtype=torch.float64)
roots = torch.linalg.eigvals(companion(1.0, beta, products)).cpu()

fig, ax = plots.figure(
    "A film in the complex plane, with the unit circle and a smaller circle. Two points start on "
    "the real axis, meet on the smaller circle, run round it on opposite sides, meet again on the "
    "left, and one of them leaves the unit circle.",
    figsize=(4.8, 4.8),
)
angle = torch.linspace(0, 2 * math.pi, 300, dtype=torch.float64)
ax.plot(angle.cos(), angle.sin(), color=plots.SOFT, linewidth=1)
ax.plot(beta**0.5 * angle.cos(), beta**0.5 * angle.sin(), "--", color="C2", linewidth=1)
ax.plot(roots.real.flatten(), roots.imag.flatten(), ".", color=plots.LINES, markersize=4)
(points,) = ax.plot([], [], "o", color="C0", markersize=10)
ax.text(0, 1.06, "unit circle", color=plots.SOFT, ha="center")
ax.text(0, 0.2, r"radius $\sqrt{\beta}$", color="C2", ha="center")
heading = ax.set_title("")
ax.set(
    xlabel="real part", ylabel="imaginary part", xlim=(-1.5, 1.25), ylim=(-1.3, 1.3), aspect="equal"
)


def draw(j):
    """Show the two roots for product number j."""
    points.set_data(roots[j].real, roots[j].imag)
    size = roots[j].abs().max().item()
    heading.set_text(rf"$\beta = 0.5$, $\alpha\lambda$ = {products[j]:.2f}: radius {size:.2f}")


plots.film(fig, draw, frames=len(products), per_second=10, still=12)

# %%
# The map
# -------
# For a spectrum from :math:`\mu = 1` to :math:`L = 25` the worse of the two ends counts. Each point
# of the map is one pair of parameters. The contours are wedges whose tips lie on one curve, and the
# best pair is the tip of the smallest: :math:`\alpha = 4/(\sqrt L + \sqrt\mu)^2 = 1/9`,
# :math:`\beta = ((\sqrt\kappa - 1)/(\sqrt\kappa + 1))^2 = 4/9`, with the radius
# :math:`\sqrt\beta = 2/3`. It has no margin: a slightly longer step, and the radius rises steeply.
alphas = torch.linspace(0.001, 0.16, 160, dtype=torch.float64, device=device)
betas = torch.linspace(0, 0.99, 100, dtype=torch.float64, device=device)
ends = torch.tensor([1.0, 25.0], dtype=torch.float64, device=device)
landscape = radius(alphas[None, :, None], betas[:, None, None], ends).amax(-1)

fig, ax = plots.figure(
    "A map of the worst spectral radius over step size and momentum. Nested wedges narrow to a "
    "tip, marked by a star, at step size 0.111 and momentum 0.444; a dotted line, the border of "
    "stability, passes close by on the right.",
    figsize=(6.4, 4.4),
)
levels = [0.66, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0]
bands = ax.contourf(alphas.cpu(), betas.cpu(), landscape.cpu(), levels, cmap="cividis")
fig.colorbar(bands, ax=ax, label="worst spectral radius")
ax.plot(2 * (1 + betas.cpu()) / 25, betas.cpu(), ":", color="C1", linewidth=2)
ax.plot(1 / 9, 4 / 9, "*", color="C1", markersize=16)
ax.plot(2 / 26, 0, "s", color="C1", markersize=8, clip_on=False)
ax.set(
    title="Best pair (star) and best without momentum (square)",
    xlabel=r"step size $\alpha$",
    ylabel=r"momentum $\beta$",
    xlim=(0, 0.16),
    ylim=(0, 0.99),
)

# %%
# What the radius does not tell
# -----------------------------
# At the best pair the matrix for :math:`L` has a double root and one eigenvector only. From rest,
# the error along that eigenvector is :math:`(1 + (1 + r)k)\,r^k` in size, :math:`r = \sqrt\beta`:
# it grows to about :math:`\sqrt\kappa/e` times the first one before the rate takes over.
kappas = (25.0, 100.0, 400.0, 2500.0)
transients = {}
for kappa in kappas:
    root = kappa**0.5
    r = (root - 1) / (root + 1)
    method = methods.heavy_ball(4 / (root + 1) ** 2, r * r)
    spectrum = torch.tensor([1.0, kappa], dtype=torch.float64, device=device)
    fun = problems.quadratic_from_spectrum(spectrum).fun
    x0 = torch.tensor([0.0, 1.0], dtype=torch.float64, device=device)
    run = minimize(fun, x0, method, max_iter=150)
    transients[kappa] = (r, run.history.x[:, 1].abs().cpu())

fig, ax = plots.figure(
    "Error relative to the first against the iteration, for four condition numbers. Each curve "
    "rises first, the higher and the longer the larger the condition number, and falls afterwards; "
    "dots on the curves are the formula.",
    figsize=(6.4, 4.2),
)
k = torch.arange(151, dtype=torch.float64)
for color, (kappa, (r, error)) in zip(("C0", "C1", "C2", "C3"), transients.items(), strict=True):
    formula = (1 + (1 + r) * k) * r**k
    ax.semilogy(error, color=color)
    ax.semilogy(k[::6], formula[::6], "o", color=color, markersize=4, markerfacecolor="none")
    at = {25.0: 44, 100.0: 84, 400.0: 120, 2500.0: 90}[kappa]
    ax.text(at + 2, formula[at] * 1.6, rf"$\kappa$ = {kappa:g}", color=color)
ax.axhline(1, color=plots.SOFT, linestyle="--", linewidth=1)
ax.set(
    title="First worse, then better",
    xlabel="iteration",
    ylabel="error relative to the start",
    ylim=(1e-8, 100),
)

# %%
# What the pictures claim
# -----------------------
inside = (products > (1 - beta**0.5) ** 2 + 1e-3) & (products < (1 + beta**0.5) ** 2 - 1e-3)
claim("complex roots have the size √β for every λ", roots[inside].abs(), beta**0.5, atol=1e-12)
claim(
    "beyond αλ = 2(1 + β) a root is outside the unit circle",
    roots[products > 2 * (1 + beta) + 1e-9].abs().amax(1),
    1.0,
    relation=">",
)
claim(
    "for 0 < αλ < 2(1 + β) both are inside",
    roots[(products > 0) & (products < 2 * (1 + beta) - 1e-9)].abs().amax(1),
    1.0,
    relation="<",
)
row, column = divmod(landscape.argmin().item(), len(alphas))
claim("the fastest point of the map has a step of about 1/9", alphas[column], 1 / 9, atol=1.5e-3)
claim("and a momentum of about 4/9", betas[row], 4 / 9, atol=1.5e-2)
claim("no point of the map is below 2/3", landscape.min(), 2 / 3, relation="≥", atol=1e-7)
claim(
    "the best without momentum is 2/(L + μ), within the grid",
    alphas[landscape[0].argmin()],
    2 / 26,
    atol=1e-3,
)
claim("and has the radius (κ − 1)/(κ + 1)", radius(2 / 26, 0.0, ends).max(), 12 / 13, atol=1e-12)
claim(
    "a step 10 % longer than the best raises the radius from 0.667 to above 0.9",
    radius(1.1 / 9, 4 / 9, ends).max(),
    0.9,
    relation=">",
)
for kappa, (r, error) in transients.items():
    claim(
        f"κ = {kappa:g}: the error is (1 + (1 + r)k)rᵏ", error, (1 + (1 + r) * k) * r**k, atol=1e-9
    )
claim(
    "the largest error is √κ/e, within 5 %",
    [error.max() / kappa**0.5 for kappa, (_, error) in transients.items()],
    1 / math.e,
    rtol=0.05,
)

plt.show()
