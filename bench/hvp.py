"""The cost of a Hessian-vector product, alone and in a series at one point."""

import torch
from harness import OURS, Report, compare, jax_or_none, options, race, relative
from torch.func import grad, jvp, vjp

from steepest import problems
from steepest.derivatives import hvp, hvp_operator

PRODUCTS = 100


def double_grad(fun, x, v):
    leaf = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(fun(leaf), leaf, create_graph=True)
    return torch.autograd.grad(gradient, leaf, v)[0]


def rosenbrock(n):
    problem = problems.rosenbrock(n)
    return problem.fun, torch.linspace(-1, 1, n, dtype=torch.float64)


def logistic(n):
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(2 * n, n, dtype=torch.float64, generator=generator)
    labels = torch.where(torch.rand(2 * n, generator=generator) < 0.5, -1.0, 1.0)
    problem = problems.logistic_regression(rows, labels)
    return problem.fun, torch.linspace(-1, 1, n, dtype=torch.float64)


def contestants(fun, x, v):
    return {
        OURS: lambda: hvp(fun, x, v),
        "two autograd.grad by hand": lambda: double_grad(fun, x, v),
        "autograd.functional.hvp": lambda: torch.autograd.functional.hvp(fun, x, v)[1],
        "autograd.functional.vhp": lambda: torch.autograd.functional.vhp(fun, x, v)[1],
        "torch.func: jvp of grad": lambda: jvp(grad(fun), (x,), (v,))[1],
        "torch.func: vjp of grad": lambda: vjp(grad(fun), x)[1](v)[0],
    }


def jax_rosenbrock(jax, x, v):
    def fun(x):
        return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()

    jx, jv = jax.numpy.asarray(x.numpy()), jax.numpy.asarray(v.numpy())
    compiled = jax.jit(lambda x, v: jax.jvp(jax.grad(fun), (x,), (v,))[1])
    return lambda: compiled(jx, jv).block_until_ready()


def repeated(call, times):
    def many():
        for _ in range(times):
            result = call()
        return result

    return many


def series(fun, x, vs):
    """Many products at one point: an operator, built within the time, and single calls."""

    def by_operator():
        product = hvp_operator(fun, x)
        return torch.stack([product(v) for v in vs])

    def by_vjp():
        pull = vjp(grad(fun), x)[1]
        return torch.stack([pull(v)[0] for v in vs])

    return {
        "steepest hvp_operator": by_operator,
        "single calls of hvp": lambda: torch.stack([hvp(fun, x, v) for v in vs]),
        "torch.func: one vjp of grad, kept": by_vjp,
    }


def main():
    given = options()
    jax = jax_or_none()
    report = Report("hvp", "One Hessian-vector product, float64")
    report.head()
    sizes = (2, 100) if given.quick else (2, 10, 100, 1000, 10_000, 100_000)
    unit = None
    for n in sizes:
        fun, x = rosenbrock(n)
        v = torch.cos(torch.arange(n, dtype=torch.float64))
        entries = contestants(fun, x, v)
        if jax is not None:
            entries["JAX compiled, jvp of grad"] = jax_rosenbrock(jax, x, v)
        times = 100 if n <= 1000 else 10  # a product is short: time many
        many = {name: repeated(call, times) for name, call in entries.items()}
        raced = race(many, rounds=9, warm_up=2)
        unit = unit or raced[OURS].wall / times
        for name, time in raced.items():
            report.series.setdefault(name, []).append((n, time.wall / times / unit))
        compare(report, f"Rosenbrock n={n}", raced, differ=relative)
        own = [name for name in raced if name != OURS and not name.startswith("JAX")]
        fastest = min(own, key=lambda name: raced[name].wall)
        compare(
            report,
            f"Rosenbrock n={n}, the fastest of PyTorch",
            {OURS: raced[OURS], fastest: raced[fastest]},
            targets={fastest: 1.1},
            differ=relative,
        )
    for name, (fun, x) in {
        "Rosenbrock n=100": rosenbrock(100),
        "logistic n=200": logistic(50 if given.quick else 200),
    }.items():
        vs = torch.randn(PRODUCTS, len(x), dtype=torch.float64)
        raced = race(series(fun, x, vs), rounds=15, warm_up=2)
        compare(
            report,
            f"{name}, {PRODUCTS} products",
            raced,
            ours="steepest hvp_operator",
            targets={"single calls of hvp": 0.6},
            differ=relative,
        )
    report.axes = ("variables", "cost, ours at the smallest size = 1")
    report.save(given.out)


if __name__ == "__main__":
    main()
