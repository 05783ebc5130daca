"""The ways in which the source of this subject goes wrong, failing, beside what holds.

B1 to B7 are the numbers of the errata. Its example is f = (theta.theta)(phi.phi), where
g = 2 (phi.phi) theta and the cross gradient is 8 (theta.theta)(phi.phi) phi.
"""

import gc
import warnings
import weakref

import pytest
import torch

from steepest.bilevel import cross_gradient, hypergradient, two_player_step
from steepest.derivatives import jacobian

ALPHA, BETA = 0.01, 0.001


def f(theta, phi):
    return (theta @ theta) * (phi @ phi)


def start(dtype=torch.float64):
    """Return the point and what one step must lead to."""
    theta = torch.tensor([1.0, -2.0, 0.3], dtype=dtype)
    phi = torch.tensor([0.7, 1.1, -0.4], dtype=dtype)
    return theta, phi


def parameters():
    return [t.requires_grad_() for t in start()]


def truth(theta, phi):
    t, s = theta @ theta, phi @ phi
    return 2 * s * theta, 8 * t * s * phi


@pytest.fixture(autouse=True)
def quiet():
    """PyTorch warns of B5 once a process, so no test can count on it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Using backward.. with create_graph=True")
        yield


def close(a, b):
    return torch.allclose(a, b, rtol=1e-13, atol=0)


# --- B1: the program, to its end --------------------------------------------------------------


@pytest.mark.parametrize("steps", [1, 20])
def test_b1_two_groups_and_one_optimizer_each(steps):
    theta, phi = parameters()
    players = torch.optim.SGD([theta], lr=ALPHA), torch.optim.SGD([phi], lr=BETA)
    expected = start()
    for _ in range(steps):
        (g,) = torch.autograd.grad(f(theta, phi), theta, create_graph=True)
        (product,) = torch.autograd.grad((g**2).sum() / 2, phi)
        theta.grad, phi.grad = g.detach(), product
        for player in players:
            player.step()
        expected = two_player_step(f, *expected, alpha=ALPHA, beta=BETA)
    torch.testing.assert_close((theta.detach(), phi.detach()), expected, rtol=1e-13, atol=0)
    assert not close(expected[0], start()[0])


# --- B2: data of float64, cast to float32 -----------------------------------------------------


def test_b2_a_cast_to_single_precision_loses_half_of_the_digits():
    theta, phi = start()
    expected = theta - ALPHA * truth(theta, phi)[0], phi - BETA * truth(theta, phi)[1]
    cast = two_player_step(f, theta.float(), phi.float(), alpha=ALPHA, beta=BETA)
    kept = two_player_step(f, theta, phi, alpha=ALPHA, beta=BETA)
    for wrong, right, exact in zip(cast, kept, expected, strict=True):
        assert 1e-9 < float(((wrong.double() - exact) / exact).abs().max()) < 1e-6
        assert right.dtype == torch.float64
        assert close(right, exact)


def test_b2_mixed_dtypes_are_refused():
    theta, phi = start()
    with pytest.raises(ValueError, match=r"phi must have the dtype of theta, torch.float64; got"):
        two_player_step(f, theta, phi.float(), alpha=ALPHA, beta=BETA)


# --- B3: unzeroed sums ------------------------------------------------------------------------


def test_b3_each_backward_also_fills_the_gradient_of_the_other_group():
    theta, phi = parameters()
    g, product = truth(*start())
    f(theta, phi).backward(create_graph=True)
    by_phi = 2 * start()[0] @ start()[0] * start()[1]
    assert close(phi.grad, by_phi)  # nobody asked for it
    (theta.grad**2).sum().div(2).backward()
    assert close(phi.grad, product + by_phi)
    assert not close(phi.grad, product)
    by_theta = 4 * (start()[1] @ start()[1]) * g / 2  # grad_theta |g|^2 / 2 = 2 (phi.phi) g
    assert close(theta.grad, g + by_theta)
    assert not close(theta.grad, g)
    assert close(cross_gradient(f, *start()), product)


# --- B4: "both at the old point" --------------------------------------------------------------


@pytest.mark.parametrize("by", ["in place", "an optimizer"])
def test_b4_a_step_in_place_before_the_second_sweep_raises(by):
    theta, phi = parameters()
    (g,) = torch.autograd.grad(f(theta, phi), theta, create_graph=True)
    if by == "in place":
        with torch.no_grad():
            theta -= ALPHA * g
    else:
        theta.grad = g.detach()
        torch.optim.SGD([theta], lr=ALPHA).step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        torch.autograd.grad((g**2).sum() / 2, phi)


def test_b4_through_data_the_second_sweep_is_silently_wrong():
    theta, phi = parameters()
    (g,) = torch.autograd.grad(f(theta, phi), theta, create_graph=True)
    theta.data -= ALPHA * g.detach()
    (product,) = torch.autograd.grad((g**2).sum() / 2, phi)
    exact = truth(*start())[1]
    # J is read at the new theta and g at the old one: neither point's cross gradient.
    s = start()[1] @ start()[1]
    assert close(product, (1 - 2 * ALPHA * s) * exact)
    assert not torch.allclose(product, exact, rtol=1e-2)
    assert not torch.allclose(product, truth(theta.detach(), start()[1])[1], rtol=1e-2)
    torch.testing.assert_close(
        two_player_step(f, *start(), alpha=ALPHA, beta=BETA)[1], start()[1] - BETA * exact
    )


# --- B5: a reference cycle --------------------------------------------------------------------


def by_backward():
    theta, phi = parameters()
    f(theta, phi).backward(create_graph=True)
    return theta, phi


def by_grad():
    theta, phi = parameters()
    torch.autograd.grad(f(theta, phi), theta, create_graph=True)
    return theta, phi


def by_cross_gradient():
    theta, phi = parameters()
    cross_gradient(f, theta, phi)
    return theta, phi


def outlives(make):
    """Return whether what `make` returns is there after its last name, with no collector."""
    gc.collect()
    gc.disable()
    try:
        # No names here: a tensor behind a weak reference is whole, storage included.
        references = [weakref.ref(parameter) for parameter in make()]
        alive = [reference() is not None for reference in references]
        for reference in references:
            if reference() is not None:
                reference().grad = None  # cuts the cycle, so that this test leaves nothing
        assert all(reference() is None for reference in references)
        return alive
    finally:
        gc.enable()


def test_b5_backward_with_a_graph_keeps_itself_alive():
    assert outlives(by_backward) == [True, True]
    assert outlives(by_grad) == [False, False]
    assert outlives(by_cross_gradient) == [False, False]


# --- B6: an entry and a matrix ----------------------------------------------------------------


def test_b6_the_jacobian_is_a_matrix_and_its_entry_a_number():
    theta = torch.tensor([1.0, -2.0, 0.3], dtype=torch.float64)
    phi = torch.tensor([0.7, 1.1], dtype=torch.float64)

    def g(phi):
        leaf = theta.clone().requires_grad_()
        return torch.autograd.grad(f(leaf, phi), leaf, create_graph=True)[0]

    J = jacobian(g, phi)
    assert J.shape == (3, 2)
    torch.testing.assert_close(J, 4 * torch.outer(theta, phi))  # J = 4 theta phi^T
    for m in range(3):
        for n in range(2):
            assert float(J[m, n]) == pytest.approx(float(4 * theta[m] * phi[n]), rel=1e-14)
    # The transpose, which "J_mn = 4 theta phi^T" leaves open, does not even fit g.
    with pytest.raises(RuntimeError, match="size mismatch"):
        J @ g(phi)
    torch.testing.assert_close(cross_gradient(f, theta, phi), J.T @ g(phi))


# --- B7: not the hypergradient ----------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0.001, 0.01, 0.1])
def test_b7_the_cross_gradient_is_not_the_derivative_through_the_step(alpha):
    theta, phi = start()
    s = phi @ phi
    unrolled = hypergradient(f, f, theta, phi, mode="unrolled", steps=1, lr=alpha)
    expected = 2 * (theta @ theta) * (1 - 2 * alpha * s) * (1 - 6 * alpha * s) * phi
    assert close(unrolled, expected)
    # By hand, through the step itself.
    leaf, other = theta.clone().requires_grad_(), phi.clone().requires_grad_()
    (g,) = torch.autograd.grad(f(leaf, other), leaf, create_graph=True)
    (by_hand,) = torch.autograd.grad(f(leaf - alpha * g, other), other)
    assert close(by_hand, expected)
    ratio = unrolled / cross_gradient(f, theta, phi)
    wanted = (1 - 2 * alpha * s) * (1 - 6 * alpha * s) / (4 * s)
    assert close(ratio, wanted.expand(3))
    assert abs(float(wanted) - 1) > 0.5


def test_b7_the_two_even_point_opposite_ways():
    # Where alpha s is between 1/6 and 1/2 the factor (1 - 2 alpha s)(1 - 6 alpha s) is negative.
    theta, phi = start()
    alpha = float(1 / (3 * phi @ phi))
    unrolled = hypergradient(f, f, theta, phi, mode="unrolled", steps=1, lr=alpha)
    assert float(unrolled @ cross_gradient(f, theta, phi)) < 0
