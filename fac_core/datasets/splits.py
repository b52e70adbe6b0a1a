"""Which files of a folder are one split: `train` and `test` beside each other are two datasets, and are never mixed unsaid.

A file says of which split it is by its name or by that of a folder above it, as on the hub: `data/train-00000-of-00002.parquet`,
`test.jsonl`, `validation/a.csv`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path, PurePath

from fac_core.errors import BadInput

logger = logging.getLogger(__name__)

_WORDS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing", "eval", "evaluation"),
}
_SPLIT_OF = {word: split for split, words in _WORDS.items() for word in words}
_NAMED = re.compile(rf"(?:^|[\W_\d])(?:all|full)?({'|'.join(_SPLIT_OF)})(?=$|[\W_\d])", re.IGNORECASE)
_listening: ContextVar[dict[str, None] | None] = ContextVar("listening", default=None)


def folder_and_split(source: str | Path) -> tuple[Path, str | None] | None:
    """The folder that a source names, with the split behind it in `folder:test`; None where it names no folder."""
    if Path(source).expanduser().is_dir():
        return Path(source).expanduser(), None
    folder, _, split = str(source).rpartition(":")
    return (Path(folder).expanduser(), split) if folder and Path(folder).expanduser().is_dir() else None


def absolute(source: str) -> str:
    """A file or folder as seen from any other folder; hub ids, and what is not there, stay as they are."""
    path = Path(source).expanduser()
    if source and path.exists():
        return str(path.resolve())
    found = folder_and_split(source) if source else None
    return f"{found[0].resolve()}:{found[1]}" if found else source


def split_of(name: PurePath) -> str | None:
    """`train`, `validation` or `test`, if the name of a file or of a folder above it says so; the nearest word counts.

    >>> from pathlib import Path, PurePath
    >>> [split_of(PurePath(name)) for name in ("data/train-00000-of-00002.parquet", "alltest.csv", "trains.txt")]
    ['train', 'test', None]
    """
    for part in reversed(name.parts):
        if found := _NAMED.findall(part):
            return _SPLIT_OF[found[-1].lower()]
    return None


def chosen_split(names: Sequence[str], wanted: str | None, source: str, how: str) -> list[str]:
    """Which of several splits are read: those wanted (`test`, `train+test`), else `train` or the only one.

    Of splits that nobody named and that are left out is told. Raises `BadInput` where there is no saying which to read.

    Args:
        how: how the user names one, for the message.
    """
    if wanted:
        asked = wanted.split("+")
        if unknown := [name for name in asked if name not in names]:
            raise BadInput(f"{source} has no split {unknown[0]!r}; it has {', '.join(names) or 'none'}.")
        return [name for name in names if name in asked]
    if len(names) < 2:
        return list(names)
    if "train" not in names:
        raise BadInput(f"{source} has the splits {', '.join(names)}. Name one of them: {how}.")
    others = ", ".join(name for name in names if name != "train")
    said = f"{source} has the splits {', '.join(names)}: only train is read, not {others}. For another: {how}."
    logger.warning("%s", said)
    if (listener := _listening.get()) is not None:
        listener[said] = None
    return ["train"]


@contextmanager
def heard() -> Iterator[dict[str, None]]:
    """What is said of splits that are left out while the context lasts, each once: for pages, which show no log."""
    said: dict[str, None] = {}
    token = _listening.set(said)
    try:
        yield said
    finally:
        _listening.reset(token)
