"""Wrong formulas are refused, also those that special samples would let pass."""

from dataclasses import replace

import pytest
import torch
from torch import diag, kron, outer
from torch.linalg import inv, matrix_power, solve
from torch.nn.functional import softmax

from steepest.identities import find, verify
from steepest.identities.tools import eye, from_differential, norm


def slipped(name, **changes):
    """Return the identity with another claim about its first derivative, and none of a second."""
    return replace(find(name), **({"second": None, "second_latex": ""} | changes))


def redrawn(change):
    """Return a maker of samplers: those of an identity, changed so that they become special."""

    def blind(identity):
        def sample(generator):
            return change(*find(identity.name).sample(generator))

        return replace(identity, sample=sample)

    return blind


def symmetric(X):
    return X + X.mT


def printed_eq_92(X, a, b):
    P = [matrix_power(X, r) for r in range(4)]
    return sum(
        P[2 - r] @ outer(a, b) @ P[3].mT @ P[r] + P[r].mT @ P[3] @ outer(a, b) @ P[2 - r].mT
        for r in range(3)
    )


# What is claimed wrongly, and the special samples on which nobody would notice: those where the
# slip changes nothing. None where there are no such samples worth the name.
SLIPS = {
    "a transpose is missing: gradient of det": (
        slipped("determinant", claimed=lambda X: torch.det(X) * inv(X)),
        redrawn(lambda X: (symmetric(X),)),
    ),
    "the determinant is missing": (
        slipped("determinant", claimed=lambda X: inv(X).mT),
        redrawn(lambda X: ((X.mT / torch.det(X).abs().pow(1 / 3) * torch.det(X).sign()).mT,)),
    ),
    "the inverse for its transpose: gradient of log det": (
        slipped("log determinant", claimed=lambda X: inv(X)),
        redrawn(lambda X: (X @ X.mT,)),
    ),
    "log of a negative determinant": (
        slipped("log of the absolute determinant", fun=lambda X: torch.det(X).log()),
        redrawn(lambda X: (torch.cat([-X[:1], X[1:]]),)),
    ),
    "no symmetrisation: quadratic form": (
        slipped("quadratic form", claimed=lambda x, A: 2 * A @ x),
        redrawn(lambda x, A: (x, symmetric(A))),
    ),
    "the factor 2 is missing": (
        slipped("quadratic form", claimed=lambda x, A: (A + A.mT) @ x / 2),
        None,
    ),
    "no symmetrisation in the second derivative": (
        replace(find("quadratic form"), second=lambda x, A: 2 * A),
        redrawn(lambda x, A: (x, symmetric(A))),
    ),
    "a transpose is missing: trace of a product": (
        slipped("trace of a product", claimed=lambda X, A: A),
        redrawn(lambda X, A: (X[:, :3], symmetric(A[:3]))),
    ),
    "a transpose is missing: trace of a square": (
        slipped("trace of a square", claimed=lambda X: 2 * X),
        redrawn(lambda X: (symmetric(X),)),
    ),
    "the outer product the wrong way round": (
        slipped("bilinear form by its matrix", claimed=lambda X, a, b: outer(b, a)),
        redrawn(lambda X, a, b: (X[:, :3], a, a)),
    ),
    "the norm for its square": (
        slipped("Frobenius norm", claimed=lambda X: 2 * X),
        redrawn(lambda X: (X / norm(X) / 2,)),
    ),
    "the square for the norm": (
        slipped("squared Frobenius norm", claimed=lambda X: X / norm(X)),
        redrawn(lambda X: (X / norm(X) / 2,)),
    ),
    "softmax entry by entry, without its outer product": (
        slipped("softmax", claimed=lambda x: diag(softmax(x, 0))),
        None,
    ),
    "softmax by its diagonal, as if it were a sigmoid": (
        slipped("softmax", claimed=lambda x: diag(softmax(x, 0) * (1 - softmax(x, 0)))),
        None,
    ),
    "the factors of a Kronecker product exchanged": (
        slipped("vec of a product of three", claimed=lambda v, A, B: kron(A, B.mT.contiguous())),
        redrawn(lambda v, A, B: (torch.cat([v, v[:3]]), A, A.mT.contiguous())),
    ),
    "rows stacked for columns": (
        slipped(
            "vec of a product of three", fun=lambda v, A, B: (A @ v.reshape(3, -1) @ B).ravel()
        ),
        None,
    ),
    "the sign of the inverse's derivative": (
        slipped("inverse", claimed=lambda X: from_differential(lambda dX: inv(X) @ dX @ inv(X), X)),
        None,
    ),
    "a transpose too many: derivative of the inverse": (
        slipped(
            "inverse",
            claimed=lambda X: from_differential(lambda dX: -inv(X).mT @ dX @ inv(X).mT, X),
        ),
        redrawn(lambda X: (symmetric(X),)),
    ),
    "the right eigenvector for the left one": (
        slipped("eigenvalue of a general matrix", claimed=lambda X: _right_only(X)),
        redrawn(lambda X: (symmetric(X),)),
    ),
    "no transposes: Gaussian by its covariance": (
        slipped(
            "Gaussian log-density by the covariance",
            claimed=lambda S, r: (inv(S) @ outer(r, r) @ inv(S) - inv(S)) / 2,
        ),
        redrawn(lambda S, r: (symmetric(S), r)),
    ),
    "the system for its transpose: adjoint solve": (
        slipped("adjoint solve", claimed=lambda X, b, w: -outer(solve(X, w), solve(X, b))),
        redrawn(lambda X, b, w: (symmetric(X), b, w)),
    ),
    "no projection: normalisation": (
        slipped("normalisation", claimed=lambda x: eye(len(x), x) / norm(x)),
        None,
    ),
    "the inner derivative is missing": (
        slipped("elementwise composition", claimed=lambda x: diag(torch.cos(x**2))),
        redrawn(lambda x: (torch.full_like(x, 0.5),)),
    ),
    "printed in the Cookbook as (92): a term transposed": (
        slipped("form in a power and its transpose", claimed=printed_eq_92),
        redrawn(lambda X, a, b: (torch.diag(X.diagonal()), *[torch.eye(3).double()[0]] * 2)),
    ),
    "printed in the Cookbook as (95): a transpose missing": (
        slipped(
            "ratio of two squared norms",
            sample=lambda g: tuple(
                torch.randn(shape, dtype=torch.float64, generator=g) + shift
                for shape, shift in (((3,), 2), ((4, 3), 0), ((3, 3), 2 * torch.eye(3)))
            ),
            claimed=lambda x, A, B: (
                2 * A.mT @ A @ x / (x @ B @ B @ x)
                - 2 * (x @ A.mT @ A @ x) * (B.mT @ B @ x) / (x @ B.mT @ B @ x) ** 2
            ),
        ),
        redrawn(lambda x, A, B: (x, A, symmetric(B[:3] + 2 * torch.eye(3)))),
    ),
    "printed in the Cookbook as (524): a transpose missing": (
        slipped(
            "form in a matrix, as a form in its vec",
            claimed=lambda v, a, B, c: (kron(B, outer(c, a)) + kron(B, outer(c, a)).mT) @ v,
        ),
        redrawn(lambda v, a, B, c: (v, a, symmetric(B), c)),
    ),
}


def _right_only(X):
    values, vectors = torch.linalg.eig(X)
    v = vectors[:, values.real.argmax()].real
    return outer(v, v)


@pytest.mark.parametrize("slip", [slip for slip, _ in SLIPS.values()], ids=list(SLIPS))
def test_slips_are_refused(slip):
    assert verify(find(slip.name)).holds, "the right formula"
    report = verify(slip)
    assert not report.holds
    # Wrong by far more than any tolerance: not one of these is a matter of rounding.
    large = [report.autograd, report.differences, report.second_autograd or 0.0]
    assert not all(error < 1e-3 for error in large)


BLIND = {name: (slip, blind) for name, (slip, blind) in SLIPS.items() if blind is not None}


@pytest.mark.parametrize(("slip", "blind"), BLIND.values(), ids=list(BLIND))
def test_special_samples_would_let_them_pass(slip, blind):
    report = verify(blind(slip))
    exact = [report.autograd, report.second_autograd or 0.0]
    assert all(error <= 1e-10 for error in exact), report


def test_there_are_enough_of_them():
    assert len(SLIPS) >= 25
    assert len(BLIND) >= 18
