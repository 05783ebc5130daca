"""What convexity refuses, with its words; and the law that links f and its conjugate."""

import math

import pytest
import torch

from steepest.convexity import (
    Affine,
    Box,
    Intersection,
    NormBall,
    Orthant,
    Polyhedron,
    PSDCone,
    Simplex,
    Union,
    find_violation,
)


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


ZERO, ONE = tensor([0.0, 0.0]), tensor([1.0, 1.0])
SQUARE = Box(ZERO, ONE)
SADDLE = find_violation(lambda x: x[0] * x[1], SQUARE)
WRONG = {
    "ball, radius": (lambda: NormBall(ZERO, -1.0), ValueError, "a negative radius leaves no point"),
    "ball, p": (lambda: NormBall(ZERO, p=0), ValueError, "p must be above 0, got 0"),
    "ball, list": (lambda: NormBall([0.0]), TypeError, "center must be a tensor, got list"),
    "ball, ints": (lambda: NormBall(torch.zeros(2, dtype=torch.int64)), TypeError, "floating"),
    "star": (lambda: NormBall(ZERO, p=0.5).project(ONE), ValueError, "not convex.*take p >= 1"),
    "box, order": (lambda: Box(ONE, ZERO), ValueError, r"got 1 and 0 at index \(0,\)"),
    "box, shapes": (lambda: Box(ZERO, tensor(1.0)), ValueError, "must have one shape"),
    "box, NaN": (lambda: Box(ZERO * math.nan, ONE), ValueError, "lower must be free of NaN"),
    "orthant": (lambda: Orthant(0), ValueError, "n must be at least 1, got 0"),
    "orthant, type": (lambda: Orthant(1.5), TypeError, "n must be an int, got 1.5"),
    "simplex": (lambda: Simplex(2, total=-1.0), ValueError, "total must be positive"),
    "PSD": (lambda: PSDCone(0), ValueError, "n must be at least 1"),
    "plane, shape": (lambda: Affine(ONE, ONE), ValueError, r"A must have shape \(m, n\)"),
    "plane, b": (lambda: Affine(ONE[None], ONE), ValueError, r"b must have shape \(1,\)"),
    "plane, empty": (
        lambda: Affine(torch.stack([ONE, ONE]), tensor([1.0, 2.0])),
        ValueError,
        "the empty set is no affine subspace; .* rank 1 and 2 rows",
    ),
    "polyhedron, shape": (lambda: Polyhedron(ONE, ONE), ValueError, r"for a single row write A"),
    "polyhedron, empty": (
        lambda: Polyhedron(tensor([[1.0], [-1.0]]), tensor([0.0, -1.0])),
        ValueError,
        "no x satisfies Ax <= b. With weights u >= 0",
    ),
    "polyhedron, zero row": (lambda: Polyhedron(ZERO[None], -ONE[:1]), ValueError, "row of zeros"),
    "intersection, empty": (
        lambda: Intersection(NormBall(ZERO), NormBall(5 * ONE), max_cycles=200),
        ValueError,
        "no common point found. After 200 rounds",
    ),
    "intersection, star": (
        lambda: Intersection(NormBall(ZERO, p=0.5)),
        ValueError,
        "every set must be convex",
    ),
    "intersection, none": (lambda: Intersection(), ValueError, "at least one set"),
    "union, type": (lambda: Union(ZERO), TypeError, "must be a Set, got Tensor"),
    "union, shapes": (lambda: Union(SQUARE, Orthant(3)), ValueError, "must have one shape"),
    "contains": (lambda: SQUARE.contains(torch.ones(3)), ValueError, r"must have shape \(\*batch"),
    "contains, ints": (lambda: SQUARE.contains(torch.ones(2).int()), TypeError, "floating point"),
    "tol": (lambda: SQUARE.contains(ONE, tol=-1), ValueError, "tol must be at least 0"),
    "project, NaN": (lambda: SQUARE.project(ONE * math.nan), ValueError, "x must be finite"),
    "sample": (lambda: SQUARE.sample(-1), ValueError, "count must be at least 0"),
    "condition": (lambda: find_violation(torch.sum, SQUARE, "third"), ValueError, "got 'third'"),
    "kind": (lambda: find_violation(torch.sum, SQUARE, kind="flat"), ValueError, "got 'flat'"),
    "samples": (lambda: find_violation(torch.sum, SQUARE, samples=1), ValueError, "at least 2"),
    "steps": (lambda: find_violation(torch.sum, SQUARE, steps=1.5), TypeError, "must be an int"),
    "no domain": (lambda: find_violation(torch.sum), ValueError, "needs a domain"),
    "tensor as domain": (lambda: find_violation(torch.sum, ONE), TypeError, "must be a Set"),
    "domain of two parts": (
        lambda: find_violation(torch.sum, Union(SQUARE, SQUARE)),
        ValueError,
        "the domain of a convex function is a convex set",
    ),
    "no function": (lambda: find_violation(3, SQUARE), TypeError, "fun must be a function"),
    "no scalar": (lambda: find_violation(lambda x: x, SQUARE), ValueError, "return a scalar"),
    "branches": (
        lambda: find_violation(lambda x: x.sum() if x.sum() > 0 else -x.sum(), SQUARE),
        ValueError,
        "fun branches on values",
    ),
    "cut graph": (
        lambda: find_violation(lambda x: x.detach().sum(), SQUARE, "gradient"),
        ValueError,
        "no graph connects",
    ),
    "outside the domain": (
        lambda: find_violation(lambda x: torch.log(x - 0.5).sum(), SQUARE),
        ValueError,
        "fun is NaN at .* points of the domain, for example at",
    ),
    "infinite": (
        lambda: find_violation(lambda x: x.sum() + math.inf, SQUARE),
        ValueError,
        "fun is infinite at all",
    ),
    "a set has chords": (lambda: find_violation(SQUARE, None, "jensen"), ValueError, "has chords"),
    "set and domain": (lambda: find_violation(SQUARE, Orthant(3)), ValueError, "must have one"),
    "nothing in common": (
        lambda: find_violation(SQUARE, NormBall(9 * ONE)),
        ValueError,
        "0 lie in the set, and two are needed",
    ),
    "segment": (lambda: SADDLE.segment(1), ValueError, "count must be at least 2"),
}


@pytest.mark.parametrize("name", WRONG)
def test_errors_say_what_is_wrong(name):
    call, error, message = WRONG[name]
    with pytest.raises(error, match=message):
        call()


def test_a_domain_of_one_point_breaks_nothing():
    assert find_violation(lambda x: -(x**2).sum(), NormBall(ZERO, 0.0)) is None


def test_sets_cannot_be_changed():
    for region, name in ((SQUARE, "lower"), (Union(SQUARE), "sets")):
        with pytest.raises(AttributeError):
            setattr(region, name, None)
    assert "Box" in repr(Union(SQUARE))


# name: (f, its conjugate, where f lives, where the conjugate is finite)
CONJUGATES = {
    "half square": (lambda x: x @ x / 2, lambda s: s @ s / 2, NormBall(ZERO, 3.0), NormBall(ZERO)),
    "norm": (torch.linalg.vector_norm, lambda s: 0 * s.sum(), NormBall(ZERO, 3.0), NormBall(ZERO)),
    "log-sum-exp": (
        lambda x: torch.logsumexp(x, 0),
        lambda s: (s * torch.log(s)).sum(),
        NormBall(ZERO, 3.0),
        Simplex(2),
    ),
    "exponential": (
        lambda x: torch.exp(x).sum(),
        lambda s: (s * torch.log(s) - s).sum(),
        NormBall(ZERO, 2.0),
        Orthant(2),
    ),
    "minus log": (
        lambda x: -torch.log(x).sum(),
        lambda s: (-1 - torch.log(-s)).sum(),
        Orthant(2),
        Box(tensor([-9.0, -9.0]), ZERO),
    ),
}


@pytest.mark.parametrize("name", CONJUGATES)
def test_conjugate_pairs_satisfy_fenchel_young_with_equality_at_the_gradient(name):
    fun, conjugate, points, slopes = CONJUGATES[name]
    x, s = points.sample(200), slopes.sample(200, torch.Generator().manual_seed(1))
    f = torch.vmap(fun)(x)
    assert bool((f + torch.vmap(conjugate)(s) >= (x * s).sum(1) - 1e-12).all())
    gradient = torch.vmap(torch.func.grad(fun))(x)
    assert bool(slopes.contains(gradient).all()) or name in ("half square", "minus log")
    equal = f + torch.vmap(conjugate)(gradient)
    torch.testing.assert_close(equal, (x * gradient).sum(1))
    assert find_violation(conjugate, slopes, samples=500, refinements=2, steps=3) is None
