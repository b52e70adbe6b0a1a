"""A made-up workspace of any size, built by the code that builds the real ones.

    fac lab large-workspace FOLDER                      # 1,000,000 samples, 65,536 features, 100,000,000 activations
    fac lab large-workspace FOLDER --samples 5000000    # five times as many
    fac lab large-workspace FOLDER --small              # a thousandth of it

An anchor and a tenth as large a seed of one feature space, its atlas, a label for each feature. Feature frequencies fall
off like Zipf's law, activations are log-normal, features have topics at home, and some topics are not in the seed. A
sample's text are the words of the features that it fires, so what a page shows can be checked by eye. Everything
streams: memory is that of one shard, and what DuckDB is allowed. Beyond a million samples the first million is repeated,
the activations of each feature scaled anew in each shard, since drawing takes longer than building.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fac_core.datasets.samples import FAILURES, SAMPLES
from fac_core.lab.bench.large_space import TOPICS, words_of, write_labels, write_space
from fac_core.store.runs.build import build_run
from fac_core.store.runs.info import RunInfo
from fac_core.store.runs.run_file import RunFile
from fac_core.store.runs.shard_schema import ACTIVATIONS, EXAMPLES, SHARD_SAMPLES
from fac_core.store.workspace import Workspace

SPACE = "made-up-space"
_KINDS = "samples", "shard_samples", "activations", "examples"
_AT_HOME = 0.6
"""Of a feature's samples, the share that its own topic has."""
_MISSING = 8
"""Topics, of `TOPICS`, that the seed lacks."""
_DRAWN = 1_000_000
"""Samples after which shards are repeated."""
_TOP_A_SHARD, _DRAWN_A_SHARD = 4, 2
"""Samples that a shard proposes as examples of a feature. A real shard proposes more; there are also more real shards."""


@dataclass(frozen=True)
class Size:
    """How large a run is."""

    n_samples: int
    d_sae: int
    active: int
    """Mean number of active features of a sample, before those that are drawn twice are counted once (a tenth)."""
    shard: int
    """Samples a shard: what is in memory at a time."""


LARGE = Size(1_000_000, 65_536, 112, 25_000)
SMALL = Size(1_000, 2_048, 40, 250)


def make_workspace(folder: Path, size: Size) -> Workspace:
    """Make the workspace, or open the one that is there complete."""
    workspace = Workspace.create(folder)
    tenth = replace(size, n_samples=max(10, size.n_samples // 10))
    runs = {"anchor": (size, range(len(TOPICS))), "seed": (tenth, range(len(TOPICS) - _MISSING))}
    for seed, (name, (this, topics)) in enumerate(runs.items()):
        if not workspace.run_path(name).exists():
            with TemporaryDirectory(dir=folder) as parts:
                _make_run(workspace.run_path(name), Path(parts), this, topics, np.random.default_rng(seed))
    if not workspace.space_path(SPACE).exists():
        write_labels(workspace.events(), SPACE, size.d_sae)
        write_space(workspace.space_path(SPACE), SPACE, size.d_sae)
    workspace.set_anchor("anchor")
    return workspace


def _make_run(path: Path, parts: Path, size: Size, topics: range, rng: np.random.Generator) -> None:
    rates = _rates(size)
    for number, first in enumerate(range(0, size.n_samples, size.shard)):
        n = min(size.shard, size.n_samples - first)
        if first < _DRAWN:
            tables = _shard(first, n, rates, topics, rng)
        else:
            tables = _repeated(parts, number % (_DRAWN // size.shard), first, n, rng.uniform(0.8, 1.25, size.d_sae))
        for kind, table in tables.items():
            pq.write_table(table, parts / f"{number}.{kind}.parquet", compression="zstd")
    pq.write_table(pa.Table.from_pylist([], FAILURES), parts / "failures.parquet")
    files: Any = {kind: sorted(parts.glob(f"*.{kind}.parquet")) for kind in _KINDS}
    build_run(
        path,
        RunInfo(
            run_id=path.stem,
            name=path.stem,
            dataset_id=f"made-up-{path.stem}",
            dataset_name="made up",
            source="made up",
            space_id=SPACE,
            model="made-up-model",
            sae="made-up-sae",
            d_sae=size.d_sae,
            created_at="2026-01-01T00:00:00+00:00",
        ),
        failures=[parts / "failures.parquet"],
        **files,
    )


def _repeated(parts: Path, of: int, first: int, n: int, factors: np.ndarray) -> dict[str, pa.Table]:
    """The first `n` samples of a shard under new ids, activations `[d_sae]` times as strong."""
    tables = {kind: pq.read_table(parts / f"{of}.{kind}.parquet") for kind in _KINDS}
    shift = first - tables["samples"]["sample_id"][0].as_py()
    for kind, table in tables.items():
        ids = table["sample_id"].to_numpy() + np.uint32(shift)
        table = _with(table, "sample_id", ids).filter(ids < first + n)
        if "activation" in table.column_names:
            by = factors[table["feature_id"].to_numpy()]
            table = _with(table, "activation", (table["activation"].to_numpy() * by).astype(np.float32))
        tables[kind] = table
    return tables


def _with(table: pa.Table, name: str, values: np.ndarray) -> pa.Table:
    at = table.schema.get_field_index(name)
    return table.set_column(at, table.schema.field(at), pa.array(values))


def _rates(size: Size) -> np.ndarray:
    """float64 `[d_sae]`: the share of samples that each feature fires in, by Zipf's law, at most a half."""
    rate = 1 / (np.arange(size.d_sae) + 20) ** 0.9
    for _ in range(8):  # what the cap takes from the first features goes to the others
        rate = np.minimum(0.5, rate * size.active / rate.sum())
    return rate


def _shard(first: int, n: int, rates: np.ndarray, topics: range, rng: np.random.Generator) -> dict[str, pa.Table]:
    feature, sample = _who_fires_where(n, rates, topics, rng)
    middle = rng.uniform(0, 2, len(rates))  # of the logarithms; scattered anew in each shard, as texts are
    order = np.argsort(sample * np.uint64(1 << 32) + rng.integers(0, 1 << 32, len(sample), dtype=np.uint64))
    feature, sample = feature[order], sample[order].astype(np.int64)
    activation = rng.lognormal(0.3 * middle[feature] + feature % 7 / 7, 0.6).astype(np.float32)
    starts = np.searchsorted(sample, np.arange(n + 1))
    token = np.arange(len(sample)) - starts[sample]
    words = pa.array(words_of(len(rates))).take(pa.array(feature))
    ends = np.cumsum(pc.utf8_length(words).to_numpy() + 1)  # type: ignore[attr-defined]
    texts = pc.binary_join(pa.ListArray.from_arrays(pa.array(starts, pa.int32()), words), " ")  # type: ignore[attr-defined]
    begins = np.append(0, ends)[:-1]
    char_start = begins - begins[np.minimum(starts[sample], len(begins) - 1)]
    topic = [TOPICS[topics[i % len(topics)]] for i in range(n)]
    chosen = _proposed(feature, activation, rng)
    ids = np.arange(first, first + n, dtype=np.uint32)
    pairs = pa.table(
        {
            "feature_id": feature.astype(np.uint32),
            "sample_id": ids[sample],
            "activation": activation,
            "token_index": token,
            "char_start": char_start,
            "char_end": ends - 1 - (begins - char_start),
        }
    )
    return {
        "samples": pa.table(
            {
                "sample_id": ids,
                "text": texts,
                "messages": pa.nulls(n, pa.string()),
                "metadata": [json.dumps({"set": t}) for t in topic],
                "origin": [f"made-up:{first + i + 1}" for i in range(n)],
            }
        ).cast(SAMPLES),
        "shard_samples": pa.table(
            {
                "sample_id": ids,
                "n_tokens": np.diff(starts),
                "truncated": np.zeros(n, bool),
                "sinks": np.ones(n, np.int32),
            }
        ).cast(SHARD_SAMPLES),
        "activations": pairs.select(ACTIVATIONS.names).cast(ACTIVATIONS),
        "examples": pairs.take(pa.array(chosen)).select(EXAMPLES.names).cast(EXAMPLES),
    }


def _who_fires_where(
    n: int, rates: np.ndarray, topics: range, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Feature and sample of each activation, both uint64. Samples i, i + len(topics), … have one topic."""
    # Drawn with replacement, then made distinct: -log(1-p) draws leave p.
    counts = rng.poisson(-np.log1p(-rates) * n)
    feature = np.repeat(np.arange(len(rates), dtype=np.uint64), counts)
    sample = rng.integers(0, n, len(feature), dtype=np.uint64)
    home = feature % len(TOPICS)
    at_home = rng.random(len(feature)) < _AT_HOME
    inside = np.minimum(sample // len(topics) * len(topics) + home, n - 1)
    sample = np.where(at_home & (home < len(topics)), inside, sample)
    kept = ~(at_home & (home >= len(topics)))  # at home in a topic that this run lacks
    keys = np.unique(feature[kept] * np.uint64(n) + sample[kept])
    return keys // np.uint64(n), keys % np.uint64(n)


def _proposed(feature: np.ndarray, activation: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Positions of the pairs that are proposed as examples: the strongest of each feature, and some drawn."""
    found = []
    for key, kept in ((-activation, _TOP_A_SHARD), (rng.random(len(feature)), _DRAWN_A_SHARD)):
        order = np.lexsort((key, feature))
        ranked = feature[order]
        rank = np.arange(len(order)) - np.searchsorted(ranked, ranked)
        found.append(order[rank < kept])
    return np.unique(np.concatenate(found))


def made_large(folder: Path, *, small: bool = False, samples: int | None = None) -> dict[str, Any]:
    """Make the workspace; returns seconds, the most memory in MB, and the sizes of its runs by name.

    Args:
        samples: of the anchor; None: a million, or a thousand of a `small` one.
    """
    began = time.perf_counter()
    size = SMALL if small else LARGE
    workspace = make_workspace(folder, replace(size, n_samples=samples or size.n_samples))
    seconds, runs = round(time.perf_counter() - began, 1), {}
    for info in workspace.runs():
        path = workspace.run_path(info.run_id)
        with RunFile(path) as run:
            per_activation = run.bytes_of("activations") / max(1, info.n_activations)
        sizes = {name: getattr(info, name) for name in ("n_samples", "d_sae", "n_activations")}
        runs[info.name] = {**sizes, "bytes": path.stat().st_size, "bytes_per_activation": round(per_activation, 2)}
    return {"seconds": seconds, "peak_mb": peak_megabytes(), "runs": runs}


def peak_megabytes() -> int | None:
    """The most memory that this process ever had; None where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3))
