"""What a user names as a dataset, found: a file, a folder of files, a saved dataset or a hub id."""

from __future__ import annotations

import json
import logging
import os
import re
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from fac_core.datasets.hub import hub_part, is_hub_id, is_saved, saved_part
from fac_core.datasets.reading.formats import FORMATS, reader_of
from fac_core.datasets.reading.records import Part
from fac_core.datasets.splits import chosen_split, folder_and_split, split_of
from fac_core.errors import BadInput

logger = logging.getLogger(__name__)

_NOTES = re.compile(
    r"(?:read[-_ ]?me|licen[cs]es?|copying|notice|authors|contributors|change(?:s|log)|citation|requirements(?:[-_]\w+)?)"
    r"(?:[-_.]\w{1,12})?\.txt",
    re.IGNORECASE,
)
"""Names of files beside data that are none, of those whose ending says text."""
_MARKER, _KEPT = "workspace.json", {"runs", "spaces", "cache", "jobs", "uploads"}
"""What marks a folder as a workspace, and what such a folder holds beside the data that somebody may have put there."""
_OUR_MANIFEST, _LARGEST_MANIFEST = "export.json", 10_000_000


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
    if not str(source).strip():
        raise BadInput("The name of the dataset is empty. Give a file, a folder or hub:owner/name; this folder is `.`.")
    path = Path(source).expanduser()
    _check_name(path.resolve() if path.exists() else path)
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
    raise BadInput(f"There is no file or folder {str(source)!r}. {_meant(str(source))}")


_HUB_PAGE = re.compile(r"(?:https?://(?:www\.)?(?:huggingface|hf)\.co/|hf://)datasets/([\w.-]+/[\w.-]+)")


def _meant(source: str) -> str:
    """What to write for what somebody wrote."""
    if page := _HUB_PAGE.match(source):
        return f"Write hub:{page[1]}."
    if "://" in source:
        return "It is an address: download it first, and give the file."
    if set(source) & set("*?"):
        return "A pattern is not read: give a file, or the folder of them all."
    return "Check the path; hub ids are written hub:owner/name."


def _folder(folder: Path, split: str | None) -> Source:
    name = folder.resolve().name
    parts = [saved_part(folder, split)] if is_saved(folder) else _folder_parts(folder, split)
    return Source(f"{name}-{split}" if split else name, parts)


def _folder_parts(folder: Path, split: str | None) -> list[Part]:
    """The readable files below a folder that are of one split, sorted by path; hidden ones and other endings are none."""
    names = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    readable = [name for name in names if reader_of(name) and not any(part.startswith(".") for part in name.parts)]
    for name in readable:
        _check_name(folder / name)
    readable = [name for name in _without_notes(folder, readable) if not _is_of_a_workspace(folder, name)]
    if not readable:
        raise BadInput(f"{folder} has no file that can be read. Readable are {_endings()}.")
    of = {name: split_of(name) for name in readable}
    chosen = chosen_split(list(dict.fromkeys(filter(None, of.values()))), split, str(folder), f"{folder}:SPLIT")
    if len(set(of.values()) - {None}) > 1 or split:
        readable = [name for name in readable if of[name] in chosen]
    return [replace(_file_part(folder / name, name.as_posix()), is_among_others=len(names) > 1) for name in readable]


def _is_of_a_workspace(folder: Path, name: Path) -> bool:
    """Whether a file is one that a workspace keeps: the one in this folder, or one below it."""
    if any((folder / part / _MARKER).is_file() for part in name.parents if part != Path()):
        return True
    return (name.name == _MARKER or name.parts[0] in _KEPT) and (folder / _MARKER).is_file()


def _without_notes(folder: Path, names: list[Path]) -> list[Path]:
    """Without what stands beside data and is none, of which is told; who wants one of these files names it."""
    notes = [name for name in names if _NOTES.fullmatch(name.name) or _is_our_manifest(folder / name)]
    unsaid = [name.as_posix() for name in notes if name.name != _OUR_MANIFEST]
    if unsaid and len(notes) < len(names):
        logger.warning(
            "%s of %s %s about the data, not data. To read one, name the file itself.",
            ", ".join(unsaid), folder, "are" if len(unsaid) > 1 else "is",
        )  # fmt: skip
    return [name for name in names if name not in notes] or names


def _is_our_manifest(path: Path) -> bool:
    """Whether it is what `fac export` writes beside its rows."""
    if path.name != _OUR_MANIFEST or path.stat().st_size > _LARGEST_MANIFEST:
        return False
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and {"data", "files", "rows_hash"} <= set(found)


_MENDS = {
    ".xlsx .xls .xlsm .ods .numbers": " Save its sheet as CSV.",
    ".zip .tar .tgz .7z .rar .zst .bz2 .xz": " Unpack it.",
    ".arrow .feather .orc .avro .h5 .pkl .pickle .npy": " Save it as Parquet or JSONL.",
    ".md .html .htm .pdf .docx .doc .rtf .xml": " Save its text as .txt, a line each.",
}
"""Endings of formats that are not read -> what to do."""


def _file_part(path: Path, name: str) -> Part:
    reader = reader_of(path)
    if reader is None:
        ending = path.suffix.lower()
        mend = next((mend for endings, mend in _MENDS.items() if ending in endings.split()), "")
        raise BadInput(f"{path} cannot be read.{mend} Readable are {_endings()}.")
    return Part(str(path), partial(reader, path, name))


def _check_name(path: Path) -> None:
    """Raise `BadInput` for a name that is no text: what a run says of its source has to be one."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        told = os.fsencode(path).decode("utf-8", "backslashreplace")
        raise BadInput(f"The name {told} is not UTF-8. Rename it: mv $'{told}' NAME.") from None


def _endings() -> str:
    return f"{', '.join(FORMATS)} and the same with .gz behind (but Parquet)"


def _stem(path: Path) -> str:
    name = path.name.removesuffix(".gz")
    return name.removesuffix(Path(name).suffix) or path.name
