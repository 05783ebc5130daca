"""Changes of variables that make a constraint disappear."""

from collections.abc import Callable

import torch
from torch import Tensor

from steepest.derivatives._arguments import CAUSES

__all__ = ["circle", "positive", "reparametrize", "simplex"]


def reparametrize(
    fun: Callable[[Tensor], Tensor], map: Callable[[Tensor], Tensor]
) -> Callable[[Tensor], Tensor]:
    r"""Return :math:`t \mapsto f(\varphi(t))`, to be minimized over t without a constraint.

    Where the map reaches every feasible point, a global minimum of one is a global minimum of the
    other. Less is true of stationary points: by the chain rule the new gradient is
    :math:`D\varphi(t)^\top \nabla f(\varphi(t))`, which also vanishes where :math:`D\varphi(t)`
    loses rank, at points that mean nothing for f. And a minimum on a part of the feasible set
    that the map only approaches is approached by t going to infinity.

    Parameters
    ----------
    fun
        Takes x, returns a tensor of shape ``()``.
    map
        Takes t, returns x: :func:`circle`, :func:`simplex`, :func:`positive`, or one of your own.

    Returns
    -------
    function
        Takes t, returns a tensor of shape ``()``.

    Raises
    ------
    TypeError, ValueError
        An argument is not a function; in use, `map` does not return a tensor, or cuts the graph.

    Notes
    -----
    Each constraint needs an invention of its own; :func:`augmented_lagrangian` needs none.

    Examples
    --------
    >>> import torch
    >>> from steepest import constrained, methods, minimize
    >>> A = torch.tensor([[2.0, 1.0], [1.0, 3.0]], dtype=torch.float64)
    >>> g = constrained.reparametrize(lambda x: x @ A @ x, constrained.circle)
    >>> run = minimize(g, torch.tensor(2.0, dtype=torch.float64), methods.newton(), tol=1e-12)
    >>> f"{run.fun:.6f}", constrained.circle(run.x)
    ('1.381966', tensor([ 0.8507, -0.5257], dtype=torch.float64))
    """
    for name, given in (("fun", fun), ("map", map)):
        if not callable(given):
            raise TypeError(
                f"reparametrize: {name} must be a function of one tensor, got "
                f"{type(given).__name__}"
            )

    def composed(t: Tensor) -> Tensor:
        x = map(t)
        if not isinstance(x, Tensor):
            raise TypeError(f"reparametrize: map must return a tensor, got {type(x).__name__}")
        if t.requires_grad and not x.requires_grad:
            raise ValueError(
                f"reparametrize: no graph connects map(t) to t. Usual causes: {CAUSES}"
            )
        return fun(x)

    return composed


def circle(t: Tensor) -> Tensor:
    r"""Return the point of the unit circle at angle t: :math:`(\cos t, \sin t)`.

    From all numbers, shape ``()``, onto the circle, shape ``(2,)``. It reaches every point, again
    and again, and its derivative never vanishes, so that it adds no stationary points but copies.

    Raises
    ------
    ValueError
        t is not of shape ``()``.

    Examples
    --------
    >>> import torch
    >>> from steepest.constrained import circle
    >>> circle(torch.tensor(0.0))
    tensor([1., 0.])
    """
    if t.ndim != 0:
        raise ValueError(f"circle: t must be one angle, of shape (), got {tuple(t.shape)}")
    return torch.stack([torch.cos(t), torch.sin(t)])


def simplex(t: Tensor) -> Tensor:
    r"""Return probabilities, by the softmax: :math:`x_i = e^{t_i} / \sum_j e^{t_j}`.

    From all vectors, shape ``(n,)``, onto the inner points of the simplex, those with
    :math:`x_i > 0` and :math:`\sum_i x_i = 1`. The boundary is not reached: where the minimiser
    has a zero, t goes to infinity and the gradient fades on the way. t and t + c give the same x,
    so no minimiser is isolated and no Hessian invertible; it adds no stationary points inside.

    Raises
    ------
    ValueError
        t is not of shape ``(n,)`` with n at least 1.

    Examples
    --------
    >>> import torch
    >>> from steepest.constrained import simplex
    >>> simplex(torch.log(torch.tensor([1.0, 3.0])))
    tensor([0.2500, 0.7500])
    """
    if t.ndim != 1 or t.numel() == 0:
        raise ValueError(f"simplex: t must have shape (n,), n at least 1, got {tuple(t.shape)}")
    return torch.softmax(t, 0)


def positive(t: Tensor) -> Tensor:
    r"""Return positive numbers, :math:`x_i = e^{t_i}`.

    From any shape onto the positive tensors of that shape. Zero is not reached: where the
    minimiser is 0, t goes to minus infinity and the gradient fades on the way. Its derivative never
    vanishes, so it adds no stationary points. The square :math:`x = t^2` reaches 0, and makes every
    point with a zero stationary in that coordinate.

    Examples
    --------
    >>> import torch
    >>> from steepest.constrained import positive
    >>> positive(torch.tensor([0.0, 1.0]))
    tensor([1.0000, 2.7183])
    """
    return torch.exp(t)
