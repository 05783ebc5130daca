"""Methods that use curvature, computed or learned."""

from steepest import directions, step_sizes
from steepest.methods.method import Method

__all__ = ["bfgs", "damped_newton", "lbfgs", "newton", "newton_cg"]


def newton() -> Method:
    r"""Return Newton's method: :math:`x_{k+1} = x_k - \nabla^2 f(x_k)^{-1} \nabla f(x_k)`.

    Pure: it takes the full step and goes to the stationary point that is near, be it a minimum or
    not. See :func:`steepest.directions.newton` for what happens where the Hessian is not positive
    definite, and :func:`damped_newton` for the method to use in practice.

    Notes
    -----
    Nocedal and Wright (2006), theorem 3.5.

    Examples
    --------
    >>> import torch
    >>> from steepest import methods, minimize
    >>> x0 = torch.tensor(0.5, dtype=torch.float64)
    >>> run = minimize(lambda x: torch.exp(x) - 2 * x, x0, methods.newton(), max_iter=3)
    >>> run.history.x - torch.log(torch.tensor(2.0, dtype=torch.float64))
    tensor([-1.9315e-01,  1.9914e-02,  1.9698e-04,  1.9399e-08], dtype=torch.float64)
    """
    return Method(directions.newton(), step_sizes.fixed(1.0), "Newton")


def damped_newton() -> Method:
    r"""Return Newton's method made safe: a direction that descends, and Armijo's condition.

    Notes
    -----
    Nocedal and Wright (2006), algorithm 3.2. Near a minimum the full step is taken, so that
    convergence is quadratic there.

    Examples
    --------
    >>> import torch
    >>> from steepest import methods, minimize
    >>> def f(x):  # pure Newton goes to the saddle at the origin
    ...     return x[0] ** 2 - x[1] ** 2 + x[1] ** 4 / 4
    >>> run = minimize(f, torch.tensor([1.0, 0.3]), methods.damped_newton(), tol=1e-5)
    >>> abs(run.x[1]) ** 2
    tensor(2.0000)
    """
    return Method(directions.modified_newton(), step_sizes.armijo(), "damped Newton")


def newton_cg() -> Method:
    r"""Return Newton-CG: Newton's method without a Hessian, for many variables.

    Notes
    -----
    Nocedal and Wright (2006), algorithm 7.1, with Armijo's condition.

    Examples
    --------
    >>> import torch
    >>> from steepest import methods, minimize, problems
    >>> rosenbrock = problems.rosenbrock(100)
    >>> run = minimize(rosenbrock.fun, rosenbrock.x0, methods.newton_cg(), max_iter=300, tol=1e-8)
    >>> run.success
    True
    """
    return Method(directions.newton_cg(), step_sizes.armijo(), "Newton-CG")


def bfgs() -> Method:
    r"""Return the BFGS method, with Wolfe's conditions.

    Notes
    -----
    Nocedal and Wright (2006), algorithm 6.1. It holds an n × n matrix.

    Examples
    --------
    >>> import torch
    >>> from steepest import methods, minimize, problems
    >>> rosenbrock = problems.rosenbrock(2)
    >>> run = minimize(rosenbrock.fun, rosenbrock.x0, methods.bfgs(), tol=1e-8)
    >>> torch.allclose(run.x, rosenbrock.minimisers[0])
    True
    """
    return Method(directions.bfgs(), step_sizes.wolfe(), "BFGS")


def lbfgs(memory: int = 10) -> Method:
    r"""Return the L-BFGS method, with Wolfe's conditions.

    Parameters
    ----------
    memory
        How many steps to learn curvature from, at least 1.

    Notes
    -----
    Nocedal and Wright (2006), algorithm 7.5. It holds ``2 · memory`` vectors.

    Examples
    --------
    >>> import torch
    >>> from steepest import methods, minimize, problems
    >>> rosenbrock = problems.rosenbrock(2)
    >>> run = minimize(rosenbrock.fun, rosenbrock.x0, methods.lbfgs(), tol=1e-8)
    >>> torch.allclose(run.x, rosenbrock.minimisers[0])
    True
    """
    return Method(directions.lbfgs(memory), step_sizes.wolfe(), "L-BFGS")
