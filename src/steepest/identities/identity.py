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
        return "\n".join(
            _source(name, function) for name, function in parts.items() if function is not None
        )


def _source(name: str, function: Callable[..., Tensor]) -> str:
    """Return a function's definition, or ``name = lambda ...`` for a lambda."""
    code = getattr(function, "__code__", None)
    if code is None:  # a function of PyTorch's own, such as torch.trace
        return f"{name} = {function.__name__}"
    if function.__name__ != "<lambda>":
        return textwrap.dedent(inspect.getsource(function)).strip()
    text, lambdas = _lambdas(code.co_filename)
    # Where one line holds several lambdas, the arguments tell them apart.
    names = code.co_varnames[: code.co_argcount]
    node = next(
        node
        for node in lambdas
        if node.lineno == code.co_firstlineno and tuple(a.arg for a in node.args.args) == names
    )
    lines = (ast.get_source_segment(text, node) or "").split("\n")
    rest = textwrap.dedent("\n".join(lines[1:]))
    return f"{name} = {lines[0]}" + (f"\n{textwrap.indent(rest, '    ')}" if rest else "")


@cache
def _lambdas(path: str) -> tuple[str, list[ast.Lambda]]:
    text = Path(path).read_text(encoding="utf-8")
    return text, [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Lambda)]
