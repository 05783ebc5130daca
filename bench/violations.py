"""The cost of looking for what breaks convexity, and of checking the catalogue of identities.

A quadratic in 100 variables is convex but for one eigenvalue of -1e-3, in a direction that is not
told: random points alone hardly ever show it. The peer is told that the function is a quadratic: it
forms one Hessian and asks for its eigenvalues, which no search for a general function may rely on.
"""

import time

import torch
from harness import OURS, Report, Row, compare, options, race

from steepest.convexity import Box, find_violation
from steepest.derivatives import hessian
from steepest.identities import CATALOGUE, verify

CONDITIONS = ("chord", "gradient", "hessian", "jensen")


def slightly_indefinite(n):
    generator = torch.Generator().manual_seed(0)
    basis = torch.linalg.qr(torch.randn(n, n, dtype=torch.float64, generator=generator)).Q
    values = torch.logspace(-2, 0, n, dtype=torch.float64)
    values[0] = -1e-3
    A = basis @ torch.diag(values) @ basis.T
    return lambda x: x @ A @ x / 2


def violations(report, n, rounds):
    fun = slightly_indefinite(n)
    side = torch.ones(n, dtype=torch.float64)
    domain = Box(-side, side)

    def eigenvalue():
        return torch.linalg.eigvalsh(hessian(fun, side))[0]

    peer = "one Hessian and its eigenvalues"
    for condition in CONDITIONS:

        def search(condition=condition):
            return find_violation(fun, domain, condition)

        times = race({OURS: search, peer: eigenvalue}, rounds=rounds)
        witness = times[OURS].answer
        name = f"n={n}, {condition}"
        compare(report, name, times)
        if witness is None:
            report.note(f"  {name}: not found")
            continue
        report.note(
            f"  {name}: {times[OURS].wall:.2f} s, {times[OURS].cpu:.2f} s of processor time, "
            f"violation {witness.violation:.1e} above the tolerance {witness.tolerance:.1e}, "
            f"holds again: {witness.recheck(fun)}"
        )
        report.series.setdefault(condition, []).append((n, times[OURS].wall))


def catalogue(report):
    verify(CATALOGUE[0])
    wall, cpu = time.perf_counter(), time.process_time()
    found = [verify(identity) for identity in CATALOGUE]
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    begin = time.perf_counter()
    for identity in CATALOGUE:
        for seed in range(3):
            values = identity.sample(torch.Generator().manual_seed(seed))
            identity.claimed(*values)
    once = time.perf_counter() - begin
    worst = max(each.autograd for each in found)
    held = sum(each.holds for each in found)
    note = f"{held} of {len(found)} hold; {wall:.1f} s, {cpu:.1f} s of processor time"
    name = "verification of the catalogue"
    report.add(Row(name, "evaluating the formulas once", wall / once, None, None, worst, note))


def main():
    given = options()
    report = Report("violations", "Looking for violations of convexity, float64")
    report.head()
    for n in (10,) if given.quick else (10, 30, 100):
        violations(report, n, rounds=1 if given.quick else 3)
    catalogue(report)
    report.axes = ("variables", "seconds on this machine")
    report.save(given.out)


if __name__ == "__main__":
    main()
