"""The augmented Lagrangian: published solutions, and how runs end that find none."""

import math

import pytest
import torch

from steepest import methods, minimize
from steepest.constrained import ConstrainedStatus, augmented_lagrangian


def tensor(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype)


def rosenbrock(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def test_problem_71_of_hock_and_schittkowski():
    # Hock and Schittkowski (1981), problem 71, with the solution printed there.
    run = augmented_lagrangian(
        lambda x: x[0] * x[3] * x[:3].sum() + x[2],
        tensor([1.0, 5.0, 5.0, 1.0]),
        equalities=lambda x: (x**2).sum() - 40,
        inequalities=lambda x: torch.cat([(25 - x.prod()).reshape(1), 1 - x, x - 5]),
    )
    assert run.success
    assert float(run.fun) == pytest.approx(17.0140173, abs=1e-5)
    expected = tensor([1.0, 4.7429994, 3.8211503, 1.3794082])
    torch.testing.assert_close(run.x, expected, rtol=0, atol=1e-5)
    assert (run.mu >= 0).all()


@pytest.mark.parametrize(
    "method", [None, methods.bfgs(), methods.lbfgs(3), methods.conjugate_gradient()]
)
@pytest.mark.parametrize("x0", [[-1.0, 1.0], [3.0, 0.0], [0.0, 0.0]])
def test_rosenbrock_in_the_unit_disc(x0, method):
    run = augmented_lagrangian(
        rosenbrock, tensor(x0), inequalities=lambda x: x @ x - 1, method=method
    )
    assert run.success
    # On the circle, in polar coordinates, this is a problem of one variable.
    angles = torch.linspace(0, 2 * math.pi, 2_000_001, dtype=torch.float64)
    best = rosenbrock(torch.stack([angles.cos(), angles.sin()])).min()
    assert float(run.fun) == pytest.approx(float(best), abs=1e-6)


def test_the_multiplier_is_the_price_of_the_constraint():
    # d/dc of the minimum of f subject to h = c is -λ.
    def optimum(c):
        return augmented_lagrangian(
            lambda x: x[0] ** 2 + 3 * x[1] ** 2,
            tensor([1.0, 1.0]),
            equalities=lambda x: x[0] * x[1] - 1 - c,
            tol=1e-9,
        )

    price = (optimum(1e-3).fun - optimum(-1e-3).fun) / 2e-3
    assert float(price) == pytest.approx(-float(optimum(0.0).lam), rel=1e-5)


def test_the_penalty_stays_bounded_where_that_of_the_penalty_method_does_not():
    run = augmented_lagrangian(
        lambda x: (x**2).sum(), tensor([3.0, 1.0]), equalities=lambda x: x.sum() - 1
    )
    assert run.success
    assert (run.history.penalty == 10).all()
    # The same penalty alone stops short: 2x + 10(2x - 1) = 0 has x = 10/22.
    alone = minimize(
        lambda x: (x**2).sum() + 5 * (x.sum() - 1) ** 2,
        tensor([3.0, 1.0]),
        methods.bfgs(),
        tol=1e-9,
    )
    torch.testing.assert_close(alone.x, tensor([10 / 22, 10 / 22]))


INCONSISTENT = {
    "parallel lines": (
        lambda x: (x**2).sum(),
        [3.0, 1.0],
        {"equalities": lambda x: torch.stack([x.sum() - 1, x.sum() - 2])},
        math.sqrt(0.5),
    ),
    "no root": (lambda x: x, 2.0, {"equalities": lambda x: x**2 + 1}, 1.0),
    "an empty interval": (
        lambda x: x**2,
        2.0,
        {"inequalities": lambda x: torch.stack([x - 1, 2 - x])},
        math.sqrt(0.5),
    ),
    "a line beside a disc": (
        lambda x: x[0],
        [0.0, 0.0],
        {"equalities": lambda x: x[1] - 3, "inequalities": lambda x: x @ x - 1},
        None,
    ),
    # Consistent, but stationary for the violation at the start: to first order the same.
    "a start on the axis": (lambda x: x**2, 0.0, {"equalities": lambda x: x**2 - 1}, 1.0),
}


@pytest.mark.parametrize("name", INCONSISTENT)
def test_inconsistent_constraints_end_with_a_sentence(name):
    fun, x0, constraints, least = INCONSISTENT[name]
    run = augmented_lagrangian(fun, tensor(x0), **constraints)
    assert run.status is ConstrainedStatus.INFEASIBLE
    assert not run.success
    assert "constraints seem inconsistent" in run.message
    assert f"The violation is {float(run.residuals.feasibility):.3g}." in run.message
    assert torch.isfinite(run.x).all()
    if least is not None:
        assert float(run.residuals.feasibility) == pytest.approx(least, abs=1e-6)


def test_another_start_finds_what_that_one_could_not():
    run = augmented_lagrangian(lambda x: x**2, tensor(0.1), equalities=lambda x: x**2 - 1)
    assert run.success
    assert float(run.x) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(
    ("fun", "x0", "inequalities"),
    [
        (lambda x: x, 1.0, lambda x: x**2),
        (lambda x: x[0], [1.0, 1.0], lambda x: x[1] ** 2 - x[0] ** 3),
    ],
)
def test_without_a_constraint_qualification_multipliers_grow(fun, x0, inequalities):
    run = augmented_lagrangian(fun, tensor(x0), inequalities=inequalities)
    assert run.status is ConstrainedStatus.PENALTY_LIMIT
    assert "no constraint qualification holds" in run.message
    assert float(run.mu) > 100
    assert float(run.x.abs().max()) < 0.05


def test_a_search_that_runs_away_is_called_back_by_a_larger_penalty():
    # -x³ + (ρ/2)(x - 1)² on x > 1 has a minimum near 1 only for a large ρ, and none far out.
    run = augmented_lagrangian(lambda x: -(x**3), tensor(2.0), inequalities=lambda x: x - 1)
    assert run.success
    assert float(run.x) == pytest.approx(1.0, abs=1e-6)
    assert float(run.mu) == pytest.approx(3.0, abs=1e-5)
    assert run.history.penalty[-1] > run.history.penalty[0]


def test_a_search_that_no_penalty_calls_back():
    x0 = tensor(6.0)
    run = augmented_lagrangian(lambda x: -torch.exp(x**2), x0, inequalities=lambda x: x - 1)
    assert run.status is ConstrainedStatus.DIVERGED
    assert torch.equal(run.x, x0)
    assert "ran away" in run.message


def test_iterations_done():
    run = augmented_lagrangian(
        lambda x: (x**2).sum(), tensor([3.0, 1.0]), equalities=lambda x: x.sum() - 1, max_iter=2
    )
    assert run.status is ConstrainedStatus.ITERATIONS_DONE
    assert run.nit == 2
    assert "Raise max_iter" in run.message


def test_the_history_is_consistent():
    x0 = tensor([3.0, 1.0])
    calls = []

    def fun(x):
        calls.append(1)
        return (x**2).sum()

    run = augmented_lagrangian(fun, x0, equalities=lambda x: x.sum() - 1)
    history, n = run.history, run.nit
    assert history.x.shape == (n + 1, 2)
    assert history.fun.shape == history.feasibility.shape == (n + 1,)
    assert history.stationarity.shape == history.penalty.shape == (n,)
    assert torch.equal(history.x[0], x0)
    assert torch.equal(history.x[-1], run.x)
    assert float(history.feasibility[0]) == 3.0
    torch.testing.assert_close(history.fun, (history.x**2).sum(1))
    assert run.nfev == len(calls)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("shape", [(), (1,), (2, 3)])
def test_any_shape_and_dtype(shape, dtype):
    x0 = torch.zeros(shape, dtype=dtype)
    run = augmented_lagrangian(
        lambda x: ((x - 2) ** 2).sum(), x0, inequalities=lambda x: (x - 1).reshape(-1), tol=1e-3
    )
    assert run.success
    assert (run.x.shape, run.x.dtype) == (x0.shape, dtype)
    torch.testing.assert_close(run.x, torch.ones(shape, dtype=dtype), rtol=0, atol=1e-3)
    for kept in (run.fun, run.mu, *vars(run.history).values(), run.residuals.sign):
        assert kept.dtype == dtype
        assert not kept.requires_grad
    assert (x0 == 0).all()


@pytest.mark.parametrize("status", ConstrainedStatus)
def test_every_status_is_a_sentence(status):
    assert status.value.endswith(".")
    assert status.value[0].isupper()


@pytest.mark.gpu
def test_on_a_gpu():
    x0 = torch.tensor([1.0, 0.0], dtype=torch.float64, device="cuda")
    run = augmented_lagrangian(lambda x: x.sum(), x0, equalities=lambda x: x @ x - 1)
    assert run.success
    assert run.x.device.type == run.lam.device.type == "cuda"
    assert float(run.fun) == pytest.approx(-math.sqrt(2), abs=1e-6)
