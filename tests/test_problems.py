"""The answers of every problem, checked and not trusted."""

import math
from dataclasses import replace

import pytest
import torch

from steepest import methods, minimize, problems
from steepest.problems import Problem


def _normal(*shape: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


ROWS, LABELS = _normal(20, 3), torch.where(_normal(20, seed=1) > 0, 1.0, -1.0).double()

PROBLEMS = [
    problems.abs_power(1.5),
    problems.abs_power(2),
    problems.abs_power(3),
    problems.abs_quadratic(),
    problems.decaying_exponential(),
    problems.exponential_minus_line(),
    problems.himmelblau(),
    problems.hyperbola(),
    problems.hyperbolic_tangent(),
    problems.ill_conditioned(1, 1.0),
    problems.ill_conditioned(5, 1e4),
    problems.ill_conditioned(5, 1e4, seed=3),
    problems.least_squares(_normal(6, 4), _normal(6, seed=1)),
    problems.least_squares(_normal(1, 1), _normal(1, seed=1)),
    problems.logistic_regression(ROWS, LABELS),
    problems.logistic_regression(ROWS[:1, :1], LABELS[:1], ridge=0.5),
    problems.piecewise_quadratic(),
    problems.quadratic(torch.tensor([[2.0, 1.0], [1.0, 3.0]]), torch.tensor([1.0, -1.0])),
    problems.quadratic(torch.tensor([[2.0]])),
    problems.quadratic_from_spectrum(torch.tensor([1.0, 2.0, 50.0]), seed=1),
    problems.quartic(),
    problems.rosenbrock(2),
    problems.rosenbrock(5),
    problems.seven_minima(),
    problems.two_layer_network(),
    problems.two_layer_network(1, 1, 1, samples=5),
]
# minimisers where f is not twice differentiable, and the slopes to the left and to the right
SLOPES = {
    ("x cos 4x + 2|x|", 0.0): (-1.0, 3.0),
    ("absolute value to the power 1.5", 0.0): (0.0, 0.0),
}

every = pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)


def _inside(problem: Problem, seed: int) -> torch.Tensor:
    """Points around the start and the minimisers, in the shape of x0."""
    spread = 3 * _normal(50, *problem.x0.shape, seed=seed)
    centres = torch.cat([problem.x0[None], problem.minimisers])
    return spread + centres[torch.arange(50) % len(centres)]


@every
def test_minima_are_the_values_at_the_minimisers(problem: Problem) -> None:
    for minimiser, minimum in zip(problem.minimisers, problem.minima, strict=True):
        assert problem.fun(minimiser).item() == pytest.approx(minimum.item(), rel=1e-14, abs=1e-14)


@every
def test_minimisers_are_stationary_and_curve_upwards(problem: Problem) -> None:
    for minimiser in problem.minimisers:
        if minimiser.ndim == 0 and (problem.name, minimiser.item()) in SLOPES:
            left, right = SLOPES[problem.name, minimiser.item()]
            h = 1e-9
            for side, slope in ((-h, left), (h, right)):
                measured = (problem.fun(minimiser + side) - problem.fun(minimiser)) / side
                assert measured.item() == pytest.approx(slope, abs=1e-4)
            assert left <= 0 <= right
            continue
        point = minimiser.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(problem.fun(point), point)
        scale = problem.smoothness or 100
        assert gradient.norm() <= 1e-13 * scale * (1 + minimiser.norm())
        hessian = torch.func.hessian(problem.fun)(minimiser).reshape(minimiser.numel(), -1)
        assert torch.linalg.eigvalsh(hessian)[0] >= -1e-12 * scale


@every
def test_nothing_lies_below_the_infimum(problem: Problem) -> None:
    values = torch.func.vmap(problem.fun)(_inside(problem, 2))
    assert (values >= problem.infimum - 1e-12).all()
    if problem.unattained is None:
        assert problem.infimum == problem.minima.min()
    else:
        assert len(problem.minimisers) == 0
        assert problem.minimisers.shape == (0, *problem.x0.shape)


@pytest.mark.parametrize(
    ("problem", "far"),
    [(problems.hyperbolic_tangent(), -20.0), (problems.decaying_exponential(), 40.0)],
)
def test_an_unattained_infimum_is_approached(problem: Problem, far: float) -> None:
    values = problem.fun(torch.linspace(0, far, 50, dtype=torch.float64))
    assert (values.diff() < 0)[:30].all()
    assert values[-1].item() == pytest.approx(problem.infimum, abs=1e-15)


@every
def test_convex_as_said(problem: Problem) -> None:
    x, y = _inside(problem, 3), _inside(problem, 4)
    if problem.convex:
        fun = torch.func.vmap(problem.fun)
        above = fun((x + y) / 2) - (fun(x) + fun(y)) / 2
        assert (above <= 1e-9).all()
    else:
        hessians = torch.func.vmap(torch.func.hessian(problem.fun))(x / 10)
        n = problem.x0.numel()
        assert torch.linalg.eigvalsh(hessians.reshape(50, n, n)).min() < 0


@every
def test_curvature_lies_between_strong_convexity_and_smoothness(problem: Problem) -> None:
    x, y = _inside(problem, 5), _inside(problem, 6)
    gradient = torch.func.vmap(torch.func.grad(problem.fun))
    change = (gradient(x) - gradient(y)).reshape(50, -1)
    along = (x - y).reshape(50, -1)
    if problem.smoothness is not None:
        assert (change.norm(dim=1) <= problem.smoothness * along.norm(dim=1) * (1 + 1e-12)).all()
    if problem.strong_convexity is not None:
        assert problem.convex
        floor = problem.strong_convexity * along.norm(dim=1) ** 2
        assert ((change * along).sum(1) >= floor * (1 - 1e-9)).all()


@pytest.mark.parametrize(
    ("problem", "where", "curvature"),
    [
        (problems.hyperbolic_tangent(), -math.atanh(1 / math.sqrt(3)), "smoothness"),
        (problems.hyperbola(), 0.0, "smoothness"),
        (problems.piecewise_quadratic(), -1.0, "smoothness"),
        (problems.piecewise_quadratic(), 1.5, "strong_convexity"),
        (problems.abs_quadratic(), 1.0, "strong_convexity"),
    ],
)
def test_the_constants_are_reached(problem: Problem, where: float, curvature: str) -> None:
    second = torch.func.hessian(problem.fun)(torch.tensor(where, dtype=torch.float64))
    assert second.item() == pytest.approx(getattr(problem, curvature), rel=1e-12)


@pytest.mark.parametrize(
    "problem",
    [
        problems.ill_conditioned(5, 1e4, seed=3),
        problems.least_squares(_normal(6, 4), _normal(6, seed=1)),
        problems.quadratic(torch.tensor([[2.0, 1.0], [1.0, 3.0]])),
    ],
    ids=lambda problem: problem.name,
)
def test_a_quadratic_has_the_spectrum_it_says(problem: Problem) -> None:
    spectrum = torch.linalg.eigvalsh(torch.func.hessian(problem.fun)(problem.x0))
    assert spectrum[0].item() == pytest.approx(problem.strong_convexity, rel=1e-10)
    assert spectrum[-1].item() == pytest.approx(problem.smoothness, rel=1e-12)


@every
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_dtype_is_the_callers_also_under_vmap(problem: Problem, dtype: torch.dtype) -> None:
    points = _inside(problem, 7).to(dtype)
    batched = torch.func.vmap(problem.fun)(points)
    assert batched.dtype == dtype
    one_by_one = torch.stack([problem.fun(point) for point in points])
    torch.testing.assert_close(batched, one_by_one)


def test_a_rotation_keeps_the_spectrum_and_comes_from_the_seed() -> None:
    first, again, other = (problems.ill_conditioned(4, 10.0, seed=seed) for seed in (0, 0, 1))
    x = _normal(4)
    assert first.fun(x) == again.fun(x) != other.fun(x)


def test_rosenbrock_has_its_second_minimum() -> None:
    fun = problems.rosenbrock(5).fun
    x = torch.tensor([-1.0, 1.0, 1.0, 1.0, 1.0], dtype=torch.float64)
    for _ in range(20):
        x = x - torch.linalg.solve(torch.func.hessian(fun)(x), torch.func.grad(fun)(x))
    assert torch.func.grad(fun)(x).norm() < 1e-9
    assert torch.linalg.eigvalsh(torch.func.hessian(fun)(x))[0] > 0
    assert x[0] < -0.9
    assert fun(x) > 3


def test_the_piecewise_quadratic_is_continuous_with_the_gradient_it_says() -> None:
    problem = problems.piecewise_quadratic()
    for border in (1.0, 2.0):
        below, above = problem.fun(torch.tensor([border - 1e-12, border], dtype=torch.float64))
        assert above.item() == pytest.approx(below.item(), abs=1e-10)
    x = torch.linspace(-3, 4, 701, dtype=torch.float64)
    expected = torch.where(x < 1, 25 * x, torch.where(x < 2, x + 24, 25 * x - 24))
    torch.testing.assert_close(torch.func.vmap(torch.func.grad(problem.fun))(x), expected)


def test_the_tuned_heavy_ball_cycles_and_gradient_descent_does_not() -> None:
    problem = problems.piecewise_quadratic()
    heavy_ball = methods.heavy_ball(1 / 9, 4 / 9)
    run = minimize(problem.fun, problem.x0, heavy_ball, max_iter=300)
    assert run.history is not None
    cycle = torch.tensor([-1.802449, 0.646531, 2.115918], dtype=torch.float64)
    ends = run.history.x[-3:].sort().values
    torch.testing.assert_close(ends, cycle, atol=5e-7, rtol=0)
    descent = minimize(problem.fun, problem.x0, methods.gradient_descent(2 / 26), max_iter=300)
    assert descent.x.abs() < 1e-9


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: problems.abs_power(1), r"abs_power: exponent must be above 1 .* got 1"),
        (lambda: problems.abs_power(math.inf), r"abs_power: exponent must be above 1"),
        (lambda: problems.rosenbrock(1), r"rosenbrock: n must be at least 2, got 1"),
        (lambda: problems.quadratic(torch.ones(2, 3)), r"square matrix, got shape \(2, 3\)"),
        (
            lambda: problems.quadratic(torch.tensor([[1.0, 2.0], [0.0, 1.0]])),
            r"A must be symmetric",
        ),
        (lambda: problems.quadratic(torch.zeros(2, 2)), r"positive definite, got a smallest .* 0"),
        (lambda: problems.quadratic(torch.eye(2), torch.ones(3)), r"b must have shape \(2,\)"),
        (
            lambda: problems.quadratic_from_spectrum(torch.ones(2, 2)),
            r"eigenvalues must have shape \(n,\) .* got \(2, 2\)",
        ),
        (lambda: problems.quadratic_from_spectrum(torch.ones(0)), r"n at least 1, got \(0,\)"),
        (
            lambda: problems.quadratic_from_spectrum(torch.tensor([0.0, 1.0])),
            r"positive and finite, got a smallest of 0",
        ),
        (lambda: problems.ill_conditioned(0, 1.0), r"ill_conditioned: n must be at least 1, got 0"),
        (lambda: problems.ill_conditioned(2, 0.5), r"condition must be at least 1 .* got 0.5"),
        (lambda: problems.ill_conditioned(1, 2.0), r"with n = 1 the condition number is 1, got 2"),
        (lambda: problems.least_squares(torch.ones(3), torch.ones(3)), r"A must be a matrix"),
        (lambda: problems.least_squares(torch.eye(3), torch.ones(2)), r"b must have shape \(3,\)"),
        (
            lambda: problems.least_squares(torch.ones(3, 2), torch.ones(3)),
            r"columns of A, of shape \(3, 2\), must be independent",
        ),
        (lambda: problems.least_squares(torch.ones(1, 2), torch.ones(1)), r"independent"),
        (
            lambda: problems.logistic_regression(torch.eye(2), torch.tensor([0.0, 1.0])),
            r"labels must be -1 or 1",
        ),
        (
            lambda: problems.logistic_regression(torch.eye(2), torch.ones(2), ridge=0),
            r"ridge must be positive and finite, got 0",
        ),
        (lambda: problems.logistic_regression(torch.eye(2), torch.ones(3)), r"y must have shape"),
        (lambda: problems.two_layer_network(hidden=0), r"must be at least 1, got 2, 0, 1 and 32"),
        (
            lambda: replace(problems.quartic(), minima=torch.zeros(2)),
            r"minimisers must have shape \(k, \*x0.shape\)",
        ),
        (
            lambda: replace(problems.hyperbolic_tangent(), unattained=None),
            r"say what the infimum is",
        ),
    ],
)
def test_messages(call: object, message: str) -> None:
    assert callable(call)
    with pytest.raises(ValueError, match=message):
        call()
