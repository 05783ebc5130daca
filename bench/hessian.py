"""The cost of a Hessian, in time and in memory.

The objective is a logistic loss over twice as many rows as variables, in float64, written once for
PyTorch and once for JAX; the closed form is the Hessian worked out by hand. All contestants return
the whole matrix.
"""

from functools import partial

import torch
from harness import OURS, Report, compare, jax_or_none, options, race, relative
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.nn.functional import logsigmoid
from torch.utils._python_dispatch import TorchDispatchMode

from steepest.derivatives import hessian


class PeakMemory(TorchDispatchMode):
    """The largest number of bytes in tensors that operations made and that live at one time.

    What was there before, and scratch space inside an operation, do not count.
    """

    def __init__(self):
        super().__init__()
        self.live, self.before, self.peak = {}, {}, 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        for storage in storages((args, kwargs)):
            if storage._cdata not in self.live:
                self.before[storage._cdata] = storage  # held, so that its key stays its own
        out = func(*args, **(kwargs or {}))
        for storage in storages(out):
            if storage._cdata not in self.before:
                self.live[storage._cdata] = (StorageWeakRef(storage), storage.nbytes())
        self.live = {key: entry for key, entry in self.live.items() if not entry[0].expired()}
        self.peak = max(self.peak, sum(nbytes for _, nbytes in self.live.values()))
        return out


def storages(tree):
    leaves = torch.utils._pytree.tree_leaves(tree)
    return [leaf.untyped_storage() for leaf in leaves if isinstance(leaf, Tensor)]


def data(n, seed=0):
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randn(2 * n, n, dtype=torch.float64, generator=generator) / n**0.5
    return rows, torch.randn(n, dtype=torch.float64, generator=generator)


def loss(rows, x):
    return -logsigmoid(rows @ x).mean()


def closed_form(rows, x):
    s = torch.sigmoid(rows @ x)
    return rows.T @ ((s * (1 - s))[:, None] * rows) / len(rows)


def contestants(n, jax):
    rows, x = data(n)
    fun = partial(loss, rows)
    entries = {
        OURS: lambda: hessian(fun, x),
        "torch.func.hessian": lambda: torch.func.hessian(fun)(x),
        "torch.func jacrev of jacrev": lambda: torch.func.jacrev(torch.func.jacrev(fun))(x),
        "autograd.functional": lambda: torch.autograd.functional.hessian(fun, x),
        "autograd.functional, vectorized": lambda: torch.autograd.functional.hessian(
            fun, x, vectorize=True
        ),
        "closed form": lambda: closed_form(rows, x),
    }
    if jax is not None:
        jrows, jx = jax.numpy.asarray(rows.numpy()), jax.numpy.asarray(x.numpy())

        def jloss(x):
            return -jax.nn.log_sigmoid(jrows @ x).mean()

        forward = jax.jit(jax.hessian(jloss))
        reverse = jax.jit(jax.jacrev(jax.jacrev(jloss)))
        entries["JAX compiled, jax.hessian"] = lambda: forward(jx).block_until_ready()
        entries["JAX compiled, jacrev of jacrev"] = lambda: reverse(jx).block_until_ready()
    return entries


def memory(report, sizes, chunks):
    """Show the peak beyond the result, as bytes for each number in a chunk of rows."""
    for n in sizes:
        rows, x = data(n)
        for chunk in chunks:
            with PeakMemory() as mode:
                result = hessian(partial(loss, rows), x, chunk_size=chunk)
            beyond = mode.peak - result.untyped_storage().nbytes()
            name = f"n = {n}"
            report.series.setdefault(name, []).append((chunk, beyond / 2**20))
            report.note(
                f"memory n={n:5d} chunk={chunk:5d}: {beyond / 2**20:8.2f} MiB beyond the result, "
                f"{beyond / (8 * chunk * 3 * n):.2f} x chunk x (variables + rows) numbers"
            )


def main():
    given = options()
    jax = jax_or_none()
    report = Report("hessian", "The whole Hessian of a logistic loss, float64")
    report.head()
    sizes = (30, 100) if given.quick else (30, 100, 300, 1000)
    unit = None
    for n in sizes:
        times = race(contestants(n, jax), rounds=5)
        unit = unit or times[OURS].wall
        for name, time in times.items():
            report.series.setdefault(name, []).append((n, time.wall / unit))
        targets = {}
        if n == 1000:
            targets = {
                "torch.func.hessian": 1 / 20,
                "closed form": 2.6,
                "JAX compiled, jax.hessian": 1.25,
                "JAX compiled, jacrev of jacrev": 1.25,
            }
        compare(report, f"logistic n={n}, {2 * n} rows", times, targets=targets, differ=relative)
    report.axes = ("variables", "cost, ours at the smallest size = 1")
    report.save(given.out)
    space = Report("hessian_memory", "Memory beyond the Hessian itself, in chunks")
    space.axes = ("chunk_size", "MiB beyond the result")
    memory(space, (100, 200) if given.quick else (250, 500, 1000), (8, 32, 128))
    space.save(given.out)


if __name__ == "__main__":
    main()
