"""One callback tells how far a long task is; who listens decides how it looks."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """`(done, total, note)`; `total` in the same unit as `done`.

    A listener that wants the task to end raises `Stopped`: tasks call it between units of work, after what is done is
    safe, so the same task can be taken up again later.
    """

    def __call__(self, done: int, total: int, note: str = "") -> None: ...


def counted(n: int, noun: str) -> str:
    """How many of something, in words: the one place that knows a plural.

    >>> counted(1, "target"), counted(1200, "decision")
    ('1 target', '1,200 decisions')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def silent(done: int, total: int, note: str = "") -> None:
    """Tell nobody."""
