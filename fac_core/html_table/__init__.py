"""Small HTML tables, of reports and of answers that a notebook shows."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

TURNING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
"""Characters that turn the direction of a line: `str.translate` takes them out, since they also turn what stands after."""


def table(header: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """A table of text: every cell is escaped.

    >>> table(["word"], [["<b>"]])
    '<table><thead><tr><th>word</th></tr></thead><tbody><tr><td>&lt;b&gt;</td></tr></tbody></table>'
    """
    return table_of_markup([escaped(name) for name in header], ([escaped(cell) for cell in row] for row in rows))


def table_of_markup(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose cells are markup already."""
    head = "".join(f"<th>{name}</th>" for name in header)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def escaped(said: object) -> str:
    """Text that can stand in markup and in attributes. Also "$" is written out: notebooks would read formulas between two.

    >>> escaped("5 $ & <b>")
    '5 &#36; &amp; &lt;b&gt;'
    """
    return html.escape(str(said).translate(TURNING), quote=True).replace("$", "&#36;")
