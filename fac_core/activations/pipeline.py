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
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from fac_core.activations.encoder import Encoder, find_budget
from fac_core.activations.precision import Choice, choose_encoder, encoder_of
from fac_core.activations.sae import SparseAutoencoder, default_sae, load_sae
from fac_core.activations.shards import Shard, plan, shard_size
from fac_core.activations.space import model_hash, space_id
from fac_core.activations.spec import EncodeSpec
from fac_core.datasets.layouts import AUTOMATIC, ColumnMapping
from fac_core.datasets.prepare import PreparedDataset, prepare
from fac_core.datasets.samples import FAILURES
from fac_core.models.device import chosen_device, device_in_words
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
    started = time.monotonic()
    device = chosen_device(spec.device)  # one that is not there is an error now, not after the dataset is read
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
    on_progress(0, dataset.n_samples, f"loading the model on {device_in_words(device)}")
    tokenizer = SampleTokenizer(load_tokenizer(spec.model), context=spec.context, roles=spec.roles)
    choice = _choice(folder, spec, device, sae, dataset, tokenizer)
    sae = choice.encoder.sae  # in the dtype and on the device where it reads: of another copy there is no need
    identity = json.dumps([SHARD_FORMAT, space, spec.context, spec.roles, choice.dtype])
    shards = _encode_shards(dataset, folder, identity, tokenizer, choice.encoder, on_progress)
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


def _choice(
    folder: Path,
    spec: EncodeSpec,
    device: str,
    sae: SparseAutoencoder,
    dataset: PreparedDataset,
    tokenizer: SampleTokenizer,
) -> Choice:
    """The encoder; an interrupted try's choice of dtype is kept, or its shards would be worth nothing."""
    kept = folder / "dtype.json"
    shard = next(plan(dataset.samples, folder / "shards", size=64, identity="probe"))
    some = _with_content(tokenizer(shard.texts, shard.chats))
    if kept.exists():
        earlier = json.loads(kept.read_text())
        choice = Choice(encoder_of(spec.model, sae, earlier["dtype"], device), earlier["dtype"], earlier["reason"])
    else:
        choice = choose_encoder(spec.model, sae, some, dtype=spec.dtype, device=device)
        write_whole(kept, json.dumps({"dtype": choice.dtype, "reason": choice.reason}))
    find_budget([choice.encoder], some)
    return choice


def _encode_shards(
    dataset: PreparedDataset,
    folder: Path,
    identity: str,
    tokenizer: SampleTokenizer,
    encoder: Encoder,
    on_progress: Progress,
) -> list[Shard]:
    done = encoded = 0
    started = time.monotonic()
    shards: list[Shard] = []
    for shard in plan(dataset.samples, folder / "shards", size=shard_size(dataset.n_samples), identity=identity):
        if not shard.is_present:
            tokens = tokenizer(shard.texts, shard.chats)
            good = np.array([one.content.any() for one in tokens], dtype=bool)
            tell = partial(_tell_within, on_progress, done, dataset.n_samples)
            found = encoder(shard.sample_ids[good], _with_content(tokens), after_batch=tell)
            shard.write(found, _without_content(shard, good))
            encoded += sum(int(one.content.sum()) for one in tokens)
        done += len(shard.sample_ids)
        rate = encoded / (time.monotonic() - started)
        on_progress(done, dataset.n_samples, f"{rate:,.0f} tokens/s" if encoded else "found from an earlier try")
        shards.append(replace(shard, texts=[], chats=[], origins=[]))
    return shards


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
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        versions=json.dumps(
            {p: importlib.metadata.version(p) for p in ("torch", "transformers", "sae-lens", "duckdb", "fac-explorer")}
        ),
    )
