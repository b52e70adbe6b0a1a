"""The file that marks a folder as a workspace, tells it from another one, and remembers which run is its anchor."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from fac_core.errors import RunBroken
from fac_core.whole import write_whole

MARKER = "workspace.json"


def is_workspace(folder: Path) -> bool:
    """Whether a folder is one."""
    return (folder / MARKER).is_file()


def read_marker(folder: Path) -> dict[str, str]:
    """What it remembers. Raises `RunBroken` for a file that somebody else wrote."""
    path = folder / MARKER
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise RunBroken(f"{path} is not JSON (line {error.lineno}). Replace its content by {{}}.") from error
    except (ValueError, RecursionError) as error:  # no UTF-8, a number of thousands of digits, lists in lists
        raise RunBroken(f"{path} is not JSON that can be read. Replace its content by {{}}.") from error
    if not isinstance(found, dict) or not all(isinstance(found.get(name, ""), str) for name in ("anchor", "id")):
        raise RunBroken(f'{path} is no JSON object with an "anchor". Replace its content by {{}}.')
    return found


def write_marker(folder: Path, content: dict[str, str]) -> None:
    """Mark a folder, or remember something else."""
    write_whole(folder / MARKER, json.dumps(content, indent=2))  # other processes read it at any moment


def remove_if_empty(folder: Path, *, with_folder: bool) -> None:
    """Take a workspace away if nothing was put into it: its folder is none any more, or is gone too."""
    if any((folder / name).exists() for name in ("workspace.sqlite", "jobs", "uploads", "spaces")):
        return
    with suppress(OSError):  # which a folder with content raises
        for name in ("cache", "runs"):
            if (folder / name).exists():
                (folder / name).rmdir()
        (folder / MARKER).unlink()
        if with_folder:
            folder.rmdir()
