"""Sweeps of many functions against PyTorch's own derivatives."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from steepest.trace import record, reverse_checkpointed

DOUBLE = torch.float64
EXACT = {"rtol": 1e-12, "atol": 1e-12}


def tensor(*numbers):
    return torch.tensor(numbers, dtype=DOUBLE)


S = torch.tensor(0.7, dtype=DOUBLE)
X = tensor(0.3, -0.2, 0.9)
M = torch.tensor([[0.4, -1.1, 0.2], [1.3, 0.5, -0.6], [0.1, 0.8, 2.0]], dtype=DOUBLE)
A = torch.tensor([[2.0, 1.0, 0.5], [0.0, 3.0, 1.0], [1.0, 0.0, 1.0]], dtype=DOUBLE)
W = A.clone().requires_grad_()
MODULE = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1)).double()


def no_grad(x):
    with torch.no_grad():
        length = x.norm()
    return x / length


def branch(x):
    return x.sum() * 3 if x[0] > 0 else x.prod()


def boolean(x):
    largest = x.argmax()
    return x[largest] * 2 + (x > 0).sum()


@dataclasses.dataclass
class Pair:
    first: torch.Tensor
    second: torch.Tensor


def made_inside(x):
    layer = torch.nn.Linear(3, 2, bias=False, dtype=DOUBLE)
    torch.nn.init.constant_(layer.weight, 0.5)
    return layer(x)


def recursive(x, depth=4):
    return x.sin() if depth == 0 else recursive(x * x.cos(), depth - 1)


def generated(x):
    return sum(part * k for k, part in enumerate(x))


def selected(x):
    out = torch.zeros(5, dtype=DOUBLE)
    return out.index_add(0, torch.tensor([0, 0, 4]), x[x > 0].sum() * x)


EXECUTED = {"torch": torch}
exec("def executed(x):\n    y = 2 * x\n    return y.sin()\n", EXECUTED)

EVAL = torch.nn.Sequential(
    torch.nn.Linear(3, 4),
    torch.nn.BatchNorm1d(4),
    torch.nn.Sequential(torch.nn.Dropout(0.5), torch.nn.GELU()),
    torch.nn.LayerNorm(4),
)
EVAL = EVAL.double().eval()
ATTENTION = torch.nn.MultiheadAttention(2, 1, dtype=DOUBLE).eval()
SYMMETRIC = A + A.T

FUNCTIONS = {
    "square": (lambda x: x * x, S),
    "double": (lambda x: x + x, S),
    "numbers": (lambda x: 3 - 2 / x**2 + 2**x, S),
    "broadcast": (lambda x, m: (x + m * x).sum(), X, M),
    "reductions": (lambda m: m.mean(0) + m.amax(1) + m.logsumexp(0), M),
    "matmul": (lambda m, x: A @ m @ x, M, X),
    "slices": (lambda x: x[1:] * x[:-1] + x[torch.tensor([0, 2])], X),
    "stack and cat": (lambda x: torch.stack([x[0], x[1] ** 2]).sum() + torch.cat([x, x]).prod(), X),
    "where": (lambda x: torch.where(x > 0, x, x**2).sum(), X),
    "tuple": (lambda x: (x * 2, x.sum()), X),
    "dict": (lambda x: {"a": x * 2, "b": [x.sum()]}, X),
    "dataclass": (lambda x: Pair(x * 2, x.sum()), X),
    "unused input": (lambda x, y: x * 2, S, X),
    "identity": (lambda x: x, S),
    "detach": (lambda x: (x.detach() * x).sum(), X),
    "no_grad": (no_grad, X),
    "branch": (branch, X),
    "module": (MODULE, X),
    "parameters": (lambda x: W @ x + W.T @ x, X),
    "unbind": (lambda x: sum(x.unbind()), X),
    "max over a dimension": (lambda m: m.max(dim=1).values * m.max(dim=1).indices, M),
    "split": (lambda x: torch.split(x, 2)[0].prod(), X),
    "boolean": (boolean, X),
    "contiguous": (lambda x: x.contiguous() * x, X),
    "float": (lambda x: x * float(x.detach().sum()), X),
    "einsum": (lambda m, x: torch.einsum("ij,j->i", m, x), M, X),
    "slogdet": (lambda m: torch.linalg.slogdet(m).logabsdet, M),
    "cross entropy": (lambda m: functional.cross_entropy(m, torch.tensor([0, 1, 2])), M),
    "solve": (torch.linalg.solve, M, X),
    "iteration": (lambda x: sum(a * b for a, b in zip(x, x.flip(0), strict=True)), X),
    "complex": (lambda x: torch.view_as_real(torch.fft.fft(x)).pow(2).sum(), X),
    "empty": (lambda x: x[:0].sum() + x.sum(), X),
    "layer made inside": (made_inside, X),
    "recursion": (recursive, X),
    "generator": (generated, X),
    "comprehension": (lambda x: torch.stack([v * v for v in x if v > 0]), X),
    "no source": (EXECUTED["executed"], X),
    "module in eval": (EVAL, M),
    "lstm": (torch.nn.LSTM(3, 2, dtype=DOUBLE), M),
    "attention": (lambda m: ATTENTION(m, m, m, need_weights=True), M[:, :2]),
    "masks": (selected, X),
    "advanced indexing": (lambda m: m[torch.tensor([0, 2]), torch.tensor([1, 1])] ** 2, M),
    "gather": (lambda m: m.gather(1, torch.tensor([[0], [1], [2]])), M),
    "cumsum": (lambda x: x.cumsum(0) * x.cumprod(0), X),
    "sort": (lambda x: x.sort().values * torch.arange(3), X),
    "topk": (lambda x: x.topk(2).values, X),
    "softmax": (lambda x: functional.softmax(x, 0) * functional.log_softmax(x, 0), X),
    "convolution": (lambda x: functional.conv1d(x[None, None], X[None, None, :2]), X),
    "pooling": (lambda m: functional.max_pool2d(m[None], 2), M),
    "eigh": (lambda m: torch.linalg.eigh(m + m.T).eigenvalues, SYMMETRIC),
    "qr": (torch.linalg.qr, A),
    "svd": (lambda m: torch.linalg.svd(m).S, A),
    "output twice": (lambda x: (x, x * 2, x), X),
    "numpy numbers": (lambda x: np.float64(2.0) * x + x * np.float32(0.5), X),
    "compiled": (torch.compile(lambda x: x.sin() * x, backend="eager"), X),
    "functional call": (
        lambda w: torch.func.functional_call(MODULE, {"2.weight": w}, (X,)),
        torch.ones(1, 4, dtype=DOUBLE),
    ),
    "atleast_1d": (lambda x, y: torch.atleast_1d(x, y)[1] * y, S, X),
}


def flat(returned):
    if isinstance(returned, torch.Tensor):
        return [returned]
    if dataclasses.is_dataclass(returned):
        returned = vars(returned)
    parts = returned.values() if isinstance(returned, dict) else returned
    return [tensor for part in parts for tensor in flat(part)]


@pytest.mark.parametrize(("fun", "inputs"), [(f, x) for f, *x in FUNCTIONS.values()], ids=FUNCTIONS)
def test_sweeps_agree_with_pytorch(fun, inputs):
    before = [x.clone() for x in inputs]
    trace = record(fun, *inputs)
    leaves = [x.clone().requires_grad_() for x in inputs]
    outputs = flat(fun(*leaves))
    for number, output in zip(trace.outputs, outputs, strict=True):
        torch.testing.assert_close(trace.rows[number].value, output.detach(), rtol=0, atol=0)
    weights = [torch.linspace(1, 2, y.numel(), dtype=DOUBLE).reshape(y.shape) for y in outputs]
    theirs = torch.autograd.grad(outputs, leaves, weights, allow_unused=True)
    ours = trace.reverse(weights)
    for adjoint, gradient, x in zip(ours, theirs, inputs, strict=False):
        gradient = torch.zeros_like(x) if gradient is None else gradient
        torch.testing.assert_close(adjoint, gradient, **EXACT)
    directions = [torch.linspace(-1, 1, x.numel(), dtype=DOUBLE).reshape(x.shape) for x in inputs]
    moved = trace.forward(*directions)
    left = sum((w * moved[i]).sum() for w, i in zip(weights, trace.outputs, strict=True))
    right = sum((g * d).sum() for g, d in zip(ours, directions, strict=False))
    torch.testing.assert_close(left, right, **EXACT)
    for x, same in zip(inputs, before, strict=True):
        assert torch.equal(x, same)
        assert not x.requires_grad


REAL = {name: case for name, case in FUNCTIONS.items() if name != "complex"}


@pytest.mark.parametrize(("fun", "inputs"), [(f, x) for f, *x in REAL.values()], ids=REAL)
def test_adjoints_are_sums_over_all_successors(fun, inputs):
    trace = record(fun, *inputs)
    weights = [torch.ones_like(trace.rows[number].value) for number in trace.outputs]
    adjoints = trace.reverse(weights)
    for row in trace.rows:
        if not row.value.is_floating_point():
            continue
        total = torch.zeros_like(row.value)
        for number, weight in zip(trace.outputs, weights, strict=True):
            total = total + weight if number == row.number else total
        for j in trace.successors(row.number):
            if trace.rows[j].value.is_floating_point():
                partial = trace.partials(j)[row.number]
                total = total + torch.tensordot(adjoints[j], partial, dims=adjoints[j].dim())
        torch.testing.assert_close(total, adjoints[row.number], **EXACT)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_sweeps_give_the_jacobian(mode):
    def fun(x):
        return torch.stack([x[0] ** 2 + x[1], x[0] * x[1], x[2].sin()])

    trace = record(fun, X)
    end = trace.outputs[0]
    if mode == "forward":
        columns = [trace.forward(e)[end] for e in torch.eye(3, dtype=DOUBLE)]
        jacobian = torch.stack(columns, dim=1)
    else:
        jacobian = torch.stack([trace.reverse(e)[0] for e in torch.eye(3, dtype=DOUBLE)])
    torch.testing.assert_close(jacobian, torch.func.jacrev(fun)(X), **EXACT)
    assert trace.cost(mode).sweeps == 3


@pytest.mark.parametrize("name", [name for name in REAL if name != "identity"])
def test_checkpoints_agree_on_every_function(name):
    fun, *inputs = REAL[name]
    trace = record(fun, *inputs)
    weights = [torch.ones_like(trace.rows[i].value) for i in trace.outputs]
    swept = reverse_checkpointed(trace, max(1, trace.operations // 2), weights)
    for ours, plain in zip(swept.adjoints, trace.reverse(weights), strict=False):
        torch.testing.assert_close(ours, plain, **EXACT)


UNARY = [torch.sin, torch.tanh, torch.neg, torch.sigmoid, lambda v: v[..., :1], torch.sum]
UNARY += [lambda v: v * v, lambda v: torch.exp(-v * v), lambda v: torch.unbind(v.flatten())[0]]
BINARY = [torch.add, torch.sub, torch.mul, torch.maximum, lambda a, b: torch.where(a > b, a, 2 * b)]
STEPS = st.tuples(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))


def program(steps):
    def fun(*inputs):
        values = list(inputs)
        for choice, first, second in steps:
            a, b = values[first % len(values)], values[second % len(values)]
            pick = choice % (len(UNARY) + len(BINARY))
            if pick >= len(UNARY):
                values.append(BINARY[pick - len(UNARY)](a, b))
            else:
                values.append(UNARY[pick](a.reshape(-1) if a.dim() == 0 else a))
        return sum(value.sum() for value in values)

    return fun


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(st.lists(STEPS, max_size=10), st.integers(0, 2**31))
def test_random_programs(steps, seed):
    generator = torch.Generator().manual_seed(seed)
    shapes = ((), (3,), (2, 3))
    inputs = [torch.randn(s, dtype=DOUBLE, generator=generator) for s in shapes]
    directions = [torch.randn(s, dtype=DOUBLE, generator=generator) for s in shapes]
    fun = program(steps)
    trace = record(fun, *inputs)
    leaves = [x.clone().requires_grad_() for x in inputs]
    theirs = torch.autograd.grad(fun(*leaves), leaves)
    for ours, gradient in zip(trace.reverse(), theirs, strict=False):
        torch.testing.assert_close(ours, gradient, **EXACT)
    value, moved = torch.func.jvp(fun, tuple(inputs), tuple(directions))
    torch.testing.assert_close(trace.rows[trace.outputs[0]].value, value, rtol=0, atol=0)
    torch.testing.assert_close(trace.forward(*directions)[trace.outputs[0]], moved, **EXACT)
