"""The derivative through a minimisation, by its steps or by what holds at its end."""

from typing import Literal, overload

import torch
from torch import Tensor

from steepest._numbers import count, positive
from steepest.bilevel import _sweeps as sweeps
from steepest.bilevel._solve import solve
from steepest.derivatives.second import product

__all__ = ["hypergradient"]

_CALLER = "hypergradient"
_OPTIONS = {"unrolled": ("steps", "lr"), "implicit": ("tol",)}


@overload
def hypergradient(
    outer: sweeps.Function,
    inner: sweeps.Function,
    theta: Tensor,
    phi: Tensor,
    *,
    mode: Literal["unrolled"],
    steps: int,
    lr: float,
) -> Tensor: ...
@overload
def hypergradient(
    outer: sweeps.Function,
    inner: sweeps.Function,
    theta: Tensor,
    phi: Tensor,
    *,
    mode: Literal["implicit"],
    tol: float | None = None,
) -> Tensor: ...
def hypergradient(
    outer: sweeps.Function,
    inner: sweeps.Function,
    theta: Tensor,
    phi: Tensor,
    *,
    mode: str,
    steps: int | None = None,
    lr: float | None = None,
    tol: float | None = None,
) -> Tensor:
    r"""Return the derivative of an outer function at the minimiser of an inner one.

    .. math:: \frac{d}{d\varphi}\, F(\theta^*(\varphi), \varphi), \qquad
        \theta^*(\varphi) = \operatorname*{arg\,min}_\theta\, f(\theta, \varphi)

    with F the outer and f the inner function: a validation loss and a training loss, and phi what
    the training takes for given.

    ``mode="unrolled"`` does `steps` steps of gradient descent from `theta`, which does not depend
    on phi, and differentiates through all of them:

    .. math:: \theta_{j+1} = \theta_j - \mathrm{lr}\, \nabla_\theta f(\theta_j, \varphi)

    This is the exact derivative of where these steps lead. Where every step brings theta nearer to
    the minimiser by a factor :math:`\rho < 1`, its distance from the derivative above falls at
    least as fast as :math:`k \rho^k` in the number k of steps, and as :math:`\rho^k` from the
    minimiser itself. The graphs of all steps are kept, so memory grows with k.

    ``mode="implicit"`` takes `theta` for the minimiser, however it was found, and differentiates
    the condition :math:`\nabla_\theta f = 0`:

    .. math:: \nabla_\varphi F - J^\top w, \qquad \nabla^2_{\theta\theta} f\; w = \nabla_\theta F,
        \qquad J_{mn} = \frac{\partial^2 f}{\partial \theta_m\, \partial \varphi_n}

    The equation is solved by conjugate gradients on Hessian-vector products, so memory is that of
    one gradient of a gradient.

    Parameters
    ----------
    outer, inner
        ``outer(theta, phi)`` and ``inner(theta, phi)`` return tensors of shape ``()``. The outer
        function need not depend on phi, the inner one must depend on both.
    theta, phi
        Floating-point tensors of any shapes, alike in dtype and device: where the steps start, or
        the minimiser; and the point at which to differentiate.
    mode
        ``"unrolled"`` or ``"implicit"``.
    steps, lr
        For ``"unrolled"`` only, and needed there: how many steps, at least 1, and their size.
    tol
        For ``"implicit"`` only. Both :math:`\|\nabla_\theta f\|_2 \le \mathrm{tol}`, which is what
        :func:`~steepest.loop.minimize` tests, and
        :math:`\|\nabla^2_{\theta\theta} f\, w - \nabla_\theta F\|_2 \le
        \mathrm{tol}\,\|\nabla_\theta F\|_2` must hold; the error is at most proportional to it.
        None is the square root of the machine epsilon: 1.5e-8 in float64.

    Returns
    -------
    gradient
        Of the shape of `phi`, without a graph.

    Raises
    ------
    TypeError
        A function cannot be called or returns no tensor, an argument is no floating-point tensor,
        or an option is missing or belongs to the other mode.
    ValueError
        As for :func:`cross_gradient`; also where `mode` is neither, the steps run off, the gradient
        of the inner function is larger than `tol`, or its Hessian turns out not to be positive
        definite. Curvature is seen only along the directions that conjugate gradients take.
    ArithmeticError
        Conjugate gradients cannot reach `tol` in this dtype.

    Notes
    -----
    Where phi is the *start* of the steps, as in model-agnostic meta-learning (Finn et al., 2017),
    let theta be the way travelled from it: unroll ``inner(phi + theta)`` from ``theta = 0``.

    References
    ----------
    Bengio (2000), "Gradient-based optimization of hyperparameters", for the implicit mode;
    Maclaurin et al. (2015), "Gradient-based hyperparameter optimization through reversible
    learning", for the unrolled one; Pedregosa (2016), "Hyperparameter optimization with approximate
    gradient", for what inexact solutions do; Lorraine et al. (2020), "Optimizing millions of
    hyperparameters by implicit differentiation", for how the two are related; Griewank & Walther
    (2008), *Evaluating Derivatives*, chapter 15, on derivatives of iterations and of their limits.

    Examples
    --------
    The minimiser of the inner function is :math:`\theta^* = 3\varphi`, so that the outer one is
    :math:`(3\varphi - 1)^2`, with the derivative :math:`6\,(3\varphi - 1) = 12` at 1:

    >>> import torch
    >>> from steepest.bilevel import hypergradient
    >>> def inner(theta, phi):
    ...     return (theta - 3 * phi) ** 2
    >>> def outer(theta, phi):
    ...     return (theta - 1) ** 2
    >>> phi = torch.tensor(1.0)
    >>> hypergradient(outer, inner, torch.tensor(3.0), phi, mode="implicit")
    tensor(12.)

    One step from 0 with lr = 1/4 leads to :math:`\tfrac32\varphi`, and the outer function there has
    the derivative :math:`3\,(\tfrac32\varphi - 1) = 1.5`; with lr = 1/2 it leads to the minimiser:

    >>> start = torch.tensor(0.0)
    >>> hypergradient(outer, inner, start, phi, mode="unrolled", steps=1, lr=0.25)
    tensor(1.5000)
    >>> hypergradient(outer, inner, start, phi, mode="unrolled", steps=1, lr=0.5)
    tensor(12.)
    """
    sweeps.function(outer, _CALLER, "outer")
    sweeps.function(inner, _CALLER, "inner")
    _check_options(mode, {"steps": steps, "lr": lr, "tol": tol})
    theta, phi = sweeps.leaves(theta, phi, _CALLER)
    if mode == "unrolled":
        k, size = count(steps, _CALLER, "steps"), positive(lr, _CALLER, "lr")
        return _unrolled(outer, inner, theta, phi, k, size)
    default = torch.finfo(theta.dtype).eps ** 0.5
    return _implicit(
        outer, inner, theta, phi, default if tol is None else positive(tol, _CALLER, "tol")
    )


def _check_options(mode: object, given: dict[str, object]) -> None:
    if not isinstance(mode, str) or mode not in _OPTIONS:
        raise ValueError(f'{_CALLER}: mode must be "unrolled" or "implicit", got {mode!r}')
    for name, value in given.items():
        if value is not None and name not in _OPTIONS[mode]:
            other = "implicit" if mode == "unrolled" else "unrolled"
            raise TypeError(
                f'{_CALLER}: {name} belongs to mode="{other}", and mode="{mode}" does not look at '
                f"it; leave it out, got {name}={value!r}"
            )
    missing = [name for name in ("steps", "lr") if given[name] is None]
    if mode == "unrolled" and missing:
        raise TypeError(
            f'{_CALLER}: mode="unrolled" needs {" and ".join(missing)}; for example '
            "steps=100, lr=0.1"
        )


def _unrolled(
    outer: sweeps.Function,
    inner: sweeps.Function,
    theta: Tensor,
    phi: Tensor,
    steps: int,
    lr: float,
) -> Tensor:
    for k in range(steps):
        value = sweeps.record(inner, theta, phi, _CALLER, "inner")
        gradient = sweeps.gradient(value, theta, _CALLER, "inner")
        if k == 0:
            sweeps.require_phi(value, phi, _CALLER, "inner")
        with torch.enable_grad():
            theta = torch.sub(theta, gradient, alpha=lr)
    if not torch.isfinite(theta).all():
        raise ValueError(
            f"{_CALLER}: theta is not finite after steps={steps} of lr={lr:g}; gradient descent "
            "on inner needs lr less than 2 / (its largest curvature) and a finite start"
        )
    return _outer_gradients(outer, theta, phi)[1]


def _implicit(
    outer: sweeps.Function, inner: sweeps.Function, theta: Tensor, phi: Tensor, tol: float
) -> Tensor:
    value = sweeps.record(inner, theta, phi, _CALLER, "inner")
    gradient = sweeps.gradient(value, theta, _CALLER, "inner")
    sweeps.require_phi(value, phi, _CALLER, "inner")
    norm = float(torch.linalg.vector_norm(gradient.detach()))
    if not norm <= tol:
        raise ValueError(
            f'{_CALLER}: mode="implicit" needs theta at a minimum of inner, and its gradient has '
            f"norm {norm:.3g} there, more than tol = {tol:.3g}; minimize inner further, or pass "
            "a larger tol"
        )
    right, direct = _outer_gradients(outer, theta, phi)
    w = solve(lambda v: product(theta, gradient, v), right, tol, _CALLER)
    through = sweeps.transposed(gradient, phi, w)
    return direct if through is None else direct - through


def _outer_gradients(outer: sweeps.Function, theta: Tensor, phi: Tensor) -> tuple[Tensor, Tensor]:
    """Return the derivatives of outer in theta and, through all that is recorded, in phi."""
    value = sweeps.record(outer, theta, phi, _CALLER, "outer")
    if not value.requires_grad:
        raise sweeps.cut(_CALLER, "outer", "theta")
    by_theta, by_phi = torch.autograd.grad(value, (theta, phi), allow_unused=True)
    if by_theta is None:
        raise sweeps.cut(_CALLER, "outer", "theta")
    return by_theta, torch.zeros_like(phi) if by_phi is None else by_phi
