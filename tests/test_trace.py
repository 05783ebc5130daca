"""Traces: the lecture's example, what a row knows, costs, messages."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from steepest.trace import record, reverse_checkpointed

DOUBLE = torch.float64
EXACT = {"rtol": 1e-12, "atol": 1e-12}


def tensor(*numbers):
    return torch.tensor(numbers, dtype=DOUBLE)


S = torch.tensor(0.7, dtype=DOUBLE)
X = tensor(0.3, -0.2, 0.9)
A = torch.tensor([[2.0, 1.0, 0.5], [0.0, 3.0, 1.0], [1.0, 0.0, 1.0]], dtype=DOUBLE)
MODULE = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1)).double()


def lecture(x1, x2):
    a = torch.log(x1)
    b = x1 * x2
    c = torch.sin(x2)
    return a + b - c


@pytest.fixture
def trace():
    return record(lecture, *tensor(2.0, 5.0))


def numbers(tensors):
    return [round(tensor.item(), 6) for tensor in tensors]


def test_the_lectures_function_in_the_lectures_order(trace):
    assert [row.symbol for row in trace.rows] == ["v₋₁", "v₀", "v₁", "v₂", "v₃", "v₄", "v₅"]
    assert [row.latex for row in trace.rows[:2]] == ["v_{-1}", "v_{0}"]
    operations = [row.operation for row in trace.rows]
    assert operations == ["input", "input", "ln", "mul", "sin", "add", "sub"]
    parents = [row.parents for row in trace.rows]
    assert parents == [(), (), (0,), (0, 1), (1,), (2, 3), (5, 4)]
    values = [2.0, 5.0, 0.693147, 10.0, -0.958924, 10.693147, 11.652071]
    assert numbers(row.value for row in trace.rows) == values
    assert (trace.inputs, trace.outputs, trace.operations) == ((0, 1), (6,), 5)
    assert [row.name for row in trace.rows[:2]] == ["x1", "x2"]
    assert trace.rows[2].source.text == "a = torch.log(x1)"
    assert trace.rows[2].source.file == __file__


@pytest.mark.parametrize(
    ("tangents", "expected"),
    [
        ((1, 0), [1.0, 0.0, 0.5, 5.0, 0.0, 5.5, 5.5]),
        ((0, 1), [0.0, 1.0, 0.0, 2.0, 0.283662, 2.0, 1.716338]),
    ],
)
def test_forward_sweeps_of_the_lecture(trace, tangents, expected):
    assert numbers(trace.forward(*tangents)) == expected


def test_the_reverse_sweep_of_the_lecture(trace):
    assert numbers(trace.reverse()) == [5.5, 1.716338, 1.0, 1.0, -1.0, 1.0, 1.0]
    assert numbers(trace.reverse(2.0))[:2] == [11.0, 3.432676]


def test_an_output_that_is_a_constant_or_no_operation():
    trace = record(lambda x: (torch.ones(2), x), S)
    assert [row.operation for row in trace.rows] == ["input", "constant"]
    assert (trace.outputs, trace.operations) == ((1, 0), 0)
    assert trace.reverse([torch.ones(2), 3.0])[0] == 3
    assert trace.forward(1.0)[1].tolist() == [0, 0]


def test_integers_and_booleans_do_not_move():
    trace = record(lambda x, n: ((x * n).sum(), x > 0), X, torch.tensor([1, 2, 3]))
    adjoints = trace.reverse([1.0, torch.zeros(3)])
    assert adjoints[0].tolist() == [1, 2, 3]
    assert adjoints[1].tolist() == [0, 0, 0]


def test_names_of_what_is_not_an_input():
    trace = record(lambda x: (A @ MODULE[0](x)[:3]) * 2.0, X)
    names = [a.name for row in trace.rows for a in row.arguments if hasattr(a, "name")]
    assert names == ["MODULE.0.weight", "MODULE.0.bias", "A"]


def numpys(x):
    return torch.from_numpy(x.detach().numpy()) * x


@pytest.mark.parametrize(
    ("fun", "same"),
    [
        (lambda x: x * x[0].item(), lambda x: x * 0.3),
        (lambda x: x * sum(x.tolist()), lambda x: x * 1.0),
        (lambda x: x * float(x[2]) + int(10 * x[2]), lambda x: x * 0.9 + 9),
        (lambda x: x * 2 if x[0] > 0 else x * 3, lambda x: x * 2),
        (lambda x: x * 2 if bool(x[1] > 0) else x * 3, lambda x: x * 3),
        (lambda x: x[: int((x > 0).sum())] * 2, lambda x: x[:2] * 2),
        (numpys, lambda x: tensor(0.3, -0.2, 0.9) * x),
    ],
)
def test_numbers_that_leave_pytorch_are_constants(fun, same):
    trace, plain = record(fun, X), record(same, X)
    end, expected = trace.rows[trace.outputs[0]].value, plain.rows[plain.outputs[0]].value
    torch.testing.assert_close(end, expected, **EXACT)
    weights = torch.ones_like(end)
    torch.testing.assert_close(trace.reverse(weights)[0], plain.reverse(weights)[0], **EXACT)


@pytest.mark.parametrize(
    ("fun", "line"),
    [
        (lambda x: torch.from_numpy((x * 2).numpy()), r"\(x \* 2\)\.numpy"),
        (lambda x: torch.from_numpy(np.asarray(x * 2)), r"np\.asarray\(x \* 2"),
        (lambda x: torch.from_dlpack(x * 2), r"from_dlpack\(x \* 2"),
    ],
)
def test_numpy_cannot_be_followed(fun, line):
    message = rf"record: .*{line}.* to NumPy, .* or write \.detach\(\) before it, which cuts"
    with pytest.raises(ValueError, match=message):
        record(fun, X)


def helper(x):
    return x.exp()


def test_lines_are_the_users():
    trace = record(lambda x: MODULE(helper(x)), X)
    texts = [row.source.text for row in trace.rows[1:]]
    assert texts[0] == "return x.exp()"
    assert all("MODULE(helper(x))" in text for text in texts[1:])
    assert record(torch.sin, S).rows[1].source.text.startswith("assert record(torch.sin, S)")


def chain(length):
    def fun(x):
        for _ in range(length):
            x = torch.sin(x)
        return x

    return fun


def test_costs():
    trace = record(lambda x: (x * x).sum(), torch.ones(1000, dtype=DOUBLE))
    forward, reverse = trace.cost("forward"), trace.cost("reverse")
    assert (forward.sweeps, reverse.sweeps, trace.operations) == (1000, 1, 2)
    assert forward.multiplications == reverse.multiplications == 2
    assert reverse.memory == 8 * (1000 + 1000 + 1)
    assert forward.memory == 8 * 2000  # the product may go when the sum is there, x before
    long = record(chain(100), S)
    assert (long.cost("forward").memory, long.cost("reverse").memory) == (2 * 8, 101 * 8)


@pytest.mark.parametrize("segments", [1, 7, 10, 100])
def test_checkpoints_trade_memory_for_work(segments):
    trace = record(chain(100), S)
    swept = reverse_checkpointed(trace, segments)
    assert swept.adjoints[0] == trace.reverse()[0]
    assert len(swept.checkpoints) == len(swept.memory) == segments
    longest = math.ceil(100 / segments)
    assert swept.operations <= 200 - 100 // segments
    assert max(swept.memory) <= 8 * (segments + longest)
    assert trace.cost("reverse").memory == 8 * 101


def test_a_long_chain_needs_no_recursion():
    length = 20_000
    trace = record(chain(length), S)
    leaf = S.clone().requires_grad_()
    expected = torch.autograd.grad(chain(length)(leaf), leaf)[0]
    torch.testing.assert_close(trace.reverse()[0], expected, **EXACT)
    torch.testing.assert_close(trace.forward(1.0)[-1], expected, **EXACT)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: record(3, X), TypeError, "record: fun must be callable, and was a int"),
        (lambda: record(torch.sin, 2.0), TypeError, r"input 1 .* float 2.0; write torch.tensor"),
        (lambda: record(lambda x: 3.0, X), TypeError, "return tensors, and returned the float 3.0"),
        (lambda: record(torch.sin, X).forward(), ValueError, "one tangent .* so 1; got 0"),
        (lambda: record(torch.sin, X).forward(1), ValueError, r"tangent 1 .* \(3,\), and had \(\)"),
        (lambda: record(torch.sin, X).forward("a"), TypeError, "must be a tensor .* was the str"),
        (lambda: record(torch.sin, X).forward(X * 1j), TypeError, "float64, and was of .*complex"),
        (lambda: record(torch.sin, X).reverse(), ValueError, r"needs a cotangent .* shape \(3,\)"),
        (lambda: record(torch.sin, S).reverse([1, 2]), ValueError, "one cotangent .* 1; got 2"),
        (
            lambda: record(torch.mul, X, torch.tensor([1, 2, 3])).forward(X, torch.ones(3).int()),
            ValueError,
            "int64 values, which cannot move: it must be 0",
        ),
        (
            lambda: record(lambda m: torch.cdist(m, m + 1), A).forward(A),
            ValueError,
            r"Trace\.forward: PyTorch cannot .* \(.*_cdist_backward.*\); use Trace.reverse",
        ),
        (lambda: record(torch.sin, S).cost("up"), ValueError, "'forward' or 'reverse', and was"),
        (lambda: record(torch.fft.fft, X).partials(1), ValueError, "complex .* use the sweeps"),
        (lambda: reverse_checkpointed(record(torch.sin, S), 2), ValueError, "from 1 to the 1 oper"),
        (
            lambda: reverse_checkpointed(record(functional.dropout, X), 1, X),
            ValueError,
            "dropout. gives another value each time",
        ),
    ],
)
def test_messages(call, error, message):
    torch.manual_seed(3)
    with pytest.raises(error, match=message):
        call()


def test_a_number_weighs_an_output_of_one_entry():
    trace = record(lambda x: 3 * x[:1], torch.tensor([1.0, 2.0]))
    assert trace.reverse(2)[0].tolist() == [6, 0]
    assert torch.equal(trace.reverse(1)[0], trace.reverse()[0])
