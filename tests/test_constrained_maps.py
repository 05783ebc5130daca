"""Changes of variables; and one problem solved in three ways."""

import math

import pytest
import torch

from steepest import constrained, derivatives, methods, minimize
from steepest.convexity import Simplex

FORM = torch.tensor([[2.0, 1.0], [1.0, 3.0]], dtype=torch.float64)
SMALLEST = (5 - math.sqrt(5)) / 2


def tensor(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype)


def form(x):
    return x @ FORM @ x


class Sphere:
    """The points of norm 1: no convex set, but one with nearest points."""

    def project(self, x):
        return x / torch.linalg.vector_norm(x)


def by_the_circle_map():
    g = constrained.reparametrize(form, constrained.circle)
    run = minimize(g, tensor(1.0), methods.damped_newton(), tol=1e-12)
    return run.success, constrained.circle(run.x)


def by_multipliers():
    run = constrained.augmented_lagrangian(
        form, tensor([1.0, 0.0]), equalities=lambda x: x @ x - 1, tol=1e-8
    )
    assert float(run.lam) == pytest.approx(-SMALLEST, abs=1e-7)
    return run.success, run.x


def by_projection():
    method = constrained.projected_gradient(0.1, Sphere())
    run = minimize(form, tensor([1.0, 0.0]), method, max_iter=300, tol=1e-10)
    return run.success, run.x


@pytest.mark.parametrize("way", [by_the_circle_map, by_multipliers, by_projection])
def test_three_ways_to_the_smallest_value_on_the_circle(way):
    success, x = way()
    assert success
    assert f"{float(form(x)):.6f}" == "1.381966"
    residuals = constrained.kkt_residuals(form, x, equalities=lambda x: x @ x - 1)
    assert float(residuals.largest) < 1e-7
    assert float(residuals.lam) == pytest.approx(-SMALLEST, abs=1e-7)


# --- the maps -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize(
    ("map", "t", "inside"),
    [
        (constrained.circle, 2.5, lambda x: abs(float(x @ x) - 1) < 1e-6),
        (constrained.simplex, [3.0, -1.0, 0.0], lambda x: bool(Simplex(3).contains(x))),
        (constrained.simplex, [3.0], lambda x: float(x) == 1.0),
        (constrained.positive, [[3.0, -1.0]], lambda x: bool((x > 0).all())),
    ],
)
def test_maps_lead_into_their_sets(map, t, inside, dtype):
    x = map(tensor(t, dtype))
    assert x.dtype == dtype
    assert inside(x)


def test_the_circle_map_adds_only_copies():
    # Its speed is 1 everywhere: D'D is the identity.
    for t in torch.linspace(-4, 4, 9, dtype=torch.float64):
        speed = derivatives.jacobian(constrained.circle, t)
        assert float(speed @ speed) == pytest.approx(1.0)


def test_the_softmax_has_one_direction_too_many():
    g = constrained.reparametrize(lambda x: (x**2).sum(), constrained.simplex)
    t = tensor([0.3, -0.2, 0.1])
    H = derivatives.hessian(g, t)
    torch.testing.assert_close(H @ torch.ones(3).double(), torch.zeros(3).double())
    torch.testing.assert_close(g(t), g(t + 7))


@pytest.mark.parametrize(
    ("map", "fun", "x0"),
    [
        (constrained.positive, lambda x: x.sum(), [0.0]),
        (constrained.simplex, lambda x: x[0], [0.0, 0.0]),
    ],
)
def test_a_boundary_that_is_not_reached_is_crept_up_to(map, fun, x0):
    # The minimum, 0, lies on the boundary; the iterates go towards infinity, ever more slowly.
    g = constrained.reparametrize(fun, map)
    run = minimize(g, tensor(x0), methods.gradient_descent(1.0), max_iter=1000)
    assert 0 < float(run.fun) < 2e-3
    assert run.x.abs().max() > 3
    assert (run.history.fun.diff() < 0).all()


def test_a_map_that_stands_still_adds_stationary_points():
    # t² reaches 0, and is stationary there whatever the function: minimum 0 of (x - 1)² is at 1.
    square = constrained.reparametrize(lambda x: ((x - 1) ** 2).sum(), lambda t: t**2)
    exponential = constrained.reparametrize(lambda x: ((x - 1) ** 2).sum(), constrained.positive)
    stuck = minimize(square, tensor([0.0]), methods.gradient_descent(0.1), tol=1e-9)
    free = minimize(
        exponential, tensor([-2.0]), methods.gradient_descent(0.1), tol=1e-9, max_iter=1000
    )
    assert stuck.success
    assert float(stuck.fun) == 1.0
    assert free.success
    assert float(free.fun) == pytest.approx(0.0, abs=1e-15)


def test_the_simplex_map_solves_a_problem_inside():
    # min of the sum of c_i / x_i over the simplex: x_i is proportional to the root of c_i.
    c = tensor([1.0, 4.0, 9.0])
    g = constrained.reparametrize(lambda x: (c / x).sum(), constrained.simplex)
    run = minimize(g, torch.zeros(3).double(), methods.bfgs(), tol=1e-9)
    assert run.success
    torch.testing.assert_close(constrained.simplex(run.x), tensor([1.0, 2.0, 3.0]) / 6)
    assert float(run.fun) == pytest.approx(36.0)
