"""Short names for what the formulas say, in the order and the letters of the books."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import one_hot


def eye(n: int, like: Tensor) -> Tensor:
    """Return the identity matrix of n rows, in the dtype and on the device of `like`."""
    return torch.eye(n, dtype=like.dtype, device=like.device)


def units(like: Tensor) -> Tensor:
    """Return the tensor of shape ``like.shape + like.shape`` that maps every tensor to itself.

    For a matrix, ``units(X)[:, :, i, j]`` is the matrix with a single 1, at (i, j).
    """
    return eye(like.numel(), like).reshape(*like.shape, *like.shape)


def unit(i: Tensor, x: Tensor) -> Tensor:
    """Return the i-th unit vector of the length of x."""
    return one_hot(i, x.numel()).to(x.dtype)


def norm(x: Tensor) -> Tensor:
    """Return the Euclidean norm of all entries: Frobenius' norm of a matrix."""
    length: Tensor = torch.linalg.vector_norm(x)
    return length


def sym(X: Tensor) -> Tensor:
    """Return the symmetric part of a matrix."""
    return (X + X.mT) / 2


def vec(X: Tensor) -> Tensor:
    """Stack the columns of a matrix."""
    return X.mT.reshape(-1)


def kron(A: Tensor, B: Tensor) -> Tensor:
    """Return the Kronecker product; PyTorch's own refuses transposed views."""
    return torch.kron(A.contiguous(), B.contiguous())


def unvec(v: Tensor, m: int) -> Tensor:
    """Return the matrix of m rows whose columns are stacked in v."""
    return v.reshape(-1, m).mT


def from_differential(differential: Callable[[Tensor], Tensor], X: Tensor) -> Tensor:
    """Return the derivative by X, of shape out + in, from the differential dX ↦ dF.

    The differential sees all matrices with a single 1 at once, as a batch of the shape of X.
    """
    first = differential(units(X))
    return first.movedim((0, 1), (-2, -1))
