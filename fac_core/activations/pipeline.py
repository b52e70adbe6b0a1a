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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import pyarrow as pa

from fac_core.activations.encoder import encode_together as read_together
from fac_core.activations.encoder import find_budget
from fac_core.activations.precision import Choice, choose_encoders, encoders_of
from fac_core.activations.sae import SparseAutoencoder, load_sae
from fac_core.activations.saes.fit import warn_of_another_model
from fac_core.activations.saes.named import chosen_sae, pinned_sae
from fac_core.activations.shards import Shard, plan, shard_size
from fac_core.activations.space import model_hash, space_id
from fac_core.activations.spec import Dtype, EncodeSpec
from fac_core.datasets.layouts import AUTOMATIC, ColumnMapping
from fac_core.datasets.mixtures import pinned_sources
from fac_core.datasets.prepare import PreparedDataset, prepare
from fac_core.datasets.samples import FAILURES
from fac_core.hub import look_again
from fac_core.models.device import chosen_device, device_in_words
from fac_core.models.location import pinned_model
from fac_core.models.tokens import SampleTokenizer, Tokens
from fac_core.models.truncated import load_tokenizer
from fac_core.progress import Progress, silent
from fac_core.store.runs.build import build_run
from fac_core.store.runs.info import RunInfo
from fac_core.store.runs.run_file import RunFile
from fac_core.store.runs.shard_schema import SHARD_FORMAT
from fac_core.store.workspace import Workspace
from fac_core.whole import write_whole

logger = logging.getLogger(__name__)

_DTYPE = "dtype.json"


def encode(
    source: str | Path,
    workspace: Workspace,
    spec: EncodeSpec = EncodeSpec(),
    *,
    name: str | None = None,
    mapping: ColumnMapping = AUTOMATIC,
    on_progress: Progress = silent,
) -> RunInfo:
    """Encode a dataset and publish the run. A run that exists already is returned at once.

    Progress counts samples. Raises the errors of `prepare` and `load_sae`, `NotFound` and `ModelMismatch` of the model.
    """
    return encode_together(source, workspace, [spec], name=name, mapping=mapping, on_progress=on_progress)[0]


@dataclass
class _Run:
    """A run on its way, with the folder of all that lies on the way."""

    spec: EncodeSpec
    sae: SparseAutoencoder
    space: str
    run_id: str = ""
    folder: Path = Path()


def encode_together(
    source: str | Path,
    workspace: Workspace,
    specs: Sequence[EncodeSpec],
    *,
    name: str | None = None,
    mapping: ColumnMapping = AUTOMATIC,
    on_progress: Progress = silent,
) -> list[RunInfo]:
    """The runs of specs that differ in what reads (SAE, mode, k, hook) and in nothing else, from one pass of the model.

    Each run is what its spec alone would give, and so is all that lies on the way: either goes on from the other.
    """
    started = time.monotonic()
    device = chosen_device(specs[0].device)  # one that is not there is an error now, not after the dataset is read
    look_again()
    runs = [_run_of(spec) for spec in specs]
    dataset = _prepared(source, workspace, runs, mapping, on_progress)
    waiting = {run.run_id: run for run in runs if not workspace.run_path(run.run_id).exists()}
    for run in waiting.values():
        warn_of_another_model(run.sae, run.spec.model)
    for choice, group in _groups(list(waiting.values()), dataset, device, on_progress):
        shards = _encode_shards(dataset, group, choice, on_progress)
        for run, encoder in zip(group, choice.encoders, strict=True):
            seconds = time.monotonic() - started
            info = _info(run.run_id, name or dataset.name, dataset, run.space, run.spec, encoder.sae, choice, seconds)
            info = replace(info, in_part=mapping.limit is not None or mapping.take is not None)
            _publish(workspace.run_path(run.run_id), info, dataset, shards[run.run_id])
    return [_published(workspace, run, None if run.run_id in waiting else name) for run in runs]


def _run_of(spec: EncodeSpec) -> _Run:
    sae = load_sae(chosen_sae(spec.model, spec.sae), hook_name=spec.hook).in_mode(spec.mode, spec.k)
    return _Run(spec, sae, space_id(spec.model, sae))


def _publish(path: Path, info: RunInfo, dataset: PreparedDataset, shards: list[Shard]) -> None:
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


def _published(workspace: Workspace, run: _Run, name: str | None) -> RunInfo:
    """What a run says of itself; nothing on the way is needed any more."""
    shutil.rmtree(run.folder, ignore_errors=True)
    with RunFile(workspace.run_path(run.run_id)) as file:
        if name not in (None, file.info.name):
            logger.warning("These samples are encoded already, as %r: that run is taken.", file.info.name)
        return file.info


def _prepared(
    source: str | Path, workspace: Workspace, runs: list[_Run], mapping: ColumnMapping, on_progress: Progress
) -> PreparedDataset:
    """Read the dataset, name the runs by its content, and find the folders of an interrupted try."""
    cache = workspace.folder / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    reading = Path(tempfile.mkdtemp(prefix="reading-", dir=cache))
    try:
        dataset = prepare(source, reading, mapping, on_progress=on_progress)
        for run in runs:
            spec = run.spec
            key = [run.space, dataset.dataset_id, spec.context, spec.roles, spec.dtype]
            run.run_id = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]
            run.folder = cache / run.run_id
            if run.folder.exists():
                continue
            whole = reading
            if run is not runs[-1]:
                whole = Path(tempfile.mkdtemp(prefix="reading-", dir=cache))
                shutil.copytree(reading, whole, dirs_exist_ok=True)
            whole.replace(run.folder)
    finally:
        shutil.rmtree(reading, ignore_errors=True)
    first = runs[0].folder
    return replace(dataset, samples=first / dataset.samples.name, failures=first / dataset.failures.name)


def _groups(
    runs: list[_Run], dataset: PreparedDataset, device: str, on_progress: Progress
) -> Iterator[tuple[Choice, list[_Run]]]:
    """Encoders for the runs, by dtype: an interrupted try's is kept, or its shards would be worth nothing."""
    by_dtype: dict[str | None, list[_Run]] = {}
    for run in runs:
        kept = run.folder / _DTYPE
        by_dtype.setdefault(json.loads(kept.read_text())["dtype"] if kept.exists() else None, []).append(run)
    for dtype, group in by_dtype.items():
        on_progress(0, dataset.n_samples, f"loading the model on {device_in_words(device)}")
        model, saes = group[0].spec.model, [run.sae for run in group]
        shard = next(plan(dataset.samples, group[0].folder / "shards", size=64, identity="probe"))
        some = _with_content(_tokenizer(group[0].spec)(shard.texts, shard.chats))
        if dtype is None:
            choice = choose_encoders(model, saes, some, dtype=group[0].spec.dtype, device=device)
        else:
            kind = cast(Dtype, dtype)
            reason = json.loads((group[0].folder / _DTYPE).read_text())["reason"]
            choice = Choice(encoders_of(model, saes, kind, device), dtype, reason)
        for run, encoder in zip(group, choice.encoders, strict=True):
            write_whole(run.folder / _DTYPE, json.dumps({"dtype": choice.dtype, "reason": choice.reason}))
            run.sae = encoder.sae  # in the dtype and on the device where it reads: of another copy there is no need
        del saes
        find_budget(choice.encoders, some)
        yield choice, group


def _tokenizer(spec: EncodeSpec) -> SampleTokenizer:
    return SampleTokenizer(load_tokenizer(spec.model), context=spec.context, roles=spec.roles)


def _encode_shards(
    dataset: PreparedDataset, runs: list[_Run], choice: Choice, on_progress: Progress
) -> dict[str, list[Shard]]:
    """The shards of each run, by its id. Those of the same samples are encoded together."""
    done = encoded = 0
    started = time.monotonic()
    found: dict[str, list[Shard]] = {run.run_id: [] for run in runs}
    tokenizer = _tokenizer(runs[0].spec)
    for shards in zip(*(_planned(dataset, run, choice.dtype) for run in runs), strict=True):
        pending = [(shard, choice.encoders[i]) for i, shard in enumerate(shards) if not shard.is_present]
        first = shards[0]
        if pending:
            tokens = tokenizer(first.texts, first.chats)
            good = np.array([one.content.any() for one in tokens], dtype=bool)
            tell = partial(_tell_within, on_progress, done, dataset.n_samples)
            encoders = [encoder for _, encoder in pending]
            results = read_together(encoders, first.sample_ids[good], _with_content(tokens), after_batch=tell)
            for (shard, _), result in zip(pending, results, strict=True):
                shard.write(result, _without_content(shard, good))
            encoded += sum(int(one.content.sum()) for one in tokens)
        done += len(first.sample_ids)
        rate = encoded / (time.monotonic() - started)
        on_progress(done, dataset.n_samples, f"{rate:,.0f} tokens/s" if encoded else "found from an earlier try")
        for run, shard in zip(runs, shards, strict=True):
            found[run.run_id].append(replace(shard, texts=[], chats=[], origins=[]))
    return found


def _planned(dataset: PreparedDataset, run: _Run, dtype: str) -> Iterator[Shard]:
    identity = json.dumps([SHARD_FORMAT, run.space, run.spec.context, run.spec.roles, dtype])
    return plan(dataset.samples, run.folder / "shards", size=shard_size(dataset.n_samples), identity=identity)


def _tell_within(on_progress: Progress, done: int, total: int, n_encoded: int) -> None:
    """Within a shard: whoever stops here loses no more than the shard."""
    on_progress(done + n_encoded, total, "within a shard")


def _with_content(tokens: list[Tokens]) -> list[Tokens]:
    return [one for one in tokens if one.content.any()]


def _without_content(shard: Shard, good: np.ndarray) -> pa.Table:
    bad = np.flatnonzero(~good)
    return pa.table(
        {
            "origin": [shard.origins[i] for i in bad],
            "reason": ["no_content_tokens"] * len(bad),
            "detail": ["no token of the text, or of the chosen roles, lies in the window"] * len(bad),
            "text": [shard.texts[i][:200] for i in bad],
        },
        schema=FAILURES,
    )


def _commits(model: str, sae: str, source: str) -> str | None:
    found = {"model": pinned_model(model), "sae": pinned_sae(sae)}
    pinned = {what: name for what, name in found.items() if name is not None} | pinned_sources(source)
    return json.dumps(pinned) if pinned else None


def _info(
    run_id: str,
    name: str,
    dataset: PreparedDataset,
    space: str,
    spec: EncodeSpec,
    sae: SparseAutoencoder,
    choice: Choice,
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
        commits=_commits(spec.model, sae.name, dataset.source),
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        versions=json.dumps(
            {p: importlib.metadata.version(p) for p in ("torch", "transformers", "sae-lens", "duckdb", "fac-explorer")}
        ),
    )
