"""Run files and atlases that are kept open: they never change, and are known by path, time and size."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from fac_core.store.runs.info import RunInfo
from fac_core.store.runs.run_file import RunFile
from fac_core.store.runs.space_file import SpaceFile

_Opened = TypeVar("_Opened", RunFile, SpaceFile)


def kept_open(kind: type[_Opened], path: Path) -> _Opened:
    """The opened file, for whoever asks next too: nobody closes it. Raises what its kind raises."""
    try:
        state = path.stat()
    except OSError:
        return kind(path)  # which says what is missing
    return _opened(kind, path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=16)
def _opened(kind: type[_Opened], path: Path, mtime_ns: int, size: int) -> _Opened:  # noqa: ARG001  # time and size: part of the key
    """A connection costs milliseconds and every query has a cursor of its own, so one a file and process is kept."""
    return kind(path)


@lru_cache(maxsize=1024)
def info_of(path: Path, mtime_ns: int, size: int) -> RunInfo:  # noqa: ARG001  # time and size: part of the key
    """What a run file says of itself. It is published whole and never changes, so every page need not open every run."""
    with RunFile(path) as run:
        return run.info
