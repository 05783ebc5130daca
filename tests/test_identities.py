"""Every identity of the catalogue, checked and not trusted."""

import math
from dataclasses import replace
from itertools import groupby

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from steepest import derivatives
from steepest.identities import CATALOGUE, Identity, Verification, find, verify
from steepest.identities.verify import AUTOGRAD, DIFFERENCES

every = pytest.mark.parametrize("identity", CATALOGUE, ids=lambda identity: identity.anchor)


def drawn(identity, seed=0):
    return identity.sample(torch.Generator().manual_seed(seed))


# --- the catalogue ----------------------------------------------------------------------------


@every
def test_each_agrees_with_autograd_and_with_differences(identity):
    report = verify(identity)
    assert report.holds, report
    # A hundred times tighter than `holds` asks for: the samples are well conditioned.
    assert report.autograd <= 1e-12
    assert (report.second_autograd or 0) <= 1e-12


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sampled_from(CATALOGUE), st.integers(0, 2**32))
def test_each_holds_wherever_it_is_sampled(identity, seed):
    report = verify(identity, samples=1, seed=seed)
    assert report.holds, report


@every
def test_each_keeps_single_precision(identity):
    single = tuple(t.float() if t.dtype == torch.float64 else t for t in drawn(identity))
    claimed = identity.claimed(*single)
    truth = derivatives.jacobian(lambda x: identity.fun(x, *single[1:]), single[0])
    assert claimed.dtype == torch.float32
    torch.testing.assert_close(claimed, truth, rtol=2e-3, atol=2e-4)
    if identity.second is not None:
        assert identity.second(*single).dtype == torch.float32


@every
def test_none_changes_its_arguments(identity):
    arguments = drawn(identity)
    before = [t.clone() for t in arguments]
    identity.fun(*arguments)
    identity.claimed(*arguments)
    if identity.second is not None:
        identity.second(*arguments)
    for now, then in zip(arguments, before, strict=True):
        torch.testing.assert_close(now, then, rtol=0, atol=0)


@every
def test_samples_are_symmetric_only_where_the_domain_says_so(identity):
    squares = [t for t in drawn(identity) if t.ndim == 2 and t.shape[0] == t.shape[1]]
    symmetric = sum(torch.equal(t, t.mT) for t in squares)
    said = "symmetric" in identity.domain or "definite" in identity.domain
    # The summand of a shifted inverse may be anything; where no symmetry is named, none is drawn.
    assert symmetric == 0 or said or identity.name == "trace of a shifted inverse"
    if squares and drawn(identity)[0] is squares[0]:
        assert not torch.equal(squares[0], squares[0].mT)


@every
def test_each_says_where_it_holds_and_who_says_so(identity):
    assert identity.topic
    assert identity.latex
    assert identity.domain
    assert identity.domain.count("$") % 2 == 0
    assert "(" in identity.source, "a year in parentheses"
    assert identity.code.startswith("fun = ")
    assert "\nclaimed = " in identity.code
    assert ("\nsecond = " in identity.code) == (identity.second is not None)


def test_the_catalogue_is_large_and_its_names_are_unique():
    assert len(CATALOGUE) >= 140
    assert len({identity.name for identity in CATALOGUE}) == len(CATALOGUE)
    assert len({identity.anchor for identity in CATALOGUE}) == len(CATALOGUE)
    assert len({identity.latex for identity in CATALOGUE}) == len(CATALOGUE)
    assert sum(identity.second is not None for identity in CATALOGUE) >= 45


def test_topics_stand_together():
    topics = [topic for topic, _ in groupby(CATALOGUE, key=lambda identity: identity.topic)]
    assert len(topics) == len(set(topics)) == 12


# --- finding ----------------------------------------------------------------------------------


def test_find_returns_the_identity_of_that_name():
    assert all(find(identity.name) is identity for identity in CATALOGUE)


def test_find_names_what_comes_near():
    with pytest.raises(
        ValueError, match=r"find: no identity is called 'determinnt'.*'determinant'"
    ):
        find("determinnt")


def test_find_guesses_nothing_where_nothing_is_near():
    with pytest.raises(ValueError, match=r"find: no identity is called 'zzzzzzzz'$"):
        find("zzzzzzzz")


# --- the code on the page ---------------------------------------------------------------------


def test_code_of_a_lambda_over_several_lines_is_whole():
    code = find("ratio of two squared norms").code
    assert code.count("(") == code.count(")")
    assert code.startswith("fun = lambda x, A, B:")
    assert "\nclaimed = lambda x, A, B: (" in code
    compile(code, "code", "exec")


@every
def test_code_compiles(identity):
    compile(identity.code, identity.name, "exec")


def test_code_of_a_named_function_is_its_definition():
    code = find("pseudo-inverse").code
    assert code.startswith("fun = _full_rank_pinv\nclaimed = _derivative_of_pinv\n\n\ndef ")
    assert "def _derivative_of_pinv(X: Tensor) -> Tensor:" in code


def test_code_of_a_function_of_pytorch_is_its_name():
    assert replace(find("trace"), fun=torch.trace).code.startswith("fun = trace\n")


def test_lambdas_on_one_line_are_told_apart_by_their_arguments():
    pair = replace(find("trace"), fun=lambda X: X.sum(), claimed=lambda X, A: X * A)  # fmt: skip
    assert pair.code == "fun = lambda X: X.sum()\nclaimed = lambda X, A: X * A"


# --- verification -----------------------------------------------------------------------------


def test_verification_is_repeatable_and_depends_on_the_seed():
    identity = find("inverse")
    assert verify(identity) == verify(identity)
    assert verify(identity) != verify(identity, seed=1)
    assert verify(identity, samples=5).samples == 5


def test_verification_reports_the_worst_sample():
    identity = find("quadratic form")
    each = [verify(identity, samples=k).differences for k in (1, 2, 3)]
    assert each == sorted(each)


def test_second_errors_are_reported_only_where_one_is_claimed():
    assert verify(find("normalisation")).second_autograd is None
    report = verify(find("quadratic form"))
    assert report.second_autograd is not None
    assert report.second_differences is not None


@pytest.mark.parametrize(
    "errors",
    [
        {"autograd": 2 * AUTOGRAD},
        {"differences": 2 * DIFFERENCES},
        {"second_autograd": 2 * AUTOGRAD},
        {"second_differences": 2 * DIFFERENCES},
        {"autograd": math.nan},
        {"differences": math.nan},
        {"second_autograd": math.inf},
        {"second_differences": math.nan},
    ],
    ids=str,
)
def test_one_error_too_large_and_nothing_holds(errors):
    good = Verification("x", 1, AUTOGRAD, DIFFERENCES, AUTOGRAD, DIFFERENCES)
    assert good.holds
    assert good
    bad = replace(good, **errors)
    assert not bad.holds
    assert not bad


def test_both_checks_are_independent():
    # The graph is cut in part: automatic differentiation agrees with a claim that is wrong.
    cut = replace(
        find("squared Euclidean norm"),
        fun=lambda x: (x * x.detach()).sum(),
        claimed=lambda x: x,
        second=None,
        second_latex="",
    )
    report = verify(cut)
    assert report.autograd <= AUTOGRAD
    assert report.differences == pytest.approx(0.5)
    assert not report.holds


def test_a_derivative_of_another_shape_is_infinitely_wrong():
    report = verify(replace(find("affine map"), claimed=lambda x, A, b: A.mT))
    assert report.autograd == report.differences == math.inf
    assert not report.holds


def test_an_exact_zero_is_no_error():
    constant = replace(find("trace"), fun=lambda X: 0 * X.sum(), claimed=lambda X: 0 * X)
    assert verify(constant) == Verification("trace", 3, 0.0, 0.0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: verify("trace"), TypeError, "verify: identity must be an Identity, got str"),
        (lambda: verify(find("trace"), samples=0), ValueError, "samples must be at least 1, got 0"),
        (lambda: verify(find("trace"), samples=2.0), TypeError, "samples must be an int, got 2.0"),
        (
            lambda: verify(find("trace"), samples=True),
            TypeError,
            "samples must be an int, got True",
        ),
        (
            lambda: verify(replace(find("trace"), sample=lambda g: torch.eye(2))),
            TypeError,
            "sample of 'trace' must return a tuple of tensors, x first; got Tensor",
        ),
        (
            lambda: verify(replace(find("trace"), sample=lambda g: ())),
            TypeError,
            "must return a tuple of tensors, x first; got an empty tuple",
        ),
        (
            lambda: verify(replace(find("trace"), sample=lambda g: (torch.eye(2), 3.0))),
            TypeError,
            "must return a tuple of tensors, x first; got a tuple with float",
        ),
        (
            lambda: verify(replace(find("trace"), sample=lambda g: (torch.eye(2),))),
            ValueError,
            "sample of 'trace' must draw x in torch.float64, got torch.float32",
        ),
        (
            lambda: verify(replace(find("trace"), sample=lambda g: (torch.zeros(0, 0).double(),))),
            ValueError,
            r"must draw x with at least one entry, got shape \(0, 0\)",
        ),
        (
            lambda: verify(replace(find("trace"), fun=lambda X: X.detach().sum())),
            ValueError,
            "no graph connects the result to x",
        ),
        (
            lambda: replace(find("trace"), second=lambda X: X),
            ValueError,
            "Identity: 'trace' must have both second and second_latex, or neither",
        ),
        (
            lambda: replace(find("quadratic form"), second=None),
            ValueError,
            "Identity: 'quadratic form' must have both second and second_latex, or neither",
        ),
    ],
)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_an_identity_of_ones_own_needs_six_things():
    own = Identity(
        name="cube",
        latex="(x^3)' = 3x^2",
        fun=lambda x: x**3,
        claimed=lambda x: 3 * x**2,
        sample=lambda g: (torch.randn((), dtype=torch.float64, generator=g),),
        source="school",
    )
    assert verify(own).holds
    assert own.anchor == "identity-cube"
