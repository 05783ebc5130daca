"""What a method is."""

from dataclasses import dataclass

from steepest.directions import Direction
from steepest.step_sizes import StepSize

__all__ = ["Method"]


@dataclass(frozen=True)
class Method:
    """A direction, a step size and the name of the pair.

    Raises
    ------
    TypeError
        The halves are not a direction and a step size.
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
        for given, kind in ((self.direction, Direction), (self.step_size, StepSize)):
            if not isinstance(given, kind):
                raise TypeError(
                    f"Method: a method is made of a Direction and a StepSize, got "
                    f"{type(given).__name__} for the {kind.__name__}"
                )
        if self.direction.fixed_step_only and not self.step_size.is_fixed:
            raise ValueError(
                f"Method: {self.direction.name} is defined for a fixed step size only, "
                f"got {self.step_size.name}; use step_sizes.fixed(lr)"
            )
