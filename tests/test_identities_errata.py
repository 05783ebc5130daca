"""Mistakes of the sources, each made and mended."""

import math

import pytest
import torch

from steepest import derivatives
from steepest.identities import find, verify


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


# --- M1: torch.tensor of tensors cuts the graph -------------------------------------------------


def cut(x):
    return torch.tensor([[x[0] ** 2, x[0] * x[1]], [x[1] ** 2, x[0] + x[1]]], dtype=x.dtype)


def stacked(x):
    rows = [torch.stack([x[0] ** 2, x[0] * x[1]]), torch.stack([x[1] ** 2, x[0] + x[1]])]
    return torch.stack(rows)


@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad=True:UserWarning")
def test_m1_a_cut_graph_gives_a_jacobian_of_zeros_without_a_word():
    x = tensor([1.0, 2.0])
    assert cut(x).tolist() == [[1, 2], [4, 3]]
    silent = torch.autograd.functional.jacobian(cut, x)
    assert silent.abs().max() == 0
    with pytest.raises(RuntimeError, match="does not require gradients"):
        torch.autograd.functional.jacobian(cut, x, strict=True)
    with pytest.raises(ValueError, match=r"no graph connects .* torch.stack"):
        derivatives.jacobian(cut, x)


def test_m1_stacking_keeps_the_graph():
    x = tensor([1.0, 2.0])
    assert stacked(x).tolist() == [[1, 2], [4, 3]]
    expected = [[[2, 0], [2, 1]], [[0, 4], [1, 1]]]
    assert derivatives.jacobian(stacked, x).tolist() == expected


# --- M2: log det is not log |det| -------------------------------------------------------------


def test_m2_the_log_of_a_negative_determinant_is_not_a_number():
    X = tensor([[1.0, 2.0], [3.0, 4.0]])
    assert torch.det(X) == pytest.approx(-2)
    assert torch.log(torch.det(X)).isnan()


def test_m2_slogdet_gives_the_log_of_the_absolute_determinant():
    X = tensor([[1.0, 2.0], [3.0, 4.0]])
    identity = find("log of the absolute determinant")
    assert identity.fun(X).item() == pytest.approx(math.log(2), abs=1e-14)
    assert identity.fun(X).item() == pytest.approx(0.6931, abs=5e-5)
    torch.testing.assert_close(identity.claimed(X), tensor([[-2.0, 1.5], [1.0, -0.5]]))
    torch.testing.assert_close(derivatives.value_and_grad(identity.fun, X)[1], identity.claimed(X))


def test_m2_the_gradient_is_right_where_the_value_is_not_a_number():
    # Which is why nobody notices: the derivative of log t is 1/t on both sides of 0.
    X = tensor([[1.0, 2.0], [3.0, 4.0]])
    value, gradient = derivatives.value_and_grad(find("log determinant").fun, X)
    assert value.isnan()
    torch.testing.assert_close(gradient, torch.linalg.inv(X).mT)


def test_m2_where_the_determinant_is_positive_both_agree():
    X = tensor([[2.0, 1.0], [1.0, 2.0]])
    assert find("log determinant").fun(X).item() == pytest.approx(1.0986, abs=5e-5)
    expected = tensor([[0.6667, -0.3333], [-0.3333, 0.6667]])
    torch.testing.assert_close(find("log determinant").claimed(X), expected, rtol=0, atol=5e-5)


# --- M3: symmetric examples cannot tell ---------------------------------------------------------


def test_m3_a_symmetric_matrix_cannot_tell_an_inverse_from_its_transpose():
    both = [
        (torch.linalg.inv(X), torch.linalg.inv(X).mT)
        for X in (tensor([[2.0, 1.0], [1.0, 2.0]]), tensor([[1.0, 2.0], [3.0, 4.0]]))
    ]
    torch.testing.assert_close(*both[0])
    assert (both[1][0] - both[1][1]).abs().max() == pytest.approx(0.5)


def test_m3_a_symmetric_matrix_cannot_tell_a_from_its_symmetric_part():
    x = tensor([1.0, 1.0])

    def half(A):
        return derivatives.hessian(lambda x: x @ A @ x / 2, x)

    lazy, honest = tensor([[2.0, 1.0], [1.0, 3.0]]), tensor([[1.0, 2.0], [3.0, 4.0]])
    torch.testing.assert_close(half(lazy), lazy)
    torch.testing.assert_close(half(honest), (honest + honest.mT) / 2)
    assert not torch.equal(half(honest), honest)


@pytest.mark.parametrize(
    ("A", "x", "value", "gradient"),
    [
        ([[2.0, 1.0], [1.0, 3.0]], [1.0, 2.0], 18, [8, 14]),
        ([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0], 10, [7, 13]),
    ],
)
def test_m3_quadratic_forms_of_the_source(A, x, value, gradient):
    identity = find("quadratic form")
    assert identity.fun(tensor(x), tensor(A)) == value
    assert identity.claimed(tensor(x), tensor(A)).tolist() == gradient


# --- M4: the squared norm -------------------------------------------------------------------------


def test_m4_a_squared_norm_has_no_hessian_at_zero_as_pytorch_sees_it():
    zero = torch.zeros(2, 2, dtype=torch.float64)
    squared = derivatives.hessian(lambda X: torch.linalg.matrix_norm(X) ** 2, zero)
    assert squared.isnan().any()


def test_m4_a_sum_of_squares_has_one():
    identity, zero = find("squared Frobenius norm"), torch.zeros(2, 2, dtype=torch.float64)
    hessian = derivatives.hessian(identity.fun, zero)
    assert torch.equal(hessian, identity.second(zero))
    assert torch.equal(hessian.reshape(4, 4), 2 * torch.eye(4, dtype=torch.float64))


def test_m4_torch_norm_calls_itself_deprecated():
    assert "torch.norm is deprecated" in torch.norm.__doc__
    assert torch.linalg.matrix_norm.__doc__


# --- M11: a slope needs a direction of length 1 -------------------------------------------------


def bowl(x):
    return (x**2).sum()


def test_m11_a_longer_direction_is_refused():
    with pytest.raises(ValueError, match=r"v must have norm 1, got 2; pass v / "):
        derivatives.directional_derivative(bowl, tensor([1.0, 2.0]), tensor([2.0, 0.0]))


def test_m11_it_would_give_twice_the_slope():
    x, v = tensor([1.0, 2.0]), tensor([2.0, 0.0])
    slope = derivatives.directional_derivative(bowl, x, v / torch.linalg.vector_norm(v))
    assert slope == 2
    assert derivatives.jvp(bowl, x, v)[1] == 2 * slope


def test_m11_the_line_identity_is_linear_in_the_direction():
    identity = find("function along a line")
    t, x, v = identity.sample(torch.Generator().manual_seed(0))
    assert verify(identity).holds
    torch.testing.assert_close(identity.claimed(t, x, 2 * v), 2 * identity.claimed(2 * t, x, v))
