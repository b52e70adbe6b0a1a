"""Several runs of a workspace as one: checked, named by what they are, built like any other run."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from fac_core.errors import WrongUse
from fac_core.scratch import scratch
from fac_core.shortage import explained
from fac_core.store.runs.build import build_run
from fac_core.store.runs.info import RunInfo
from fac_core.store.runs.merge import Part, merge_parts
from fac_core.store.runs.run_file import RunFile
from fac_core.store.upkeep.sweeping import MERGING, sweep_workspace
from fac_core.store.workspace import Workspace

_SETTINGS = {"context": "a window of {} tokens", "roles": "the roles {}", "dtype": "{}"}
"""Besides the feature space, what has to be the same in all runs, and how it is said."""


def merge(workspace: Workspace, infos: Sequence[RunInfo], name: str, *, keep_duplicates: bool = False) -> RunInfo:
    """Merge runs, in this order, and publish the run; one of the same runs that exists is returned.

    Raises `WrongUse`, naming two of them, for runs that cannot be one.
    """
    _check(infos)
    merged = _info(infos, name, keep_duplicates=keep_duplicates)
    published = workspace.run_path(merged.run_id)
    sweep_workspace(workspace)
    if not workspace.has_run(merged.run_id):
        cache = workspace.folder / "cache"
        cache.mkdir(exist_ok=True)
        named = Counter(info.name for info in infos)
        parts = [
            Part(
                workspace.run_path(info.run_id),
                info.name if named[info.name] == 1 else f"{info.name}-{info.run_id}",
                info.n_sinks,
            )
            for info in infos
        ]
        with explained(workspace.folder), scratch(cache, MERGING) as folder:
            build_run(published, merged, **merge_parts(parts, folder, keep_duplicates=keep_duplicates))
    with RunFile(published) as run:
        return run.info


def _check(infos: Sequence[RunInfo]) -> None:
    if len({info.run_id for info in infos}) < max(2, len(infos)):
        raise WrongUse("Name two runs or more to merge, each of them once.")
    first = infos[0]
    for other in infos[1:]:
        if other.space_id != first.space_id:
            here, there = (f"{i.model}, {i.sae}, {i.hook_name}, {i.activation_mode}" for i in (first, other))
            raise WrongUse(
                f"{other.name} is of another feature space ({there}) than {first.name} ({here}). Encode it again in that of"
                f" {first.name}."
            )
        for field, said in _SETTINGS.items():
            mine, theirs = getattr(first, field), getattr(other, field)
            if mine != theirs:
                raise WrongUse(
                    f"{other.name} was encoded with {said.format(theirs)}, {first.name} with {said.format(mine)}. Encode one of"
                    " them again, as the other."
                )


def _info(infos: Sequence[RunInfo], name: str, *, keep_duplicates: bool) -> RunInfo:
    """What the merged run says of itself; `build_run` fills in the counts."""
    first = infos[0]

    def identity(of: list[str]) -> str:
        return hashlib.sha256(json.dumps(["merged", of, keep_duplicates]).encode()).hexdigest()[:16]

    return replace(
        first,
        run_id=identity([info.run_id for info in infos]),
        name=name,
        dataset_id=identity([info.dataset_id for info in infos]),
        dataset_name=name,
        source=" + ".join(info.source for info in infos),
        seconds=sum(info.seconds or 0.0 for info in infos),
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        in_part=any(info.in_part for info in infos),
    )
