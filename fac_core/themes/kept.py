"""Answers kept in a workspace's cache: finding themes takes seconds, and a process that begins would do it again.

`cache/themes/<key>.json`. Runs never change, so an answer holds for as long as its rules do: the key has both runs' own
description, the features looked at, and the source of all that finds themes. What lies there may be anybody's, so it is read
by its types or not at all; then it is found anew.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from fac_core import evidence, shortfall, themes
from fac_core.errors import CannotWrite
from fac_core.store.runs.run_file import RunFile
from fac_core.store.workspace import Workspace
from fac_core.themes.answer import Missing, missing
from fac_core.themes.names import GivenName
from fac_core.whole import write_whole

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@lru_cache(maxsize=16)
def missing_kept(
    workspace: Workspace, run: RunFile, anchor: RunFile, relevant: frozenset[int] | None = None
) -> Missing:
    """What `missing` says, from the cache where it is there; arguments and errors are its. Where nothing can be written it is not kept.

    >>> missing_kept(view.workspace, view.q, view.p) == missing(view.q, view.p)
    True
    """
    said = "\n".join(map(str, (run.info, anchor.info, sorted(relevant) if relevant is not None else "all", _rules())))
    path = workspace.folder / "cache" / "themes" / f"{hashlib.sha256(said.encode()).hexdigest()[:16]}.json"
    if (found := _read(path)) is not None:
        return found
    found = missing(run, anchor, relevant)
    with suppress(CannotWrite, OSError):
        write_whole(path, _form().dump_json(found))
    return found


def _read(path: Path) -> Missing | None:
    try:
        return _form().validate_json(path.read_bytes())
    except (OSError, ValueError):  # not there, or not as we write it
        return None


@lru_cache
def _form() -> TypeAdapter[Missing]:
    from pydantic import TypeAdapter  # here: it takes a while to load

    form = TypeAdapter(Missing)
    form.rebuild(_types_namespace={"GivenName": GivenName})
    return form


@lru_cache
def _rules() -> str:
    """A hash of the source of the rooms that an answer comes from."""
    digest = hashlib.sha256()
    for room in (evidence, shortfall, themes):
        for file in sorted(Path(room.__path__[0]).glob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()
