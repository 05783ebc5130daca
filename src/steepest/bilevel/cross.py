"""The gradient of a gradient, taken in another group of variables."""

import torch
from torch import Tensor

from steepest._numbers import positive
from steepest.bilevel import _sweeps as sweeps

__all__ = ["cross_gradient", "two_player_step"]


def cross_gradient(fun: sweeps.Function, theta: Tensor, phi: Tensor) -> Tensor:
    r"""Return how half the squared norm of a gradient changes with other variables.

    .. math:: \tilde g = \nabla_\varphi\, \tfrac12 \|g(\theta, \varphi)\|^2 = J^\top g,
        \qquad g = \nabla_\theta f, \quad
        J_{mn} = \frac{\partial g_m}{\partial \varphi_n}

    Two reverse sweeps, the second one through the first; J, with its rows for theta and its columns
    for phi, is never formed.

    Parameters
    ----------
    fun
        ``fun(theta, phi)`` returns a tensor of shape ``()``.
    theta, phi
        The point: two floating-point tensors of any shapes, alike in dtype and device.

    Returns
    -------
    product
        Of the shape of `phi`, without a graph. Zero where g does not depend on phi, as for
        :math:`f = a(\theta) + b(\varphi)`.

    Raises
    ------
    TypeError
        `fun` cannot be called or returns no tensor, or an argument is no floating-point tensor.
    ValueError
        The result is not a scalar, no graph connects it to `theta` or to `phi`, `fun` changes its
        argument, or `theta` and `phi` differ in dtype or device.

    Notes
    -----
    This is *not* the derivative through a step of the other player: for the example below
    :math:`\nabla_\varphi f(\theta - \alpha g, \varphi) =
    2\,\theta^\top\theta\,(1 - 2\alpha s)(1 - 6\alpha s)\,\varphi` with
    :math:`s = \varphi^\top\varphi`. For that see :func:`hypergradient`.

    References
    ----------
    Griewank & Walther (2008), *Evaluating Derivatives*, section 5.4, on sweeps through sweeps.

    Examples
    --------
    For :math:`f = (\theta^\top\theta)(\varphi^\top\varphi)` the answer is
    :math:`8\,(\theta^\top\theta)(\varphi^\top\varphi)\,\varphi`:

    >>> import torch
    >>> from steepest.bilevel import cross_gradient
    >>> def f(theta, phi):
    ...     return (theta @ theta) * (phi @ phi)
    >>> cross_gradient(f, torch.tensor([1.0, 2.0]), torch.tensor([1.0, 0.0, -1.0]))
    tensor([ 80.,   0., -80.])
    """
    return _gradients(fun, theta, phi, "cross_gradient")[1]


def two_player_step(
    fun: sweeps.Function, theta: Tensor, phi: Tensor, *, alpha: float, beta: float
) -> tuple[Tensor, Tensor]:
    r"""Move both groups of variables once, each by what holds at the point they start from.

    .. math:: \theta^+ = \theta - \alpha\, g(\theta, \varphi), \qquad
        \varphi^+ = \varphi - \beta\, \tilde g(\theta, \varphi)

    with g the gradient in theta and :math:`\tilde g = J^\top g` from :func:`cross_gradient`. The
    first player lowers f; the second flattens it for the first.

    Parameters
    ----------
    fun
        ``fun(theta, phi)`` returns a tensor of shape ``()``.
    theta, phi
        The point: two floating-point tensors of any shapes, alike in dtype and device. They stay as
        they are.
    alpha, beta
        The step sizes, positive and finite.

    Returns
    -------
    theta, phi
        New tensors, without a graph.

    Raises
    ------
    TypeError, ValueError
        As :func:`cross_gradient`; also where a step size is not a positive, finite number.

    Examples
    --------
    >>> import torch
    >>> from steepest.bilevel import two_player_step
    >>> def f(theta, phi):
    ...     return (theta @ theta) * (phi @ phi)
    >>> two_player_step(f, torch.tensor([1.0, 2.0]), torch.tensor([1.0]), alpha=0.1, beta=0.01)
    (tensor([0.8000, 1.6000]), tensor([0.6000]))
    """
    caller = "two_player_step"
    a, b = positive(alpha, caller, "alpha"), positive(beta, caller, "beta")
    g, product = _gradients(fun, theta, phi, caller)
    return torch.sub(theta.detach(), g, alpha=a), torch.sub(phi.detach(), product, alpha=b)


def _gradients(
    fun: sweeps.Function, theta: Tensor, phi: Tensor, caller: str
) -> tuple[Tensor, Tensor]:
    """Return g and its cross gradient, both at the point given."""
    sweeps.function(fun, caller, "fun")
    theta, phi = sweeps.leaves(theta, phi, caller)
    value = sweeps.record(fun, theta, phi, caller, "fun")
    g = sweeps.gradient(value, theta, caller, "fun")
    product = sweeps.transposed(g, phi, g.detach())
    if product is None:
        # Zero, where f has a part in phi alone; else a graph is cut.
        sweeps.require_phi(value, phi, caller, "fun")
        product = torch.zeros_like(phi)
    return g.detach(), product.detach()
