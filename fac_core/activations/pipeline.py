"""From a dataset to a published run file, resumable at any moment.

What lies on the way is found again by the same command, which goes on from there (`on_the_way`).
"""

from __future__ import annotations

import importlib.metadata
import json
import logging
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fac_core.activations.engines.places import Folder, Place, place_in
from fac_core.activations.engines.spec import Decided, EngineSpec, Workers, workers_of
from fac_core.activations.on_the_way import RunOnTheWay, bytes_needed, held_runs
from fac_core.activations.sae import SparseAutoencoder, load_sae
from fac_core.activations.saes.fit import warn_of_another_model
from fac_core.activations.saes.named import chosen_sae, pinned_sae
from fac_core.activations.shards import Shard, plan, portions, shard_size
from fac_core.activations.space import model_hash, space_id
from fac_core.activations.spec import EncodeSpec
from fac_core.datasets.layouts import AUTOMATIC, ColumnMapping
from fac_core.datasets.mixtures import pinned_sources
from fac_core.datasets.prepare import PreparedDataset, sets_of
from fac_core.errors import BadInput
from fac_core.hub import look_again
from fac_core.models.device import chosen_device, device_in_words
from fac_core.models.location import pinned_model
from fac_core.progress import Progress, silent
from fac_core.shortage import explained
from fac_core.store.runs.build import build_run
from fac_core.store.runs.info import RunInfo
from fac_core.store.runs.run_file import RunFile
from fac_core.store.runs.shard_schema import SHARD_FORMAT
from fac_core.store.workspace import Workspace

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
    return encode_together(
        source, workspace, [spec], name=name, mapping=mapping, engine=engine, on_progress=on_progress
    )[0]


def encode_together(
    source: str | Path,
    workspace: Workspace,
    specs: Sequence[EncodeSpec],
    *,
    name: str | None = None,
    mapping: ColumnMapping = AUTOMATIC,
    engine: EngineSpec = EngineSpec(),
    on_progress: Progress = silent,
) -> list[RunInfo]:
    """The runs of specs that differ in what reads (SAE, mode, k, hook) and in nothing else, from one pass of the model.

    Each run is what its spec alone would give, and so is all that lies on the way: either goes on from the other.
    """
    started = time.monotonic()
    if engine.engine == "local":  # a device that is not there is an error now, not after the dataset is read
        chosen_device(specs[0].device)
    sets_of(source, mapping)  # and so is a source, before a SAE or a model is looked for
    look_again()
    runs = [_run_of(spec) for spec in specs]
    with (
        explained(workspace.folder, lambda: bytes_needed(runs)),
        held_runs(source, workspace, runs, mapping, on_progress) as dataset,
    ):
        waiting = {run.info.run_id: run for run in runs if not workspace.has_run(run.info.run_id)}
        for run in waiting.values():
            run.info = replace(
                run.info,
                name=name or dataset.name,
                in_part=mapping.limit is not None or mapping.take is not None,
                commits=_commits(run.spec.model, run.info.sae, dataset.source),
            )
        for group in _groups(list(waiting.values())):
            _encode_group(group, dataset, workspace, engine, on_progress, started)
        return [_published(workspace, run, None if run.info.run_id in waiting else name) for run in runs]


def _run_of(spec: EncodeSpec) -> RunOnTheWay:
    sae = load_sae(chosen_sae(spec.model, spec.sae), hook_name=spec.hook).in_mode(spec.mode, spec.k)
    return RunOnTheWay(spec, sae, _info(spec, sae))


def _encode_group(
    group: list[RunOnTheWay],
    dataset: PreparedDataset,
    workspace: Workspace,
    engine: EngineSpec,
    on_progress: Progress,
    started: float,
) -> None:
    """Encode and publish runs that read along with each other."""
    spec = group[0].spec
    places = [_place(engine, run) for run in group]
    for place in places:
        place.mend()
    for run in group:
        if run.sae is not None:
            warn_of_another_model(run.sae, spec.model)
    where = device_in_words(chosen_device(spec.device)) if engine.engine == "local" else "a cluster"
    on_progress(0, dataset.n_samples, f"loading the model on {where}")
    with workers_of(engine, spec, _given_away(group)) as workers:
        choice = _choice(group, dataset, workers)
        plans = [
            plan(dataset.samples, place, size=shard_size(dataset.n_samples), identity=_identity(run, choice.dtype))
            for run, place in zip(group, places, strict=True)
        ]
        for run in group:
            run.n_shards = -(-dataset.n_samples // shard_size(dataset.n_samples))
        found = workers.encode(portions(plans), choice.dtype, dataset.n_samples, on_progress)
    for i, (run, place) in enumerate(zip(group, places, strict=True)):
        seconds = time.monotonic() - started
        info = replace(run.info, dtype=choice.dtype, dtype_reason=choice.reason, seconds=seconds)
        _publish(workspace.run_path(info.run_id), info, dataset, [portion.shards[i] for portion in found])
        place.remove()


def _place(engine: EngineSpec, run: RunOnTheWay) -> Place:
    near = run.folder / "shards"
    return place_in(engine.shards, run.info.run_id, near=near) if engine.shards else Folder(near)


def _given_away(group: list[RunOnTheWay]) -> list[SparseAutoencoder]:
    """The SAEs, which nobody else holds from now on: in float32 a wide one takes gigabytes."""
    saes = [run.sae for run in group if run.sae is not None]
    for run in group:
        run.sae = None
    return saes


def _identity(run: RunOnTheWay, dtype: str) -> str:
    return json.dumps([SHARD_FORMAT, run.info.space_id, run.spec.context, run.spec.roles, dtype])


def _publish(path: Path, info: RunInfo, dataset: PreparedDataset, shards: list[Shard]) -> None:
    _check_any_sample(dataset, shards)
    build_run(
        path,
        info,
        samples=dataset.samples,
        shard_samples=[s.part("samples") for s in shards],
        activations=[s.part("activations") for s in shards],
        examples=[s.part("examples") for s in shards],
        outside=[s.part("outside") for s in shards],
        failures=[dataset.failures, *(s.part("failures") for s in shards)],
    )


def _check_any_sample(dataset: PreparedDataset, shards: list[Shard]) -> None:
    """Raise `BadInput` where no sample came through: of a run of nothing one could only say that nothing is missing."""
    if any(pq.read_metadata(s.part("samples")).num_rows for s in shards):
        return
    failures = pa.concat_tables(
        pq.read_table(s.part("failures"), columns=["reason", "detail", "origin"]) for s in shards
    )
    reasons = Counter(failures["reason"].to_pylist())
    first = failures.slice(0, 1).to_pylist()[0]
    raise BadInput(
        f"{dataset.source} has no sample that can be encoded: {', '.join(f'{n:,} {why}' for why, n in reasons.most_common())};"
        f" the first, {first['origin']}, {first['detail']}."
    )


def _published(workspace: Workspace, run: RunOnTheWay, name: str | None) -> RunInfo:
    """What a run says of itself; nothing on the way is needed any more, and the lock on it is still ours."""
    shutil.rmtree(run.folder, ignore_errors=True)
    with RunFile(workspace.run_path(run.info.run_id)) as file:
        if name not in (None, file.info.name):
            logger.warning("These samples are encoded already, as %r: that run is taken.", file.info.name)
        return file.info


def _groups(runs: list[RunOnTheWay]) -> list[list[RunOnTheWay]]:
    """Runs that are encoded together: those of one dtype, which an interrupted try settled."""
    by_dtype: dict[str | None, list[RunOnTheWay]] = {}
    for run in runs:
        kept = run.decided
        by_dtype.setdefault(kept and kept.dtype, []).append(run)
    return list(by_dtype.values())


def _choice(group: list[RunOnTheWay], dataset: PreparedDataset, workers: Workers) -> Decided:
    """The dtype; that of an interrupted try is kept, or its shards would be worth nothing."""
    first = group[0]
    choice = first.decided or workers.choose(
        next(plan(dataset.samples, first.folder / "shards", size=64, identity="probe"))
    )
    for run in group:
        run.decide(choice)
    return choice


def _commits(model: str, sae: str | None, source: str) -> str | None:
    found = {"model": pinned_model(model), "sae": pinned_sae(sae or "")}
    pinned = {what: name for what, name in found.items() if name is not None} | pinned_sources(source)
    return json.dumps(pinned) if pinned else None


def _info(spec: EncodeSpec, sae: SparseAutoencoder) -> RunInfo:
    """What is known before a dataset is read; `build_run` fills in the counts."""
    return RunInfo(
        run_id="",
        name="",
        dataset_id="",
        dataset_name="",
        source="",
        space_id=space_id(spec.model, sae),
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
        tokenizer=spec.model,
        context=spec.context,
        roles=",".join(spec.roles),
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        versions=json.dumps(
            {p: importlib.metadata.version(p) for p in ("torch", "transformers", "sae-lens", "duckdb", "fac-explorer")}
        ),
    )
