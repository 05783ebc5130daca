"""Formulas of matrix calculus, each checked against automatic differentiation and differences."""

import difflib

from steepest.identities.chain_rules import CHAIN_RULES
from steepest.identities.determinants import DETERMINANTS
from steepest.identities.eigenvalues import EIGENVALUES
from steepest.identities.forms import FORMS
from steepest.identities.identity import Identity
from steepest.identities.implicit import IMPLICIT
from steepest.identities.inverses import INVERSES
from steepest.identities.kronecker import KRONECKER
from steepest.identities.layers import LAYERS
from steepest.identities.likelihoods import LIKELIHOODS
from steepest.identities.losses import LOSSES
from steepest.identities.norms import NORMS
from steepest.identities.traces import TRACES
from steepest.identities.verify import Verification, verify

__all__ = ["CATALOGUE", "Identity", "Verification", "find", "verify"]

CATALOGUE: tuple[Identity, ...] = (
    *FORMS,
    *TRACES,
    *NORMS,
    *DETERMINANTS,
    *INVERSES,
    *KRONECKER,
    *EIGENVALUES,
    *LOSSES,
    *LIKELIHOODS,
    *CHAIN_RULES,
    *LAYERS,
    *IMPLICIT,
)
"""All identities, topic by topic as on the reference page; no two share a name.

:meta hide-value:
"""


def find(name: str) -> Identity:
    r"""Return the identity of the catalogue that has this name.

    Parameters
    ----------
    name
        As on the reference page.

    Raises
    ------
    ValueError
        No identity has the name; the message says which come near.

    Examples
    --------
    >>> from steepest.identities import find
    >>> find("log determinant").latex
    '\\nabla_X \\log \\det X = X^{-\\top}'
    """
    by_name = {identity.name: identity for identity in CATALOGUE}
    if name not in by_name:
        near = difflib.get_close_matches(str(name), by_name, n=3, cutoff=0.3)
        hint = "; near it are " + ", ".join(map(repr, near)) if near else ""
        raise ValueError(f"find: no identity is called {name!r}{hint}")
    return by_name[name]
