"""KKT residuals at solutions worked out by hand, and what the conditions do and do not say."""

import math
from dataclasses import dataclass

import pytest
import torch

from steepest import constrained
from steepest.constrained import kkt_residuals


def tensor(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype)


@dataclass(frozen=True)
class Solved:
    """A problem, its solution and its multipliers, each from the equations in the comment."""

    name: str
    fun: object
    x: list
    equalities: object = None
    inequalities: object = None
    lam: object = None
    mu: object = None

    def constraints(self):
        return {"equalities": self.equalities, "inequalities": self.inequalities}

    def multipliers(self):
        pairs = {"lam": self.lam, "mu": self.mu}
        return {name: None if m is None else tensor(m) for name, m in pairs.items()}


A = tensor([[2.0, 1.0], [1.0, 3.0]])
SMALLEST = (5 - math.sqrt(5)) / 2
DIRECTION = [1.0, (1 - math.sqrt(5)) / 2]
LENGTH = math.hypot(*DIRECTION)
TARGET = tensor([0.9, 0.6, -0.5])

SOLVED = [
    # 2x + λ = 0, 2y + λ = 0, x + y = 1
    Solved("equality", lambda x: (x**2).sum(), [0.5, 0.5], lambda x: x.sum() - 1, lam=-1.0),
    # 2(x - 2) + μ = 0 at x = 1
    Solved("bound", lambda x: (x - 2) ** 2, 1.0, inequalities=lambda x: x - 1, mu=2.0),
    # 2(1.5 - 2) + μ1 = 0, 2(0.5 - 1) + μ1 = 0; x, y > 0 are not active
    Solved(
        "one active of three",
        lambda x: (x[0] - 2) ** 2 + (x[1] - 1) ** 2,
        [1.5, 0.5],
        inequalities=lambda x: torch.stack([x.sum() - 2, -x[0], -x[1]]),
        mu=[1.0, 0.0, 0.0],
    ),
    # none active: 2(x - 1) = 0
    Solved(
        "none active",
        lambda x: ((x - 1) ** 2).sum(),
        [1.0, 1.0],
        inequalities=lambda x: x.sum() - 3,
        mu=0.0,
    ),
    # x = max(c - λ, 0) with sum 1: λ = 1/4, so x = (0.65, 0.35, 0), and μ3 = 0 - c3 + λ
    Solved(
        "simplex",
        lambda x: ((x - TARGET) ** 2).sum() / 2,
        [0.65, 0.35, 0.0],
        lambda x: x.sum() - 1,
        lambda x: -x,
        lam=0.25,
        mu=[0.0, 0.0, 0.75],
    ),
    # min ½(x1 - 3)² + ½(x2 + ½)² + u1 + u2, -u ≤ x ≤ u: the lasso, whose μ+ - μ- is a subgradient
    # of |x| and equals 3 - 2 = 1 and -½ - 0, with μ+ + μ- = 1
    Solved(
        "lasso",
        lambda v: (v[0] - 3) ** 2 / 2 + (v[1] + 0.5) ** 2 / 2 + v[2:].sum(),
        [2.0, 0.0, 2.0, 0.0],
        inequalities=lambda v: torch.cat([v[:2] - v[2:], -v[:2] - v[2:]]),
        mu=[1.0, 0.25, 0.0, 0.75],
    ),
    # 2Ax + 2λx = 0: λ is minus the smallest eigenvalue, (5 - √5)/2
    Solved(
        "circle",
        lambda x: x @ A @ x,
        [d / LENGTH for d in DIRECTION],
        lambda x: x @ x - 1,
        lam=-SMALLEST,
    ),
    # of any shape: 2X + λI = 0 with trace 1
    Solved(
        "matrix",
        lambda X: (X**2).sum(),
        [[0.5, 0.0], [0.0, 0.5]],
        lambda X: X.trace() - 1,
        lam=-1.0,
    ),
]
TABLE = pytest.mark.parametrize("problem", SOLVED, ids=lambda p: p.name)


@TABLE
def test_residuals_vanish_at_solutions(problem):
    residuals = kkt_residuals(
        problem.fun, tensor(problem.x), **problem.constraints(), **problem.multipliers()
    )
    rounding = 4 * torch.finfo(torch.float64).eps  # all terms are below 4 in size
    for residual in ("stationarity", "feasibility", "complementarity", "sign"):
        assert float(getattr(residuals, residual)) <= rounding, residual


@TABLE
def test_multipliers_are_estimated_where_they_are_not_given(problem):
    residuals = kkt_residuals(problem.fun, tensor(problem.x), **problem.constraints())
    for name, known in problem.multipliers().items():
        if known is None:
            assert getattr(residuals, name) is None
        else:
            torch.testing.assert_close(getattr(residuals, name), known, rtol=0, atol=1e-14)
    assert float(residuals.largest) <= 1e-14


@TABLE
def test_the_augmented_lagrangian_finds_both(problem):
    x0 = tensor(problem.x) + 0.3 * torch.ones_like(tensor(problem.x))
    run = constrained.augmented_lagrangian(problem.fun, x0, **problem.constraints(), tol=1e-8)
    assert run.success, run.message
    torch.testing.assert_close(run.x, tensor(problem.x), rtol=0, atol=1e-6)
    for name, known in problem.multipliers().items():
        if known is not None:
            torch.testing.assert_close(getattr(run, name), known, rtol=0, atol=1e-6)
    assert float(run.residuals.largest) <= 1e-8


@pytest.mark.parametrize(
    ("x", "lam", "mu", "expected"),
    [
        # stationarity, feasibility, complementarity, sign for min x + y, x = y, x ≤ 1
        ([0.0, 0.0], 1.0, -2.0, (0.0, 0.0, 2.0, 2.0)),
        ([1.0, 1.0], 1.0, -2.0, (0.0, 0.0, 0.0, 2.0)),
        ([1.0, 1.0], 0.0, 0.0, (math.sqrt(2), 0.0, 0.0, 0.0)),
        ([4.0, 0.0], 1.0, 1.0, (3.0, 5.0, 3.0, 0.0)),
    ],
)
def test_each_residual_by_hand(x, lam, mu, expected):
    residuals = kkt_residuals(
        lambda x: x.sum(),
        tensor(x),
        equalities=lambda x: x[0] - x[1],
        inequalities=lambda x: x[0] - 1,
        lam=tensor(lam),
        mu=tensor(mu),
    )
    found = (
        residuals.stationarity,
        residuals.feasibility,
        residuals.complementarity,
        residuals.sign,
    )
    assert [float(r) for r in found] == pytest.approx(expected)
    assert float(residuals.largest) == pytest.approx(max(expected))


def test_a_maximum_has_a_negative_multiplier():
    # max (x - 2)² over x ≤ 1 would have to go to -∞; at x = 1 the estimate has the wrong sign.
    residuals = kkt_residuals(lambda x: -((x - 2) ** 2), tensor(1.0), inequalities=lambda x: x - 1)
    assert float(residuals.mu) == -2.0
    assert float(residuals.sign) == 2.0
    assert float(residuals.stationarity) == 0.0


def test_what_counts_as_active():
    near = tensor(1 - 1e-7)
    arguments = {"inequalities": lambda x: x - 1}
    strict = kkt_residuals(lambda x: (x - 2) ** 2, near, **arguments)
    loose = kkt_residuals(lambda x: (x - 2) ** 2, near, active_tol=1e-6, **arguments)
    assert (float(strict.mu), float(strict.stationarity)) == (0.0, pytest.approx(2.0))
    assert (float(loose.mu), float(loose.stationarity)) == (pytest.approx(2.0), 0.0)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_dtype_and_shapes_stay(dtype):
    x = tensor([0.65, 0.35, 0.0], dtype)
    residuals = kkt_residuals(
        lambda x: (x**2).sum(), x, equalities=lambda x: x.sum() - 1, inequalities=lambda x: -x
    )
    assert residuals.lam.shape == ()
    assert residuals.mu.shape == (3,)
    for kept in vars(residuals).values():
        assert kept.dtype == dtype
        assert not kept.requires_grad


# --- errata 14 and 15: what the conditions need ---------------------------------------------------


@pytest.mark.parametrize(
    ("fun", "x", "inequalities"),
    [
        # the only feasible point is 0, where g' = 0
        (lambda x: x, 0.0, lambda x: x**2),
        # a cusp: y² ≤ x³ lies in x ≥ 0, and the gradient of g vanishes at its tip
        (lambda x: x[0], [0.0, 0.0], lambda x: x[1] ** 2 - x[0] ** 3),
    ],
)
def test_erratum_15_without_a_constraint_qualification_a_minimiser_need_not_be_a_kkt_point(
    fun, x, inequalities
):
    for mu in (0.0, 1.0, 1e6):
        residuals = kkt_residuals(fun, tensor(x), inequalities=inequalities, mu=tensor(mu))
        assert float(residuals.stationarity) == 1.0
        assert float(residuals.feasibility) == 0.0
    with pytest.raises(ValueError, match="have rank 0, so LICQ fails at x"):
        kkt_residuals(fun, tensor(x), inequalities=inequalities)


def test_erratum_15_kkt_points_of_convex_problems_are_global_minima():
    problem = next(p for p in SOLVED if p.name == "simplex")
    generator = torch.Generator().manual_seed(0)
    others = torch.rand(1000, 3, generator=generator, dtype=torch.float64)
    others = others / others.sum(1, keepdim=True)
    best = float(problem.fun(tensor(problem.x)))
    assert all(float(problem.fun(x)) >= best for x in others)


def test_erratum_15_kkt_points_of_other_problems_need_not_be():
    # The maximum of -x² on [-1, 1] passes every test, and is no minimum, not even a local one.
    residuals = kkt_residuals(
        lambda x: -(x**2), tensor(0.0), inequalities=lambda x: torch.stack([x - 1, -x - 1])
    )
    assert float(residuals.largest) == 0.0


# --- other programs' signs ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("program", "reported", "sign", "name"),
    [
        # What SciPy 1.17.1 reported, rounded, for the problems "equality" and "bound" above.
        ("SLSQP, eq, x + y - 1", 1.0, -1, "equality"),
        ("trust-constr, 0 <= x + y - 1 <= 0", -1.0, 1, "equality"),
        ("SLSQP, ineq, 1 - x", 2.0, 1, "bound"),
        ("trust-constr, x - 1 <= 0", 2.0, 1, "bound"),
        ("trust-constr, 1 - x >= 0", -2.0, -1, "bound"),
    ],
)
def test_the_signs_of_scipy_as_the_docstring_gives_them(program, reported, sign, name):
    problem = next(p for p in SOLVED if p.name == name)
    residuals = kkt_residuals(problem.fun, tensor(problem.x), **problem.constraints())
    ours = residuals.mu if residuals.lam is None else residuals.lam
    assert float(ours) == pytest.approx(sign * reported, abs=1e-12)
