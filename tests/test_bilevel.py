"""Gradients of gradients and hypergradients against closed forms, one another and differences."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from steepest import methods, minimize
from steepest.bilevel import cross_gradient, hypergradient, two_player_step
from steepest.derivatives import check_gradient, jacobian, value_and_grad

DTYPES = [torch.float64, torch.float32]
EPS = torch.finfo(torch.float64).eps


def tensor(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype)


def product(theta, phi):
    """Return the source's example, for points of any shape."""
    return (theta**2).sum() * (phi**2).sum()


def wavy(theta, phi):
    return (torch.sin(theta).sum() * phi**2).sum() + torch.exp(-theta).sum() * phi.sum()


# --- cross gradients --------------------------------------------------------------------------

# name: (function, theta, phi, cross gradient)
CROSS = {
    "the source's": (product, [1.0, 2.0], [1.0, 0.0, -1.0], [80.0, 0.0, -80.0]),
    "scalars": (product, 3.0, 2.0, 8.0 * 9 * 4 * 2),
    "a matrix and a scalar": (product, [[1.0, 2.0], [0.0, 1.0]], 0.5, 8 * 6 * 0.25 * 0.5),
    "a row and a matrix": (product, [[2.0]], [[1.0], [1.0]], [[64.0], [64.0]]),
    # g = A phi, J = A: J^T g = A^T A phi
    "bilinear": (
        lambda t, p: t @ (p.new_tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]) @ p),
        [9.0, 9.0, 9.0],
        [1.0, -1.0],
        [-9.0, -12.0],
    ),
    "g does not depend on phi": (lambda t, p: (t**2).sum() + p.sum(), [1.0], [2.0, 3.0], [0, 0]),
    "affine in theta, phi apart": (lambda t, p: t.sum() + (p**2).sum(), [1.0], [2.0], [0.0]),
    "g depends on one entry": (lambda t, p: t @ t * p[0] + p[1], [1.0], [2.0, 3.0], [8.0, 0.0]),
    "empty phi": (lambda t, p: (t**2).sum() * p.sum(), [1.0], [], []),
    "empty theta": (product, [], [1.0, 2.0], [0.0, 0.0]),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", CROSS)
def test_cross_gradients(name, dtype):
    fun, theta, phi, expected = CROSS[name]
    got = cross_gradient(fun, tensor(theta, dtype), tensor(phi, dtype))
    torch.testing.assert_close(got, tensor(expected, dtype))
    assert not got.requires_grad


numbers = st.floats(-2, 2, allow_nan=False, width=32)
SHAPES = st.sampled_from([(), (1,), (3,), (2, 2), (3, 1, 2)])


@st.composite
def points(draw, count):
    result = []
    for _ in range(count):
        shape = draw(SHAPES)
        n = math.prod(shape)
        row = draw(st.lists(numbers, min_size=n, max_size=n))
        result.append(tensor(row).reshape(shape))
    return result


@settings(max_examples=40, deadline=None)
@given(points(2))
def test_the_cross_gradient_is_the_formed_jacobian_times_g(drawn):
    theta, phi = drawn

    def g(phi):
        leaf = theta.clone().requires_grad_()
        return torch.autograd.grad(wavy(leaf, phi), leaf, create_graph=True)[0]

    J = jacobian(g, phi).reshape(theta.numel(), phi.numel())
    expected = (J.T @ g(phi).reshape(-1)).reshape(phi.shape)
    torch.testing.assert_close(cross_gradient(wavy, theta, phi), expected, rtol=1e-9, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(points(2))
def test_the_cross_gradient_is_that_of_half_the_squared_norm(drawn):
    theta, phi = drawn

    def half(phi):
        g = value_and_grad(lambda theta: wavy(theta, phi), theta)[1]
        return (g**2).sum() / 2

    assert check_gradient(half, phi, cross_gradient(wavy, theta, phi)) < 1e-6


@settings(max_examples=40, deadline=None)
@given(points(2))
def test_both_players_move_from_the_old_point(drawn):
    theta, phi = drawn
    new_theta, new_phi = two_player_step(wavy, theta, phi, alpha=0.1, beta=0.03)
    g = value_and_grad(lambda theta: wavy(theta, phi), theta)[1]
    torch.testing.assert_close(new_theta, theta - 0.1 * g, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(new_phi, phi - 0.03 * cross_gradient(wavy, theta, phi))


# --- hypergradients of ridge regression -------------------------------------------------------

# phi is the logarithm of one weight, or of one weight for each coefficient.


def ridge(seed=0, n=6, rows=12):
    generator = torch.Generator().manual_seed(seed)
    X, L = torch.randn(2, rows, n, dtype=torch.float64, generator=generator)
    y, z = torch.randn(2, rows, dtype=torch.float64, generator=generator)

    def inner(theta, phi):
        residual = X.to(theta.dtype) @ theta - y.to(theta.dtype)
        return (residual @ residual + (phi.exp() * theta**2).sum()) / 2

    def outer(theta, phi):
        residual = L.to(theta.dtype) @ theta - z.to(theta.dtype)
        return residual @ residual / 2

    def closed(phi):
        """Return the Hessian, the minimiser and the hypergradient."""
        weight = phi.exp().expand(n)
        H = X.T @ X + torch.diag(weight)
        best = torch.linalg.solve(H, X.T @ y)
        w = torch.linalg.solve(H, L.T @ (L @ best - z))
        each = -weight * best * w
        return H, best, each if phi.ndim else each.sum()

    return inner, outer, closed


PHIS = {"one weight": 0.5, "one for each": [0.5, -1.0, 0.0, 1.0, 2.0, -0.3]}


@pytest.mark.parametrize("phi", PHIS.values(), ids=PHIS)
@pytest.mark.parametrize("seed", range(3))
def test_implicit_is_the_closed_form(seed, phi):
    inner, outer, closed = ridge(seed)
    phi = tensor(phi)
    H, best, exact = closed(phi)
    got = hypergradient(outer, inner, best, phi, mode="implicit", tol=1e-12)
    # |error| <= |J| |H^-1| (tol |b|), with J = diag(weight theta): condition numbers are below 100.
    torch.testing.assert_close(got, exact, rtol=1e-10, atol=1e-10)
    assert torch.linalg.cond(H) < 100


@pytest.mark.parametrize("phi", PHIS.values(), ids=PHIS)
@pytest.mark.parametrize("seed", range(3))
def test_unrolled_is_the_closed_form_after_enough_steps(seed, phi):
    inner, outer, closed = ridge(seed)
    phi = tensor(phi)
    H, best, exact = closed(phi)
    values = torch.linalg.eigvalsh(H)
    lr = float(2 / (values[0] + values[-1]))
    rho = float((values[-1] - values[0]) / (values[-1] + values[0]))
    # k rho^k, times constants, falls below rounding here.
    steps = math.ceil(math.log(1e-18) / math.log(rho))
    start = torch.zeros_like(best)
    got = hypergradient(outer, inner, start, phi, mode="unrolled", steps=steps, lr=lr)
    torch.testing.assert_close(got, exact, rtol=1e-12, atol=1e-12 * float(exact.abs().max()))


@pytest.mark.parametrize("mode", ["unrolled", "implicit"])
def test_single_precision_stays_and_agrees_to_its_digits(mode):
    inner, outer, closed = ridge()
    phi = tensor(0.5)
    H, best, exact = closed(phi)
    options = {"tol": 1e-3} if mode == "implicit" else {"steps": 300, "lr": 1 / float(H.trace())}
    got = hypergradient(outer, inner, best.float(), phi.float(), mode=mode, **options)
    assert got.dtype == torch.float32
    torch.testing.assert_close(got.double(), exact, rtol=1e-3, atol=0)


def test_the_gradient_of_a_run_of_minimize_by_differences():
    inner, outer, _ = ridge()

    def best(phi):
        found = minimize(
            lambda theta: inner(theta, phi),
            torch.zeros(6, dtype=torch.float64),
            methods.newton(),
            tol=1e-10,
        )
        return found.x

    phi = tensor(0.5)
    got = hypergradient(outer, inner, best(phi), phi, mode="implicit")
    assert check_gradient(lambda phi: outer(best(phi), phi), phi, got) < 1e-6


# --- the law of truncation --------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 60),
    st.floats(0.05, 0.95),
    st.floats(-2, 2, allow_nan=False),
    st.floats(-1, 1, allow_nan=False),
)
def test_one_coefficient_has_a_closed_form_after_every_number_of_steps(k, rho, start, phi):
    # Inner: ((theta - 1)^2 + e^phi theta^2)/2, so H = 1 + e^phi and theta* = 1/H.
    weight = math.exp(phi)
    H = 1 + weight
    best, lr = 1 / H, (1 - rho) / H
    # theta_k - theta* = rho^k (theta_0 - theta*), differentiated in phi:
    theta_k = best + rho**k * (start - best)
    slope = -weight / H**2 * (1 - rho**k) - k * rho ** (k - 1) * lr * weight * (start - best)
    got = hypergradient(
        lambda theta, phi: theta**2 / 2 + theta,
        lambda theta, phi: ((theta - 1) ** 2 + phi.exp() * theta**2) / 2,
        tensor(start),
        tensor(phi),
        mode="unrolled",
        steps=k,
        lr=lr,
    )
    assert float(got) == pytest.approx((theta_k + 1) * slope, rel=1e-11, abs=1e-11)


def unrolled_errors(start, ks):
    """Return the errors after each number of steps, the contraction factor and the step size."""
    inner, outer, closed = ridge()
    phi = tensor(0.5)
    H, best, exact = closed(phi)
    values = torch.linalg.eigvalsh(H)
    lr = float(2 / (values[0] + values[-1]))
    rho = float((values[-1] - values[0]) / (values[-1] + values[0]))
    begin = best if start == "minimiser" else torch.zeros_like(best)
    errors = [
        abs(float(hypergradient(outer, inner, begin, phi, mode="unrolled", steps=k, lr=lr) - exact))
        for k in ks
    ]
    return errors, rho


def test_from_the_minimiser_the_error_decays_at_the_contraction_rate():
    # Both ends of the spectrum contract alike, one of them with changing sign: look at even k only.
    ks = range(20, 70, 10)
    errors, rho = unrolled_errors("minimiser", ks)
    for before, after in itertools.pairwise(errors):
        assert after / before == pytest.approx(rho**10, rel=0.02)


def test_from_elsewhere_the_error_carries_one_more_factor_k():
    errors, rho = unrolled_errors("zero", [40, 60, 80])
    first, middle, last = (e / rho**k for e, k in zip(errors, [40, 60, 80], strict=True))
    # error / rho^k is a line in k, up to what has died out by then; a constant it is not.
    assert middle == pytest.approx((first + last) / 2, rel=0.01)
    assert last > 1.5 * first


@pytest.mark.parametrize("k", [1, 2, 5, 20])
def test_unrolled_from_the_minimiser_is_a_truncated_neumann_series(k):
    inner, outer, closed = ridge()
    phi = tensor(0.5)
    H, best, _ = closed(phi)
    lr = 1 / float(torch.linalg.eigvalsh(H)[-1])
    b = value_and_grad(lambda theta: outer(theta, phi), best)[1]
    A = torch.eye(6, dtype=torch.float64) - lr * H
    w = lr * sum(torch.linalg.matrix_power(A, j) @ b for j in range(k))
    got = hypergradient(outer, inner, best, phi, mode="unrolled", steps=k, lr=lr)
    torch.testing.assert_close(got, -phi.exp() * (best @ w), rtol=1e-12, atol=1e-12)


# --- other known answers ----------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_through_one_step_of_the_source_example(dtype):
    # grad_phi f(theta - alpha g, phi) = 2 |theta|^2 (1 - 2 alpha s)(1 - 6 alpha s) phi
    theta, phi, alpha = tensor([1.0, 2.0], dtype), tensor([0.5, 0.25, -1.0], dtype), 0.1
    s = phi @ phi
    expected = 2 * (theta @ theta) * (1 - 2 * alpha * s) * (1 - 6 * alpha * s) * phi
    got = hypergradient(product, product, theta, phi, mode="unrolled", steps=1, lr=alpha)
    torch.testing.assert_close(got, expected)


def test_meta_learning_the_start_of_one_step():
    # Task: |x - a|_A^2 / 2, test: |x - c|^2 / 2. Through x = phi - lr A (phi - a) the derivative is
    # (I - lr A)(x - c); the first-order shortcut leaves I - lr A out.
    A, a, c = tensor([[2.0, 1.0], [1.0, 3.0]]), tensor([1.0, 0.0]), tensor([0.0, 1.0])
    phi, lr = tensor([2.0, -1.0]), 0.1
    end = phi - lr * A @ (phi - a)
    got = hypergradient(
        lambda way, phi: ((phi + way - c) ** 2).sum() / 2,
        lambda way, phi: (phi + way - a) @ A @ (phi + way - a) / 2,
        torch.zeros_like(phi),
        phi,
        mode="unrolled",
        steps=1,
        lr=lr,
    )
    torch.testing.assert_close(got, (torch.eye(2, dtype=torch.float64) - lr * A) @ (end - c))
    assert float((got - (end - c)).abs().max()) > 0.1


# name: (outer, inner, minimiser, phi, hypergradient)
KNOWN = {
    "outer depends on phi too": (
        lambda t, p: (t * p).sum(),
        lambda t, p: ((t - p**2) ** 2).sum(),
        [1.0, 4.0],
        [1.0, 2.0],
        [3.0, 12.0],
    ),
    "scalars": (lambda t, p: t**2, lambda t, p: (t - 3 * p) ** 2, 6.0, 2.0, 36.0),
    "matrix and scalar": (
        lambda t, p: (t**3).sum(),
        lambda t, p: ((t - p) ** 2).sum(),
        [[2.0], [2.0]],
        2.0,
        24.0,
    ),
    "the minimiser does not move": (
        lambda t, p: t.sum(),
        lambda t, p: (t**2).sum() + p.sum(),
        [0.0],
        [5.0, 6.0],
        [0.0, 0.0],
    ),
    "outer is at its own minimum": (
        lambda t, p: (t**2).sum() + p.sum(),
        lambda t, p: ((t - p) ** 2).sum(),
        [0.0],
        [0.0],
        [1.0],
    ),
    "not a quadratic": (
        lambda t, p: t.sum(),
        lambda t, p: (t.exp() - p * t).sum(),
        [0.0, 0.0],
        [1.0, 1.0],
        [1.0, 1.0],
    ),
    "empty theta": (lambda t, p: t.sum() + p, lambda t, p: (t * p).sum(), [], 3.0, 1.0),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("mode", ["implicit", "unrolled"])
def test_known_hypergradients(name, mode, dtype):
    outer, inner, best, phi, expected = KNOWN[name]
    # From the minimiser, 2 lr below 1: at least halved a step, so that 60 steps reach rounding.
    options = {"steps": 60, "lr": 0.4} if mode == "unrolled" else {}
    got = hypergradient(outer, inner, tensor(best, dtype), tensor(phi, dtype), mode=mode, **options)
    torch.testing.assert_close(got, tensor(expected, dtype))
    assert not got.requires_grad


@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1e30, 1e300])
def test_the_size_of_the_outer_function_does_not_matter(scale):
    inner, outer, closed = ridge()
    phi = tensor(0.5)
    _, best, exact = closed(phi)
    got = hypergradient(
        lambda t, p: scale * outer(t, p), inner, best, phi, mode="implicit", tol=1e-12
    )
    assert float(got / scale) == pytest.approx(float(exact), rel=1e-10)


def test_tol_says_how_exactly_the_equation_is_solved():
    inner, outer, closed = ridge(n=12, rows=30)
    phi = tensor(0.5)
    _, best, exact = closed(phi)
    coarse = hypergradient(outer, inner, best, phi, mode="implicit", tol=0.3)
    fine = hypergradient(outer, inner, best, phi, mode="implicit", tol=1e-12)
    assert 1e-8 < abs(float((coarse - exact) / exact)) < 0.3
    assert abs(float((fine - exact) / exact)) < 1e-10


THETA = torch.ones(2, dtype=torch.float64, requires_grad=True)
PHI = torch.tensor([0.5, 0.5, 0.0], dtype=torch.float64, requires_grad=True)
CALLS = {
    "cross_gradient": lambda: cross_gradient(product, THETA, PHI),
    "two_player_step": lambda: two_player_step(product, THETA, PHI, alpha=0.1, beta=0.1)[1],
    "implicit": lambda: hypergradient(
        product, lambda t, p: ((t - p.sum()) ** 2).sum(), THETA, PHI, mode="implicit"
    ),
    "unrolled": lambda: hypergradient(
        product, product, THETA, PHI, mode="unrolled", steps=3, lr=0.1
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_arguments_and_global_state_stay_as_they_are(name):
    expected = CALLS[name]()
    before = THETA.detach().clone(), PHI.detach().clone()
    with torch.no_grad():
        got = CALLS[name]()
        assert not torch.is_grad_enabled()
    torch.testing.assert_close(got, expected, rtol=0, atol=0)
    assert not got.requires_grad
    assert torch.is_grad_enabled()
    assert THETA.grad is None
    assert PHI.grad is None
    torch.testing.assert_close((THETA.detach(), PHI.detach()), before, rtol=0, atol=0)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", KNOWN)
def test_known_hypergradients_on_a_gpu(name, dtype):
    outer, inner, best, phi, expected = KNOWN[name]
    theta, phi = tensor(best, dtype).cuda(), tensor(phi, dtype).cuda()
    for mode, options in {"implicit": {}, "unrolled": {"steps": 60, "lr": 0.4}}.items():
        got = hypergradient(outer, inner, theta, phi, mode=mode, **options)
        assert got.device == phi.device
        torch.testing.assert_close(got.cpu(), tensor(expected, dtype))
    assert cross_gradient(inner, theta, phi).device == phi.device
