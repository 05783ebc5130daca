"""Every set: what it contains, its projection against oracles and laws, its samples."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from steepest.convexity import (
    Affine,
    Box,
    Intersection,
    NormBall,
    Orthant,
    Polyhedron,
    ProjectionError,
    PSDCone,
    Simplex,
    Union,
)


def tensor(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def randn(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=seeded(seed))


TRIANGLE = Polyhedron(tensor([[1.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]), tensor([1.0, 0.0, 0.0]))
FLAT = Polyhedron(
    tensor([[1.0, 1.0], [-1.0, -1.0], [1.0, 0.0], [-1.0, 0.0]]), tensor([1, -1, 2, 2.0])
)
CONVEX = {
    "ball": NormBall(tensor([1.0, -1.0, 0.5]), 2.0),
    "ball of matrices": NormBall(randn(2, 2), 0.7, p=1.5),
    "ball of numbers": NormBall(tensor(3.0), 0.5, p=3),
    "1-ball": NormBall(torch.zeros(4).double(), 1.5, p=1),
    "3-ball": NormBall(torch.zeros(4).double(), 1.5, p=3),
    "max-ball": NormBall(torch.ones(4).double(), 1.5, p=math.inf),
    "point": NormBall(tensor([1.0, 2.0]), 0.0),
    "orthant": Orthant(3),
    "half line": Orthant(1),
    "box": Box(tensor([0.0, -1.0]), tensor([2.0, 1.0])),
    "strip": Box(tensor([0.0, -math.inf, 1.0]), tensor([math.inf, math.inf, 1.0])),
    "simplex": Simplex(5, total=2.0),
    "simplex of one": Simplex(1),
    "plane": Affine(tensor([[1.0, 2.0, -1.0]]), tensor([3.0])),
    "line, a row twice": Affine(
        tensor([[1.0, 2.0, 0], [2.0, 4.0, 0], [0, 0, 1.0]]), tensor([1, 2, 0.0])
    ),
    "triangle": TRIANGLE,
    "segment by inequalities": FLAT,
    "unbounded polyhedron": Polyhedron(randn(4, 5), tensor([1.0, 1.0, 1.0, 1.0])),
    "PSD cone": PSDCone(3),
    "numbers": PSDCone(1),
    "half disc": Intersection(
        NormBall(torch.zeros(2).double()), Polyhedron(tensor([[-1.0, -1.0]]), tensor([0.0]))
    ),
    "disc in space": Intersection(
        NormBall(torch.zeros(3).double()), Affine(tensor([[1.0, 1.0, 1.0]]), tensor([1.0]))
    ),
}
SETS = {
    **CONVEX,
    "star": NormBall(torch.zeros(3).double(), p=0.5),
    "two discs": Union(NormBall(tensor([2.0, 0])), NormBall(tensor([-2.0, 0]))),
}


@pytest.mark.parametrize("name", SETS)
def test_samples_are_members_and_repeat(name):
    region = SETS[name]
    points = region.sample(50)
    assert points.shape == (50, *region.shape)
    assert points.dtype == region.dtype
    assert bool(region.contains(points).all())
    assert torch.equal(points, region.sample(50))
    assert region.sample(0).shape == (0, *region.shape)
    other = region.sample(50, seeded(1))
    single = name in ("point", "simplex of one")
    assert torch.equal(points, other) == single


@pytest.mark.parametrize("name", CONVEX)
def test_projection_is_idempotent_nonexpansive_and_makes_an_obtuse_angle(name):
    region = CONVEX[name]
    x = 3 * randn(20, *region.shape, seed=1)
    nearest = region.project(x)
    assert bool(region.contains(nearest).all())
    torch.testing.assert_close(region.project(nearest), nearest, atol=1e-8, rtol=0)
    flat, images = x.reshape(20, -1), nearest.reshape(20, -1)
    assert bool((torch.cdist(images, images) <= torch.cdist(flat, flat) + 1e-8).all())
    # the variational inequality: <x - Px, y - Px> <= 0 for every y of the set
    members = region.sample(40, seeded(2)).reshape(1, 40, -1)
    angles = ((flat - images)[:, None] * (members - images[:, None])).sum(2)
    assert float(angles.max()) <= 1e-7


@pytest.mark.parametrize("name", CONVEX)
def test_members_stay_where_they_are(name):
    points = CONVEX[name].sample(10)
    torch.testing.assert_close(CONVEX[name].project(points), points, atol=1e-8, rtol=0)


@pytest.mark.parametrize("name", CONVEX)
def test_batches_dtypes_and_empty_batches(name):
    region = CONVEX[name]
    x = randn(2, 3, *region.shape, seed=3)
    nearest = region.project(x)
    torch.testing.assert_close(nearest[1, 2], region.project(x[1, 2]), atol=1e-9, rtol=0)
    single = region.project(x.float())
    assert single.dtype == torch.float32
    torch.testing.assert_close(single, nearest.float(), atol=1e-5, rtol=1e-5)
    assert bool(region.contains(single).all())
    assert region.contains(x).shape == (2, 3)
    assert region.project(x[:0]).shape == (0, 3, *region.shape)
    assert region.contains(x[:0]).shape == (0, 3)
    assert not bool(region.contains(x * math.nan).any())


# set, x, its projection, worked by hand
KNOWN = {
    "ball": (NormBall(torch.zeros(2).double()), [3.0, 4.0], [0.6, 0.8]),
    "1-ball": (NormBall(torch.zeros(2).double(), p=1), [-2.0, 1.5], [-0.75, 0.25]),
    "max-ball": (NormBall(torch.zeros(2).double(), p=math.inf), [-2.0, 0.5], [-1.0, 0.5]),
    "simplex": (Simplex(3), [0.5, 0.5, 0.5], [1 / 3, 1 / 3, 1 / 3]),
    "simplex, a corner": (Simplex(3), [5.0, 0.0, -1.0], [1.0, 0.0, 0.0]),
    "plane": (Affine(tensor([[1.0, 1.0]]), tensor([2.0])), [3.0, 1.0], [2.0, 0.0]),
    "triangle, an edge": (TRIANGLE, [2.0, 1.5], [0.75, 0.25]),
    "triangle, a corner": (TRIANGLE, [-1.0, -3.0], [0.0, 0.0]),
    "PSD": (PSDCone(2), [[0.0, 2.0], [0.0, 0.0]], [[0.5, 0.5], [0.5, 0.5]]),
}


@pytest.mark.parametrize("name", KNOWN)
def test_projections_worked_by_hand(name):
    region, x, expected = KNOWN[name]
    torch.testing.assert_close(region.project(tensor(x)), tensor(expected), atol=1e-12, rtol=0)


def brute_force(A, b, x):
    """Try every set of inequalities as equations; of the feasible answers keep the nearest."""
    best = x if bool((A @ x <= b + 1e-9).all()) else None
    for k in range(1, len(x) + 1):
        for rows in itertools.combinations(range(len(A)), k):
            tight, right = A[list(rows)], b[list(rows)]
            y = x - torch.linalg.pinv(tight) @ (tight @ x - right)
            nearer = best is None or (y - x).norm() < (best - x).norm()
            if nearer and bool((A @ y <= b + 1e-9).all()):
                best = y
    return best


@settings(deadline=None, max_examples=40, derandomize=True)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 3), m=st.integers(1, 7))
def test_polyhedron_against_every_active_set(seed, n, m):
    A = randn(m, n, seed=seed)
    inside = randn(n, seed=seed + 1)
    b = A @ inside + randn(m, seed=seed + 2).abs()
    x = 4 * randn(n, seed=seed + 3)
    expected = brute_force(A, b, x)
    torch.testing.assert_close(Polyhedron(A, b).project(x), expected, atol=1e-8, rtol=1e-8)


def test_polyhedron_of_simplex_agrees_with_sorting():
    ones = torch.ones(1, 6).double()
    A = torch.cat([-torch.eye(6).double(), ones, -ones])
    region = Polyhedron(A, tensor([0.0] * 6 + [1.0, -1.0]))
    x = randn(30, 6)
    torch.testing.assert_close(region.project(x), Simplex(6).project(x), atol=1e-9, rtol=0)


@pytest.mark.parametrize("p", [1.2, 1.5, 3, 10, 50.0])
def test_p_balls_satisfy_the_optimality_conditions(p):
    x = 3 * randn(20, 5)
    y = NormBall(torch.zeros(5).double(), p=p).project(x)
    outside = x.abs().pow(p).sum(1) > 1
    assert int(outside.sum()) > 10
    x, y = x[outside], y[outside]
    torch.testing.assert_close(y.abs().pow(p).sum(1), torch.ones(len(y)).double())
    # x - y is a nonnegative multiple of the gradient of the norm at y
    normal = y.sign() * y.abs() ** (p - 1)
    cosine = torch.nn.functional.cosine_similarity(x - y, normal)
    torch.testing.assert_close(cosine, torch.ones_like(cosine), atol=1e-7, rtol=0)


def test_dykstra_finds_the_nearest_point_where_plain_alternation_does_not():
    halves = [Polyhedron(tensor([a]), tensor([0.0])) for a in ([-1.0, 0.0], [1.0, 1.0])]
    x = tensor([-1.0, 2.0])
    plain = x
    for _ in range(100):
        plain = halves[1].project(halves[0].project(plain))
    nearest = Intersection(*halves).project(x)
    torch.testing.assert_close(nearest, tensor([0.0, 0.0]), atol=1e-9, rtol=0)
    both = Polyhedron(torch.cat([h.A for h in halves]), tensor([0.0, 0.0]))
    torch.testing.assert_close(both.project(x), nearest, atol=1e-9, rtol=0)
    assert bool(both.contains(plain))


def test_two_balls_that_touch_meet_slowly():
    left, right = NormBall(tensor([-1.0, 0.0])), NormBall(tensor([1.0, 0.0]))
    region = Intersection(left, right, tol=1e-3)
    with pytest.raises(ProjectionError, match=r"row 0 did not converge in .* cycles"):
        Intersection(left, right, tol=1e-9, max_cycles=20).project(tensor([0.0, 3.0]))
    assert bool(region.contains(tensor([0.0, 0.0])))


def test_uniform_samples_of_balls_and_simplices():
    # the radius of a uniform point has the distribution function r^n, whatever p
    for p in (0.5, 1, 1.5, 2, math.inf):
        points = NormBall(torch.zeros(3).double(), p=p).sample(4000)
        radius = torch.linalg.vector_norm(points, p, dim=1)
        assert abs(float((radius**3).mean()) - 0.5) < 0.02
        assert float(points.mean(0).abs().max()) < 0.05
    torch.testing.assert_close(
        Simplex(4).sample(4000).mean(0), torch.full((4,), 0.25).double(), atol=0.01, rtol=0
    )
    square = Polyhedron(torch.cat([torch.eye(2), -torch.eye(2)]).double(), torch.ones(4).double())
    second = square.sample(4000).square().mean(0)
    torch.testing.assert_close(second, tensor([1 / 3, 1 / 3]), atol=0.03, rtol=0)


def test_union_projects_on_the_nearest_part():
    parts = Union(NormBall(tensor([2.0, 0])), NormBall(tensor([-2.0, 0])))
    x = tensor([[5.0, 0.0], [-0.5, 0.0], [0.0, 0.0]])
    expected = tensor([[3.0, 0.0], [-1.0, 0.0], [1.0, 0.0]])
    torch.testing.assert_close(parts.project(x), expected)


def test_nothing_is_mutated():
    center = tensor([1.0, 2.0])
    x = tensor([5.0, 5.0])
    region = NormBall(center)
    region.project(x)
    region.contains(x)
    assert torch.equal(center, tensor([1.0, 2.0]))
    assert torch.equal(x, tensor([5.0, 5.0]))
    state = torch.random.get_rng_state()
    for one in SETS.values():
        one.sample(2)
    assert torch.equal(state, torch.random.get_rng_state())


@pytest.mark.gpu
@pytest.mark.parametrize("name", ["ball", "box", "plane", "triangle", "PSD"])
def test_sets_work_on_the_gpu(name):
    known = {"box": CONVEX["box"], "ball": CONVEX["ball"], "plane": CONVEX["plane"]}
    region = {**known, "triangle": TRIANGLE, "PSD": PSDCone(3)}[name]
    x = randn(5, *region.shape)
    torch.testing.assert_close(region.project(x.cuda()).cpu(), region.project(x))
