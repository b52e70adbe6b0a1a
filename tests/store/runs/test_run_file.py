"""`RunFile`: read-only, many at a time, and clear about files that are no runs."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import numpy as np
import pytest

from fac_core.errors import NotFound, RunBroken
from fac_core.store.runs.run_file import RunFile
from tests.runs import make_run, run_info


def test_info_is_what_was_built_with_counts_filled_in(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run", [(0, 0, 1.0)], 2, 3, model_hash="abc", context=512)
    expected = run_info("run", 3, model_hash="abc", context=512, n_samples=2, n_tokens=10, n_sinks=2, n_activations=1)
    assert run.info == expected


def test_parameters_may_be_numpy_arrays(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run", [(f, 0, 1.0) for f in range(5)], 1, 5)
    table = run.query(
        "SELECT feature_id FROM activations WHERE list_contains(?::UINTEGER[], feature_id) ORDER BY 1",
        [np.array([1, 3], dtype=np.uint32)],
    )
    assert table["feature_id"].to_pylist() == [1, 3]


def test_threads_query_one_run_at_the_same_time(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run", [(f, 0, 1.0 + f) for f in range(20)], 1, 20)
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(lambda f: run.query("SELECT max FROM feature_stats WHERE feature_id = ?", [f]), range(20))
        )
    assert [table["max"].to_pylist() for table in found] == [[1.0 + f] for f in range(20)]


def test_another_process_reads_while_this_one_does_and_publishes_more(tmp_path: Path) -> None:
    with make_run(tmp_path, "a", [(0, 0, 1.0)], 1, 1) as run:
        code = f"from fac_core.store.runs.run_file import RunFile; from pathlib import Path; assert RunFile(Path({str(run.path)!r})).info.name == 'a'"
        subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
        make_run(tmp_path, "b", [(0, 0, 1.0)], 1, 1).close()
        assert run.query("FROM activations").num_rows == 1


def test_a_run_file_cannot_be_written_to(tmp_path: Path) -> None:
    with (
        make_run(tmp_path, "run", [(0, 0, 1.0)], 1, 1) as run,
        pytest.raises(duckdb.InvalidInputException, match="read-only"),
    ):
        run.query("DELETE FROM activations")


def test_no_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no run file .*nothing\.duckdb"):
        RunFile(tmp_path / "nothing.duckdb")


@pytest.mark.parametrize("content", [b"", b"hello" * 1000])
def test_a_file_that_is_no_database_is_broken(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.duckdb").write_bytes(content)
    with pytest.raises(RunBroken, match=r"bad\.duckdb"):
        RunFile(tmp_path / "bad.duckdb")


def test_a_database_without_a_run_is_broken(tmp_path: Path) -> None:
    duckdb.connect(str(tmp_path / "other.duckdb")).close()
    with pytest.raises(RunBroken, match="holds no run"):
        RunFile(tmp_path / "other.duckdb")


def test_another_schema_version_is_named_even_if_its_columns_differ(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "new.duckdb")) as db:
        db.execute("""CREATE TABLE run AS SELECT 99 AS schema_version, '{"fac-explorer": "9.0"}' AS versions""")
    with pytest.raises(RunBroken, match=r"schema version 99 .*9\.0.* reads version 1\. Encode the dataset anew"):
        RunFile(tmp_path / "new.duckdb")
