"""Proximal and projected gradient methods: rates, what they stop at, and how they resume."""

import pytest
import torch

from steepest import constrained, methods, minimize, minimize_many
from steepest.constrained import Penalty
from steepest.convexity import Box, NormBall, Simplex
from steepest.result import Status


def tensor(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype)


def lasso(weight=2.0):
    """Return f, L, the penalty and the minimiser of a lasso with fewer rows than columns."""
    generator = torch.Generator().manual_seed(1)
    A = torch.randn(12, 20, generator=generator, dtype=torch.float64)
    b = torch.randn(12, generator=generator, dtype=torch.float64)
    fun = lambda x: ((A @ x - b) ** 2).sum() / 2  # noqa: E731
    L = float(torch.linalg.eigvalsh(A.T @ A)[-1])
    penalty = constrained.l1(weight)
    # On the support found the minimiser solves a linear system.
    near = minimize(fun, torch.zeros(20).double(), constrained.fista(1 / L, penalty), max_iter=3000)
    on = near.x != 0
    x = torch.zeros(20, dtype=torch.float64)
    columns = A[:, on]
    x[on] = torch.linalg.solve(columns.T @ columns, columns.T @ b - weight * near.x[on].sign())
    return A, b, fun, L, penalty, x


A, b, FUN, L, PENALTY, MINIMISER = lasso()
METHODS = {
    "proximal gradient": constrained.proximal_gradient(1 / L, PENALTY),
    "FISTA": constrained.fista(1 / L, PENALTY),
    "projected gradient": constrained.projected_gradient(1 / L, Simplex(20)),
}


def totals(run):
    return torch.stack([FUN(x) + PENALTY.value(x) for x in run.history.x])


def test_the_minimiser_of_the_lasso_is_optimal():
    # 0 is a subgradient: the gradient is -w sign(x) on the support, and at most w in size off it.
    gradient, on = A.T @ (A @ MINIMISER - b), MINIMISER != 0
    torch.testing.assert_close(gradient[on], -2 * MINIMISER[on].sign(), rtol=0, atol=1e-12)
    assert float(gradient[~on].abs().max()) < 2
    assert 0 < int(on.sum()) < 12


@pytest.mark.parametrize(
    ("name", "bound"),
    [
        ("proximal gradient", lambda k, r: L * r / (2 * k)),
        ("FISTA", lambda k, r: 2 * L * r / (k + 1) ** 2),
    ],
)
def test_bounds_hold_on_a_lasso(name, bound):
    x0 = 3 * torch.ones(20, dtype=torch.float64)
    run = minimize(FUN, x0, METHODS[name], max_iter=400)
    excess = totals(run) - (FUN(MINIMISER) + PENALTY.value(MINIMISER))
    k = torch.arange(1, 401, dtype=torch.float64)
    assert (excess[1:] <= bound(k, float(((x0 - MINIMISER) ** 2).sum())) + 1e-12).all()
    assert (excess >= -1e-12).all()


def test_only_the_plain_method_descends_at_every_step():
    x0 = 3 * torch.ones(20, dtype=torch.float64)
    plain, fast = (
        minimize(FUN, x0, METHODS[name], max_iter=200) for name in ("proximal gradient", "FISTA")
    )
    assert (totals(plain).diff() <= 1e-12).all()
    assert (totals(fast).diff() > 1e-9).any()


def test_twice_the_largest_step_diverges():
    method = constrained.proximal_gradient(2.1 / L, PENALTY)
    x0 = torch.ones(20, dtype=torch.float64)
    run = minimize(FUN, x0, method, max_iter=20000)
    assert run.status is Status.DIVERGED
    assert torch.isfinite(run.x).all()


@pytest.mark.parametrize("name", ["proximal gradient", "FISTA"])
def test_zeros_are_exact(name):
    x0 = torch.ones(20, dtype=torch.float64)
    run = minimize(FUN, x0, METHODS[name], max_iter=3000, tol=1e-10)
    assert run.success
    assert torch.equal(run.x == 0, MINIMISER == 0)
    torch.testing.assert_close(run.x, MINIMISER, rtol=0, atol=1e-8)


def test_fista_is_the_published_iteration():
    x = y = torch.zeros(20, dtype=torch.float64)
    t, xs = 1.0, [x]
    for _ in range(30):
        step = y - A.T @ (A @ y - b) / L
        x_next = step.sign() * (step.abs() - 2 / L).clamp(min=0)
        t_next = (1 + (1 + 4 * t * t) ** 0.5) / 2
        y = x_next + (t - 1) / t_next * (x_next - x)
        x, t = x_next, t_next
        xs.append(x)
    run = minimize(FUN, xs[0], METHODS["FISTA"], max_iter=30)
    torch.testing.assert_close(run.history.x, torch.stack(xs), rtol=0, atol=1e-12)
    # at the start, at each x_k, and at each y_k that differs from its x_k
    assert run.nfev == 1 + 30 + 28


def test_without_a_penalty_they_are_gradient_descent_and_nesterov():
    nothing = Penalty("nothing", lambda x: x.new_zeros(()), lambda x, t: x)
    x0 = torch.ones(20, dtype=torch.float64)
    for mine, other in (
        (constrained.proximal_gradient(1 / L, nothing), methods.gradient_descent(1 / L)),
        (constrained.fista(1 / L, nothing), methods.nesterov(1 / L)),
    ):
        found, known = (minimize(FUN, x0, m, max_iter=40).history for m in (mine, other))
        torch.testing.assert_close(found.x, known.x, rtol=0, atol=1e-12)
        torch.testing.assert_close(found.grad_norm, known.grad_norm, rtol=0, atol=1e-10)


# --- what a run stops at --------------------------------------------------------------------------


def test_erratum_12_at_an_end_of_the_interval_the_gradient_need_not_vanish():
    unit = Box(tensor([0.0]), tensor([1.0]))
    run = minimize(
        lambda x: x.sum(), tensor([0.9]), constrained.projected_gradient(0.5, unit), tol=1e-12
    )
    assert (run.status, run.nit) == (Status.CONVERGED, 2)
    assert float(run.x) == 0.0
    assert float(run.grad) == 1.0
    assert run.history.grad_norm[-1] == 0.0
    assert "gradient mapping" in run.message
    # The other way round: inside, with the same gradient, nothing has converged.
    inside = minimize(
        lambda x: x.sum(), tensor([0.9]), constrained.projected_gradient(0.1, unit), max_iter=1
    )
    torch.testing.assert_close(inside.history.grad_norm, tensor([1.0, 1.0]))


def test_the_norm_recorded_is_that_of_the_gradient_mapping():
    run = minimize(FUN, torch.ones(20).double(), METHODS["FISTA"], max_iter=5)
    for x, norm in zip(run.history.x, run.history.grad_norm, strict=True):
        ahead = PENALTY.prox(x - A.T @ (A @ x - b) / L, 1 / L)
        assert float(norm) == pytest.approx(L * float((x - ahead).norm()), rel=1e-9)


def test_a_start_outside_the_set_enters_it_in_one_step():
    ball = NormBall(tensor([0.0, 0.0]), 1.0, 2)
    x0 = tensor([5.0, 5.0])
    method = constrained.projected_gradient(0.1, ball)
    run = minimize(lambda x: ((x - 3) ** 2).sum(), x0, method, max_iter=50, tol=1e-9)
    assert torch.equal(run.history.x[0], x0)
    assert not ball.contains(run.history.x[0])
    assert all(ball.contains(x) for x in run.history.x[1:])
    torch.testing.assert_close(run.x, tensor([0.5**0.5, 0.5**0.5]))
    assert run.success


def test_erratum_14_on_a_set_that_is_not_convex_a_local_minimum_need_not_be_global():
    class Outside:
        def project(self, x):
            return torch.where(x < 0, -1.0, 1.0).to(x.dtype) * x.abs().clamp(min=1)

    method = constrained.projected_gradient(0.1, Outside())
    ends = [
        minimize(lambda x: (x - 0.5) ** 2, tensor(x0), method, max_iter=100, tol=1e-9)
        for x0 in (-2.0, 2.0)
    ]
    assert [run.success for run in ends] == [True, True]
    assert [float(run.fun) for run in ends] == pytest.approx([2.25, 0.25])


def test_a_gradient_that_is_not_finite_is_not_hidden_by_a_projection():
    unit = Box(tensor([0.0]), tensor([1.0]))
    with pytest.raises(ValueError, match="minimize: fun or its gradient is not finite"):
        minimize(lambda x: x.sqrt().sum(), tensor([0.0]), constrained.projected_gradient(0.1, unit))


# --- what every method owes -----------------------------------------------------------------------


@pytest.mark.parametrize("name", METHODS)
def test_resuming_is_as_if_never_stopped(name):
    x0 = torch.full((20,), 0.05, dtype=torch.float64)
    whole = minimize(FUN, x0, METHODS[name], max_iter=10)
    first = minimize(FUN, x0, METHODS[name], max_iter=4)
    for _ in range(2):
        rest = minimize(FUN, None, METHODS[name], max_iter=6, state=first.state)
        assert torch.equal(rest.history.x, whole.history.x[4:])
        assert torch.equal(rest.history.grad_norm, whole.history.grad_norm[4:])


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 2)])
@pytest.mark.parametrize("make", [constrained.proximal_gradient, constrained.fista])
def test_any_shape_and_dtype(make, shape, dtype):
    x0 = torch.full(shape, 0.25, dtype=dtype)
    run = minimize(lambda x: ((x - 3) ** 2).sum() / 2, x0, make(0.5, constrained.l1(1.0)))
    assert (run.x.shape, run.x.dtype) == (x0.shape, dtype)
    torch.testing.assert_close(run.x, torch.full(shape, 2.0, dtype=dtype))
    assert not run.x.requires_grad
    assert (x0 == 0.25).all()


def test_an_image_of_low_rank():
    # The nearest matrix at a price for its singular values: soft-thresholding, in one step of 1.
    target = tensor([[4.0, 0.0], [0.0, 0.5]])
    method = constrained.proximal_gradient(1.0, constrained.nuclear(1.0))
    run = minimize(lambda X: ((X - target) ** 2).sum() / 2, torch.ones(2, 2).double(), method)
    torch.testing.assert_close(run.x, tensor([[3.0, 0.0], [0.0, 0.0]]))


def test_many_starts_are_refused():
    starts = torch.ones(3, 20, dtype=torch.float64)
    with pytest.raises(ValueError, match="minimize_many: proximal gradient decides"):
        minimize_many(FUN, starts, METHODS["proximal gradient"])
