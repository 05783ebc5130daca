"""The search: every problem that is not convex is caught, and none that is."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from steepest import problems
from steepest.convexity import (
    Affine,
    Box,
    Intersection,
    NormBall,
    Orthant,
    PSDCone,
    Simplex,
    Union,
    find_violation,
    search,
)

CONDITIONS = ["chord", "gradient", "hessian", "jensen"]
DTYPES = [torch.float64, torch.float32]
FEW = {"samples": 1000, "refinements": 8, "steps": 15}
LAW = {"samples": 300, "refinements": 4, "steps": 8}


def tensor(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype)


def randn(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


def box(n, size=3.0, dtype=torch.float64):
    return Box(torch.full((n,), -size, dtype=dtype), torch.full((n,), size, dtype=dtype))


DATA, LABELS = randn(30, 4), randn(30, seed=1).sign()
PROBLEMS = [
    problems.abs_power(1.5),
    problems.abs_power(2),
    problems.abs_quadratic(),
    problems.decaying_exponential(),
    problems.exponential_minus_line(),
    problems.himmelblau(),
    problems.hyperbola(),
    problems.hyperbolic_tangent(),
    problems.ill_conditioned(10, 1e3, seed=0),
    problems.least_squares(DATA, LABELS),
    problems.logistic_regression(DATA, LABELS),
    problems.piecewise_quadratic(),
    problems.quadratic(tensor([[2.0, 1.0], [1.0, 3.0]])),
    problems.quadratic_from_spectrum(tensor([1.0, 4.0, 9.0]), seed=0),
    problems.quartic(),
    problems.rosenbrock(2),
    problems.rosenbrock(10),
    problems.seven_minima(),
    problems.two_layer_network(),
]


def test_every_problem_is_here():
    names = [n for n in problems.__all__ if n != "Problem"]
    made = {p.name.split()[0].lower() for p in PROBLEMS}
    assert len(names) == 17
    assert len(made) >= 14


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.name)
def test_problems(problem, condition, dtype):
    # all the convex ones are strictly convex
    five = torch.full_like(problem.x0, 5.0, dtype=dtype)
    for kind in ("convex", "strict"):
        witness = find_violation(problem.fun, Box(-five, five), condition, kind, **FEW)
        assert (witness is None) == problem.convex
        if witness is not None:
            assert witness.recheck(problem.fun)
            assert witness.points.dtype == dtype
            assert witness.points.shape[1:] == problem.x0.shape
            assert witness.violation > witness.tolerance > 0


# name: (function, domain, whether strictly convex); all are convex there
CONVEX = {
    "log-sum-exp": (lambda x: torch.logsumexp(x, 0), box(4), False),
    "norm": (torch.linalg.vector_norm, box(4), False),
    "1-norm": (lambda x: x.abs().sum(), box(4), False),
    "largest": (lambda x: x.abs().max(), box(4), False),
    "affine": (lambda x: 3 * x.sum() + 1, box(3), False),
    # autograd's slope at the kink 0 is 0, the truth 1
    "difference of relus": (lambda x: (torch.relu(x) - torch.relu(-x)).sum(), Orthant(3), False),
    "fourth power and one": (lambda x: (x**4).sum() + 1, box(3, 1.0), True),
    "far from 0": (lambda x: ((x - 1000) ** 2).sum(), box(3), True),
    "expanded square": (lambda x: x[0] ** 2 - 2 * x[0] * x[1] + x[1] ** 2, box(2, 100.0), False),
    "minus log": (lambda x: -torch.log(x), Box(tensor(0.0), tensor(1.0)), True),
    "minus root": (lambda x: -torch.sqrt(x).sum(), Orthant(2), True),
    "entropy": (lambda x: (x * torch.log(x)).sum(), Simplex(4), True),
    "log det": (lambda X: -torch.linalg.slogdet(X)[1], PSDCone(2), True),
    # not convex on the plane, but on this line
    "product": (lambda x: x[0] * x[1], Affine(tensor([[1.0, -1.0]]), tensor([0.0])), True),
    "square on a disc": (
        lambda x: (x**2).sum(),
        Intersection(NormBall(torch.zeros(2).double()), Orthant(2)),
        True,
    ),
}


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("name", CONVEX)
def test_convex_functions_are_not_accused(name, condition):
    fun, domain, strictly = CONVEX[name]
    assert find_violation(fun, domain, condition, **FEW) is None
    assert find_violation(lambda x: -fun(x), domain, condition, "concave", **FEW) is None
    for sign, kind in ((1, "strict"), (-1, "strictly concave")):
        witness = find_violation(lambda x, s=sign: s * fun(x), domain, condition, kind, **FEW)
        assert (witness is None) == strictly
        assert witness is None or witness.recheck(lambda x, s=sign: s * fun(x))


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_fourth_power_is_strictly_convex_although_its_curvature_vanishes(condition):
    fun = problems.quartic().fun
    line = Box(tensor(-1.0), tensor(1.0))
    assert find_violation(fun, line, condition, "strict", **FEW) is None
    assert find_violation(torch.abs, line, condition, "strict", **FEW) is not None
    # a domain that is not open in the plane: the product is not convex on all of it
    assert find_violation(lambda x: x[0] * x[1], box(2), condition, **FEW) is not None


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_one_slightly_negative_eigenvalue_in_a_hundred(dtype, condition):
    basis = torch.linalg.qr(randn(100, 100))[0]
    spectrum = torch.logspace(-2, 0, 100, dtype=torch.float64)

    def quadratic(least):
        A = (basis * torch.cat([tensor([least]), spectrum[1:]])) @ basis.T
        A = ((A + A.T) / 2).to(dtype)
        return lambda x: x @ (A @ x) / 2

    domain = box(100, 1.0, dtype)
    found = search(quadratic(-1e-3), domain, condition, samples=2000)
    assert found.witness is not None
    assert found.witness.recheck(quadratic(-1e-3))
    assert not found.witness.recheck(quadratic(1e-2))
    # sampling alone never meets the direction
    assert "on 32 lines of least curvature" in found.message
    along = found.witness.direction
    if along is not None:
        assert abs(float(along.double() @ basis[:, 0])) > 0.99
    assert find_violation(quadratic(1e-3), domain, condition, samples=2000, steps=10) is None


@pytest.mark.parametrize("condition", ["chord", "jensen"])
def test_ascent_finds_what_no_curvature_shows(condition):
    # a concave kink across a bowl: second derivatives are those of the bowl everywhere
    def fun(x):
        return (x**2).sum() - 3e-2 * x[0].abs()

    found = search(fun, box(6), condition, samples=500)
    assert "gradient ascent" in found.message
    assert found.witness is not None
    assert found.witness.recheck(fun)
    assert find_violation(fun, box(6), "hessian", samples=500) is None


@settings(deadline=None, max_examples=8, derandomize=True)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(1, 6),
    rank=st.integers(1, 6),
    exponent=st.integers(-3, 3),
    dtype=st.sampled_from(DTYPES),
    condition=st.sampled_from(CONDITIONS),
)
def test_law_semidefinite_quadratics_are_convex_and_others_are_not(
    seed, n, rank, exponent, dtype, condition
):
    L = randn(rank, n, seed=seed)
    A = 10.0**exponent * L.T @ L
    shift = randn(n, seed=seed + 1).to(dtype)
    domain = box(n, 2.0, dtype)

    def quadratic(matrix):
        matrix = matrix.to(dtype)
        return lambda x: x @ (matrix @ x) / 2 + shift @ x + 1

    assert find_violation(quadratic(A), domain, condition, **LAW) is None
    bent = A - 0.1 * torch.linalg.eigvalsh(A)[-1] * torch.eye(n) if n > rank else -A
    witness = find_violation(quadratic(bent), domain, condition, **LAW)
    visible = 10.0**exponent > 1e-2 or dtype == torch.float64
    assert witness is not None or not visible


@settings(deadline=None, max_examples=8, derandomize=True)
@given(
    seed=st.integers(0, 10_000),
    p=st.sampled_from([1, 1.5, 2, 3, math.inf]),
    dtype=st.sampled_from(DTYPES),
    condition=st.sampled_from(CONDITIONS),
)
def test_law_norms_and_log_sum_exp_of_affine_maps_are_convex(seed, p, dtype, condition):
    A, b = randn(4, 3, seed=seed).to(dtype), 10 * randn(4, seed=seed + 1).to(dtype)
    domain = box(3, 5.0, dtype)
    for outer in (lambda y: torch.linalg.vector_norm(y, p), lambda y: torch.logsumexp(y, 0)):
        fun = lambda x, outer=outer: outer(A @ x + b)  # noqa: E731
        assert find_violation(fun, domain, condition, **LAW) is None


SETS = {
    "ball": (NormBall(torch.zeros(3).double()), True),
    "1-ball": (NormBall(torch.zeros(3).double(), p=1), True),
    "half-ball": (NormBall(torch.zeros(3).double(), p=0.5), False),
    "simplex": (Simplex(4), True),
    "PSD": (PSDCone(3), True),
    "two discs": (Union(NormBall(tensor([2.0, 0])), NormBall(tensor([-2.0, 0]))), False),
    "a cross": (
        Union(*[Box(-tensor(h), tensor(h)) for h in ([1.0, 0.1], [0.1, 1.0])]),
        False,
    ),
    "meeting": (Intersection(NormBall(tensor([0.5, 0])), NormBall(tensor([-0.5, 0]))), True),
}


@pytest.mark.parametrize("name", SETS)
def test_sets(name):
    region, convex = SETS[name]
    found = search(region, samples=1000)
    assert (found.witness is None) == convex
    if found.witness is None:
        assert found.message.endswith("this proves nothing")
        return
    assert found.witness.recheck(region)
    assert bool(region.contains(found.witness.points).all())
    ends = found.witness.weights @ found.witness.points.flatten(1)
    assert not bool(region.contains(ends.reshape(region.shape)))
    segment = found.witness.segment(5)
    assert bool(region.contains(segment[[0, -1]]).all())
    inside = find_violation(
        region, box(*region.shape, 1.0 if name == "half-ball" else 3.0), samples=5000
    )
    assert inside is not None


def test_searches_repeat_and_leave_the_global_generator_alone():
    fun = problems.seven_minima().fun
    line = Box(tensor(-5.0), tensor(5.0))
    state = torch.random.get_rng_state()
    first, second = search(fun, line), search(fun, line)
    other = search(fun, line, generator=torch.Generator().manual_seed(5))
    assert torch.equal(state, torch.random.get_rng_state())
    assert torch.equal(first.witness.points, second.witness.points)
    assert not torch.equal(first.witness.points, other.witness.points)
    none = search(problems.quartic().fun, line, **FEW)
    assert (none.witness, none.tried) == (None, 1000 + 8 * 32 + 8)
    assert "1,000 random configurations" in none.message
