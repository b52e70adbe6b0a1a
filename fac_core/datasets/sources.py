"""What a user names as a dataset, found: a file, a folder of files, a saved dataset or a hub id."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from fac_core.datasets.hub import hub_part, is_hub_id, is_saved, saved_part
from fac_core.datasets.reading.formats import FORMATS, reader_of
from fac_core.datasets.reading.records import Part
from fac_core.datasets.splits import chosen_split, folder_and_split, split_of
from fac_core.errors import BadInput


@dataclass(frozen=True)
class Source:
    """A named sequence of parts."""

    name: str
    """File or folder without its endings, or the hub id."""
    parts: list[Part]


def find(source: str | Path) -> Source:
    """The parts of a dataset, in the order in which they are read; nothing is read yet.

    Raises `BadInput` when there is nothing of that name, or nothing readable in it.
    """
    try:
        return _found(source)
    except (OSError, RuntimeError) as error:  # a name that is too long, a link to itself, a home of nobody
        said = getattr(error, "strerror", None) or error
        raise BadInput(f"{str(source)[:200]!r} cannot be looked for: {said}. Check the path.") from error


def _found(source: str | Path) -> Source:
    path = Path(source).expanduser()
    if str(source).startswith("hub:"):
        return Source(str(source).removeprefix("hub:"), [hub_part(str(source))])
    if path.is_file():
        return Source(_stem(path), [_file_part(path, path.name)])
    if found := folder_and_split(source):
        return _folder(*found)
    if is_hub_id(str(source)) and reader_of(path) is None:
        return Source(str(source), [hub_part(str(source))])
    if path.exists():
        raise BadInput(f"{path} is neither a file nor a folder. Copy what it gives into a file.")
    raise BadInput(f"There is no file or folder {str(source)!r}. Check the path; hub ids are written hub:owner/name.")


def _folder(folder: Path, split: str | None) -> Source:
    name = folder.resolve().name
    parts = [saved_part(folder, split)] if is_saved(folder) else _folder_parts(folder, split)
    return Source(f"{name}-{split}" if split else name, parts)


def _folder_parts(folder: Path, split: str | None) -> list[Part]:
    """The readable files below a folder that are of one split, sorted by path; hidden ones and other endings are none."""
    names = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    readable = [name for name in names if reader_of(name) and not any(part.startswith(".") for part in name.parts)]
    if not readable:
        raise BadInput(f"{folder} has no file that can be read. Readable are {_endings()}.")
    of = {name: split_of(name) for name in readable}
    chosen = chosen_split(list(dict.fromkeys(filter(None, of.values()))), split, str(folder), f"{folder}:SPLIT")
    if len(set(of.values()) - {None}) > 1 or split:
        readable = [name for name in readable if of[name] in chosen]
    return [replace(_file_part(folder / name, name.as_posix()), is_among_others=len(names) > 1) for name in readable]


def _file_part(path: Path, name: str) -> Part:
    reader = reader_of(path)
    if reader is None:
        raise BadInput(f"{path} has an ending that says nothing about its format. Readable are {_endings()}.")
    return Part(str(path), partial(reader, path, name))


def _endings() -> str:
    return f"{', '.join(FORMATS)} and the same with .gz behind (but Parquet)"


def _stem(path: Path) -> str:
    name = path.name.removesuffix(".gz")
    return name.removesuffix(Path(name).suffix) or path.name
