"""The cost of a minimization, one start at a time.

First the loop itself: 150 steps of gradient descent on a function of one number, with everything
recorded. Then the methods for smooth functions against pytorch-minimize and SciPy, to the same
gradient norm from the same starts. A peer is given exactly the iterations it needs (found out
beforehand, not timed), so that the tests by which it would stop do not matter. Optimistix, compiled
by JAX, stops by tests of its own; the gradient norm that it reached stands beside its time.
"""

import statistics
import time
import warnings
from importlib.util import find_spec

import torch
from harness import OURS, Report, Row, compare, jax_or_none, options, race, relative

from steepest import methods, minimize, problems
from steepest.derivatives import hvp

LR, STEPS = 0.001, 150
TOL = 1e-6
LIMIT = 5000
STARTS = 20
# ours, pytorch-minimize's name, SciPy's name
PACKAGES = ("torchmin", "scipy")
PAIRS = {
    "BFGS": (methods.bfgs(), "bfgs", "BFGS"),
    "L-BFGS": (methods.lbfgs(memory=10), "l-bfgs", "L-BFGS-B"),
    "CG": (methods.conjugate_gradient(), "cg", "CG"),
    "Newton-CG": (methods.newton_cg(), "newton-cg", "Newton-CG"),
    "Newton": (methods.damped_newton(), "newton-exact", None),
}
# what keeps a peer from stopping before its gradient is small
NEVER = {
    "bfgs": {"gtol": 0.0, "xtol": 0.0, "gtd_tol": 0.0},
    "l-bfgs": {"gtol": 0.0, "xtol": 0.0, "gtd_tol": 0.0, "history_size": 10},
    "cg": {"gtol": 0.0},
    "newton-cg": {"xtol": 0.0},
    "newton-exact": {"xtol": 0.0},
    "BFGS": {"gtol": 0.0},
    "L-BFGS-B": {"gtol": 0.0, "ftol": 0.0, "maxcor": 10, "maxfun": 10 * LIMIT},
    "CG": {"gtol": 0.0},
    "Newton-CG": {"xtol": 0.0},
}


# --- the loop ---------------------------------------------------------------------------------


def by_sgd(fun, x0):
    """Write the loop with torch.optim as it is usually written, recording what minimize records."""
    x = x0.clone().requires_grad_()
    optimizer = torch.optim.SGD([x], lr=LR)
    points, values, norms, sizes = [], [], [], []
    for step in range(STEPS + 1):
        optimizer.zero_grad()
        value = fun(x)
        value.backward()
        points.append(x.detach().clone())
        values.append(value.item())
        norms.append(torch.linalg.vector_norm(x.grad).item())
        if step < STEPS:
            optimizer.step()
            sizes.append(LR)
    like = {"dtype": x0.dtype, "device": x0.device}
    return torch.stack(points), *(torch.tensor(each, **like) for each in (values, norms, sizes))


def optax_loop(jax, x0):
    import optax

    def fun(x):
        return x * jax.numpy.cos(4 * x) + 2 * jax.numpy.abs(x)

    optimizer = optax.sgd(LR)

    @jax.jit
    def run(x):
        def body(carry, _):
            x, state = carry
            value, gradient = jax.value_and_grad(fun)(x)
            updates, state = optimizer.update(gradient, state)
            return (optax.apply_updates(x, updates), state), (x, value, abs(gradient))

        (x, _), history = jax.lax.scan(body, (x, optimizer.init(x)), length=STEPS)
        return x, history

    jx = jax.numpy.asarray(x0.numpy())
    return lambda: jax.block_until_ready(run(jx))


def loop(report, jax, rounds):
    problem, method = problems.seven_minima(), methods.gradient_descent(LR)

    def ours():
        history = minimize(problem.fun, problem.x0, method, max_iter=STEPS).history
        return history.x, history.fun, history.grad_norm, history.step_size

    entries = {
        OURS: ours,
        "torch.optim.SGD, recording the same": lambda: by_sgd(problem.fun, problem.x0),
    }
    times = race(entries, rounds=rounds, warm_up=2)
    targets = {"torch.optim.SGD, recording the same": 0.8}
    name = f"one start, {STEPS} steps, full history"

    def differ(a, b):
        return max(relative(mine, theirs) for mine, theirs in zip(a, b, strict=True))

    compare(report, name, times, targets=targets, differ=differ)
    try:
        compiled = optax_loop(jax, problem.x0) if jax is not None else None
    except ImportError:
        print("optax is not installed: left out (pip install optax)")
        return
    if compiled is not None:
        times = race({OURS: ours, "JAX with optax, compiled scan": compiled}, rounds=rounds)
        compare(
            report, name, times, differ=lambda a, b: relative(a[0][-1], torch.tensor(float(b[0])))
        )


# --- the methods ------------------------------------------------------------------------------


class Counted:
    """A function that counts its calls."""

    def __init__(self, fun):
        self.fun, self.calls = fun, 0

    def __call__(self, x):
        """Call it, and count."""
        self.calls += 1
        return self.fun(x)


def peer_torchmin(fun, x0, name, max_iter, callback=None):
    """Run pytorch-minimize."""
    from torchmin import minimize as peer_minimize

    options = {**NEVER[name], "max_iter": max_iter}
    return peer_minimize(fun, x0, method=name, options=options, callback=callback).fun


def peer_scipy(fun, x0, name, max_iter, callback=None):
    """Run SciPy on the same PyTorch function, value and gradient from one reverse sweep."""
    from scipy.optimize import minimize as peer_minimize

    def both(x):
        leaf = torch.from_numpy(x.copy()).requires_grad_()
        value = fun(leaf)
        return value.item(), torch.autograd.grad(value, leaf)[0].numpy()

    def product(x, v):
        return hvp(fun, torch.from_numpy(x.copy()), torch.from_numpy(v.copy())).numpy()

    def told(x):
        if callback is not None and callback(torch.from_numpy(x.copy())):
            raise StopIteration

    limits = {"maxiter": max_iter, **NEVER[name]}
    second = {"hessp": product} if name == "Newton-CG" else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that its own tests are off
        return peer_minimize(
            both, x0.numpy(), jac=True, method=name, options=limits, callback=told, **second
        ).fun


def needed(peer, fun, x0, name):
    """Return how many iterations a peer needs to the gradient norm, or None."""
    found, steps = None, 0

    def callback(x):
        nonlocal found, steps
        steps += 1
        leaf = x.detach().requires_grad_()
        with torch.enable_grad():
            (gradient,) = torch.autograd.grad(fun(leaf), leaf)
        if gradient.norm() <= TOL:
            found = steps
        return found is not None

    try:
        peer(fun, x0, name, LIMIT, callback)
    except (RuntimeError, AssertionError):
        return None
    return found


def timed(call, repeats=3, enough=0.3):
    """Return the best of a few runs where one is short."""
    seconds = []
    while len(seconds) < repeats and sum(seconds) < enough:
        begin = time.perf_counter()
        answer = call()
        seconds.append(time.perf_counter() - begin)
    return min(seconds), answer


def one_pair(peer, fun, x0, method, name):
    """Return (time ratio, ratio of evaluations, difference of values), or who failed."""
    counted = Counted(fun)
    run = minimize(counted, x0, method, max_iter=LIMIT, tol=TOL, history=False)
    steps = needed(peer, fun, x0, name)
    failed = [who for who, bad in ((OURS, not run.success), ("peer", steps is None)) if bad]
    if failed:
        return " and ".join(failed)
    theirs = Counted(fun)
    peer(theirs, x0, name, steps)

    def ours():
        return minimize(fun, x0, method, max_iter=LIMIT, tol=TOL, history=False).fun

    mine, a = timed(ours)
    other, b = timed(lambda: peer(fun, x0, name, steps))
    return mine / other, counted.calls / theirs.calls, abs(float(a) - float(b))


def least_squares(m, n):
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(m, n, dtype=torch.float64, generator=generator)
    rows *= torch.logspace(0, 1, n, dtype=torch.float64) / m**0.5
    return problems.least_squares(rows, torch.randn(m, dtype=torch.float64, generator=generator))


def smooth(report, quick, part, package, peer, target):
    """Race the methods against those of one package."""
    entries = {
        "Rosenbrock n=2": problems.rosenbrock(2),
        "Rosenbrock n=10": problems.rosenbrock(10),
        "Rosenbrock n=100": problems.rosenbrock(100),
        "least squares 200 by 50": least_squares(200, 50),
    }
    generator = torch.Generator().manual_seed(1)
    for problem_name, problem in list(entries.items())[part]:
        shape = (3 if quick else STARTS, *problem.x0.shape)
        noise = torch.randn(shape, dtype=torch.float64, generator=generator)
        for name, (method, *theirs) in PAIRS.items():
            alias = theirs[package]
            if alias is None:
                continue
            starts = problem.x0 + noise / 2
            outcomes = [one_pair(peer, problem.fun, x0, method, alias) for x0 in starts]
            done = [outcome for outcome in outcomes if not isinstance(outcome, str)]
            failures = [outcome for outcome in outcomes if isinstance(outcome, str)]
            note = "".join(
                f"; {who} failed from {failures.count(who)}" for who in sorted(set(failures))
            )
            where = f"{problem_name}, {name}"
            if not done:
                report.note(f"{where}: no start where both arrive{note}")
                continue
            times, evaluations, differences = zip(*done, strict=True)
            apart = sum(difference > 1e-3 for difference in differences)
            note += f"; {apart} end in different minima" if apart else ""
            many = f"{len(done)} of {len(outcomes)} starts{note}"
            time_ratio, count_ratio = statistics.median(times), statistics.median(evaluations)
            worst = max(differences)
            label = f"{PACKAGES[package]} {alias}"
            report.add(Row(where, f"{label}: time", time_ratio, target, None, worst, many))
            report.add(Row(where, f"{label}: evaluations", count_ratio, target, None, worst))
            if target is not None:
                report.series.setdefault(f"{name}: time", []).append(
                    (problem.x0.numel(), time_ratio)
                )


def optimistix(report, jax, n, rounds):
    """Race BFGS against Optimistix's, compiled; each stops by its own test."""
    try:
        import optimistix as optx
    except ImportError:
        print("optimistix is not installed: left out (pip install optimistix)")
        return
    problem = problems.rosenbrock(n)

    def fun(x, _):
        return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()

    solver = optx.BFGS(rtol=1e-8, atol=1e-8)
    start = jax.numpy.asarray(problem.x0.numpy())
    run = jax.jit(lambda x: optx.minimise(fun, solver, x, max_steps=LIMIT, throw=False).value)
    entries = {
        OURS: lambda: (
            minimize(
                problem.fun, problem.x0, methods.bfgs(), max_iter=LIMIT, tol=TOL, history=False
            ).x
        ),
        "Optimistix BFGS, compiled": lambda: jax.block_until_ready(run(start)),
    }
    times = race(entries, rounds=rounds, warm_up=2)
    reached = float(
        jax.numpy.linalg.norm(jax.grad(fun)(times["Optimistix BFGS, compiled"].answer, 0))
    )
    compare(report, f"Rosenbrock n={n}, BFGS", times, differ=relative)
    report.note(f"  the norm of Optimistix's last gradient is {reached:.1e}, ours at most {TOL:g}")


def main():
    given = options()
    jax = jax_or_none()
    report = Report("minimize", "Minimizing from one start, float64")
    report.head()
    loop(report, jax, rounds=7 if given.quick else 41)
    part = slice(2, None) if given.largest else slice(2) if given.quick else slice(None)
    for package, (peer, target) in enumerate(((peer_torchmin, 1.0), (peer_scipy, None))):
        if find_spec(PACKAGES[package]) is None:
            print(f"{PACKAGES[package]} is not installed: left out")
            continue
        smooth(report, given.quick, part, package, peer, target)
    if jax is not None:
        for n in (10,) if given.quick else (2, 10, 100):
            optimistix(report, jax, n, rounds=3 if given.quick else 11)
    for points in report.series.values():
        points.sort()
    report.axes = ("variables", "time as a multiple of pytorch-minimize's")
    report.save(given.out)


if __name__ == "__main__":
    main()
