# /// script
# requires-python = ">=3.11"
# dependencies = ["steepest[plot]"]
# ///
r"""
Hessians and the shape of a function
====================================

The Hessian collects the second derivatives of a function. You will see its eigenvectors lie along
the axes of the contour ellipses, its eigenvalues tell minima from saddles from maxima on a
landscape with nine stationary points, and the quadratic model that it belongs to fit closely near
a point and fail farther away. At the end stands a case about which the Hessian has nothing to say.

The script belongs to the lecture :doc:`/lectures/hessians-and-newton`.
"""

# %%
# Ellipses and their axes
# -----------------------
# Take the quadratic :math:`q(x) = \tfrac12 x^\top A x` with
# :math:`A = \begin{pmatrix} 3 & 2 \\ 2 & 6 \end{pmatrix}`. Its Hessian is :math:`A` everywhere. In
# the orthonormal basis of the eigenvectors :math:`u_1, u_2`, with the coordinates
# :math:`z_i = u_i^\top x`, it reads
#
# .. math:: q = \tfrac12 \lambda_1 z_1^2 + \tfrac12 \lambda_2 z_2^2,
#
# so the contour :math:`q = c` is an ellipse along the eigenvectors, with semi-axes
# :math:`\sqrt{2c/\lambda_i}`. Where the function curves strongly, the ellipse is *short*.
import math

import matplotlib.pyplot as plt
import torch
from matplotlib.patches import Ellipse
from torch.func import grad, jacrev, vmap

from steepest import claim, plots, problems

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
plt.style.use("steepest.plots")
# sphinx_gallery_thumbnail_number = 3
# sphinx_gallery_tags = ["curvature", "geometry"]


def vector(*entries):
    return torch.tensor(entries, dtype=torch.float64, device=device)


def hessian(fun):
    """Return the function x ↦ H(x): the Jacobian of the gradient, by reverse sweeps."""
    return jacrev(grad(fun))


A = torch.stack([vector(3, 2), vector(2, 6)])
quadratic = problems.quadratic(A).fun
H = hessian(quadratic)(vector(0.7, -0.2))  # any point gives the same
eigenvalues, eigenvectors = torch.linalg.eigh(H)  # ascending; the eigenvectors are columns
print("eigenvalues", [round(value, 12) for value in eigenvalues.tolist()])

# %%
# The eigenvalues are 2 and 7, and on the contour :math:`q = 1` the semi-axes are 1 and
# :math:`\sqrt{2/7} \approx 0.53`.
#
# The picture also shows why the eigenvalues matter for descent. At the marked point the negative
# gradient is perpendicular to the contour, and unless the point lies on an axis it does *not* aim
# at the minimum. The Newton direction :math:`-H^{-1}\nabla q` undoes the unequal curvatures, and
# does.
semi_axes = (2 / eigenvalues).sqrt()
tips = eigenvectors * semi_axes
point = vector(0.66, 0.54)
gradient = grad(quadratic)(point)
newton = -torch.linalg.solve(H, gradient)

fig, ax = plots.figure(
    "Contour ellipses of a quadratic, tilted. Two arrows along the eigenvectors reach the contour "
    "of value 1: a long one for eigenvalue 2 and a short one for eigenvalue 7. From a point on the "
    "upper right, the negative gradient misses the centre and the Newton step ends there.",
    figsize=(6.4, 5.0),
)
plots.contours(
    ax,
    lambda x: quadratic(x.to(device)).cpu(),
    (-1.75, 1.75),
    (-1.25, 1.25),
    levels=[0.25, 1, 2.25, 4, 6.25],
    colors=plots.SOFT,
    linewidths=0.9,
)


def arrow(start, step, color):
    """Draw an arrow from a point along a step, both on any device."""
    a, b = start.cpu(), (start + step).cpu()
    ax.annotate(
        "",
        b.tolist(),
        xytext=a.tolist(),
        arrowprops={
            "arrowstyle": "-|>",
            "color": color,
            "linewidth": 2,
            "shrinkA": 0,
            "shrinkB": 0,
        },
    )


origin = torch.zeros_like(point)
for i, (color, sign, offset) in enumerate((("C0", 1, (4, -16)), ("C2", -1, (0, -16)))):
    # An eigenvector's sign is a convention of the library; choose one for the picture.
    tip = tips[:, i] * torch.sign(tips[0, i]) * sign
    arrow(origin, tip, color)
    ax.annotate(
        rf"$\lambda = {eigenvalues[i].item():.0f}$: {semi_axes[i].item():.2f}",
        tip.tolist(),
        xytext=offset,
        textcoords="offset points",
        color=color,
        ha="center",
        bbox={"facecolor": plt.rcParams["axes.facecolor"], "edgecolor": "none", "pad": 1},
    )
arrow(point, -0.14 * gradient, "C1")
arrow(point, newton, "C3")
ax.plot(*point.tolist(), "o", color=plots.INK)
ax.text(
    0.58,
    0.1,
    "−gradient",
    color="C1",
    bbox={"facecolor": plt.rcParams["axes.facecolor"], "edgecolor": "none", "pad": 1},
)
ax.text(0.33, 0.36, "Newton ", color="C3", ha="right")
ax.set(title="A contour's axes are eigenvectors, 1/√λ long", xlabel="$x_1$", ylabel="$x_2$")
ax.set_aspect("equal")
ax.grid(False)

# %%
# Curvature in every direction
# ----------------------------
# Along a unit vector :math:`u` the second derivative is :math:`u^\top H u`. As :math:`u` turns, it
# swings between the smallest and the largest eigenvalue and takes them at the eigenvectors (the
# Rayleigh quotient; Golub and Van Loan, *Matrix Computations*, chapter 8). Shift one eigenvalue
# down and the swing crosses zero. Only its sign matters for what follows: above zero in every
# direction is a bowl, on both sides a saddle, and touching zero a trough that leaves the question
# open.
angles = torch.linspace(0, math.pi, 361, dtype=torch.float64, device=device)
units = torch.stack([angles.cos(), angles.sin()])
swings = {}
for smallest in (2.0, 0.0, -3.0):
    matrix = eigenvectors @ torch.diag(vector(smallest, 7.0)) @ eigenvectors.T
    swings[smallest] = ((matrix @ units) * units).sum(dim=0)

fig, ax = plots.figure(
    "Curvature against the direction's angle for three Hessians: waves between the two "
    "eigenvalues. One stays above zero, one touches it, one dips below.",
    figsize=(6.4, 3.4),
)
ax.axhline(0, color=plots.INK, linewidth=1)
names = {2.0: "2 and 7: bowl", 0.0: "0 and 7: trough", -3.0: "−3 and 7: saddle"}
for color, (smallest, swing) in zip(("C0", "C2", "C1"), swings.items(), strict=True):
    ax.plot(torch.rad2deg(angles).cpu(), swing.cpu(), color=color)
    low = swing.argmin()
    ax.annotate(
        names[smallest],
        (torch.rad2deg(angles)[low].item(), swing[low].item()),
        xytext=(0, 12 if smallest > 0 else -15),
        textcoords="offset points",
        color=color,
        ha="center",
    )
ax.set(
    title="Curvature swings between the eigenvalues",
    xlabel="angle of the direction, in degrees",
    ylabel="uᵀHu",
    xticks=range(0, 181, 30),
    xlim=(0, 180),
    ylim=(-4.6, 7.6),
)

# %%
# Nine stationary points
# ----------------------
# Himmelblau's function :math:`f(x) = (x_1^2 + x_2 - 11)^2 + (x_1 + x_2^2 - 7)^2` is no quadratic:
# its Hessian changes from place to place. Newton's iteration on the gradient,
# :math:`x \leftarrow x - H^{-1}\nabla f`, is drawn to stationary points of every kind, so 400
# starts on a grid find them all. At each, count the negative eigenvalues: none is a minimum, one of
# two a saddle, two a maximum.
himmelblau = problems.himmelblau().fun
grads, hessians = vmap(grad(himmelblau)), vmap(hessian(himmelblau))
side = torch.linspace(-5.1, 4.9, 20, dtype=torch.float64, device=device)
x = torch.cartesian_prod(side, side)
for _ in range(60):
    x = x - torch.linalg.solve(hessians(x), grads(x))
found = x[grads(x).norm(dim=1) < 1e-9]
stationary = torch.unique(torch.round(found, decimals=6), dim=0)  # in ascending order of x₁
stationary = stationary - torch.linalg.solve(hessians(stationary), grads(stationary))
curvatures, axes_there = torch.linalg.eigh(hessians(stationary))
negative = (curvatures < 0).sum(dim=1)
values = vmap(himmelblau)(stationary)

for (x1, x2), value, (small, large), count in zip(
    stationary.tolist(), values.tolist(), curvatures.tolist(), negative.tolist(), strict=True
):
    kind = ("minimum", "saddle", "maximum")[count]
    print(
        f"({x1:7.4f}, {x2:7.4f})  f = {value:8.4f}  eigenvalues {small:8.3f} {large:8.3f}  {kind}"
    )

# %%
# The tint shows the same count at every point of the plane: green where both eigenvalues are
# positive (there the function is locally convex), orange where both are negative. At each
# stationary point stands a cross along the eigenvectors, with arms of length
# :math:`\sqrt{2c/|\lambda|}` for :math:`c = 6`: blue arms lead up, orange arms lead down. The
# ellipses are the contours of the quadratic model, 6 above a minimum or 6 below the maximum.
pixels = 241
window = torch.linspace(-5.2, 5.2, pixels, dtype=torch.float64, device=device)
plane = torch.cartesian_prod(window, window)
spectrum = torch.linalg.eigvalsh(hessians(plane)).reshape(pixels, pixels, 2).transpose(0, 1)

fig, ax = plots.figure(
    "Contours of Himmelblau's function with nine stationary points. Four minima lie in green "
    "regions of positive curvature in the four corners, one maximum in an orange region near the "
    "centre, and four saddles on untinted ground between them, with two arms up and two down.",
    figsize=(6.4, 6.2),
)
ticks, low, high = (t.cpu().numpy() for t in (window, spectrum[..., 0], spectrum[..., 1]))
ax.contourf(ticks, ticks, low, [0, 1e4], colors=["C2"], alpha=0.2)  # the smaller is positive
ax.contourf(ticks, ticks, high, [-1e4, 0], colors=["C1"], alpha=0.2)  # the larger is negative
plots.contours(
    ax,
    lambda x: himmelblau(x.to(device)).cpu(),
    (-5.2, 5.2),
    (-5.2, 5.2),
    levels=[2, 10, 25, 50, 75, 100, 120, 140, 160, 178, 220, 300, 400],
    colors=plots.SOFT,
    linewidths=0.6,
    alpha=0.7,
)
for centre, lam, axes, count in zip(stationary, curvatures, axes_there, negative, strict=True):
    reach = (12 / lam.abs()).sqrt()
    for i in range(2):
        ends = torch.stack([centre - reach[i] * axes[:, i], centre + reach[i] * axes[:, i]]).cpu()
        ax.plot(*ends.T, color="C0" if lam[i] > 0 else "C1", linewidth=2.4)
    if count != 1:
        tilt = math.degrees(math.atan2(axes[1, 0].item(), axes[0, 0].item()))
        width, height = (2 * reach).tolist()
        outline = "C0" if count == 0 else "C1"
        ax.add_patch(Ellipse(centre.tolist(), width, height, angle=tilt, fill=False, color=outline))
    ax.plot(*centre.tolist(), "o", color=plots.INK, markersize=4, zorder=4)
ax.set(title="Signs of the eigenvalues tell minima, saddles, maximum")
ax.set(xlabel="$x_1$", ylabel="$x_2$")
ax.set_aspect("equal")
ax.grid(False)

# %%
# Near and far
# ------------
# Around a point :math:`p` the Hessian belongs to the quadratic model
#
# .. math:: m(p + s) = f(p) + \nabla f(p)^\top s + \tfrac12\, s^\top H(p)\, s .
#
# Here it is drawn around the minimum :math:`(3, 2)`, contours at the same heights as those of the
# function. The innermost lie on each other. Farther out the function forms a second valley towards
# the lower right, of which the model, one ellipse inside the other, knows nothing.
p = vector(3, 2)


def model(centre):
    """Return the quadratic model of Himmelblau's function around a point."""
    f0, g0, h0 = himmelblau(centre), grad(himmelblau)(centre), hessian(himmelblau)(centre)
    return lambda x: f0 + g0 @ (x - centre) + (x - centre) @ h0 @ (x - centre) / 2


levels = [1, 4, 12, 30, 60]
fig, ax = plots.figure(
    "Contours of the function, solid, and of its quadratic model around (3, 2), dashed. The inner "
    "ones agree; the outer ones part, where the function opens into a second valley below.",
    figsize=(6.4, 5.2),
)
xlim, ylim = (0.5, 5.2), (-3.6, 4.2)
for fun, color, style in ((himmelblau, "C0", "solid"), (model(p), "C1", "dashed")):
    plots.contours(
        ax,
        lambda x, fun=fun: fun(x.to(device)).cpu(),
        xlim,
        ylim,
        levels=levels,
        colors=color,
        linestyles=style,
        linewidths=1.4,
    )
ax.plot(*p.tolist(), "o", color=plots.INK, markersize=4)
ax.text(4.62, -1.5, "function", color="C0")
ax.text(4.45, 0.1, "model", color="C1")
ax.set(title="The quadratic model: right near (3, 2), wrong beyond", xlabel="$x_1$", ylabel="$x_2$")
ax.grid(False)

# %%
# How fast does it become wrong? Taylor's theorem leaves a remainder of third order: ten times
# closer, a thousand times more accurate. That holds around every stationary point, whatever its
# kind, and lines of slope 3 show it. The dashed line is what the model has to say at the minimum:
# along its flattest direction it rises by :math:`\tfrac12 \lambda_{\min} r^2`. Near distance 1 the
# error overtakes it, and from there on the model may be wrong about everything. This is why a step
# that trusts the model is kept within a radius where it has proved itself (trust regions; Nocedal
# and Wright, *Numerical Optimization*, chapter 4).
radii = torch.logspace(-2, 0.6, 60, dtype=torch.float64, device=device)
circle = torch.stack([(2 * angles).cos(), (2 * angles).sin()], dim=1)


def worst_error(centre):
    """Return the largest error of the model on circles around a point."""
    around = (centre + radii[:, None, None] * circle).reshape(-1, 2)
    gap = vmap(himmelblau)(around) - vmap(model(centre))(around)
    return gap.reshape(len(radii), -1).abs().amax(dim=1)


samples = {
    "minimum (3, 2)": p,
    "saddle": stationary[negative == 1][1],
    "maximum": stationary[negative == 2][0],
}
errors = {name: worst_error(centre) for name, centre in samples.items()}

smallest = curvatures[(stationary - p).norm(dim=1).argmin(), 0]
promise = smallest * radii**2 / 2

fig, ax = plots.figure(
    "The model's worst error on a circle against the circle's radius, both axes logarithmic: three "
    "parallel lines of slope 3 for a minimum, a saddle and the maximum. A dashed line of slope 2, "
    "the rise that the model predicts at the minimum, is crossed near radius 1.",
)
for color, (name, error) in zip(("C0", "C2", "C1"), errors.items(), strict=True):
    ax.loglog(radii.cpu(), error.cpu(), color=color, label=f"error: {name}")
ax.loglog(radii.cpu(), promise.cpu(), "--", color="C0", label="½ λ r² at the minimum")
ax.legend(loc="upper left")
ax.set(
    title="The error of the quadratic model grows like r³",
    xlabel="distance r from the point",
    ylabel="largest error",
)

# %%
# When an eigenvalue is zero
# --------------------------
# The three functions below have the same gradient 0 and the same Hessian
# :math:`\operatorname{diag}(2, 0)` at the origin, and so the same quadratic model. The first has a
# minimum there, the other two have none: the orange region, where the function is below its value
# at the origin, comes right up to it. A positive *semi*\ definite Hessian is necessary for a
# minimum. It is not sufficient, and the decision lies with the higher derivatives.
flat = {
    "$x^2 + y^4$": lambda x: x[0] ** 2 + x[1] ** 4,
    "$x^2 - y^4$": lambda x: x[0] ** 2 - x[1] ** 4,
    "$x^2 + y^3$": lambda x: x[0] ** 2 + x[1] ** 3,
}
fig, axes = plots.figure(
    "Three contour plots around the origin. The first function is positive all around; the second "
    "is negative in two cusps above and below; the third is negative in one cusp below.",
    columns=3,
    sharey=True,
    figsize=(6.4, 2.7),
)
square = torch.linspace(-1, 1, 201, dtype=torch.float64, device=device)
cells = torch.cartesian_prod(square, square)
for ax, (name, fun) in zip(axes, flat.items(), strict=True):
    height = vmap(fun)(cells).reshape(201, 201).T.cpu().numpy()
    xs = square.cpu().numpy()
    ax.contourf(xs, xs, height, [-9, -1e-12], colors=["C1"], alpha=0.3)
    ax.contour(xs, xs, height, [0.05, 0.2, 0.45, 0.8], colors="C0", linewidths=1)
    ax.contour(
        xs, xs, height, [-0.8, -0.45, -0.2, -0.05], colors="C1", linewidths=1, linestyles="-"
    )
    ax.plot(0, 0, "o", color=plots.INK, markersize=4)
    ax.set(title=name, xlabel="x", xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    ax.grid(False)
axes[0].set_ylabel("y")

# %%
# What the pictures claim
# -----------------------
claim("the Hessian of ½xᵀAx is A for symmetric A", H, A, atol=1e-12)
B = torch.stack([vector(3, 4), vector(0, 6)])
claim(
    "for any square B it is ½(B + Bᵀ)",
    hessian(lambda x: x @ B @ x / 2)(point),
    (B + B.T) / 2,
    atol=1e-12,
)
claim("the eigenvalues of A", eigenvalues, [2, 7], atol=1e-12)
claim("the semi-axes end on the contour of value 1", vmap(quadratic)(tips.T), 1, atol=1e-12)
claim("the Newton step ends in the minimum", point + newton, 0, atol=1e-12)
claim(
    "curvature over all directions stays between the eigenvalues and reaches both",
    torch.stack(swings[2.0].aminmax()),
    [2, 7],
    atol=1e-3,
)
claim("stationary points of Himmelblau's function", len(stationary), 9)
claim(
    "of them minima, saddles, maxima",
    torch.bincount(negative, minlength=3),
    [4, 4, 1],
)
claim("the gradient there", grads(stationary), 0, atol=1e-9)
claim(
    "the maximum",
    stationary[negative == 2][0],
    [-0.270845, -0.923039],
    atol=1e-6,
)
downhill = torch.stack([axes[:, 0] for axes in axes_there[negative == 1]])
for word, sign in (("one", 1), ("the other", -1)):
    below = vmap(himmelblau)(stationary[negative == 1] + 0.1 * sign * downhill)
    claim(
        f"every saddle is left downhill along its first eigenvector, {word} way",
        (below - values[negative == 1]).max(),
        0,
        relation="<",
    )
inner = radii < 0.1
for name, error in errors.items():
    steepness = (error[inner][-1] / error[0]).log() / (radii[inner][-1] / radii[0]).log()
    claim(f"order of the model's error near the {name}", steepness, 3, atol=0.05)
overtaken = radii[(errors["minimum (3, 2)"] > promise).int().argmax()]
claim("distance from (3, 2) at which the error overtakes the model", overtaken, 1, atol=0.2)
lower = problems.himmelblau().minimisers[3].to(device)
claim(
    "in the minimum at (3.58, −1.85) it still expects more than 100",
    model(p)(lower),
    100,
    relation=">",
)
claim(
    "three functions, one Hessian",
    torch.stack([hessian(fun)(vector(0, 0)) for fun in flat.values()]),
    [[[2, 0], [0, 0]]] * 3,
    atol=1e-12,
)
claim(
    "but at (0, −0.1) they are up, down, down",
    torch.stack([fun(vector(0, -0.1)) for fun in flat.values()]),
    [1e-4, -1e-4, -1e-3],
    atol=1e-12,
)

plt.show()
