"""What is typed as one text and means more, and how results are shown: several numbers as one, rows as a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from fac_core.cli.output import out
from fac_core.errors import WrongUse


def model_and_block(given: str) -> tuple[str, int]:
    """A backbone.

    >>> model_and_block("gemma3-270m:9")
    ('gemma3-270m', 9)
    """
    model, _, block = given.rpartition(":")
    if not model or not block.isdigit():
        raise WrongUse(f"{given!r} is no backbone; write it as MODEL:BLOCK, for example gemma3-270m:9.")
    return model, int(block)


def two(given: str) -> tuple[int, int]:
    """Sizes of two classes.

    >>> two("15,60")
    (15, 60)
    """
    positive, _, negative = given.partition(",")
    if not (positive.strip().isdigit() and negative.strip().isdigit()):
        raise WrongUse(f"{given!r} are not two numbers; write them as POSITIVE,NEGATIVE, for example 15,60.")
    return int(positive), int(negative)


def two_names(given: str) -> tuple[str, str]:
    """Names of two classes.

    >>> two_names("toxic, harmless")
    ('toxic', 'harmless')
    """
    positive, comma, negative = given.partition(",")
    if not (comma and positive.strip() and negative.strip()):
        raise WrongUse(f"{given!r} are not two names; write them as POSITIVE,NEGATIVE, for example toxic,harmless.")
    return positive.strip(), negative.strip()


def method_and_file(given: str) -> tuple[str, Path]:
    """A method, and the file of its texts."""
    name, equals, path = given.partition("=")
    if not equals:
        raise WrongUse(f"{given!r} names no method; write it as METHOD=FILE.jsonl.")
    return name, Path(path)


def interval(three: Sequence[float | None], digits: int = 2) -> str:
    """Value, low and high end; nothing where there is no value.

    >>> interval((0.5, 0.25, 0.75))
    '+0.50 (+0.25 to +0.75)'
    """
    if three[0] is None:
        return ""
    value, low, high = (f"{number:+.{digits}f}" for number in three)
    return f"{value} ({low} to {high})"


def print_table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Cells are shown as they are: names of methods and sets are no markup."""
    table = Table(*head, box=None)
    for row in rows:
        table.add_row(*map(Text, row))
    out.print(table)
