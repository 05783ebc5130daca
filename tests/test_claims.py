"""Claims: what holds, what does not, and what cannot be checked."""

import json
import logging
import math

import numpy as np
import pytest
import torch

from steepest import claim
from steepest.claims import Claim, ClaimError

NAN, INF = math.nan, math.inf

TRUE = [
    (1.0, 1, "≈", {}),
    (1.0, 1.1, "≈", {"atol": 0.11}),
    (90.0, 100.0, "≈", {"rtol": 0.1}),
    (NAN, NAN, "≈", {}),
    (INF, INF, "≈", {"rtol": 0.1}),
    (-INF, -INF, "≈", {"atol": 1.0}),
    ([1.0, NAN], [1.0, NAN], "≈", {}),
    (torch.tensor([1.0, 2.0]), [1, 2], "≈", {}),
    (np.array([[1.0], [2.0]]), torch.tensor([[1.0], [2.0]]), "≈", {}),
    (torch.zeros(2, 3), 0, "≈", {}),
    (True, True, "≈", {}),
    ("converged", "converged", "≈", {}),
    (1, 2, "<", {}),
    (2, 2, "≤", {}),
    (2.05, 2, "≤", {"atol": 0.1}),
    (3, 2, ">", {}),
    ([2, 3], 2, "≥", {}),
    (1.95, 2, "≥", {"rtol": 0.1}),
    (lambda: 1 / 0, ZeroDivisionError, "raises", {}),
    (lambda: 1 / 0, ArithmeticError, "raises", {}),
]

FALSE = [
    (1.0, 1 + 1e-15, "≈", {}),
    (1.0, 1.1, "≈", {"atol": 0.09}),
    (89.0, 100.0, "≈", {"rtol": 0.1}),
    (NAN, 1.0, "≈", {"atol": 1e300}),
    (1.0, NAN, "≈", {"atol": 1e300}),
    (INF, 1.0, "≈", {"atol": 1e300}),
    (INF, -INF, "≈", {}),
    (1e308, INF, "≈", {"atol": 1e308}),
    ([1.0, 2.0], [1.0, 3.0], "≈", {}),
    (True, 1, "≈", {}),
    ("1", 1, "≈", {}),
    ("stalled", "converged", "≈", {}),
    (2, 2, "<", {}),
    ([1, 3], 2, "<", {}),
    (NAN, 2, "<", {}),
    (NAN, 2, "≥", {"atol": 1e300}),
    (2.2, 2, "≤", {"atol": 0.1}),
    (2, 2, ">", {}),
    (lambda: 1, ZeroDivisionError, "raises", {}),
    (lambda: [][0], ZeroDivisionError, "raises", {}),
]

BAD = [
    ((1, 1), {"relation": "="}, ValueError, "relation '=' is none of ≈ < ≤ > ≥ raises"),
    ((1, 1), {"atol": -1e-3}, ValueError, "atol must be finite and at least 0, got -0.001"),
    ((1, 1), {"rtol": INF}, ValueError, "rtol must be finite and at least 0, got inf"),
    ((1, 1), {"atol": NAN}, ValueError, "atol must be finite and at least 0, got nan"),
    ((1, 2), {"relation": "<", "atol": 1.0}, ValueError, "'<' takes no tolerance"),
    (([1, 2], [1, 2, 3]), {}, ValueError, r"shape \(2,\) and expected \(3,\)"),
    ((1, [1]), {}, ValueError, r"shape \(\) and expected \(1,\)"),
    (([[1], [1, 2]], 1), {}, ValueError, "rows of a list must have one length"),
    (([], 0), {}, ValueError, "an empty claim cannot fail"),
    ((torch.zeros(0, 3), 0), {}, ValueError, "an empty claim cannot fail"),
    ((torch.zeros(101, 100), 0), {}, ValueError, "10100 values are too many"),
    ((None, 1), {}, TypeError, "NoneType is not a number"),
    ((1 + 2j, 1), {}, TypeError, "complex is not a number"),
    ((1, ValueError), {"relation": "raises"}, TypeError, "wrap it in lambda"),
    ((lambda: 1, 3), {"relation": "raises"}, TypeError, "expects a type of exception, got 3"),
]


@pytest.mark.parametrize(("observed", "expected", "relation", "tolerance"), TRUE)
def test_true(observed, expected, relation, tolerance):
    assert isinstance(claim("so it is", observed, expected, relation=relation, **tolerance), Claim)


@pytest.mark.parametrize(("observed", "expected", "relation", "tolerance"), FALSE)
def test_false(observed, expected, relation, tolerance):
    with pytest.raises(ClaimError, match="false: so it is: "):
        claim("so it is", observed, expected, relation=relation, **tolerance)


@pytest.mark.parametrize(("sides", "options", "error", "message"), BAD)
def test_what_cannot_be_checked(sides, options, error, message):
    with pytest.raises(error, match=message) as raised:
        claim("so it is", *sides, **options)
    assert not isinstance(raised.value, ClaimError)
    assert str(raised.value).startswith("claim: ")


def test_prints_its_line_and_logs_itself(capsys, caplog):
    with caplog.at_level(logging.INFO, logger="steepest.claims"):
        made = claim("half", 0.5001, 0.5, atol=1e-3)
    assert capsys.readouterr().out == "✓ half: 0.5001 ≈ 0.5 (atol 0.001)\n"
    assert [record.claim for record in caplog.records] == [made]


def test_false_claim_neither_prints_nor_logs(capsys, caplog):
    with caplog.at_level(logging.INFO, logger="steepest.claims"), pytest.raises(ClaimError):
        claim("half", 0.6, 0.5)
    assert capsys.readouterr().out == ""
    assert caplog.records == []


def test_html_is_escaped():
    assert "&lt;b&gt; &amp; c" in claim("<b> & c", 1, 1)._repr_html_()


@pytest.mark.parametrize(
    ("observed", "expected", "sides"),
    [
        (True, True, "True (as expected)"),
        ("cpu", "cpu", "cpu (as expected)"),
        (NAN, NAN, "nan (as expected)"),
        (-INF, -INF, "-inf (as expected)"),
        ([True, False], [True, False], "[True, False] (as expected)"),
        ([True, True], True, "[True, True] (as expected)"),
        (["a", NAN], ["a", NAN], "[a, nan] (as expected)"),
        (2, 2, "2 ≈ 2"),
        ([1.0, NAN], [1.0, NAN], "[1, nan] ≈ [1, nan]"),
    ],
)
def test_what_is_no_finite_number_is_said_once(observed, expected, sides):
    made = claim("a", observed, expected)
    assert made.line == f"a: {sides}"
    assert Claim(**json.loads(json.dumps(made.as_dict()))).line == made.line


def test_what_is_false_says_both_sides():
    with pytest.raises(ClaimError, match="false: a: True ≈ False"):
        claim("a", True, False)


def test_long_lists_are_cut_in_the_line_and_whole_in_the_data():
    made = claim("ten", list(range(10)), list(range(10)))
    assert made.line == "ten: [0, 1, 2, … 10 in all] ≈ [0, 1, 2, … 10 in all]"
    assert made.as_dict()["observed"] == list(range(10))


def test_dict_is_strict_json():
    made = claim("ends", [NAN, INF, 1.0], [NAN, INF, 1.0])
    text = json.dumps(made.as_dict(), allow_nan=False)
    assert json.loads(text) == {
        "statement": "ends",
        "observed": ["nan", "inf", 1.0],
        "relation": "≈",
        "expected": ["nan", "inf", 1.0],
        "atol": 0.0,
        "rtol": 0.0,
    }


def test_claims_leave_tensors_alone():
    x = torch.ones(2, requires_grad=True)
    claim("ones", x * 1, 1)
    assert x.requires_grad
    assert x.grad is None
