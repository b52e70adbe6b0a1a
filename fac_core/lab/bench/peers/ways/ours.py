"""Ours: the encoder of a run, and the run file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from fac_core.activations.encoder import Encoded
from fac_core.activations.precision import encoder_of
from fac_core.activations.sae import load_sae
from fac_core.coverage.curves import threshold_curve
from fac_core.datasets.samples import FAILURES
from fac_core.evidence.examples import top_examples
from fac_core.models.tokens import Tokens
from fac_core.store.runs.build import build_run
from fac_core.store.runs.info import RunInfo
from fac_core.store.runs.run_file import RunFile

_TOP_OF_ALL = """
    SELECT feature_id, sample_id, activation FROM activations
    QUALIFY row_number() OVER (PARTITION BY feature_id ORDER BY activation DESC) <= 20
"""


class Way:
    """One pass, texts in order of length, pooled as it goes; the run file answers."""

    PACKAGES = ("fac-explorer", "transformers")

    def __init__(self, given: Any, dtype: torch.dtype, _batch: None) -> None:
        self.given = given
        about = given.about
        said: Any = "bfloat16" if dtype == torch.bfloat16 else "float32"
        self.encoder = encoder_of(about["model_name"], load_sae(about["sae_name"]), said)
        self.tokens = [tokens_of(ids) for ids in given.ids]

    def encode(self, rows: range) -> Encoded:
        return self.encoder(np.array(rows, dtype=np.uint32), [self.tokens[row] for row in rows])

    def pooled(self, found: Encoded) -> tuple[np.ndarray, ...]:
        table = found.activations
        return tuple(table[name].to_numpy() for name in ("sample_id", "feature_id", "activation"))

    def store(self, found: Encoded, folder: Path) -> None:
        folder.mkdir()
        parts = {"activations": found.activations, "examples": found.examples, "shard_samples": found.samples}
        parts |= {"outside": found.outside, "failures": pa.Table.from_pylist([], FAILURES)}
        for name, table in parts.items():
            pq.write_table(table, folder / f"{name}.parquet")
        about = self.given.about
        info = RunInfo(
            **dict.fromkeys(("run_id", "name", "dataset_id", "dataset_name", "source", "space_id"), "bench"),
            model=about["model_name"],
            sae=about["sae_name"],
            d_sae=about["d_sae"],
            created_at="",
        )
        files: Any = {name: [folder / f"{name}.parquet"] for name in parts}
        build_run(folder / "run.duckdb", info, samples=self.given.folder / "samples.parquet", **files)

    def bytes_and_activations(self, folder: Path) -> tuple[int, int]:
        with RunFile(folder / "run.duckdb") as run:
            return run.bytes_of("activations"), run.info.n_activations

    def answers(self, folder: Path) -> dict[str, Any]:
        about = self.given.about

        def opened(ask: Any) -> Any:
            def answer() -> Any:
                with RunFile(folder / "run.duckdb") as run:
                    return ask(run)

            return answer

        return {
            "top_of_one": opened(lambda run: [e.sample_id for e in top_examples(run, about["feature"], 10)]),
            "top_of_all": opened(lambda run: len(run.query(_TOP_OF_ALL))),
            "fac": opened(lambda run: [p.numerator for p in threshold_curve(run, run, deltas=about["thresholds"])]),
        }


def tokens_of(ids: np.ndarray) -> Tokens:
    """Tokens of a text whose first is the start token; where they stand in it is not asked here."""
    content = np.arange(len(ids)) > 0
    return Tokens(ids, content, np.zeros((len(ids), 2), dtype=np.uint32), truncated=False)
