"""A copy of a workspace that was taken while people and jobs went on, and the way back.

A backup is a folder that is a workspace itself, with the hash of each file in `backup.json`. The log comes first, through
SQLite's own backup, so it is of one moment and knows of no run that the copy lacks; run files never change, so those that
are there already are not copied again. What the cache has is left out, but for the answers of language models, which cost
money. No file in the folder is ever deleted. One that was taken again and broke off can be restored as it then is.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from fac_core.errors import BadInput, NotFound, RunBroken, WrongUse
from fac_core.progress import Progress, silent
from fac_core.scratch import sweep
from fac_core.shortage import explained
from fac_core.store.events import EventLog
from fac_core.store.log import chain
from fac_core.store.log.last_seen import saw
from fac_core.store.sqlite_file import check_intact
from fac_core.store.workspace import MARKER, Workspace
from fac_core.whole import BUILDING, whole, write_whole

_MANIFEST = "backup.json"
_DATABASES = ("workspace.sqlite", "cache/answers.sqlite")
_KEPT = (
    MARKER,
    "runs/*.duckdb",
    "runs/*.parquet/*/*.parquet",
    "spaces/*.duckdb",
    "uploads/**/*",
    "prompts/**/*",
    "jobs/*.log",
)


@dataclass(frozen=True)
class BackedUp:
    """What a backup holds."""

    folder: Path
    n_files: int
    n_copied: int
    """Of these, the files that were not there yet in this form."""


def back_up(workspace: Workspace, folder: Path, on_progress: Progress = silent) -> BackedUp:
    """Copy a workspace into a folder: a new one, or that of an earlier backup, which is brought up to date.

    Raises `WrongUse` for a folder of something else, or one that lies in the workspace; `RunBroken` for a log that is damaged,
    or that was changed by anything but this program since the earlier backup: a good backup is not replaced by a bad one.
    """
    source, folder = workspace.folder, Path(folder).resolve()
    if folder.is_relative_to(source):
        raise WrongUse(f"{folder} lies in the workspace itself. Choose a folder elsewhere, best on another disk.")
    for lock in list(folder.rglob(f"{BUILDING}*.lock")):  # of a backup that was killed
        sweep(lock.parent, BUILDING)
    if folder.exists() and not (folder / _MANIFEST).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise WrongUse(f"{folder} is there already and holds no backup. Choose another folder.")
    with explained(folder):
        return _backed_up(source, folder, on_progress)


def _backed_up(source: Path, folder: Path, on_progress: Progress) -> BackedUp:
    earlier = _manifest(folder)[0] if (folder / _MANIFEST).is_file() else {}
    known = _chain_of(folder)
    hashes: dict[str, str] = {}
    n_copied = 0

    def put(name: str, write: Callable[[Path], object]) -> str:
        """Copy a file. Of one that was there the manifest knows both, so that a backup that breaks off can be restored."""
        with whole(folder / name) as building:
            write(building)
            digest = _hash(building)
            if name in earlier:
                _write_manifest(folder, earlier, known, {**hashes, name: digest})
        return digest

    _write_manifest(folder, earlier, known)  # whose folder it is, also if this ends before it is done
    databases = [name for name in _DATABASES if (source / name).is_file()]
    head = _check_chain(source / _DATABASES[0], known) if _DATABASES[0] in databases else None
    for name in databases:
        check_intact(source / name)
        hashes[name] = put(name, partial(_copy_database, source / name))
        n_copied += hashes[name] != earlier.get(name)
    names = list(_files(source))
    for done, name in enumerate(names):
        on_progress(done, len(names), name)
        hashes[name] = _hash(source / name)
        if earlier.get(name) != hashes[name] or not _is_whole(folder / name, (hashes[name],)):
            hashes[name] = put(name, partial(shutil.copyfile, source / name))
            n_copied += 1
    on_progress(len(names), len(names))
    _write_manifest(folder, {**earlier, **hashes}, head)
    return BackedUp(folder, len(hashes), n_copied)


def restore(backup: Path, folder: Path, on_progress: Progress = silent) -> Workspace:
    """Make a workspace in a new folder from a backup; each file is held against its hash first.

    Raises `NotFound` without a backup, `BadInput` for one with files that are missing or damaged (nothing is made then), and
    `WrongUse` where the folder is not empty.
    """
    backup, folder = Path(backup), Path(folder)
    if not (backup / _MANIFEST).is_file():
        raise NotFound(f"{backup} is no backup: it has no {_MANIFEST}. `fac backup FOLDER` makes one.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WrongUse(f"{folder} is not empty. Restore into a new folder, then point --workspace there.")
    hashes, coming = _manifest(backup)
    if MARKER not in hashes:
        raise BadInput(f"The backup {backup} was never finished. Restore from another one, or take it again.")
    for done, (name, digest) in enumerate(hashes.items()):
        on_progress(done, 2 * len(hashes), f"checking {name}")
        if not _is_whole(backup / name, (digest, coming.get(name))):
            raise BadInput(f"{str(backup / name)[:300]} is missing or damaged. Restore from another backup.")
    with whole(folder, replaces_folder=True) as building:
        for done, name in enumerate(hashes):
            on_progress(len(hashes) + done, 2 * len(hashes), name)
            (building / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(backup / name, building / name)
        (building / "runs").mkdir(exist_ok=True)
    if stood := _chain_of(backup):  # also where a later state of the same workspace stood before
        saw(folder.resolve() / _DATABASES[0], *stood)
    on_progress(2 * len(hashes), 2 * len(hashes))
    return Workspace(folder)


def _check_chain(log: Path, known: tuple[int, str] | None) -> tuple[int, str]:
    """Where the chain of the log stands: `seq` and hash of its newest event. Raises `RunBroken` for one that does not hold."""
    events = EventLog(log)
    if faults := events.faults():
        raise RunBroken(chain.told(log, faults))
    if known and not chain.follows(log, *known):
        raise RunBroken(
            f"{log} is not the log of the earlier backup: event {known[0]} is another one now, so the log was written anew."
            " Restore that backup, or take this one into a new folder."
        )
    return events.head()


def _chain_of(backup: Path) -> tuple[int, str] | None:
    path = backup / _MANIFEST
    known = json.loads(path.read_bytes()).get("log") if path.is_file() else None
    return (int(known[0]), str(known[1])) if known else None


def _files(source: Path) -> Iterator[str]:
    for pattern in _KEPT:
        for path in sorted(source.glob(pattern)):
            if path.is_file() and not path.is_symlink():
                yield path.relative_to(source).as_posix()


def _manifest(folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Hash of each file of a backup by its path in it, and of one that may have been replaced since.

    Raises `BadInput`, also for a path that leads out of it.
    """
    path = folder / _MANIFEST
    try:
        said = json.loads(path.read_bytes())
        found, coming = dict(said["files"]), dict(said.get("coming", {}))
        places = {name: (folder / name).resolve() for name in {**found, **coming}}
    except (ValueError, LookupError, TypeError, OSError, RuntimeError, RecursionError) as error:
        raise BadInput(f"{path} cannot be read. Take another backup.") from error
    for name, place in places.items():
        if not place.is_relative_to(folder.resolve()) or not _is_kept(name):
            raise BadInput(f"{path} names {name[:80]!r}, which lies outside of it. Take another backup.")
    return found, coming


def _is_kept(name: str) -> bool:
    """Whether it is a path that a backup has: nothing else is ever put into a workspace."""
    path = PurePosixPath(name)
    is_plain = not path.is_absolute() and ".." not in path.parts and "\\" not in name
    return is_plain and (name in _DATABASES or any(_fits(path, pattern) for pattern in _KEPT))


def _fits(path: PurePosixPath, pattern: str) -> bool:
    first, _, rest = pattern.partition("/**/")
    return (
        path.parts[:1] == (first,)
        if rest
        else path.match(pattern) and len(path.parts) == len(PurePosixPath(pattern).parts)
    )


def _write_manifest(
    folder: Path, files: Mapping[str, str], log: tuple[int, str] | None, coming: Mapping[str, str] | None = None
) -> None:
    """Hashes of the files, where the chain of the log stood, and hashes of files that may have been replaced since."""
    said = {"files": files, "log": log, **({"coming": coming} if coming else {})}
    write_whole(folder / _MANIFEST, json.dumps(said, indent=1))


def _copy_database(path: Path, to: Path) -> None:
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(to)) as copy:
        source.backup(copy)


def _is_whole(path: Path, digests: tuple[object, ...]) -> bool:
    try:
        return path.is_file() and _hash(path) in digests
    except OSError:  # a name that is too long, a link to itself
        return False


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
