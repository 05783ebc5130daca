"""Every derivative against a known answer, against the others, and on bad input."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from steepest.derivatives import (
    check_gradient,
    directional_derivative,
    hessian,
    hvp,
    hvp_operator,
    jacobian,
    jvp,
    value_and_grad,
    vjp,
)

DTYPES = [torch.float64, torch.float32]


def tensor(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype)


A = [[2.0, 1.0], [1.0, 3.0]]


def griewank(x):
    return torch.log(x[0]) + x[0] * x[1] - torch.sin(x[1])


def vector(x):
    return torch.stack([x[0] ** 2 + x[1], x[0] * x[1]])


def matrix(x):
    rows = [torch.stack([x[0] ** 2, x[0] * x[1]]), torch.stack([x[1] ** 2, x[0] + x[1]])]
    return torch.stack(rows)


def quadratic(x):
    return x @ x.new_tensor([[1.0, 2.0], [3.0, 4.0]]) @ x


# name: (function, point, value, gradient)
GRADIENTS = {
    "square": (lambda x: x**2, 3.0, 9.0, 6.0),
    "cubic": (lambda x: x**3 + 2 * x**2 + 3 * x + 1, 2.0, 23.0, 23.0),
    "squared norm": (lambda x: x @ x, [1.0, 2.0, 3.0], 14.0, [2.0, 4.0, 6.0]),
    "quadratic form, A not symmetric": (quadratic, [1.0, 1.0], 10.0, [7.0, 13.0]),
    "trace of AX": (
        lambda X: torch.trace(X.new_tensor([[1.0, 2.0], [3.0, 4.0]]) @ X),
        [[1.0, 0.0], [0.0, 1.0]],
        5.0,
        [[1.0, 3.0], [2.0, 4.0]],
    ),
    "squared Frobenius norm": (
        lambda X: (X**2).sum(),
        [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
        91.0,
        [[2.0, 4.0], [6.0, 8.0], [10.0, 12.0]],
    ),
    "exp of log": (lambda x: torch.exp(torch.log(x**2 + 1)), 2.0, 5.0, 4.0),
    "Griewank and Walther": (
        griewank,
        [2.0, 5.0],
        math.log(2) + 10 - math.sin(5),
        [5.5, 2 - math.cos(5)],
    ),
    "one entry": (lambda x: (x**2).sum(), [3.0], 9.0, [6.0]),
    "empty": (lambda x: (x**2).sum(), [], 0.0, []),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients(name, dtype):
    fun, x, value, gradient = GRADIENTS[name]
    got = value_and_grad(fun, tensor(x, dtype))
    torch.testing.assert_close(got, (tensor(value, dtype), tensor(gradient, dtype)))
    assert not got[0].requires_grad
    assert not got[1].requires_grad


# name: (function, point, Jacobian), of shape out + in
JACOBIANS = {
    "vector": (vector, [2.0, 3.0], [[4.0, 1.0], [3.0, 2.0]]),
    "matrix": (matrix, [1.0, 2.0], [[[2.0, 0.0], [2.0, 1.0]], [[0.0, 4.0], [1.0, 1.0]]]),
    "scalar of scalar": (lambda x: x**2, 3.0, 6.0),
    "vector of one entry": (lambda x: x**2, [3.0], [[6.0]]),
    "scalar of matrix": (lambda X: (X**2).sum(), [[1.0, 2.0]], [[2.0, 4.0]]),
    "an output that is constant": (
        lambda x: torch.stack([x[0], x.new_tensor(7.0)]),
        [2.0, 3.0],
        [[1.0, 0.0], [0.0, 0.0]],
    ),
    "transpose": (
        lambda X: X.T,
        [[1.0, 2.0]],
        [[[[1.0, 0.0]]], [[[0.0, 1.0]]]],
    ),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", JACOBIANS)
def test_jacobians(name, dtype):
    fun, x, expected = JACOBIANS[name]
    torch.testing.assert_close(jacobian(fun, tensor(x, dtype)), tensor(expected, dtype))


def test_jacobian_of_no_outputs_is_empty():
    assert jacobian(lambda x: x[:0], torch.ones(3)).shape == (0, 3)


# name: (function, point, Hessian), of shape in + in
HESSIANS = {
    "quadratic": (
        lambda x: x[0] ** 2 + x[0] * x[1] + x[1] ** 2,
        [1.0, 2.0],
        [[2.0, 1.0], [1.0, 2.0]],
    ),
    "A not symmetric": (quadratic, [1.0, 1.0], [[2.0, 5.0], [5.0, 8.0]]),
    "scalar": (lambda x: x**3, 2.0, 12.0),
    "one entry": (lambda x: (x**3).sum(), [2.0], [[12.0]]),
    "row": (lambda X: (X**3).sum(), [[1.0, 2.0]], [[[[6.0, 0.0]], [[0.0, 12.0]]]]),
    "affine": (lambda x: 3 * x[0] - x[1] + 1, [1.0, 2.0], [[0.0, 0.0], [0.0, 0.0]]),
    "affine in one entry": (lambda x: x[0] ** 2 + x[1], [1.0, 2.0], [[2.0, 0.0], [0.0, 0.0]]),
    "empty": (lambda x: (x**2).sum(), torch.zeros(0).tolist(), torch.zeros(0, 0).tolist()),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("chunk_size", [None, 1, 2, 100])
@pytest.mark.parametrize("name", HESSIANS)
def test_hessians(name, chunk_size, dtype):
    fun, x, expected = HESSIANS[name]
    x = tensor(x, dtype)
    got = hessian(fun, x, chunk_size=chunk_size)
    torch.testing.assert_close(got, tensor(expected, dtype).reshape(x.shape + x.shape))


def test_hessian_of_a_closed_form_in_many_chunks():
    torch.manual_seed(0)
    rows, w = torch.randn(40, 23, dtype=torch.float64), torch.randn(23, dtype=torch.float64)
    s = torch.sigmoid(rows @ w)
    closed = rows.T @ (rows * (s * (1 - s))[:, None])
    for chunk_size in (None, 1, 5, 23):
        got = hessian(
            lambda w: torch.nn.functional.softplus(rows @ w).sum(), w, chunk_size=chunk_size
        )
        torch.testing.assert_close(got, closed, rtol=0, atol=1e-12)


def test_hessian_of_a_custom_function():
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**2

        @staticmethod
        def backward(ctx, g):
            return 2 * ctx.saved_tensors[0] * g

    x = tensor([1.0, 2.0])
    expected = tensor([[8.0, 8.0], [8.0, 2.0]])
    torch.testing.assert_close(hessian(lambda x: Square.apply(x).prod(), x), expected)


def test_log_determinant_in_matrices():
    X = tensor([[1.0, 2.0], [3.0, 4.0]])
    value, gradient = value_and_grad(lambda X: torch.linalg.slogdet(X)[1], X)
    assert float(value) == pytest.approx(math.log(2))
    torch.testing.assert_close(gradient, torch.linalg.inv(X).T)
    flat = hessian(lambda X: torch.linalg.slogdet(X)[1], X)
    inverse = torch.linalg.inv(X)
    # d²log|det X| = -tr(X⁻¹ dX X⁻¹ dX)
    torch.testing.assert_close(flat, -torch.einsum("li,jk->ijkl", inverse, inverse))


@pytest.mark.parametrize("dtype", DTYPES)
def test_directional_derivatives(dtype):
    x = tensor([1.0, 2.0], dtype)
    assert float(directional_derivative(lambda x: (x**2).sum(), x, tensor([1.0, 0.0], dtype))) == 2
    slope = directional_derivative(vector, x, tensor([0.6, 0.8], dtype))
    torch.testing.assert_close(slope, tensor([2.0, 2.0], dtype))


# --- laws -------------------------------------------------------------------------------------

numbers = st.floats(-2, 2, allow_nan=False, width=32)
SHAPES = st.sampled_from([(), (1,), (3,), (2, 2), (3, 1, 2)])


@st.composite
def points(draw, count=1):
    shape = draw(SHAPES)
    n = math.prod(shape)
    rows = [draw(st.lists(numbers, min_size=n, max_size=n)) for _ in range(count)]
    return [tensor(row).reshape(shape) for row in rows]


def smooth(x):
    return (torch.sin(x) * x).sum() ** 2 + torch.exp(-x).sum()


def outputs(x):
    return torch.stack([torch.sin(x).sum(), (x**3).sum(), torch.exp(x).mean()])


@settings(max_examples=40, deadline=None)
@given(points(2))
def test_hvp_is_the_hessian_times_v(drawn):
    x, v = drawn
    H = hessian(smooth, x)
    expected = (H.reshape(x.numel(), -1) @ v.reshape(-1)).reshape(x.shape)
    torch.testing.assert_close(hvp(smooth, x, v), expected, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(hvp_operator(smooth, x)(v), expected, rtol=1e-9, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(points(2), st.lists(numbers, min_size=3, max_size=3))
def test_forward_and_reverse_are_adjoint(drawn, weights):
    x, v = drawn
    u = tensor(weights)
    forward, reverse = jvp(outputs, x, v)[1], vjp(outputs, x, u)[1]
    torch.testing.assert_close((u * forward).sum(), (reverse * v).sum(), rtol=1e-9, atol=1e-9)
    J = jacobian(outputs, x).reshape(3, -1)
    torch.testing.assert_close(J @ v.reshape(-1), forward, rtol=1e-9, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(points())
def test_hessians_are_symmetric_and_match_torch(drawn):
    (x,) = drawn
    n = x.numel()
    H = hessian(smooth, x).reshape(n, n)
    torch.testing.assert_close(H, H.T, rtol=1e-9, atol=1e-9)
    naive = torch.autograd.functional.hessian(smooth, x).reshape(n, n)
    torch.testing.assert_close(H, naive, rtol=1e-9, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(points())
def test_gradients_match_differences(drawn):
    assert check_gradient(smooth, drawn[0]) < 1e-6


def test_arguments_and_global_state_stay_as_they_are():
    x = torch.ones(3, requires_grad=True)
    before = (torch.is_grad_enabled(), torch.get_default_dtype())
    with torch.no_grad():
        value_and_grad(lambda x: x @ x, x)
        hessian(lambda x: x @ x, x)
        jacobian(lambda x: 2 * x, x)
        assert not torch.is_grad_enabled()
    assert x.grad is None
    assert (torch.is_grad_enabled(), torch.get_default_dtype()) == before


def test_parameters_of_the_function_itself_do_not_count_as_x():
    w = torch.ones(2, requires_grad=True)
    x = torch.ones(2)
    torch.testing.assert_close(hessian(lambda x: w @ x, x), torch.zeros(2, 2))
    with pytest.raises(ValueError, match="value_and_grad: no graph connects"):
        value_and_grad(lambda x: w @ w, x)
    assert w.grad is None


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", HESSIANS)
def test_hessians_on_a_gpu(name):
    fun, x, expected = HESSIANS[name]
    x = tensor(x).cuda()
    got = hessian(fun, x)
    assert got.device == x.device
    torch.testing.assert_close(got.cpu(), tensor(expected).reshape(x.shape + x.shape))


def test_products_repeat_neither_value_nor_gradient():
    calls = []

    def fun(x: Tensor) -> Tensor:
        calls.append(1)
        return (x**4).sum()

    H = hvp_operator(fun, torch.ones(2))
    for _ in range(5):
        H(torch.ones(2))
    assert len(calls) == 1
