"""Hypergradients of ridge regression: what each way costs, in time and in memory.

Inner: least squares over twice as many rows as variables, with one logarithmic weight for each
coefficient; outer: the loss on as many other rows; in float64. All contestants return the
derivative in all weights, and the closed form says how far each is from the truth.
"""

from functools import partial

import torch
from harness import OURS, Report, compare, jax_or_none, options, race, relative
from hessian import PeakMemory

from steepest.bilevel import cross_gradient, hypergradient
from steepest.derivatives import hessian

STEPS = 50
TOL = 1e-8


class Ridge:
    """The data, the two functions and the answer."""

    def __init__(self, n, device="cpu"):
        generator = torch.Generator().manual_seed(0)

        def draw(*shape):
            return torch.randn(*shape, dtype=torch.float64, generator=generator).to(device)

        self.rows, self.targets = draw(2 * n, n) / n**0.5, draw(2 * n)
        self.others, self.goals = draw(2 * n, n) / n**0.5, draw(2 * n)
        self.phi = torch.linspace(-1, 1, n, dtype=torch.float64, device=device)
        H = self.rows.T @ self.rows + torch.diag(self.phi.exp())
        self.best = torch.linalg.solve(H, self.rows.T @ self.targets)
        w = torch.linalg.solve(H, self.others.T @ (self.others @ self.best - self.goals))
        self.exact = -self.phi.exp() * self.best * w
        values = torch.linalg.eigvalsh(H)
        self.lr = float(2 / (values[0] + values[-1]))
        self.rho = float((values[-1] - values[0]) / (values[-1] + values[0]))
        self.start = torch.zeros_like(self.best)

    def inner(self, theta, phi):
        """Fit the rows, weights on the coefficients."""
        residual = self.rows @ theta - self.targets
        return (residual @ residual + (phi.exp() * theta**2).sum()) / 2

    def outer(self, theta, phi):
        """Judge by the others."""
        residual = self.others @ theta - self.goals
        return residual @ residual / 2


def unrolled(ridge, steps):
    return hypergradient(
        ridge.outer,
        ridge.inner,
        ridge.start,
        ridge.phi,
        mode="unrolled",
        steps=steps,
        lr=ridge.lr,
    )


def implicit(ridge, tol=TOL):
    return hypergradient(ridge.outer, ridge.inner, ridge.best, ridge.phi, mode="implicit", tol=tol)


def unrolled_by_func(ridge, steps):
    slope = torch.func.grad(ridge.inner)

    def end(phi):
        theta = ridge.start
        for _ in range(steps):
            theta = theta - ridge.lr * slope(theta, phi)
        return ridge.outer(theta, phi)

    return torch.func.grad(end)(ridge.phi)


def unrolled_by_hand(ridge, steps):
    phi, theta = ridge.phi.detach().requires_grad_(), ridge.start.detach().requires_grad_()
    for _ in range(steps):
        value = ridge.inner(theta, phi)
        theta = theta - ridge.lr * torch.autograd.grad(value, theta, create_graph=True)[0]
    return torch.autograd.grad(ridge.outer(theta, phi), phi)[0]


def implicit_formed(ridge, whole):
    """Form the whole Hessian, and solve."""
    phi, theta = ridge.phi.detach().requires_grad_(), ridge.best.detach().requires_grad_()
    H = whole(partial(ridge.inner, phi=ridge.phi), ridge.best)
    b, direct = torch.autograd.grad(ridge.outer(theta, phi), (theta, phi), allow_unused=True)
    w = torch.linalg.solve(H, b)
    (slope,) = torch.autograd.grad(ridge.inner(theta, phi), theta, create_graph=True)
    through = torch.autograd.grad(slope, phi, w)[0]
    return -through if direct is None else direct - through


def func_hessian(fun, x):
    return torch.func.hessian(fun)(x)


def by_jax(jax, ridge, steps):
    """Return the two ways, compiled: unrolled by a scan, implicit by JAX's conjugate gradients."""
    names = ("rows", "targets", "others", "goals", "phi", "best", "start")
    # As arguments: what a compiled function closes over it may compute beforehand.
    data = tuple(jax.numpy.asarray(getattr(ridge, name).cpu().numpy()) for name in names)

    def inner(theta, phi, data):
        residual = data[0] @ theta - data[1]
        return (residual @ residual + (jax.numpy.exp(phi) * theta**2).sum()) / 2

    def outer(theta, phi, data):
        residual = data[2] @ theta - data[3]
        return residual @ residual / 2

    slope = jax.grad(inner)

    def end(phi, data):
        def step(theta, _):
            return theta - ridge.lr * slope(theta, phi, data), None

        return outer(jax.lax.scan(step, data[6], None, length=steps)[0], phi, data)

    def through(phi, data):
        best = data[5]
        b, direct = jax.grad(outer, argnums=(0, 1))(best, phi, data)

        def product(v):
            return jax.jvp(lambda theta: slope(theta, phi, data), (best,), (v,))[1]

        w = jax.scipy.sparse.linalg.cg(product, b, tol=TOL)[0]
        return direct - jax.vjp(lambda phi: slope(best, phi, data), phi)[1](w)[0]

    scan, solve = jax.jit(jax.grad(end)), jax.jit(through)
    return (
        lambda: scan(data[4], data).block_until_ready(),
        lambda: solve(data[4], data).block_until_ready(),
    )


def formed_jacobian(ridge):
    """Form J, as the cross gradient does not."""

    def g(phi):
        return torch.func.grad(ridge.inner)(ridge.start + 1, phi)

    J = torch.func.jacrev(g)(ridge.phi)
    return J.T @ g(ridge.phi)


def cross_by_func(ridge):
    def half(phi):
        g = torch.func.grad(ridge.inner)(ridge.start + 1, phi)
        return g @ g / 2

    return torch.func.grad(half)(ridge.phi)


def times(report, n, jax):
    ridge = Ridge(n)
    by_steps = {
        OURS: lambda: unrolled(ridge, STEPS),
        "torch.func.grad through a loop": lambda: unrolled_by_func(ridge, STEPS),
        "autograd.grad through a loop": lambda: unrolled_by_hand(ridge, STEPS),
    }
    by_condition = {
        OURS: lambda: implicit(ridge),
        "torch.func.hessian and solve": lambda: implicit_formed(ridge, func_hessian),
        "the whole Hessian, and solve": lambda: implicit_formed(ridge, hessian),
    }
    if jax is not None:
        scan, solve = by_jax(jax, ridge, STEPS)
        by_steps["JAX compiled, scan"] = scan
        by_condition["JAX compiled, its cg"] = solve
    crosses = {
        OURS: lambda: cross_gradient(ridge.inner, ridge.start + 1, ridge.phi),
        "torch.func: grad of half |grad|^2": lambda: cross_by_func(ridge),
        "J formed by jacrev": lambda: formed_jacobian(ridge),
    }
    for name, entries in {
        f"unrolled, {STEPS} steps": by_steps,
        "implicit": by_condition,
        "cross gradient": crosses,
    }.items():
        raced = race(entries, rounds=7, warm_up=2)
        compare(report, f"{name}, n={n}", raced, differ=relative)
        if entries is not crosses:
            error = relative(raced[OURS].answer, ridge.exact)
            law = f", k rho^k = {STEPS * ridge.rho**STEPS:.1e}" if entries is by_steps else ""
            report.note(f"  {name}, n={n}: off the closed form by {error:.1e}{law}")
    raced = race({"unrolled": by_steps[OURS], OURS: by_condition[OURS]}, rounds=7)
    compare(report, f"implicit against unrolled, n={n}", raced, differ=relative)


def peak(call, device):
    """Return the bytes that live at one time in tensors that `call` makes."""
    if device == "cuda":
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        call()
        torch.cuda.synchronize()
        return torch.cuda.max_memory_allocated() - before
    with PeakMemory() as mode:
        call()
    return mode.peak


def memory(report, n, ks, device):
    """Show the peak in vectors of n numbers: a line in the steps, and a constant."""
    ridge = Ridge(n, device)
    unit = 8 * n
    # A first run lets libraries take their workspace, which is not the method's.
    unrolled(ridge, 1), implicit(ridge)
    flat = peak(lambda: implicit(ridge), device) / unit
    formed = peak(lambda: implicit_formed(ridge, hessian), device) / unit
    report.note(
        f"memory on {device}, n={n}: implicit {flat:.1f} vectors; the whole Hessian {formed:.1f}"
    )
    last = None
    for k in ks:
        used = peak(lambda k=k: unrolled(ridge, k), device) / unit
        peer = peak(lambda k=k: unrolled_by_func(ridge, k), device) / unit
        more = "" if last is None else f", {(used - last[1]) / (k - last[0]):.2f} more a step"
        report.note(
            f"memory on {device}, n={n}, {k:4d} steps: unrolled {used:8.1f} vectors{more}; "
            f"torch.func {peer:8.1f}; {used / flat:.2f} x implicit; error "
            f"{relative(unrolled(ridge, k), ridge.exact):.1e}"
        )
        last = k, used
        for name, value in {
            "unrolled": used,
            "torch.func.grad through a loop": peer,
            "implicit": flat,
        }.items():
            report.series.setdefault(f"{name}, {device}", []).append((k, value))


def main():
    given = options()
    jax = jax_or_none()
    report = Report("bilevel", "The hypergradient of ridge regression, float64")
    report.head()
    sizes = (10, 100) if given.quick else (10, 100, 1000)
    for n in sizes[-1:] if given.largest else sizes:
        times(report, n, jax)
    report.save(given.out)
    space = Report("bilevel_memory", "Memory of a hypergradient, in vectors of n numbers")
    space.axes = ("steps", "peak, vectors of n numbers")
    ks = (1, 4, 16) if given.quick else (1, 4, 16, 64)
    for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
        memory(space, 100 if given.quick else 1000, ks, device)
    space.save(given.out)


if __name__ == "__main__":
    main()
