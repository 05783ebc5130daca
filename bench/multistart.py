"""The cost of a million starts.

Each of 10⁶ starts takes 150 steps of size 0.001 of gradient descent on x cos 4x + 2|x|, in float32,
and all contestants return the last points, values and gradient norms.
"""

import time
from functools import partial

import torch
from harness import OURS, Report, compare, jax_or_none, options, race, relative

from steepest import methods, minimize_many, problems
from steepest.multistart import CompilationError

LR, STEPS = 0.001, 150
TOL = 1e-5


def hand_written(fun, starts):
    """Write the loop by hand, as one would without a library."""
    x = starts
    for step in range(STEPS + 1):
        leaf = x.detach().requires_grad_()
        value = fun(leaf)
        (gradient,) = torch.autograd.grad(value.sum(), leaf)
        if step < STEPS:
            x = x - LR * gradient
    return x, value.detach(), gradient.abs()


def jax_loop(jax, starts, masks):
    jnp = jax.numpy

    def fun(x):
        return x * jnp.cos(4 * x) + 2 * jnp.abs(x)

    evaluate = jax.vmap(jax.value_and_grad(fun))

    def plain(_, carry):
        x, _, gradient = carry
        x = x - jnp.float32(LR) * gradient
        return x, *evaluate(x)

    def masked(_, carry):
        x, value, gradient, nit, active = carry
        new = x - jnp.float32(LR) * gradient
        fun_new, grad_new = evaluate(new)
        finite = jnp.isfinite(new) & jnp.isfinite(fun_new) & jnp.isfinite(grad_new)
        moved = active & finite
        goes_on = moved & (jnp.abs(grad_new) > TOL) & (new != x)
        return (
            jnp.where(moved, new, x),
            jnp.where(moved, fun_new, value),
            jnp.where(moved, grad_new, gradient),
            nit + moved,
            goes_on,
        )

    @jax.jit
    def run(x):
        value, gradient = evaluate(x)
        if not masks:
            return jax.lax.fori_loop(0, STEPS, plain, (x, value, gradient))
        active = jnp.abs(gradient) > TOL
        nit = jnp.zeros(x.shape, jnp.int32)
        return jax.lax.fori_loop(0, STEPS, masked, (x, value, gradient, nit, active))

    jx = jnp.asarray(starts.numpy())
    return lambda: jax.block_until_ready(run(jx))


def ends(answer):
    return answer.x if hasattr(answer, "x") else answer[0]


def differ(a, b):
    return relative(ends(a), ends(b))


def main():
    given = options()
    jax = jax_or_none()
    report = Report("multistart", "Many starts, 150 steps each, float32")
    report.head()
    problem, method = problems.seven_minima(), methods.gradient_descent(LR)
    run = partial(minimize_many, problem.fun, method=method, max_iter=STEPS)
    sizes = (1000, 10_000) if given.quick else (1000, 10_000, 100_000, 1_000_000)
    unit = None
    for k in sizes[-1:] if given.largest else sizes:
        starts = torch.linspace(-5, 5, k, dtype=torch.float32)
        entries = {
            "steepest, tol=None": partial(run, starts),
            "steepest, masks": partial(run, starts, tol=TOL),
            "a loop by hand": partial(hand_written, problem.fun, starts),
        }
        if jax is not None:
            entries["JAX compiled"] = jax_loop(jax, starts, masks=False)
            entries["JAX compiled, masks"] = jax_loop(jax, starts, masks=True)
        if k == sizes[-1]:
            for name, tol in (("steepest, compiled", None), ("steepest, compiled, masks", TOL)):
                call = partial(run, starts, tol=tol, compile=True)
                begin = time.perf_counter()
                try:
                    call()
                except CompilationError as error:
                    report.note(f"{name} left out: {error}")
                    continue
                warm_up = time.perf_counter() - begin
                entries[name] = call
                begin = time.perf_counter()
                call()
                again = time.perf_counter() - begin
                report.note(f"{name}: the warm-up took {warm_up / again:.0f} times the run itself")
                report.note(f"{name}: warm-up {warm_up:.0f} s on this machine, in this run")
        times = race(entries, rounds=3 if given.quick else 7)
        unit = unit or times["steepest, tol=None"].wall
        for name, one in times.items():
            report.series.setdefault(name, []).append((k, one.wall / unit))
        full = k == 1_000_000
        for ours, target in (
            ("steepest, tol=None", 2.2),
            ("steepest, masks", 3.0),
            ("steepest, compiled", 0.45),
            ("steepest, compiled, masks", 0.45),
        ):
            if ours in times:
                targets = {"JAX compiled": target} if full else None
                problem_name = f"{k} starts"
                compare(report, problem_name, times, ours=ours, targets=targets, differ=differ)
    report.axes = ("starts", f"cost, {OURS} at the smallest size = 1")
    report.save(given.out)


if __name__ == "__main__":
    main()
