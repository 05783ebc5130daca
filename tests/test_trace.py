"""The recorder and its sweeps."""

import math

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


def no_grad(x):
    with torch.no_grad():
        length = x.norm()
    return x / length


def branch(x):
    return x.sum() * 3 if x[0] > 0 else x.prod()


def boolean(x):
    largest = x.argmax()
    return x[largest] * 2 + (x > 0).sum()


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
    "functional call": (
        lambda w: torch.func.functional_call(MODULE, {"2.weight": w}, (X,)),
        torch.ones(1, 4, dtype=DOUBLE),
    ),
    "atleast_1d": (lambda x, y: torch.atleast_1d(x, y)[1] * y, S, X),
}


def flat(returned):
    if isinstance(returned, torch.Tensor):
        return [returned]
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


def augmented(x):
    y = x.clone()
    y *= 2
    y[0] = x[1] * y[2]
    y.sin_()
    return (y * x).sum()


def built(x):
    b = torch.zeros(3, dtype=DOUBLE)
    b[0] = x[1]
    b[1] = b[0] * x[2]
    return b


def accumulated(x):
    total = torch.zeros((), dtype=DOUBLE)
    for part in x:
        total += part**2
    return total


def saved_and_written(x):
    y = x * 1
    z = y**2
    y += 1
    return z * y


def counter(x):
    b = torch.ones(3, dtype=DOUBLE)
    for _ in range(3):
        x = x * b
        b += 1
    return x


def one_entry(x):
    y = x * 1
    y[0] += 3
    return y**2


def by_itself(x):
    y = x * 1
    return y.mul_(y)


@pytest.mark.parametrize(
    ("fun", "same"),
    [
        (augmented, lambda x: (torch.stack([x[1] * 2 * x[2], *(2 * x[1:])]).sin() * x).sum()),
        (built, lambda x: torch.stack([x[1], x[1] * x[2], 0 * x[0]])),
        (accumulated, lambda x: (x**2).sum()),
        (saved_and_written, lambda x: x**2 * (x + 1)),
        (counter, lambda x: x * 6),
        (one_entry, lambda x: (x + tensor(3.0, 0.0, 0.0)) ** 2),
        (by_itself, lambda x: x**2),
        (lambda x: x.add_(1).mul_(x), lambda x: (x + 1) ** 2),
        (lambda x: functional.relu(x * 2, inplace=True), lambda x: functional.relu(x * 2)),
    ],
    ids=lambda fun: fun.__name__,
)
def test_writing_in_place_is_followed(fun, same):
    written, plain = record(fun, X), record(same, X)
    weights = torch.ones_like(plain.rows[plain.outputs[0]].value)
    torch.testing.assert_close(
        written.rows[written.outputs[0]].value, plain.rows[plain.outputs[0]].value, **EXACT
    )
    torch.testing.assert_close(written.reverse(weights)[0], plain.reverse(weights)[0], **EXACT)
    moved, expected = written.forward(X), plain.forward(X)
    torch.testing.assert_close(moved[written.outputs[0]], expected[plain.outputs[0]], **EXACT)
    again = reverse_checkpointed(written, 2, weights).adjoints[0]
    torch.testing.assert_close(again, plain.reverse(weights)[0], **EXACT)


class Scaled(torch.autograd.Function):
    """a²b, with a rule of its own."""

    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        square = a * a
        return square * b

    @staticmethod
    def backward(ctx, grad):
        a, b = ctx.saved_tensors
        return 2 * a * b * grad, a * a * grad


def test_a_custom_function_is_one_operation():
    trace = record(lambda x: Scaled.apply(x, x.sin()), S)
    last = trace.rows[trace.outputs[0]]
    assert (last.operation, last.parents) == ("Scaled", (0, 1))
    partials = trace.partials(last.number)
    assert numbers(partials.values()) == numbers([2 * S * S.sin(), S**2])
    expected = 2 * S * S.sin() + S**2 * S.cos()
    torch.testing.assert_close(trace.reverse()[0], expected, **EXACT)
    with pytest.raises(ValueError, match="Scaled.*cannot be done again"):
        reverse_checkpointed(trace, 1)


def test_names_of_what_is_not_an_input():
    trace = record(lambda x: (A @ MODULE[0](x)[:3]) * 2.0, X)
    names = [a.name for row in trace.rows for a in row.arguments if hasattr(a, "name")]
    assert names == ["MODULE.0.weight", "MODULE.0.bias", "A"]


def helper(x):
    return x.exp()


def test_lines_are_the_users():
    trace = record(lambda x: MODULE(helper(x)), X)
    texts = [row.source.text for row in trace.rows[1:]]
    assert texts[0] == "return x.exp()"
    assert all("MODULE(helper(x))" in text for text in texts[1:])
    assert record(torch.sin, S).rows[1].source.text.startswith("assert record(torch.sin, S)")


OUTSIDE = torch.zeros(3, dtype=DOUBLE)


def to_outside(x):
    OUTSIDE[0] = x[0]
    return OUTSIDE


def through_view(x):
    y = x * 1
    part = y[0]
    y[1] = 5.0
    return part + y.sum()


def constant_view(x):
    b = torch.zeros(3, dtype=DOUBLE)
    part = b[0]
    part.copy_(x[0])
    return b.sum()


def custom_after_write(x):
    y = x * 1
    y += 1
    return Scaled.apply(y, y)


def custom_on_built(x):
    b = torch.zeros(3, dtype=DOUBLE)
    b[0] = x[0]
    return Scaled.apply(b, x)


@pytest.mark.parametrize(
    ("fun", "message"),
    [
        (to_outside, r"OUTSIDE\[0\] = x\[0\] writes a value .* made outside of fun; make"),
        (through_view, r"return part \+ y.sum\(\) uses a view .* y\[1\] = 5.0 wrote into; take"),
        (constant_view, r"return b.sum\(\) uses a view .* part.copy_\(x\[0\]\) wrote into"),
        (custom_after_write, "Scaled uses a tensor that was written in place.*instead of x [+]= 1"),
        (custom_on_built, "Scaled uses a tensor that was written in place"),
        (lambda x: torch.sin(x, out=torch.empty(3, dtype=DOUBLE)), "writes into out=; use what"),
        (lambda x: torch.autograd.grad(x.sum(), x), "takes a derivative while"),
        (lambda x: x.sum().backward(), "takes a derivative while"),
        (lambda x: torch.func.grad(torch.sum)(x), "inside a transform of torch.func"),
        (lambda x: torch.vmap(torch.sin)(x), "inside a transform of torch.func"),
    ],
)
def test_what_cannot_be_followed_says_where_and_what_to_write(fun, message):
    with pytest.raises(ValueError, match=message):
        record(fun, X)


def draws(x):
    return x * torch.randn(3, dtype=DOUBLE)


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


@pytest.mark.parametrize("name", [name for name in REAL if name != "identity"])
def test_checkpoints_agree_on_every_function(name):
    fun, *inputs = REAL[name]
    trace = record(fun, *inputs)
    weights = [torch.ones_like(trace.rows[i].value) for i in trace.outputs]
    swept = reverse_checkpointed(trace, max(1, trace.operations // 2), weights)
    for ours, plain in zip(swept.adjoints, trace.reverse(weights), strict=False):
        torch.testing.assert_close(ours, plain, **EXACT)


def test_a_long_chain_needs_no_recursion():
    length = 20_000
    trace = record(chain(length), S)
    leaf = S.clone().requires_grad_()
    expected = torch.autograd.grad(chain(length)(leaf), leaf)[0]
    torch.testing.assert_close(trace.reverse()[0], expected, **EXACT)
    torch.testing.assert_close(trace.forward(1.0)[-1], expected, **EXACT)


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
