"""What is not whole is never published: a build that breaks, is killed or comes second leaves no run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from fac_core.errors import RunBroken, StoreBusy
from fac_core.store.process_lock import held
from tests.runs import Active, make_run, write_parts
from tests.store.runs.test_build import build, without_last_sample


def test_a_sample_in_no_shard_and_no_failure_breaks_the_build_and_publishes_nothing(tmp_path: Path) -> None:
    parts = write_parts(tmp_path, [(0, 0, 1.0)], 3)
    without_last_sample(parts, tmp_path)
    with pytest.raises(RunBroken, match=r"1 samples, the first from data\.jsonl:3"):
        build(tmp_path, parts)
    assert not [p for p in tmp_path.iterdir() if "run.duckdb" in p.name]


@pytest.mark.parametrize(
    ("activation", "message"),
    [
        ((0, 0, float("nan")), "1 activations are not finite"),
        ((0, 0, float("inf")), "1 activations are not finite"),
        ((12, 0, 1.0), "Feature 12 is in a shard, but the SAE has 12"),
        ((0, 3, 1.0), "Sample 3 has activations"),
    ],
)
def test_impossible_activations_break_the_build(tmp_path: Path, activation: Active, message: str) -> None:
    parts = write_parts(tmp_path, [activation], 3, token_index=[0])
    with pytest.raises(RunBroken, match=message):
        build(tmp_path, parts)


def test_a_shard_that_is_given_twice_breaks_the_build(tmp_path: Path) -> None:
    parts: dict[str, Any] = write_parts(tmp_path, [(0, 0, 1.0)], 3)
    with pytest.raises(RunBroken, match="Sample 0 is in two shards"):
        build(tmp_path, parts, shard_samples=parts["shard_samples"] * 2)


def test_a_damaged_parquet_file_breaks_the_build(tmp_path: Path) -> None:
    parts = write_parts(tmp_path, [(0, 0, 1.0)], 3)
    (tmp_path / "activations.parquet").write_bytes(b"PAR1 and nothing more")
    with pytest.raises(RunBroken, match=r"run\.duckdb cannot be built"):
        build(tmp_path, parts)


def test_a_second_builder_of_the_same_run_is_told_that_the_store_is_busy(tmp_path: Path) -> None:
    parts = write_parts(tmp_path, [(0, 0, 1.0)], 1)
    with (
        held(tmp_path / "run.duckdb.lock", "by somebody else"),
        pytest.raises(StoreBusy, match=r"building run\.duckdb"),
    ):
        build(tmp_path, parts)
    assert build(tmp_path, parts).info.n_samples == 1


def test_what_a_killed_build_left_is_neither_read_nor_in_the_way(tmp_path: Path) -> None:
    parts = write_parts(tmp_path, [(0, 0, 1.0)], 1)
    (tmp_path / "run.duckdb.building").write_bytes(b"half a file")
    (tmp_path / "run.duckdb.building.wal").write_bytes(b"half a log")
    (tmp_path / "run.duckdb.spill").mkdir()
    (tmp_path / "run.duckdb.lock").touch()
    build(tmp_path, parts)
    assert [p.name for p in tmp_path.glob("run.duckdb*")] == ["run.duckdb"]


def test_readers_keep_the_old_file_while_the_same_run_is_published_again(tmp_path: Path) -> None:
    old = make_run(tmp_path, "run", [(0, 0, 1.0)], 1, 1)
    other = make_run(tmp_path / "elsewhere", "run", [(0, 0, 1.0), (0, 1, 2.0)], 2, 1)
    other.path.replace(old.path)
    assert old.query("SELECT count(*) AS n FROM activations").to_pylist() == [{"n": 1}]


def test_shards_of_another_dataset_break_the_build(tmp_path: Path) -> None:
    parts = write_parts(tmp_path, [(0, 0, 1.0)], 2)
    path = tmp_path / "samples.parquet"
    pq.write_table(pq.read_table(path).slice(0, 1), path)
    with pytest.raises(RunBroken, match="Sample 1 is in a shard but not in the dataset"):
        build(tmp_path, parts)


def test_a_process_killed_in_the_middle_leaves_nothing_readable_and_does_not_block_the_next(tmp_path: Path) -> None:
    parts = write_parts(tmp_path, [(0, 0, 1.0)], 1)
    code = """
import os, sys
from pathlib import Path
from fac_core.store.runs import build
from tests.runs import run_info, write_parts
folder = Path(sys.argv[1])
build.fill_feature_stats = lambda *_: os._exit(9)  # no cleanup runs, as after kill -9
build.build_run(folder / "run.duckdb", run_info("run", 1), **write_parts(folder, [(0, 0, 1.0)], 1))
"""
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, timeout=60)
    assert killed.returncode == 9
    assert (tmp_path / "run.duckdb.building").exists()
    assert not (tmp_path / "run.duckdb").exists()
    assert build(tmp_path, parts).info.n_activations == 1
    assert not (tmp_path / "run.duckdb.building").exists()
