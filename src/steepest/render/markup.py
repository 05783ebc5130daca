"""Strings that a notebook shows as the picture or the table that they spell."""

from __future__ import annotations

from html import escape
from typing import Any


class Markup(str):
    """An HTML table or an SVG drawing: a string that shows itself in a notebook.

    The string is the bare markup, to be written to a file or put into a page. A notebook shows it
    in a box of its own, which scrolls sideways on a narrow screen instead of shrinking the letters
    until nobody can read them.

    Parameters
    ----------
    text
        The markup.
    label
        What a screen reader calls the box.
    width
        In CSS pixels, how narrow the markup may become before the box scrolls.

    Examples
    --------
    >>> shown = Markup("<table></table>", "An empty table", 230)
    >>> print(shown)
    <table></table>
    >>> print(shown._repr_html_())
    <div role="group" aria-label="An empty table" tabindex="0" style="overflow-x:auto">
    <div style="min-width:230px"><table></table></div>
    </div>
    """

    __slots__ = ("label", "width")
    label: str
    width: int

    def __new__(cls, text: str, label: str, width: int) -> Markup:
        """Keep the text as the string's own value."""
        made = super().__new__(cls, text)
        made.label, made.width = label, width
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle with the label and the width."""
        return Markup, (str(self), self.label, self.width)

    def _repr_html_(self) -> str:
        return (
            f'<div role="group" aria-label="{escape(self.label)}" tabindex="0" '
            'style="overflow-x:auto">\n'
            f'<div style="min-width:{self.width}px">{self}</div>\n</div>'
        )
