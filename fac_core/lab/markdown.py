"""Tables as Markdown, for documents."""

from __future__ import annotations

from collections.abc import Sequence


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; every row has a cell for each head.

    >>> markdown(["arm", "closed"], [["guided", "50%"]])
    '| arm | closed |\\n|---|---|\\n| guided | 50% |\\n'
    """
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"
