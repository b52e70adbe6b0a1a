"""Small run files, built from a list of `(feature, sample, activation)` by the same code that builds the real ones."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fac_core.datasets.samples import FAILURES, SAMPLES
from fac_core.store.runs.build import build_run
from fac_core.store.runs.info import RunInfo
from fac_core.store.runs.run_file import RunFile
from fac_core.store.runs.shard_schema import ACTIVATIONS, EXAMPLES, SHARD_SAMPLES

Active = tuple[int, int, float]

_BUILT: dict[str, bytes] = {}
"""Files by what they were built from: many tests begin from the same run, and most do less with it than building costs."""


def run_info(name: str, d_sae: int, *, space_id: str = "space", **fields: object) -> RunInfo:
    """The row of table `run`, with what no test asks about filled in."""
    values: dict[str, object] = {
        "run_id": f"id-{name}",
        "name": name,
        "dataset_id": f"dataset-{name}",
        "dataset_name": name,
        "source": f"{name}.jsonl",
        "space_id": space_id,
        "model": "tiny-model",
        "hook_name": "blocks.1.hook_resid_post",
        "sae": "tiny-sae",
        "d_sae": d_sae,
        "created_at": "2026-01-01T00:00:00+00:00",
        "versions": json.dumps({"fac-explorer": "0.1.0"}),
    }
    return RunInfo(**{**values, **fields})  # type: ignore[arg-type]


def write_parts(
    folder: Path,
    activations: Sequence[Active],
    n_samples: int,
    *,
    token_index: Sequence[int] | None = None,
    texts: Sequence[str] | None = None,
    n_tokens: Sequence[int] | None = None,
    metadata: Sequence[dict[str, object]] | None = None,
    shown: bool = True,
) -> dict[str, Path | list[Path]]:
    """The Parquet files of a run of one shard, as arguments of `build_run`.

    Texts are words of four characters and a space; with `shown`, every activation is proposed as an example whose one
    token is the word at its token index (default: the feature's id modulo the number of words).
    """
    folder.mkdir(parents=True, exist_ok=True)
    lengths = list(n_tokens) if n_tokens is not None else [5] * n_samples
    texts = texts or [" ".join(f"w{i % 1000:03d}" for i in range(length)) for length in lengths]
    words = list(token_index) if token_index is not None else [f % lengths[s] for f, s, _ in activations]
    pooled = [
        {"feature_id": f, "sample_id": s, "activation": a, "token_index": t}
        for (f, s, a), t in zip(activations, words, strict=True)
    ]
    tables = {
        "samples": pa.Table.from_pylist(
            [
                {
                    "sample_id": i,
                    "text": text,
                    "metadata": json.dumps(metadata[i]) if metadata else None,
                    "origin": f"data.jsonl:{i + 1}",
                }
                for i, text in enumerate(texts)
            ],
            SAMPLES,
        ),
        "shard_samples": pa.Table.from_pylist(
            [{"sample_id": i, "n_tokens": n, "truncated": False, "sinks": 1} for i, n in enumerate(lengths)],
            SHARD_SAMPLES,
        ),
        "activations": pa.Table.from_pylist(pooled, ACTIVATIONS),
        "examples": pa.Table.from_pylist(
            [{**row, "char_start": 5 * row["token_index"], "char_end": 5 * row["token_index"] + 4} for row in pooled]
            if shown
            else [],
            EXAMPLES,
        ),
        "failures": pa.Table.from_pylist([], FAILURES),
    }
    for kind, table in tables.items():
        pq.write_table(table, folder / f"{kind}.parquet")
    paths: dict[str, Path | list[Path]] = {k: [folder / f"{k}.parquet"] for k in tables if k != "samples"}
    return {**paths, "samples": folder / "samples.parquet"}


def make_run(
    path: Path,
    name: str,
    activations: Sequence[Active],
    n_samples: int,
    d_sae: int,
    space_id: str = "space",
    *,
    token_index: Sequence[int] | None = None,
    texts: Sequence[str] | None = None,
    n_tokens: Sequence[int] | None = None,
    metadata: Sequence[dict[str, object]] | None = None,
    shown: bool = True,
    **fields: object,
) -> RunFile:
    """Build `<path>/<name>.duckdb`, or `path` itself if it ends in `.duckdb`, and open it.

    `fields` go to `RunInfo`. Activations are stored with four significant digits: give them no more.
    """
    target = path if path.suffix == ".duckdb" else path / f"{name}.duckdb"
    info = run_info(name, d_sae, space_id=space_id, **fields)
    key = hashlib.sha256(
        pickle.dumps((info, activations, n_samples, token_index, texts, n_tokens, metadata, shown))
    ).hexdigest()
    if key in _BUILT:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(_BUILT[key])
    else:
        parts = write_parts(
            target.with_suffix(".parts"),
            activations,
            n_samples,
            token_index=token_index,
            texts=texts,
            n_tokens=n_tokens,
            metadata=metadata,
            shown=shown,
        )
        build_run(target, info, **parts)  # type: ignore[arg-type]
        _BUILT[key] = target.read_bytes()
    return RunFile(target)
