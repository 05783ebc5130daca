"""What is known in numbers about single methods."""

import math

import pytest
import torch
from torch import Tensor

from steepest import directions, methods, minimize, problems, step_sizes
from steepest.methods import Method
from steepest.result import Status


def tensor(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype)


log2 = math.log(2)
STIFF = tensor([[2.0, 1.0], [1.0, 3.0]])
TARGET = tensor([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]])


def on_matrices(X: Tensor) -> Tensor:
    """Return a strictly convex, not quadratic function of a 2 × 3 matrix, minimal at TARGET."""
    distance = X - TARGET.to(X)
    return (distance**2).sum() + (distance**4).sum() / 10 + distance.sum() ** 2 / 5


def test_newton_converges_quadratically():
    run = minimize(lambda x: torch.exp(x) - 2 * x, tensor(0.5), methods.newton(), max_iter=3)
    errors = (run.history.x[1:] - log2).abs()
    for error, known in zip(errors.tolist(), [2.0e-2, 2.0e-4, 1.9e-8], strict=True):
        assert error == pytest.approx(known, rel=0.03)
    # e⁺ → f'''/(2 f'') e² = e²/2
    assert float(errors[2] / errors[1] ** 2) == pytest.approx(0.5, rel=1e-3)


def test_newton_solves_a_quadratic_in_one_step():
    run = minimize(
        lambda x: x[0] ** 2 + 2 * x[1] ** 2 + x[0] * x[1],
        tensor([5.0, 5.0]),
        methods.newton(),
        max_iter=1,
    )
    assert run.history.fun.tolist() == pytest.approx([100, 0], abs=1e-12)


# From 1.1 the second derivative is lost to cancellation before the iterates overflow.
@pytest.mark.parametrize(("start", "status"), [(0.9, "CONVERGED"), (1.1, "NO_DIRECTION")])
def test_newton_cubes_the_error_on_the_hyperbola(start, status):
    run = minimize(
        lambda x: torch.sqrt(1 + x**2), tensor(start), methods.newton(), max_iter=60, tol=1e-12
    )
    assert run.status.name == status
    assert (run.x.abs() < 1e-12) if run.success else (run.x.abs() > 1e6)
    # x⁺ = -x³
    torch.testing.assert_close(run.history.x[1:4], -(run.history.x[:3] ** 3), rtol=1e-9, atol=0)


def test_newton_is_drawn_to_a_saddle_and_says_so():
    def fun(x: Tensor) -> Tensor:
        return x[0] ** 2 - x[1] ** 2 + x[1] ** 4 / 4

    run = minimize(fun, tensor([1.0, 0.3]), methods.newton(), tol=1e-10)
    assert run.success
    torch.testing.assert_close(run.x, tensor([0.0, 0.0]), rtol=0, atol=1e-9)
    assert "indefinite (smallest eigenvalue -2)" in run.message
    assert "damped_newton()" in run.message
    for method in (methods.damped_newton(), methods.newton_cg()):
        run = minimize(fun, tensor([1.0, 0.3]), method, tol=1e-10)
        torch.testing.assert_close(run.x.abs(), tensor([0.0, math.sqrt(2)]), rtol=0, atol=1e-9)


def test_newton_stops_where_the_hessian_is_singular_and_keeps_what_it_has():
    run = minimize(
        lambda x: (x[0] - x[1]) ** 2 + x[0], tensor([1.0, 2.0]), methods.newton(), tol=1e-8
    )
    assert run.status is Status.NO_DIRECTION
    assert run.x.tolist() == [1, 2]
    assert run.history.x.shape == (1, 2)
    assert "the Hessian is singular" in run.message
    assert "damped_newton()" in run.message


def test_heavy_ball_cycles_on_the_piecewise_quadratic():
    problem = problems.piecewise_quadratic()
    root = math.sqrt(25)
    lr, momentum = 4 / (root + 1) ** 2, ((root - 1) / (root + 1)) ** 2
    run = minimize(problem.fun, tensor(3.3), methods.heavy_ball(lr, momentum), max_iter=600)
    cycle = sorted(run.history.x[-3:].tolist())
    assert cycle == pytest.approx([-1.802449, 0.646531, 2.115918], abs=1e-6)
    torch.testing.assert_close(run.history.x[-1], run.history.x[-4], rtol=0, atol=1e-9)
    for method in (
        methods.gradient_descent(1 / 25),
        methods.nesterov(1 / 25, (root - 1) / (root + 1)),
    ):
        run = minimize(problem.fun, tensor(3.3), method, max_iter=1000, tol=1e-10)
        assert run.success
        assert float(run.x) == pytest.approx(0, abs=1e-9)


def test_nesterov_keeps_its_bound_and_its_sequence():
    problem = problems.ill_conditioned(20, 1000.0, seed=0)
    lipschitz = float(
        torch.linalg.eigvalsh(torch.autograd.functional.hessian(problem.fun, problem.x0))[-1]
    )
    run = minimize(problem.fun, problem.x0, methods.nesterov(1 / lipschitz), max_iter=200)
    gap = run.history.fun - problem.minima[0]
    k = torch.arange(1, 201)
    bound = 2 * lipschitz * (problem.x0 - problem.minimisers[0]).square().sum() / (k + 1) ** 2
    assert (gap[1:] <= bound).all()
    assert gap[-1] > 0
    # and by hand
    x_old = x = problem.x0
    t, y = 1.0, problem.x0
    for i in range(30):
        leaf = y.clone().requires_grad_()
        (g,) = torch.autograd.grad(problem.fun(leaf), leaf)
        x_old, x = x, y - g / lipschitz
        t_old, t = t, (1 + math.sqrt(1 + 4 * t * t)) / 2
        y = x + (t_old - 1) / t * (x - x_old)
        torch.testing.assert_close(run.history.x[i + 1], x, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("step_size", [step_sizes.exact(), None])
@pytest.mark.parametrize("n", [1, 2, 5, 10])
def test_conjugate_gradients_end_after_n_steps(n, step_size):
    problem = problems.quadratic_from_spectrum(
        torch.linspace(1, 10, n, dtype=torch.float64), seed=1
    )
    method = methods.conjugate_gradient()
    if step_size is not None:
        method = Method(directions.conjugate(), step_size, "exact")
    run = minimize(problem.fun, problem.x0, method, tol=1e-7)
    assert run.success
    assert run.nit <= n
    assert run.nfev == run.nit + 1


def test_steepest_descent_zigzags_at_the_rate_of_its_bound():
    # The worst start of Nocedal and Wright, section 3.3: (κ, 1) for diag(1, κ)
    kappa = 50.0
    problem = problems.quadratic(torch.diag(tensor([1.0, kappa])))
    run = minimize(problem.fun, tensor([kappa, 1.0]), methods.steepest_descent(), max_iter=20)
    ratio = run.history.fun[1:] / run.history.fun[:-1]
    rate = ((kappa - 1) / (kappa + 1)) ** 2
    torch.testing.assert_close(ratio, torch.full_like(ratio, rate), rtol=1e-9, atol=0)
    assert run.nfev == run.nit + 1


def test_coordinate_descent_stalls_on_a_kink():
    # No single coordinate leads down from the diagonal kink, though (-1, -1) does.
    run = minimize(
        lambda x: x.sum() + 3 * (x[0] - x[1]).abs() + x.square().sum() / 100,
        tensor([1.0, 1.0]),
        methods.coordinate_descent(),
        max_iter=40,
    )
    torch.testing.assert_close(run.x[0], run.x[1], rtol=0, atol=1e-6)
    assert float(run.x[0]) > 0.5


def test_preconditioning_with_the_hessian_is_newton():
    problem = problems.quadratic(STIFF, tensor([1.0, -1.0]))
    run = minimize(problem.fun, problem.x0, methods.preconditioned(STIFF, 1.0), max_iter=1)
    torch.testing.assert_close(run.x, problem.minimisers[0])


@pytest.mark.parametrize(
    ("optimizer", "options", "ours"),
    [
        (torch.optim.SGD, {"lr": 0.02}, methods.gradient_descent(0.02)),
        (torch.optim.SGD, {"lr": 0.02, "momentum": 0.5}, methods.heavy_ball(0.02, 0.5)),
    ],
)
def test_torch_optimizers_agree_with_ours(optimizer, options, ours):
    x0 = torch.zeros(2, 3, dtype=torch.float64)
    theirs = minimize(on_matrices, x0, methods.from_torch(optimizer, **options), max_iter=40)
    mine = minimize(on_matrices, x0, ours, max_iter=40)
    torch.testing.assert_close(theirs.history.x, mine.history.x, rtol=1e-12, atol=1e-12)
    assert theirs.nfev == mine.nfev


@pytest.mark.parametrize(
    ("optimizer", "options"),
    [(torch.optim.Adam, {"lr": 0.05}), (torch.optim.LBFGS, {"lr": 0.5, "max_iter": 4})],
)
def test_torch_optimizers_do_what_they_do_alone(optimizer, options):
    x0 = torch.zeros(2, 3, dtype=torch.float64)
    run = minimize(on_matrices, x0, methods.from_torch(optimizer, **options), max_iter=15)
    x = x0.clone().requires_grad_()
    alone, calls = optimizer([x], **options), []

    def closure():
        calls.append(1)
        alone.zero_grad()
        loss = on_matrices(x)
        loss.backward()
        return loss

    for k in range(15):
        alone.step(closure)
        torch.testing.assert_close(run.history.x[k + 1], x.detach(), rtol=1e-9, atol=1e-9)
    # One evaluation each at the start of a step is the one that ended the step before.
    assert run.nfev == len(calls) + 1
    assert run.history.step_size.unique().tolist() == [1]


def test_doing_without_second_derivatives_costs_none():
    run = minimize(
        problems.rosenbrock(10).fun, problems.rosenbrock(10).x0, methods.bfgs(), tol=1e-6
    )
    assert run.success
    assert (run.state.oracle.nhvp, run.state.oracle.nhess) == (0, 0)


def test_newton_cg_forms_no_hessian():
    run = minimize(on_matrices, torch.zeros(2, 3), methods.newton_cg(), tol=1e-4)
    assert run.success
    assert run.state.oracle.nhess == 0
    assert run.state.oracle.nhvp > 0
