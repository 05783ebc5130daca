"""One call of PyTorch, kept so that it can be read, differentiated and done again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from steepest.trace.rows import PLAIN, Constant, Ref, change_leaves, leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from steepest.trace.names import Operation


class Step(NamedTuple):
    """A function of PyTorch and what it was given, with `Ref` for rows.

    `slots` are aliases of the parents' tensors, made for this call alone: each is one end of an
    edge of the computational graph. They are empty where PyTorch hid the operation from us
    (``function`` is then None), and the parents' own tensors stand in.
    """

    function: Callable[..., Any] | None
    operation: Operation
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    parents: tuple[int, ...]
    slots: tuple[Tensor, ...]
    output: int | None = None
    field: str = ""

    def part(self, output: int, field: str) -> Step:
        """Give the same call, seen from one of the tensors that it returns."""
        return self._replace(output=output, field=field)

    @property
    def label(self) -> str:
        """The operation's name, and which output where there are several: by name, or number."""
        name = self.operation.name
        if self.output is None:
            return name
        return f"{name}.{self.field}" if self.field else f"{name}[{self.output}]"

    @property
    def shown(self) -> tuple[Any, ...]:
        """The arguments in reading order: ``3 - x`` is sub(3, x)."""
        return self.arguments[::-1] if self.operation.reflected else self.arguments

    @property
    def writes(self) -> bool:
        """Whether it changes its first argument."""
        return self.operation.writes or self.options.get("inplace") is True

    def __call__(self, values: Mapping[int, Tensor]) -> Any:
        """Do it with other values of the parents; what would be written over is copied first."""
        function, operation, given, options, _, _, _, _ = self  # faster than by name
        if function is None:
            raise TypeError(f"{operation.name} was hidden from the recorder: no way to repeat")
        arguments = [
            values[a.row] if type(a) is Ref else a if type(a) in PLAIN else _fill(values, a)
            for a in given
        ]
        if not options and not operation.writes:
            return function(*arguments)
        options = {key: _fill(values, option) for key, option in options.items()}
        if not self.writes:
            return function(*arguments, **options)
        written = arguments[0] = arguments[0].clone()
        function(*arguments, **options)
        return written

    def value(self, values: Mapping[int, Tensor]) -> Tensor:
        """Do it again, for the one tensor that this row holds."""
        result = self(values)
        tensor: Tensor = result if self.output is None else leaves(result)[self.output]
        return tensor


def _fill(values: Mapping[int, Tensor], argument: Any) -> Any:
    """Put values where an argument refers to rows."""
    if type(argument) is Ref:
        return values[argument.row]
    if type(argument) is Constant:
        return argument.value
    return change_leaves(lambda leaf: _fill(values, leaf), argument)
