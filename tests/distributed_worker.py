"""What test_distributed.py runs, in one process and, by torchrun, in several."""

import os
import sys
import warnings
from pathlib import Path

import torch
import torch.distributed as dist

from steepest import derivatives, distributed, methods, minimize, minimize_many
from steepest.distributed.collectives import all_reduce
from steepest.distributed.wire import Wire
from steepest.state import State

ROWS, WIDTH = 37, 5


def table(rows=ROWS, dtype=torch.float64):
    generator = torch.Generator().manual_seed(7)
    A = torch.randn(rows, WIDTH, dtype=torch.float64, generator=generator)
    b = A @ torch.arange(1.0, WIDTH + 1, dtype=torch.float64)
    b = b + torch.randn(rows, dtype=torch.float64, generator=generator)
    return A.to(dtype), b.to(dtype)


def squares(x, shard):
    A, b = shard
    return 0.5 * ((A @ x - b) ** 2).sum() / ROWS


def logistic(x, shard):
    A, b = shard
    # the ridge is shared out by rows, so that shards add up
    ridge = 0.005 * len(A) * (x**2).sum()
    return (torch.nn.functional.softplus(-torch.sign(b) * (A @ x)).sum() + ridge) / ROWS


PROBLEMS = {"squares": squares, "logistic": logistic}

METHODS = {
    "gradient_descent": lambda: methods.gradient_descent(0.3),
    "heavy_ball": lambda: methods.heavy_ball(0.2, 0.5),
    "nesterov": lambda: methods.nesterov(0.3),
    "steepest_descent": lambda: methods.steepest_descent(),
    "conjugate_gradient": lambda: methods.conjugate_gradient(),
    "bfgs": lambda: methods.bfgs(),
    "lbfgs": lambda: methods.lbfgs(3),
    "newton": lambda: methods.newton(),
    "newton_cg": lambda: methods.newton_cg(),
}
STEPS = 5
LAST = 12
X0 = torch.linspace(-1, 1, WIDTH, dtype=torch.float64)


def slope(x, r):
    return (r + 1) * x.sum()


# name: the loss of shard number r; the graphs of these differ from process to process
LOSSES = {
    "alike": lambda x, r: torch.exp(x * (r + 1) / 4).sum() + x.prod(),
    "one has none": lambda x, r: torch.exp(x).prod() if r == 0 else x.new_zeros(()),
    "last is affine": lambda x, r: x.sum() if r else torch.exp(x).prod(),
    "all affine": slope,
}
V = torch.cos(torch.arange(WIDTH, dtype=torch.float64))


def parts(fun, x):
    """Everything that steepest.derivatives knows of a function."""

    def along(fun):
        return lambda x: torch.func.grad(fun)(x) @ V

    value, gradient = derivatives.value_and_grad(fun, x)
    return {
        "value": value,
        "gradient": gradient,
        "jvp": derivatives.jvp(fun, x, V)[1],
        "vjp": derivatives.vjp(fun, x, torch.tensor(2.0, dtype=torch.float64))[1],
        "hvp": derivatives.hvp(fun, x, V),
        "hessian": derivatives.hessian(fun, x),
        "hessian by rows": derivatives.hessian(fun, x, chunk_size=1),
        "torch.func.hessian": torch.func.hessian(fun)(x),
        "batch of values": torch.vmap(fun)(torch.stack([x, V])),
        "third": torch.func.grad(along(along(fun)))(x),
    }


def many(fun):
    starts = torch.stack([X0, -X0, 2 * X0])
    return minimize_many(fun, starts, methods.gradient_descent(0.2), max_iter=20).x


def task_runs(group):
    A, b = table()
    mine = distributed.local_rows(ROWS)
    found = {"rows": (mine.start, mine.stop)}
    for problem, loss in PROBLEMS.items():
        fun = distributed.data_sum(loss, (A[mine], b[mine]))
        for name, method in METHODS.items():
            run = minimize(fun, X0, method(), max_iter=STEPS)
            found[problem, name] = {"x": run.history.x, "fun": run.history.fun, "nfev": run.nfev}
        found[problem, "many"] = many(fun)
        found[problem, "error"] = derivatives.check_gradient(fun, X0)
    for name, loss in LOSSES.items():
        fun = distributed.data_sum(loss, group.rank)
        found[name] = parts(fun, X0)
    first, second = (distributed.data_sum(loss, group.rank) for loss in (slope, LOSSES["alike"]))
    found["two sums"] = parts(lambda x: first(x) * second(x) + (x**2).sum(), X0)
    # What a plain sum gives, whose argument no one declares to be everybody's.
    part, wire = LOSSES["alike"], Wire()
    one_sided = derivatives.value_and_grad(lambda x: all_reduce(part(x, group.rank), wire), X0)
    found["one-sided"] = one_sided
    found["traffic"] = traffic(A[mine], b[mine])
    # Three rows: with four processes one has none.
    A, b = table(3)
    mine = distributed.local_rows(3)
    fun = distributed.data_sum(squares, (A[mine], b[mine]))
    found["few rows"] = minimize(fun, X0, methods.newton_cg(), max_iter=4).x
    single = distributed.data_sum(squares, tuple(t[mine].float() for t in (A, b)))
    run = minimize(single, X0.float(), methods.lbfgs(), max_iter=4)
    found["float32"] = run.x
    return found


def traffic(A, b):
    """All-reduces and bytes of a value, a gradient, a product and a Hessian."""
    fun = distributed.data_sum(squares, (A, b))
    counts = []
    for call in (
        lambda: fun(X0),
        lambda: derivatives.value_and_grad(fun, X0),
        lambda: derivatives.hvp(fun, X0, V),
        lambda: derivatives.hessian(fun, X0),
    ):
        before = fun.all_reduces, fun.bytes_reduced
        call()
        counts.append((fun.all_reduces - before[0], fun.bytes_reduced - before[1]))
    return counts


def said(call):
    """Return what a call raises, as text."""
    try:
        call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"


def task_faults(group):
    first = group.rank == 0
    plain = distributed.data_sum(lambda x, shard: (x**2).sum(), None)
    mixed = distributed.data_sum(
        lambda x, shard: (x**2).sum().to(torch.float64 if first else torch.float32), None
    )
    holed = distributed.data_sum(lambda x, shard: (x * (1.0 if first else torch.nan)).sum(), None)
    cut = distributed.data_sum(lambda x, shard: (x.detach() ** 2).sum(), None)
    descent = methods.gradient_descent(0.1)
    last_bit = X0 if first else X0 + torch.finfo(X0.dtype).eps
    found = {
        "shape": said(lambda: plain(torch.zeros(3 if first else 4))),
        "dtype": said(lambda: plain(X0 if first else X0.float())),
        "loss": said(lambda: mixed(X0)),
        "start": said(lambda: minimize(plain, X0 if first else -X0, descent)),
        "last bit": said(lambda: plain(last_bit)),
        "nan": said(lambda: minimize(holed, X0, descent)),
        "cut": said(lambda: minimize(cut, X0, descent)),
        "cut, forward": said(lambda: derivatives.jvp(cut, X0, V)),
        "value of nan": holed(X0),
        "at once": said(lambda: distributed.processes().__enter__()),
    }

    def drift(state: State) -> bool:
        return first and state.nit == 3

    # Process 0 stops by itself; the other one goes on and waits for it, but not for ever.
    found["drift"] = said(lambda: minimize(plain, X0, descent, max_iter=6, callback=drift))
    return found


def task_lost(group, folder, attempt):
    """Return the ends of two runs; in the second one process 1 dies at step 7, the first time."""
    A, b = table()
    mine = distributed.local_rows(ROWS)
    found = {}
    for name in ("newton_cg", "lbfgs"):
        path = folder / f"{name}.pt"
        fun = distributed.data_sum(logistic, (A[mine], b[mine]))
        save = distributed.checkpoint(path, every=3)

        def step(state, name=name, save=save):
            save(state)
            if name == "lbfgs" and state.nit == 7 and group.rank == 1 and attempt == 0:
                os._exit(3)

        state = distributed.resume(path)
        done = 0 if state is None else state.nit
        found[name, "resumed at"] = done
        if done == LAST:
            found[name] = state.x
            continue
        start = X0 if state is None else None
        options = {"max_iter": LAST - done, "state": state, "callback": step}
        found[name] = minimize(fun, start, METHODS[name](), **options).x
    return found


def join(timeout):
    return distributed.processes(device="cpu", timeout=timeout)


def everything(folder, rank, timeout):
    with join(timeout) as group:
        assert dist.get_world_size() == group.size == int(os.environ["WORLD_SIZE"])
        found = task_runs(group)
    # A second group in one process: nothing of the first one is in its way.
    with join(timeout) as group:
        found |= task_faults(group)
    torch.save(found, folder / f"everything-{rank}.pt")


def lost(folder, rank, timeout):
    attempt = int(os.environ["TORCHELASTIC_RESTART_COUNT"])
    try:
        with join(timeout) as group:
            found = task_lost(group, folder, attempt)
    except distributed.ProcessLostError as error:
        (folder / f"lost-{attempt}-{rank}.txt").write_text(str(error))
        raise
    torch.save(found, folder / f"lost-{rank}.pt")


if __name__ == "__main__":
    warnings.simplefilter("error")
    # PyTorch's own, at the first use of its forward mode
    warnings.filterwarnings("ignore", "`torch.jit.script` is deprecated", DeprecationWarning)
    tasks = {"everything": everything, "lost": lost}
    tasks[sys.argv[1]](Path(sys.argv[2]), os.environ["RANK"], float(sys.argv[3]))
