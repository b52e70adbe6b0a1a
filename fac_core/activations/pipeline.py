"""From a dataset to a published run file, resumable at any moment.

Everything on the way lies in `<workspace>/cache/<run_id>/`: the prepared samples, the plan, the shards. The same
command finds them again and goes on; after the run is published the folder is removed.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
import shutil
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from fac_core.activations.engines.places import Folder, place_in
from fac_core.activations.engines.spec import Decided, EngineSpec, Workers, workers_of
from fac_core.activations.sae import SparseAutoencoder, default_sae, load_sae
from fac_core.activations.shards import plan, shard_size
from fac_core.activations.space import model_hash, space_id
from fac_core.activations.spec import EncodeSpec
from fac_core.datasets.layouts import AUTOMATIC, ColumnMapping
from fac_core.datasets.prepare import PreparedDataset, prepare
from fac_core.progress import Progress, silent
from fac_core.store.runs.build import build_run
from fac_core.store.runs.info import RunInfo
from fac_core.store.runs.run_file import RunFile
from fac_core.store.runs.shard_schema import SHARD_FORMAT
from fac_core.store.workspace import Workspace
from fac_core.whole import write_whole

logger = logging.getLogger(__name__)


def encode(
    source: str | Path,
    workspace: Workspace,
    spec: EncodeSpec = EncodeSpec(),
    *,
    name: str | None = None,
    mapping: ColumnMapping = AUTOMATIC,
    engine: EngineSpec = EngineSpec(),
    on_progress: Progress = silent,
) -> RunInfo:
    """Encode a dataset and publish the run. A run that exists already is returned at once.

    Progress counts samples. Raises the errors of `prepare` and `load_sae`, `NotFound` and `ModelMismatch` of the model.
    """
    started = time.monotonic()
    sae = load_sae(spec.sae or default_sae(spec.model), hook_name=spec.hook).in_mode(spec.mode, spec.k)
    space = space_id(spec.model, sae)
    dataset, folder, run_id = _prepared(source, workspace, space, spec, mapping, on_progress)
    published = workspace.run_path(run_id)
    if published.exists():
        shutil.rmtree(folder)
        with RunFile(published) as run:
            if name not in (None, run.info.name):
                logger.warning("These samples are encoded already, as %r: that run is taken.", run.info.name)
            return run.info
    on_progress(0, dataset.n_samples, "loading the model")
    shards_folder = folder / "shards"
    place = place_in(engine.shards, run_id, near=shards_folder) if engine.shards else Folder(shards_folder)
    with workers_of(engine, spec, sae) as workers:
        choice = _choice(folder, dataset, workers)
        identity = json.dumps([SHARD_FORMAT, space, spec.context, spec.roles, choice.dtype])
        planned = plan(dataset.samples, place, size=shard_size(dataset.n_samples), identity=identity)
        shards = workers.encode(planned, choice.dtype, dataset.n_samples, on_progress)
    info = _info(run_id, name or dataset.name, dataset, space, spec, sae, choice, time.monotonic() - started)
    info = replace(info, in_part=mapping.limit is not None or mapping.take is not None)
    build_run(
        published,
        info,
        samples=dataset.samples,
        shard_samples=[s.part("samples") for s in shards],
        activations=[s.part("activations") for s in shards],
        examples=[s.part("examples") for s in shards],
        outside=[s.part("outside") for s in shards],
        failures=[dataset.failures, *(s.part("failures") for s in shards)],
    )
    place.remove()
    shutil.rmtree(folder)
    with RunFile(published) as run:
        return run.info


def _prepared(
    source: str | Path,
    workspace: Workspace,
    space: str,
    spec: EncodeSpec,
    mapping: ColumnMapping,
    on_progress: Progress,
) -> tuple[PreparedDataset, Path, str]:
    """Read the dataset, name the run by its content, and find the folder of an interrupted try."""
    cache = workspace.folder / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    reading = Path(tempfile.mkdtemp(prefix="reading-", dir=cache))
    try:
        dataset = prepare(source, reading, mapping, on_progress=on_progress)
        key = [space, dataset.dataset_id, spec.context, spec.roles, spec.dtype]
        run_id = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]
        folder = cache / run_id
        if not folder.exists():
            reading.replace(folder)
    finally:
        shutil.rmtree(reading, ignore_errors=True)
    kept = replace(dataset, samples=folder / dataset.samples.name, failures=folder / dataset.failures.name)
    return kept, folder, run_id


def _choice(folder: Path, dataset: PreparedDataset, workers: Workers) -> Decided:
    """The dtype; that of an interrupted try is kept, or its shards would be worth nothing."""
    kept = folder / "dtype.json"
    if kept.exists():
        return Decided(**json.loads(kept.read_text()))
    choice = workers.choose(next(plan(dataset.samples, folder / "shards", size=64, identity="probe")))
    write_whole(kept, json.dumps(choice._asdict()))
    return choice


def _info(
    run_id: str,
    name: str,
    dataset: PreparedDataset,
    space: str,
    spec: EncodeSpec,
    sae: SparseAutoencoder,
    choice: Decided,
    seconds: float,
) -> RunInfo:
    return RunInfo(  # build_run fills in the counts
        run_id=run_id,
        name=name,
        dataset_id=dataset.dataset_id,
        dataset_name=dataset.name,
        source=dataset.source,
        space_id=space,
        model=spec.model,
        model_hash=model_hash(spec.model),
        n_blocks=sae.n_blocks,
        hook_name=sae.hook_name,
        sae=sae.name,
        sae_hash=sae.sha256,
        sae_architecture=sae.architecture,
        activation_mode=sae.mode,
        d_model=sae.d_model,
        d_sae=sae.d_sae,
        dtype=choice.dtype,
        dtype_reason=choice.reason,
        tokenizer=spec.model,
        context=spec.context,
        roles=",".join(spec.roles),
        seconds=seconds,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        versions=json.dumps(
            {p: importlib.metadata.version(p) for p in ("torch", "transformers", "sae-lens", "duckdb", "fac-explorer")}
        ),
    )
