"""Where this user last saw a log end, kept beside their settings: a log that was made anew, or cut off, no longer has that event.

The chain has no key, so what lies in the workspace alone cannot show that all of it was written again. Who can write here too
is not found; nor is what happened to a log before this user opened it, or after it was moved to another folder.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path

from fac_core.errors import CannotWrite, RunBroken
from fac_core.people.place import config_folder
from fac_core.scratch import sweep
from fac_core.store.marker import read_marker
from fac_core.whole import BUILDING, write_whole


def last_seen(log: Path) -> tuple[int, str] | None:
    """`seq` and hash of the event that the log ended with; None for one that this user never saw."""
    try:
        seq, link = json.loads(_place(log).read_bytes())["end"]
        return int(seq), str(link)
    except (OSError, ValueError, LookupError, TypeError, RecursionError):  # not there, or somebody's
        return None


def saw(log: Path, seq: int, link: str) -> None:
    """Remember where the log ends; where nothing may be written, nothing is remembered."""
    if seq:
        with suppress(CannotWrite, OSError):
            place = _place(log)
            sweep(place.parent, BUILDING)
            write_whole(place, json.dumps({"log": str(log), "end": [seq, link]}))


def _place(log: Path) -> Path:
    """By folder and by workspace: one that was made anew where another one was is not taken for it."""
    workspace = ""
    with suppress(RunBroken, OSError):
        workspace = read_marker(log.parent).get("id", "")
    name = hashlib.sha256(f"{log.resolve()} {workspace}".encode("utf-8", "surrogateescape")).hexdigest()
    return config_folder() / "logs" / f"{name[:32]}.json"
