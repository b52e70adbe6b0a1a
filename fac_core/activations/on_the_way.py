"""Runs on their way: the folder of all that lies between a dataset and its run file, and who may be in it.

The dtype and the shards are in `<workspace>/cache/<run_id>/`. The same command finds them again and goes on; after the run is
published the folder is removed. `<run_id>.lock` beside it is held by who encodes. The samples are read anew by every try.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from fac_core.activations.engines.spec import Decided
from fac_core.activations.sae import SparseAutoencoder
from fac_core.activations.space import run_id_of
from fac_core.activations.spec import EncodeSpec
from fac_core.datasets.layouts import ColumnMapping
from fac_core.datasets.prepare import PreparedDataset, prepare
from fac_core.progress import Progress
from fac_core.scratch import scratch
from fac_core.store.process_lock import held_in_turn
from fac_core.store.runs.info import RunInfo
from fac_core.store.upkeep.sweeping import READING, sweep_workspace
from fac_core.store.workspace import Workspace
from fac_core.whole import write_whole

_DTYPE = "dtype.json"
_RUN_TO_SHARDS = 2
"""Bytes of a run file while it is built, with what is sorted on the disk, to those of its shards; at most."""


@dataclass
class RunOnTheWay:
    """A run that is being encoded."""

    spec: EncodeSpec
    sae: SparseAutoencoder | None
    """Until it is given to who reads with it."""
    info: RunInfo
    """What is known so far."""
    folder: Path = Path()
    n_shards: int = 0
    """Once they are planned."""

    @property
    def decided(self) -> Decided | None:
        """The dtype of an interrupted try; shards of another would be worth nothing."""
        path = self.folder / _DTYPE
        return Decided(**json.loads(path.read_text())) if path.exists() else None

    def decide(self, choice: Decided) -> None:
        """Keep the dtype for whoever goes on."""
        write_whole(self.folder / _DTYPE, json.dumps(choice._asdict()))


@contextmanager
def held_runs(
    source: str | Path, workspace: Workspace, runs: list[RunOnTheWay], mapping: ColumnMapping, on_progress: Progress
) -> Iterator[PreparedDataset]:
    """Read the dataset, name the runs by its content, and hold them: of two who encode the same, one waits for the other.

    The folder of an interrupted try is found again.
    """
    sweep_workspace(workspace)
    cache = workspace.folder / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    with scratch(cache, READING) as reading, ExitStack() as locks:
        dataset = prepare(source, reading / "dataset", mapping, on_progress=on_progress)
        for run in runs:
            spec, info = run.spec, run.info
            run_id = run_id_of(spec, info.space_id, dataset, workspace)
            known = {"dataset_id": dataset.dataset_id, "dataset_name": dataset.name, "source": dataset.source}
            run.info = replace(info, run_id=run_id, **known)
            run.folder = cache / run_id

        def waiting() -> None:
            on_progress(0, dataset.n_samples, "somebody else encodes the same; waiting for what comes of it")

        for folder in sorted({run.folder for run in runs}):  # all in one order, so that no two wait for each other
            locks.enter_context(held_in_turn(folder.with_name(f"{folder.name}.lock"), waiting))
            folder.mkdir(exist_ok=True)
        yield dataset


def bytes_needed(runs: Sequence[RunOnTheWay]) -> int:
    """Room that the rest takes: shards to come, at the size of those that are there, and the run files; 0 before there are any."""
    needed = 0.0
    for run in runs:
        files = list((run.folder / "shards").glob("*.parquet")) if run.n_shards else []
        there = sum(path.stat().st_size for path in files)
        n_there = sum(path.name.endswith(".activations.parquet") for path in files)
        if n_there:
            in_all = there * run.n_shards / n_there
            needed += in_all - there + _RUN_TO_SHARDS * in_all
    return int(needed)
