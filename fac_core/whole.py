"""Written whole or not at all: a reader finds what was there before or what is there now, also after a crash."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fac_core.errors import CannotWrite
from fac_core.scratch import scratch, sweep
from fac_core.shortage import explained

BUILDING = ".building-"
"""Beginning of the names of what is being written; `sweep` removes what a killed process left of it."""


@contextmanager
def whole(path: Path | str, *, replaces_folder: bool = False) -> Iterator[Path]:
    """A path beside `path` to write a file or a folder at; it takes the place of `path` when the block ends.

    Its name is nobody else's, so two writers do not meet: the later one wins. A file that is there is replaced, a folder with
    content only where the caller says so, or `OSError` is raised. After an error in the block nothing has changed, and what it
    wrote is gone; so it is after a crash, once somebody sweeps. Raises `CannotWrite` where the disk is full or may not be written.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.txt"
    >>> with whole(path) as building:
    ...     _ = building.write_text("all of it")
    >>> path.read_text(), len(list(path.parent.iterdir()))
    ('all of it', 1)
    """
    path = Path(path)
    with explained(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        if replaces_folder:
            sweep(path.parent, BUILDING)
        with (
            scratch(path.parent, BUILDING) as folder,
            explained(path.parent),
        ):  # also while what was written is still there
            building = folder / path.name
            yield building
            if replaces_folder and path.is_dir():
                path.replace(folder / f"{path.name}.earlier")
            building.replace(path)


def behind_links(path: Path | str) -> Path:
    """Where an output that somebody named is written: where its links lead, and they stay. Raises `CannotWrite` for a link to itself.

    Only what a person names is followed: a link in a workspace may be of whoever sent it, and is replaced by a file.

    >>> behind_links(".") == Path.cwd()
    True
    """
    try:
        return Path(path).resolve()
    except (OSError, RuntimeError) as error:
        raise CannotWrite(f"{path} cannot be written: its link leads nowhere but to itself. Remove it.") from error


def write_whole(path: Path | str, content: str | bytes | memoryview) -> None:
    """Write a file, text as UTF-8.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.json"
    >>> write_whole(path, "{}")
    >>> path.read_bytes()
    b'{}'
    """
    with whole(path) as building:
        building.write_bytes(content.encode() if isinstance(content, str) else content)
