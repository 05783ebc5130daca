"""The methods by their names: pairs of a direction and a step size."""

from dataclasses import dataclass

from steepest import directions, step_sizes
from steepest.directions import Direction
from steepest.step_sizes import StepSize

__all__ = ["Method", "gradient_descent", "heavy_ball"]


@dataclass(frozen=True)
class Method:
    """A direction, a step size and the name of the pair.

    Raises
    ------
    ValueError
        The direction means nothing without a fixed step size, and the step size is another.

    Examples
    --------
    >>> from steepest import directions, step_sizes
    >>> from steepest.methods import Method
    >>> Method(directions.steepest(), step_sizes.fixed(0.1), "gradient descent").name
    'gradient descent'
    """

    direction: Direction
    step_size: StepSize
    name: str

    def __post_init__(self) -> None:
        if self.direction.fixed_step_only and not self.step_size.is_fixed:
            raise ValueError(
                f"Method: {self.direction.name} is defined for a fixed step size only, "
                f"got {self.step_size.name}; use step_sizes.fixed(lr)"
            )


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
    return Method(directions.steepest(), step_sizes.fixed(lr), "gradient descent")


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
    return Method(directions.heavy_ball(momentum), step_sizes.fixed(lr), "heavy ball")
