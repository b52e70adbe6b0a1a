"""Every gap has one cause, and the cause names what would mend it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fac_core.coverage.definition import Definition
from fac_core.coverage.fac import coverage
from fac_core.gaps.causes import REMEDIES, cause_counts, classify, outside_max, why_uncovered
from fac_core.store.runs.build import build_run
from fac_core.store.runs.run_file import RunFile
from fac_core.store.runs.shard_schema import OUTSIDE
from tests.runs import make_run, run_info, write_parts

DELTA = Definition(delta=1.0, min_count=2)


@pytest.fixture
def anchor(tmp_path):
    return make_run(tmp_path, "anchor", [(f, s, 5.0) for f in range(6) for s in range(2)], 2, 8)


@pytest.fixture
def run(tmp_path):
    """Feature 0 is covered, 1 fires in one sample, 2 stays at δ, 3 is strong beyond the window, 4 on the template."""
    activations = [(0, 0, 5.0), (0, 1, 5.0), (1, 0, 5.0), (2, 0, 1.0), (2, 1, 0.5)]
    outside = pa.table(
        {"feature_id": [3, 4, 2], "place": ["truncated", "special", "special"], "n_samples": [1, 2, 2], "max": [3, 9, 9]},
        schema=OUTSIDE,
    )  # fmt: skip
    pq.write_table(outside, tmp_path / "outside.parquet")
    parts = write_parts(tmp_path / "parts", activations, 2)
    build_run(tmp_path / "run.duckdb", run_info("run", 8), **parts, outside=[tmp_path / "outside.parquet"])  # type: ignore[arg-type]
    return RunFile(tmp_path / "run.duckdb")


def test_each_cause_is_told_from_the_others(run, anchor):
    found = why_uncovered(run, anchor, DELTA)
    assert dict(zip(found["feature_id"].to_pylist(), found["cause"].to_pylist(), strict=True)) == {
        1: "too few samples",
        2: "below the threshold",
        3: "only in the truncated part",
        4: "only on special tokens",
        5: "never fires",
    }
    assert found["remedy"].to_pylist()[2] == REMEDIES["only in the truncated part"]


def test_the_gaps_are_those_of_fac(run, anchor):
    found = why_uncovered(run, anchor, DELTA)
    assert tuple(found["feature_id"].to_pylist()) == coverage(run, anchor, DELTA).missing
    assert sum(cause_counts(found).values()) == len(found)


def test_a_run_without_the_table_says_never_fires(tmp_path, run, anchor):
    class Older:
        info, query = run.info, run.query

        def has_table(self, table):
            return table != "outside" and run.has_table(table)

    assert not outside_max(Older())["special"].any()  # type: ignore[arg-type]
    assert cause_counts(why_uncovered(Older(), anchor, DELTA))["never fires"] == 3  # type: ignore[arg-type]


def test_the_free_remedy_comes_before_more_data():
    one = np.ones(1, dtype=np.float32)
    assert classify(0.5 * one, 2 * one, 0 * one, one) == ["only in the truncated part"]
    assert classify(0.5 * one, 1 * one, 0 * one, one) == ["below the threshold"]  # exactly δ is not above it


def test_no_gap_is_an_empty_table(anchor):
    assert len(why_uncovered(anchor, anchor, DELTA)) == 0
