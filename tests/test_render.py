"""Traces as tables and drawings."""

import copy
import dataclasses
import os
import pickle
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest
import torch
from torch.nn import functional

from steepest.render import autograd_graph, drawing, table
from steepest.render.rules import local_partial
from steepest.render.tensor_rules import RULES, rule
from steepest.trace import Ref, record
from steepest.trace.names import Operation

DOUBLE = torch.float64
FORMS = ["text", "markdown", "html", "latex"]


def lecture(x1, x2):
    a = torch.log(x1)
    b = x1 * x2
    c = torch.sin(x2)
    return a + b - c


@pytest.fixture
def trace():
    return record(lecture, *torch.tensor([2.0, 5.0], dtype=DOUBLE))


@pytest.mark.parametrize(
    "rule",
    [
        "v₁ = ln v₋₁ ",
        "v₅ = v₄ − v₃ ",
        "v̇₁ = v̇₋₁ / v₋₁ ",
        "v̇₂ = v̇₋₁ v₀ + v̇₀ v₋₁ ",
        "v̄₋₁ = v̄₁ / v₋₁ + v̄₂ v₀ ",
        "v̄₀ = v̄₂ v₋₁ + v̄₃ cos v₀ ",
        "v̄₃ = −v̄₅ ",
        "v̄₅ = 2 ",
    ],
)
def test_the_lectures_rules(trace, rule):
    assert rule in table(trace, tangents=(1, 0), cotangent=2)


@pytest.mark.parametrize(
    "rule",
    [
        r"v_{1} = \ln v_{-1} & 0.693147",
        r"\dot{v}_{1} = \frac{\dot{v}_{-1}}{v_{-1}} & 0.5",
        r"\bar{v}_{0} = \bar{v}_{2} v_{-1} + \bar{v}_{3} \cos v_{0} & 1.71634",
    ],
)
def test_the_lectures_rules_in_latex(trace, rule):
    assert rule in table(trace, tangents=(1, 0), cotangent=1, form="latex")


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_a_line_for_each_row(trace, form):
    lines = table(trace, tangents=(1, 0), cotangent=1, form=form).splitlines()
    assert sum("10.6931" in line for line in lines) == 1
    assert sum("1.71634" in line for line in lines) == 1


def test_a_trace_shows_itself(trace):
    assert str(trace) == table(trace)
    assert trace._repr_html_() == table(trace, form="html")._repr_html_()


@pytest.mark.parametrize(
    ("make", "label"),
    [
        (lambda t: table(t, form="html"), "Trace of 7 rows"),
        (lambda t: table(t, form="html", tangents=(1, 0)), "Trace of 7 rows with tangents"),
        (
            lambda t: table(t, form="html", tangents=(1, 0), cotangent=1.0),
            "Trace of 7 rows with tangents and adjoints",
        ),
        (lambda t: table(t, form="html", title='<b>&"'), "&lt;b&gt;&amp;&quot;"),
        (drawing, "Trace of 7 rows, forward"),
        (lambda t: drawing(t, title='<b>&"'), "&lt;b&gt;&amp;&quot;"),
        (lambda t: autograd_graph("digraph { a -> b }", title="A graph"), "A graph"),
    ],
)
def test_html_and_drawings_show_themselves_in_a_box_that_scrolls(trace, make, label):
    markup = make(trace)
    assert isinstance(markup, str)
    assert markup.startswith(("<table", "<svg"))
    shown = markup._repr_html_()
    assert shown.count(markup) == 1
    box = re.fullmatch(
        r'<div role="group" aria-label="([^"]*)" tabindex="0" style="overflow-x:auto">\n'
        r'<div style="min-width:(\d+)px">(.*)</div>\n</div>',
        shown,
        flags=re.DOTALL,
    )
    assert (box[1], int(box[2]), box[3]) == (label, markup.width, markup)
    for same in (pickle.loads(pickle.dumps(markup)), copy.deepcopy(markup)):
        assert (same, same._repr_html_()) == (markup, shown)


def test_how_narrow_the_boxes_become(trace):
    assert [table(trace, form="html", **more).width for more in ({}, {"cotangent": 1})] == [
        230,
        460,
    ]
    picture = drawing(trace)
    assert picture.width == pytest.approx(0.75 * float(parsed(picture).get("width")), abs=1)


@pytest.mark.parametrize("form", ["text", "markdown", "latex"])
def test_other_forms_are_plain_strings(trace, form):
    assert type(table(trace, form=form)) is str


UNARY = [
    torch.abs, torch.acos, torch.asin, torch.atan, torch.cos, torch.cosh, torch.erf, torch.exp,
    torch.expm1, torch.log, torch.log1p, torch.log2, torch.log10, torch.neg, torch.reciprocal,
    torch.relu, functional.relu, torch.rsqrt, torch.sigmoid, torch.sin, torch.sinh,
    functional.softplus, torch.sqrt, torch.square, torch.tan, torch.tanh,
    lambda x: x**3, lambda x: x**0.5, lambda x: x**-2, lambda x: 2**x, lambda x: 3 - x,
    lambda x: 1 / x, lambda x: x * 0.1, lambda x: x / 7,
]  # fmt: skip
BINARY = [torch.add, torch.sub, torch.mul, torch.div, torch.pow]
POINT = torch.tensor([0.3, 0.6], dtype=DOUBLE)


@pytest.mark.parametrize("fun", [*UNARY, *BINARY], ids=lambda fun: fun.__name__)
def test_written_derivatives_are_pytorchs(fun):
    inputs = POINT[:1] if fun in UNARY else POINT
    trace = record(fun, *inputs)
    row = trace.rows[-1]
    values = {f"v_{i:012}": x.item() for i, x in enumerate(inputs)}
    for parent, partial in trace.partials(row.number).items():
        written = local_partial(row, parent)
        known = {s: values[s.name] for s in written.free_symbols}
        number = written.subs(known)
        # the two functions that SymPy does not know
        number = number.replace(lambda e: e.func.__name__ == "step", lambda e: e.args[0] > 0)
        number = number.replace(lambda e: e.func.__name__ == "sigmoid", _sigmoid)
        assert float(number == True if number.is_Boolean else number) == pytest.approx(  # noqa: E712
            partial.item(), rel=1e-12
        )


def _sigmoid(e):
    import sympy

    return 1 / (1 + sympy.exp(-e.args[0]))


A = torch.eye(3, dtype=DOUBLE)


@pytest.mark.parametrize(
    ("fun", "line"),
    [
        (lambda x: (A @ x).sum(), "v₁ = A v₀ "),
        (lambda x: (A @ x).sum(), "v̄₀ = Aᵀ v̄₁ "),
        (lambda x: (A @ x).sum(), "v̄₁ = expand(v̄₂) "),
        (lambda x: x.mean(), "v̄₀ = expand(v̄₁) / 3 "),
        (lambda x: x.mean(dim=0), "v̄₀ = (∂v₁/∂v₀)ᵀ v̄₁ "),
        (lambda x: x.cumsum(0).sum(), "v̄₀ = (∂v₁/∂v₀)ᵀ v̄₁ "),
        (lambda x: torch.outer(x, x).mT.sum(), "v̄₁ = v̄₂ᵀ "),
        (lambda x: x @ x, "v̄₀ = (∂v₁/∂v₀)ᵀ v̄₁ "),
        (lambda x: torch.dot(x, x), "v̄₀ = v̄₁ v₀ + v̄₁ v₀ "),
        (lambda x: x.reshape(3, 1).sum(), "v̄₀ = reshape(v̄₁, 3) "),
        (lambda x: x[1:].sum(), "v̄₀ = scatter(v̄₁, [1:]) "),
        (lambda x: x.norm(), "v̄₀ = v̄₁ v₀ / v₁ "),
        (lambda x: x.logsumexp(0), "v̄₀ = v̄₁ softmax(v₀) "),
        (lambda x: x.norm(1), "v̄₀ = (∂v₁/∂v₀)ᵀ v̄₁ "),
        (lambda x: x.sum(0, keepdim=True).sum(), "v̄₀ = (∂v₁/∂v₀)ᵀ v̄₁ "),
        (lambda x: x.softmax(0)[0], "v̄₀ = v₁ v̄₁ − v₁ sum(v₁ v̄₁) "),
        (lambda x: torch.where(A[0] > 0, x, 2 * x).sum(), "v̄₁ = where(gt, 0, v̄₂) "),
        (lambda x: (x * x[0]).sum(), "v̄₁ = sum(v̄₂ v₀) "),
        (lambda x: (x[1:] + x[..., 0]).sum(), "v₁ = v₀[1:] "),
        (lambda x: (x[1:] + x[..., 0]).sum(), "v₂ = v₀[…, 0] "),
        (lambda x: x.sum(dim=0), "v₁ = sum(v₀, dim=0) "),
        (lambda x: functional.relu(x).sum(), "v₁ = relu v₀ "),
        (lambda x: (x * x).sum(), "v̄₀ = 2 v̄₁ v₀ "),
        (lambda x: (1e-20 * x).sum(), "v₁ = 1 · 10⁻²⁰ v₀ "),
        (lambda x: (x * torch.tensor(2.5)).sum(), "v₁ = 2.5 v₀ "),
        (lambda x: torch.cat([x, x]).sum(), "v₁ = cat([v₀, v₀]) "),
        (lambda x: (x - -2).sum(), "v₁ = v₀ − (−2) "),
        (lambda x: torch.tanh(x).sum(), "v̄₀ = v̄₁ (1 − (tanh v₀)²) "),
    ],
)
def test_rules_of_tensors(fun, line):
    assert line in table(record(fun, torch.ones(3, dtype=DOUBLE)), cotangent=1)


def column(x):
    return x[:, None] if x.dim() == 1 else x


def product(a, b):
    return a @ b if a.shape[-1] == b.shape[0] else column(a) @ b


MEANING = {
    "div": torch.div,
    "dot": torch.dot,
    "matmul": product,
    "mean": torch.mean,
    "mul": torch.mul,
    "softmax": lambda x: x.softmax(0),
    "sub": torch.sub,
    "sum": torch.sum,
    "transpose": lambda x: column(x).T,
    "where": torch.where,
}


def evaluated(expression, leaves, target):
    """What a rule of the table says, in numbers; `target` is a zero of the result's shape."""
    if isinstance(expression, str):
        return leaves[expression]
    name, *operands = expression
    values = [evaluated(operand, leaves, target) for operand in operands]
    if name == "part":
        return values[0][leaves["index"]]
    if name == "reshape":
        return values[0].reshape(target.shape)
    if name == "expand":
        return values[0].expand(target.shape)
    if name == "scatter":
        places = torch.arange(target.numel()).reshape(target.shape)[leaves["index"]]
        flat = torch.zeros(target.numel(), dtype=DOUBLE)
        return flat.index_add(0, places.ravel(), values[0].ravel()).reshape(target.shape)
    return MEANING[name](*values)


Y = torch.tensor([0.3, -0.7, 1.1], dtype=DOUBLE)
B = torch.tensor([[0.4, -1.1, 0.2], [1.3, 0.5, -0.6]], dtype=DOUBLE)
WHOLE = [
    (torch.sum, B), (torch.mean, B), (torch.norm, B), (lambda x: x.norm(), Y),
    (lambda b: b.T, B), (lambda b: b.mT, B), (torch.t, B),
    (torch.matmul, B, Y), (torch.matmul, B, B.T), (torch.mm, B, B.T), (torch.mv, B, Y),
    (lambda b: b @ b, B[:, :2]),
    (torch.dot, Y, Y + 1), (torch.inner, Y, Y + 1), (lambda x: torch.dot(x, x), Y),
    (lambda b: b.reshape(3, 2), B), (lambda b: b.view(-1), B), (torch.flatten, B),
    (torch.ravel, B), (lambda b: b[:1].squeeze(0), B), (lambda b: b.unsqueeze(1), B),
    (lambda b: b[1], B), (lambda b: b[..., ::2], B), (lambda b: b[0, 1], B),
    (lambda b: b[[0, 0, 1]], B), (lambda b: b[:, None, 1:], B),
    (lambda x: x.softmax(0), Y), (lambda x: functional.softmax(x, dim=0), Y),
    (torch.logsumexp, Y, 0),
    (lambda x, y: torch.where(x > 0, x, y), Y, Y + 1),
]  # fmt: skip


@pytest.mark.parametrize(("fun", "inputs"), [(fun, inputs) for fun, *inputs in WHOLE])
def test_rules_for_whole_tensors_are_the_sweeps(fun, inputs):
    numbers = [x for x in inputs if not isinstance(x, torch.Tensor)]
    tensors = [x for x in inputs if isinstance(x, torch.Tensor)]
    trace = record(lambda *given: fun(*given, *numbers), *tensors)
    row = trace.rows[-1]
    assert row.operation in RULES
    given = [trace.rows[a.row].value if isinstance(a, Ref) else a for a in row.arguments]
    leaves = dict(zip("ab", given, strict=False)) | {"value": row.value, "0": torch.tensor(0.0)}
    leaves |= {"count": given[0].numel(), "index": given[-1]}
    for parent, partial in trace.partials(row.number).items():
        before = trace.rows[parent].value
        places = [place for place, a in enumerate(row.arguments) if a == Ref(parent)]
        moved = torch.linspace(-1, 2, before.numel(), dtype=DOUBLE).reshape(before.shape)
        weight = torch.linspace(1, 3, row.value.numel(), dtype=DOUBLE).reshape(row.value.shape)
        there, back = torch.zeros_like(row.value), torch.zeros_like(before)
        if not before.is_floating_point():
            continue
        for rules in (rule(trace, row, place) for place in places):
            there = there + evaluated(rules.tangent, leaves | {"carried": moved}, there)
            back = back + evaluated(rules.adjoint, leaves | {"carried": weight}, back * 0)
        exact = {"rtol": 1e-12, "atol": 1e-14}
        pushed = torch.tensordot(partial, moved, dims=moved.dim())
        pulled = torch.tensordot(weight, partial, dims=weight.dim())
        torch.testing.assert_close(there, pushed, **exact)
        torch.testing.assert_close(back, pulled, **exact)


def test_every_rule_for_whole_tensors_is_tested():
    tested = {
        record(lambda *t, fun=fun, n=n: fun(*t, *n), *t).rows[-1].operation
        for fun, t, n in (
            (
                fun,
                [x for x in given if isinstance(x, torch.Tensor)],
                [x for x in given if not isinstance(x, torch.Tensor)],
            )
            for fun, *given in WHOLE
        )
    }
    assert tested == set(RULES)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (torch.tensor(True), "True"),
        (torch.tensor(-3), "−3"),
        (torch.tensor(-0.0), "0"),
        (torch.tensor(-2.5e-20, dtype=DOUBLE), "−2.5 · 10⁻²⁰"),
        (torch.tensor([-1.0, float("-inf"), float("nan")]), "[−1, −∞, NaN]"),
        (torch.tensor(1 - 2j), "1−2 i"),
        (-torch.arange(6.0), "6 numbers: −5 … 0"),
        (torch.tensor(3), "3"),
        (torch.tensor([1.0, 2.5]), "[1, 2.5]"),
        (torch.arange(6.0), "6 numbers: 0 … 5"),
        (torch.ones(3, 4, 4), "3×4×4: all 1"),
        (torch.ones(2, 0), "2×0"),
        (torch.ones(5, dtype=torch.complex64), "5 numbers"),
    ],
)
def test_values_in_a_few_letters(value, shown):
    assert f" {shown}" in table(record(lambda x: x, value))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (torch.tensor(True), r"\text{True}"),
        (torch.tensor(-2.5e-20, dtype=DOUBLE), r"-2.5 \cdot 10^{-20}"),
        (torch.tensor([float("-inf"), float("nan")]), r"[-\infty, \text{NaN}]"),
        (torch.tensor(1 - 2j), "1-2i"),
        (-torch.arange(6.0), r"6\text{ numbers}: -5 \ldots 0"),
        (torch.ones(2, 3), r"2 \times 3: \text{all }1"),
    ],
)
def test_values_in_latex(value, shown):
    written = table(record(lambda x: x, value), form="latex")
    assert f"& {shown} " in written
    assert written.isascii()


def test_no_form_mixes_two_signs_for_minus(trace):
    for form in ("text", "markdown", "html"):
        written = table(trace, tangents=(-1, 0), cotangent=-1, form=form)
        assert not re.search(r"-[0-9]", written)
        assert "−0.958924" in written
    assert "-0.9589" not in drawing(trace)


@pytest.mark.parametrize(
    ("fun", "rule"),
    [
        (lambda x: x.max(dim=0).values, "v₁ = max.values(v₀, dim=0) "),
        (lambda x: x.max(dim=0).indices, "v₂ = max.indices(v₀, dim=0) "),
        (lambda x: torch.linalg.svd(x.outer(x))[1], "v₃ = linalg_svd.S v₁ "),
        (lambda x: torch.frexp(x)[0], "v₁ = frexp.mantissa v₀ "),
        (lambda x: x.unbind()[0], "v₁ = unbind[0] v₀ "),
    ],
)
def test_which_output_a_row_holds(fun, rule):
    assert rule in table(record(fun, torch.tensor([1.0, 2.0], dtype=DOUBLE)))


def test_names_are_escaped():
    weird = {"a<b&_|$": torch.ones(2)}
    scope = {"torch": torch, **weird}
    fun = eval("lambda x: x + held()", scope | {"held": lambda: weird["a<b&_|$"]})
    trace = record(fun, torch.ones(2))
    object.__setattr__(trace.rows[0], "name", "a<b&_|$")
    assert "a&lt;b&amp;_|$" in table(trace, form="html")
    assert r"a\<b&\_\|\$" in table(trace, form="markdown")
    assert r"\mathtt{a<b\&\_|\$}" in table(trace, form="latex")
    assert "a&lt;b&amp;_|$" in drawing(trace)


def parsed(picture):
    return ElementTree.fromstring(picture)


SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("direction", ["forward", "reverse"])
def test_a_drawing_is_accessible_scalable_and_the_same_twice(trace, direction):
    picture = drawing(trace, direction=direction, tangents=(1, 0), cotangent=1.0)
    assert picture == drawing(trace, direction=direction, tangents=(1, 0), cotangent=1.0)
    root = parsed(picture)
    assert root.get("role") == "img"
    labels = {e.get("id") for e in (root.find(f"{SVG}title"), root.find(f"{SVG}desc"))}
    assert set(root.get("aria-labelledby").split()) == labels
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    assert root.get("style") == "max-width:100%;height:auto"
    assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"
    assert root.get("fill") == "currentColor"
    assert "black" not in picture
    assert "white" not in picture
    texts = [e.text for e in root.iter(f"{SVG}text")]
    for text in ("v₁ = ln v₋₁", "0.6931", "v̇₂ = 5", "v̄₀ = 1.716", "0.2837", "−1"):
        assert text in texts


SCRIPT = """
import hashlib, torch
from steepest.render import drawing, table
from steepest.trace import record
trace = record(lambda a, b: {"x": a @ b, "y": (a * 2).sum()}, torch.ones(2, 2), torch.ones(2))
seeds = {"tangents": [torch.ones(2, 2), torch.ones(2)], "cotangent": [torch.ones(2), 1.0]}
text = drawing(trace, **seeds) + table(trace, form="html", **seeds)
print(hashlib.sha256(text.encode()).hexdigest())
"""


def test_two_processes_draw_the_same_bytes():
    digests = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_nothing_that_a_program_names_becomes_markup():
    name = '<b>&"'

    def fun(x):
        return torch.max(x, dim=0)[0] * held

    held = torch.ones(2)
    trace = record(fun, torch.ones(3, 2))
    trace = dataclasses.replace(
        trace,
        _names=(name,),
        _steps=tuple(s and s._replace(operation=Operation(name)) for s in trace._steps),
    )
    for markup in (drawing(trace, title=name), table(trace, form="html", title=name)):
        for text in (markup, markup._repr_html_()):
            parsed(f"<div>{text}</div>")
            assert "<b>" not in text
            assert "&lt;b&gt;&amp;" in text


def places(picture):
    return [(e.get("x"), e.get("y")) for e in parsed(picture).iter(f"{SVG}rect")]


def test_two_arrows_between_the_same_boxes_have_ids_of_their_own():
    x = torch.ones(2, requires_grad=True)
    picture = autograd_graph((x * x).sum(), {"x": x})
    arrows = [e.get("id") for e in parsed(picture).iter(f"{SVG}g") if "edge" in e.get("class")]
    assert sorted(arrow.removesuffix("-2") == arrow for arrow in arrows).count(False) == 1
    assert len(set(arrows)) == len(arrows)


def test_reverse_turns_the_arrows_and_moves_nothing(trace):
    there, back = drawing(trace), drawing(trace, direction="reverse")
    assert places(there) == places(back)
    heads = [re.findall(r'points="([^ ]*)', picture) for picture in (there, back)]
    rights = [[float(point.split(",")[0]) for point in points] for points in heads]
    assert all(right > left for right, left in zip(*rights, strict=True))


def test_a_path_is_brought_out(trace):
    picture = drawing(trace, highlight=(0, 2, 5, 6), prefix="p")
    strong = {
        e.get("id") for e in parsed(picture).iter(f"{SVG}g") if "steepest-strong" in e.get("class")
    }
    assert strong == {"p-r0", "p-r2", "p-r5", "p-r6", "p-r0-r2", "p-r2-r5", "p-r5-r6"}


@pytest.mark.parametrize(
    "fun",
    [
        lambda x: x,
        lambda x: x * x,
        lambda x: torch.fft.fft(x).abs().sum(),
        lambda x: (x > 0, x.sum()),
        lambda x: torch.cat([x[:1], x * 2, torch.ones(2)]),
    ],
)
def test_any_trace_can_be_drawn(fun):
    parsed(drawing(record(fun, torch.ones(3)), tangents=[torch.ones(3)]))


DISTUTILS = pytest.mark.filterwarnings("ignore:distutils Version:DeprecationWarning")


def made(output, **named):
    return [e.text for e in parsed(autograd_graph(output, named)).iter(f"{SVG}text")]


def test_pytorchs_graph_of_numbers_and_of_tensors():
    pytest.importorskip("torchviz")
    x1, x2 = torch.tensor(5.0, requires_grad=True), torch.tensor(2.0, requires_grad=True)
    inner = x2**2
    texts = made(x1**2 + inner, x1=x1, x2=x2, inner=inner)
    assert {"x1", "x2", "inner", "AddBackward0"} <= set(texts)
    x = torch.ones(3, 4, 4, requires_grad=True)
    assert {"x", "(3, 4, 4)", "SinBackward0"} <= set(made(x**2 + torch.sin(x), x=x))


@DISTUTILS
def test_pytorchs_graph_from_torchviz():
    torchviz = pytest.importorskip("torchviz")
    x = torch.ones(2, requires_grad=True)
    graph = torchviz.make_dot((x * 2).sum(), params={"x": x})
    assert autograd_graph(graph) == autograd_graph(graph.source)
    assert "MulBackward0" in autograd_graph(graph)


LEAF = torch.ones(2, requires_grad=True)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda t: table(3), TypeError, "table: needs a Trace from record, and got a int"),
        (lambda t: table(t, form="pdf"), ValueError, "one of text, .* latex, and was 'pdf'"),
        (lambda t: table(t, tangents=[1]), ValueError, "one tangent for each input, so 2; got 1"),
        (lambda t: drawing(3), TypeError, "drawing: needs a Trace from record, and got a int"),
        (lambda t: drawing(t, direction="up"), ValueError, "forward, reverse, and was 'up'"),
        (lambda t: drawing(t, highlight=[9]), ValueError, "row numbers from 0 to 6, and got 9"),
        (lambda t: autograd_graph(3), TypeError, "autograd_graph: needs a tensor, .* got a int"),
        (lambda t: autograd_graph(torch.ones(2)), ValueError, "kept no graph for this tensor"),
        (lambda t: autograd_graph("digraph {}", {}), ValueError, "params name the tensors of"),
        (lambda t: autograd_graph(LEAF * 2, {"x": 3}), TypeError, r"params\['x'\] must be a ten"),
    ],
)
def test_messages(trace, call, error, message):
    with pytest.raises(error, match=message):
        call(trace)


@pytest.mark.parametrize(
    ("module", "call", "message"),
    [
        ("pygraphviz", drawing, r'pip install "steepest\[plot\]"'),
        ("torchviz", lambda t: autograd_graph(LEAF * 2), "pip install torchviz"),
    ],
)
def test_missing_packages(trace, monkeypatch, module, call, message):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=message):
        call(trace)
