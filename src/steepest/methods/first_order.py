"""Methods that use gradients only."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from steepest import directions, step_sizes
from steepest._numbers import positive
from steepest.methods.method import Method

__all__ = [
    "conjugate_gradient",
    "coordinate_descent",
    "from_torch",
    "gradient_descent",
    "heavy_ball",
    "nesterov",
    "preconditioned",
    "steepest_descent",
]


def gradient_descent(lr: float) -> Method:
    r"""Return gradient descent: :math:`x_{k+1} = x_k - \mathrm{lr}\,\nabla f(x_k)`.

    Parameters
    ----------
    lr
        The step size, positive. On an L-smooth function it has to be below 2/L.

    Notes
    -----
    Cauchy (1847); see Nesterov (2018), chapter 1.

    Examples
    --------
    >>> import torch
    >>> from steepest import methods, minimize
    >>> minimize(lambda x: x**2, torch.tensor(1.0), methods.gradient_descent(0.25), max_iter=2).x
    tensor(0.2500)
    """
    return Method(
        directions.steepest(),
        step_sizes.fixed(positive(lr, "gradient_descent", "lr")),
        "gradient descent",
    )


def heavy_ball(lr: float, momentum: float) -> Method:
    r"""Return the heavy-ball method: gradient descent that keeps part of its velocity.

    .. math:: x_{k+1} = x_k - \mathrm{lr}\,\nabla f(x_k) + \mathrm{momentum}\,(x_k - x_{k-1})

    Parameters
    ----------
    lr
        The step size, positive.
    momentum
        The share of the last step that is kept, in [0, 1).

    Notes
    -----
    Polyak (1964).

    Examples
    --------
    >>> import torch
    >>> from steepest import methods, minimize
    >>> minimize(lambda x: x**2, torch.tensor(1.0), methods.heavy_ball(0.25, 0.5), max_iter=2).x
    tensor(0.)
    """
    return Method(
        directions.heavy_ball(momentum),
        step_sizes.fixed(positive(lr, "heavy_ball", "lr")),
        "heavy ball",
    )


def steepest_descent() -> Method:
    r"""Return steepest descent: :math:`x_{k+1} = x_k - \alpha_k \nabla f(x_k)`, searched exactly.

    Notes
    -----
    Cauchy (1847). On a quadratic of condition number :math:`\kappa` each step shrinks
    :math:`f - f^*` at least by :math:`((\kappa - 1)/(\kappa + 1))^2`, and hardly more from a bad
    start: Nocedal and Wright (2006), theorem 3.3.

    Examples
    --------
    >>> import torch
    >>> from steepest import methods, minimize
    >>> x0 = torch.tensor([1.0, 1.0], dtype=torch.float64)
    >>> minimize(lambda x: (x**2).sum(), x0, methods.steepest_descent(), tol=1e-9).nit
    1
    """
    return Method(directions.steepest(), step_sizes.exact(), "steepest descent")


def nesterov(lr: float, momentum: float | None = None) -> Method:
    r"""Return Nesterov's accelerated gradient descent.

    .. math::

        y_k = x_k + \beta_k (x_k - x_{k-1}), \qquad x_{k+1} = y_k - \mathrm{lr}\,\nabla f(y_k)

    The history holds :math:`x_k`. A step takes two evaluations, at :math:`y_k` and at
    :math:`x_{k+1}`.

    Parameters
    ----------
    lr
        The step size, positive.
    momentum
        The constant :math:`\beta`, in [0, 1). None takes the sequence :math:`t_k`.

    Notes
    -----
    Nesterov (1983); Beck and Teboulle (2009). See :func:`steepest.directions.nesterov`.

    Examples
    --------
    >>> import torch
    >>> from steepest import methods, minimize
    >>> minimize(lambda x: x**2, torch.tensor(1.0), methods.nesterov(0.25), max_iter=2).x
    tensor(0.2500)
    """
    return Method(
        directions.nesterov(momentum), step_sizes.fixed(positive(lr, "nesterov", "lr")), "Nesterov"
    )


def coordinate_descent() -> Method:
    r"""Return cyclic coordinate descent: one coordinate after the other, each to its minimum.

    Notes
    -----
    Wright (2015). No step size is needed because each one-dimensional problem is solved exactly.

    Examples
    --------
    >>> import torch
    >>> from steepest import methods, minimize
    >>> def f(x):
    ...     return (x[0] - 2) ** 2 + (x[1] - 3) ** 2
    >>> minimize(f, torch.zeros(2), methods.coordinate_descent(), max_iter=2).x
    tensor([2., 3.])
    """
    return Method(directions.coordinate(), step_sizes.exact(), "coordinate descent")


def preconditioned(P: Tensor | Callable[[Tensor], Tensor], lr: float) -> Method:
    r"""Return preconditioned gradient descent: :math:`x^+ = x - \mathrm{lr}\, P^{-1}\nabla f(x)`.

    Parameters
    ----------
    P
        Symmetric positive definite, of shape ``(n, n)``; or a function that applies its inverse.
    lr
        The step size, positive.

    Notes
    -----
    Boyd and Vandenberghe (2004), section 9.4.1. It is gradient descent after the change of
    variables that turns P into the identity.

    Examples
    --------
    >>> import torch
    >>> from steepest import methods, minimize
    >>> A = torch.tensor([[2.0, 0.0], [0.0, 200.0]])
    >>> method = methods.preconditioned(A, lr=1.0)
    >>> minimize(lambda x: x @ A @ x / 2, torch.ones(2), method, max_iter=1).x
    tensor([0., 0.])
    """
    return Method(
        directions.preconditioned(P),
        step_sizes.fixed(positive(lr, "preconditioned", "lr")),
        "preconditioned",
    )


def conjugate_gradient() -> Method:
    r"""Return nonlinear conjugate gradients (Hestenes-Stiefel, nonnegative).

    The first step size tried is the minimum of the parabola along the direction, from one
    Hessian-vector product. On a quadratic that is the exact one, and the method arrives after n
    steps; elsewhere Wolfe's conditions with c2 = 0.25 decide.

    Notes
    -----
    Hestenes and Stiefel (1952); Polak and Ribière (1969); Nocedal and Wright (2006), chapter 5.

    Examples
    --------
    >>> import torch
    >>> from steepest import methods, minimize
    >>> A = torch.tensor([[2.0, 1.0], [1.0, 3.0]], dtype=torch.float64)
    >>> x0 = torch.ones(2, dtype=torch.float64)
    >>> minimize(lambda x: x @ A @ x / 2, x0, methods.conjugate_gradient(), tol=1e-12).nit
    2
    """
    step_size = step_sizes.wolfe(c2=0.25, first=step_sizes.curvature_first)
    return Method(directions.conjugate(), step_size, "conjugate gradient")


def from_torch(optimizer_class: type[torch.optim.Optimizer], **options: Any) -> Method:
    r"""Return a PyTorch optimizer as a method, for the same loop and the same history.

    Parameters
    ----------
    optimizer_class
        A class like :class:`torch.optim.SGD`, :class:`torch.optim.Adam`,
        :class:`torch.optim.LBFGS`.
    options
        Its options, the parameters left out.

    Notes
    -----
    The step size in the history is 1: the optimizer's own is in its direction.

    Examples
    --------
    >>> import torch
    >>> from steepest import methods, minimize
    >>> method = methods.from_torch(torch.optim.SGD, lr=0.25)
    >>> minimize(lambda x: x**2, torch.tensor(1.0), method, max_iter=2).x
    tensor(0.2500)
    """
    direction = directions.from_torch(optimizer_class, **options)
    return Method(direction, step_sizes.fixed(1.0), direction.name)
