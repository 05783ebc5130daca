"""An identity: a function, the derivative that books claim for it, and points to check it at."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

__all__ = ["Identity"]


@dataclass(frozen=True)
class Identity:
    r"""A formula of matrix calculus, in LaTeX and in code, with a sampler of its domain.

    `fun`, `claimed` and `second` take the same arguments, those that `sample` draws: first x, the
    tensor to differentiate by, then the constants of the formula. A derivative collects partial
    derivatives without any rearrangement: output indices first, then those of x,

    .. math:: D_{k\ldots\,i\ldots} = \frac{\partial f_{k\ldots}}{\partial x_{i\ldots}}

    so that the gradient of a scalar function has the shape of x, and a Jacobian the shape of the
    output followed by the shape of x.

    Attributes
    ----------
    name
        What the identity is called; unique in the catalogue.
    latex
        The formula, in LaTeX for a line of its own.
    fun
        Maps x and the constants to a tensor, by differentiable PyTorch functions.
    claimed
        Maps the same arguments to the derivative of `fun` by x.
    sample
        Maps a ``torch.Generator`` to a tuple of float64 tensors, x first, drawn from the domain.
        Matrices are not symmetric unless the formula needs it: on symmetric ones a forgotten
        transpose passes.
    source
        Author, year, and the number of the equation or the section.
    topic
        The heading under which the catalogue lists it.
    domain
        Where the formula holds, in words with LaTeX between dollar signs.
    second
        Maps the same arguments to the second derivative of a scalar `fun`, of shape *in + in*; None
        where none is claimed.
    second_latex
        The formula of the second derivative.

    Raises
    ------
    ValueError
        One of `second` and `second_latex` is given without the other.

    Examples
    --------
    >>> import torch
    >>> from steepest.identities import find
    >>> identity = find("trace of a product")
    >>> X, A = torch.arange(6.0).reshape(2, 3), torch.ones(3, 2)
    >>> identity.claimed(X, A)
    tensor([[1., 1., 1.],
            [1., 1., 1.]])
    """

    name: str
    latex: str
    fun: Callable[..., Tensor]
    claimed: Callable[..., Tensor]
    sample: Callable[[torch.Generator], tuple[Tensor, ...]]
    source: str
    topic: str = ""
    domain: str = ""
    second: Callable[..., Tensor] | None = None
    second_latex: str = ""

    def __post_init__(self) -> None:
        if (self.second is None) != (not self.second_latex):
            raise ValueError(
                f"Identity: {self.name!r} must have both second and second_latex, or neither"
            )

    @property
    def anchor(self) -> str:
        """The name as a part of an address, the same as long as the name is.

        >>> from steepest.identities import find
        >>> find("trace of a product").anchor
        'identity-trace-of-a-product'
        """
        return "identity-" + re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")

    @property
    def code(self) -> str:
        """The function and its claimed derivatives as they stand in the source.

        Raises :class:`OSError` where there is no source file, as for functions typed at a prompt.

        >>> from steepest.identities import find
        >>> print(find("trace of a product").code)
        fun = lambda X, A: trace(A @ X)
        claimed = lambda X, A: A.mT
        """
        parts = {"fun": self.fun, "claimed": self.claimed, "second": self.second}
        functions = {name: function for name, function in parts.items() if function is not None}
        lines = [f"{name} = {_expression(function)}" for name, function in functions.items()]
        definitions = [_definition(function) for function in functions.values()]
        return "\n\n\n".join(["\n".join(lines), *filter(None, definitions)])


def _expression(function: Callable[..., Tensor]) -> str:
    """Return a lambda's source, or a function's name."""
    if function.__name__ != "<lambda>":
        return function.__name__
    code = function.__code__
    text, lambdas = _lambdas(code.co_filename)
    # Where one line holds several lambdas, the arguments tell them apart.
    names = code.co_varnames[: code.co_argcount]
    node = next(
        node
        for node in lambdas
        if node.lineno == code.co_firstlineno and tuple(a.arg for a in node.args.args) == names
    )
    first, newline, rest = (ast.get_source_segment(text, node) or "").partition("\n")
    return first + newline + textwrap.indent(textwrap.dedent(rest), "    ")


def _definition(function: Callable[..., Tensor]) -> str:
    """Return the definition of a function with a name, unless it is PyTorch's own."""
    if function.__name__ == "<lambda>" or not inspect.isfunction(function):
        return ""
    return inspect.getsource(function).strip()


@cache
def _lambdas(path: str) -> tuple[str, list[ast.Lambda]]:
    text = Path(path).read_text(encoding="utf-8")
    return text, [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Lambda)]
