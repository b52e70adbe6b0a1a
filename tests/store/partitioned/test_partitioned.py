"""A run whose activations lie in Parquet files answers as it did before, and files that are not those that were written are told of."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.dataset as arrow_dataset
import pyarrow.parquet as pq
import pytest

import fac_core as fac
from fac_core.cli.app import run as run_command
from fac_core.errors import RunBroken, WrongUse
from fac_core.evidence.co_activation import co_activation
from fac_core.evidence.examples import top_examples
from fac_core.evidence.groups import fired_samples
from fac_core.evidence.homes import homes
from fac_core.store.partitioned import parts, split
from fac_core.store.partitioned.address import opened
from fac_core.store.partitioned.split import partition
from fac_core.store.runs.run_file import RunFile
from fac_core.store.upkeep.backup import back_up, restore
from fac_core.store.workspace import Workspace
from tests import object_store
from tests.runs import make_run

D_SAE, N = 40, 120
TOP = "SELECT sample_id, activation FROM activations WHERE feature_id = ? ORDER BY activation DESC, sample_id LIMIT 20"


@pytest.fixture
def whole(tmp_path, monkeypatch) -> Workspace:
    """An anchor of two sets, and a seed that lacks features and has others less often."""
    monkeypatch.setattr(split, "_PART_ROWS", 300)
    monkeypatch.setattr(split, "_GROUP_ROWS", 50)
    place, rng = Workspace.create(tmp_path / "w"), np.random.default_rng(0)
    for name, n_features in (("anchor", D_SAE - 2), ("seed", 25)):
        rate = np.linspace(0.9, 0.05, D_SAE)
        drawn = rng.random((D_SAE, N)) < (rate if name == "anchor" else rate / 2)[:, None]
        fired = [(f, s, round(float(rng.lognormal()), 3)) for f, s in zip(*np.nonzero(drawn), strict=True)]
        fired = [(int(f), int(s), a or 0.5) for f, s, a in fired if f < n_features]
        make_run(
            place.run_path(f"id-{name}"),
            name,
            fired,
            N,
            D_SAE,
            metadata=[{"set": "law" if s < 80 else "sums"} for s in range(N)],
            n_tokens=rng.integers(4, 40, N).tolist(),
            token_index=rng.integers(0, 4, len(fired)).tolist(),
        ).close()
    place.set_anchor("anchor")
    return place


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with object_store.served("runs") as address:
        yield address.format("runs")


@pytest.fixture(params=["beside", "a folder", "memory", pytest.param("s3", marks=object_store.needed)])
def moved(request, whole, tmp_path, monkeypatch) -> Workspace:
    """The same workspace, after the activations of both runs have moved."""
    if request.param == "a folder":
        monkeypatch.setenv(parts.VARIABLE, str(tmp_path / "elsewhere"))
    if request.param == "memory":
        monkeypatch.setenv(parts.VARIABLE, f"memory://{tmp_path.name}/fac")
    if request.param == "s3":
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv(parts.VARIABLE, request.getfixturevalue("bucket").replace("/fac?", f"/{tmp_path.name}?"))
    shutil.copytree(whole.folder, tmp_path / "moved")
    place = Workspace(tmp_path / "moved")
    for name in ("anchor", "seed"):
        partition(place.run_path(f"id-{name}"))
    return place


def answers(workspace: Workspace) -> dict[str, Any]:
    view = fac.View.find("seed", workspace=workspace)
    calibrated = view.counted(fac.CALIBRATED)
    return {
        "coverage": [v.coverage() for v in (view, calibrated)],
        "presets": view.presets(),
        "curves": [view.threshold_curve([0, 0.5, 1, 2]), view.growth_curve(), view.count_curve()],
        "gaps": [v.gaps() for v in (view, calibrated)],
        "shortfall": view.shortfall(),
        "missing": view.missing(),
        "subset": view.subset(),
        "causes": view.causes(),
        "top 20": [view.p.query(TOP, [f]) for f in range(D_SAE)],
        "examples": [top_examples(view.q, f) for f in range(D_SAE)],
        "fired": [fired_samples(view.q, f) for f in range(3)],
        "homes": [homes(view.p, range(D_SAE)), homes(view.p, [3, 30], "absent")],
        "together": co_activation(view.p, 1),
        "all": view.p.query("FROM activations ORDER BY feature_id, activation DESC, sample_id"),
    }


def plain(value: Any) -> Any:
    """As something that can be compared: which columns can be null is all that tables may differ in."""
    if isinstance(value, pa.Table):
        return value.to_pydict()
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if hasattr(value, "__dataclass_fields__"):
        return {name: plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, np.ndarray):
        return value.tolist()
    return {key: plain(one) for key, one in value.items()} if isinstance(value, dict) else value


def test_every_answer_is_that_of_the_run_in_one_file(whole, moved):
    with RunFile(moved.run_path("id-anchor")) as run:
        assert run.parts
        assert len(run.parts.parts) >= 4
        assert run.bytes_of("activations") == run.parts.n_bytes
        assert not run.has_table("activations")
    before, now = answers(whole), answers(moved)
    for name in before:
        assert plain(before[name]) == plain(now[name]), name


def test_the_whole_run_and_its_parts_have_the_same_rows_in_the_same_order(whole, moved):
    system, prefix = opened(parts.where_of(moved.run_path("id-anchor")))
    with RunFile(whole.run_path("id-anchor")) as run, RunFile(moved.run_path("id-anchor")) as other:
        assert other.parts
        names = [f"{prefix}/{parts.name_of(k, one.hash)}" for k, one in enumerate(other.parts.parts)]
        found = pa.concat_tables(pq.ParquetFile(system.open_input_file(name)).read() for name in names)
        assert found == run.query("FROM activations").cast(found.schema)
        for (table,) in run.query("SHOW TABLES").to_pandas().itertuples(index=False):
            if table != "activations":
                assert other.query(f"FROM {table}") == run.query(f"FROM {table}"), table


def test_a_feature_is_read_from_its_file_alone(moved, whole):
    run = moved.opened("anchor")
    last = run.parts.parts[-1].first_feature  # type: ignore[union-attr]
    system, _ = opened(parts.where_of(run.path))
    first = next(run.activations.get_fragments()).path  # type: ignore[union-attr]
    system.delete_file(first)
    assert run.query(TOP, [last]).to_pydict() == whole.opened("anchor").query(TOP, [last]).to_pydict()
    listed = (
        "SELECT count(*) AS n FROM activations JOIN (SELECT unnest(?::UINTEGER[]) AS feature_id) USING (feature_id)"
    )
    assert run.query(listed, [[last]], features={last})["n"][0].as_py()
    with pytest.raises(RunBroken, match="damaged or out of reach"):
        run.query("SELECT sum(activation) FROM activations")


def test_a_file_that_is_missing_from_a_store_in_python_holds_nobody_up(whole, tmp_path):
    """pyarrow waited for ever, once in some times: for a thread that waited for it. Whoever waits again is ended."""
    command = [sys.executable, "-c", _WITHOUT_A_FILE, str(whole.run_path("id-anchor"))]
    environment = {**os.environ, parts.VARIABLE: "memory://somewhere/fac"}
    done = subprocess.run(command, env=environment, timeout=120, check=False, capture_output=True, text=True)
    assert done.stdout.split() == ["refused"] * 100, done.stderr


_WITHOUT_A_FILE = """
import sys
from pathlib import Path
from fac_core.errors import RunBroken
from fac_core.store.partitioned import parts, split
from fac_core.store.partitioned.address import opened
from fac_core.store.partitioned.split import partition
from fac_core.store.runs.run_file import RunFile

split._PART_ROWS = 300
path = Path(sys.argv[1])
partition(path)
system, _ = opened(parts.where_of(path))
with RunFile(path) as run:
    system.delete_file(next(run.activations.get_fragments()).path)
    for _ in range(100):
        try:
            run.query("SELECT sum(activation) FROM activations")
        except RunBroken:
            print("refused")
"""


def files(workspace: Workspace) -> list[Path]:
    return sorted((workspace.folder / "runs" / "id-anchor.parquet").rglob("*.parquet"))


@pytest.fixture
def beside(whole) -> Workspace:
    partition(whole.run_path("id-anchor"))
    return whole


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda file: file.unlink(), "are missing"),
        (lambda file: file.write_bytes(file.read_bytes()[:-30]), "instead of"),
        (lambda file: file.write_bytes(file.read_bytes()[:-20] + b"x" * 20), "are not those that were written"),
        (lambda file: file.rename(file.with_name("kept")) and file.symlink_to("/etc/hostname"), "leads out of it"),
    ],
)
def test_a_part_that_is_missing_cut_off_or_changed_is_told_of_before_anything_is_read(beside, damage, said):
    damage(files(beside)[-1])
    run = beside.opened("anchor")
    assert run.query("SELECT count(*) AS n FROM samples")["n"].to_pylist() == [N]
    with pytest.raises(RunBroken, match=said):
        run.query(TOP, [0])


@pytest.mark.parametrize("at", [lambda n: n // 2, lambda n: n - 5], ids=["among the values", "in the rows"])
def test_a_bit_that_fell_over_within_a_part_is_told_of(beside, at):
    part = files(beside)[0]
    column = pq.ParquetFile(part).metadata.row_group(0).column(2)
    content = bytearray(part.read_bytes())
    content[column.dictionary_page_offset + at(column.total_compressed_size)] ^= 4
    part.write_bytes(content)
    with pytest.raises(RunBroken, match="damaged or out of reach"):
        beside.opened("anchor").query("SELECT sum(activation) FROM activations")


@pytest.mark.parametrize(
    "name", ["../../../secret", "/etc/passwd", "s3://others/secret", "file:///etc/passwd", "A" * 64]
)
def test_a_run_file_cannot_say_where_its_parts_lie(beside, name):
    path = beside.run_path("id-anchor")
    with duckdb.connect(str(path)) as db:
        db.execute("UPDATE parts SET hash = ?", [name])
    with pytest.raises(RunBroken, match="is no hash"):
        RunFile(path).query(TOP, [0])


def test_a_partitioned_run_is_sealed_like_any_other(beside):
    run = beside.opened("anchor")
    for sql in ("FROM read_text('/etc/hostname')", f"FROM read_parquet('{files(beside)[0]}')", "SET threads = 1"):
        with pytest.raises(duckdb.Error, match=r"disabled|locked"):
            run.query(f"{sql} -- activations")


def test_parts_that_are_nowhere_are_said_with_the_mend(beside, monkeypatch, tmp_path):
    shutil.move(beside.folder / "runs" / "id-anchor.parquet", tmp_path / "elsewhere" / "id-anchor.parquet")
    with pytest.raises(RunBroken, match=r"are missing.*FAC_PARQUET"):
        RunFile(beside.run_path("id-anchor")).query(TOP, [0])
    monkeypatch.setenv(parts.VARIABLE, str(tmp_path / "elsewhere"))
    assert RunFile(beside.run_path("id-anchor")).query(TOP, [0]).num_rows == 20


def test_a_run_stays_as_it_was_where_what_was_written_reads_back_otherwise(whole, monkeypatch):
    before = whole.run_path("id-anchor").read_bytes()
    other = arrow_dataset.dataset(whole.opened("seed").query("FROM activations"))
    monkeypatch.setattr(parts.Parts, "dataset", lambda _self: other)
    with pytest.raises(RunBroken, match="reads back otherwise"):
        partition(whole.run_path("id-anchor"))
    assert whole.run_path("id-anchor").read_bytes() == before
    assert not list(whole.folder.glob("runs/*.building"))


def test_a_run_is_moved_once(beside):
    with pytest.raises(WrongUse, match="in Parquet files already"):
        partition(beside.run_path("id-anchor"))


def test_a_store_that_is_not_there_is_refused(whole, monkeypatch):
    monkeypatch.setenv(parts.VARIABLE, "nowhere://bucket/x")
    with pytest.raises(WrongUse, match="Nothing can lie in nowhere://bucket/x"):
        partition(whole.run_path("id-anchor"))


def test_partitioned_runs_are_merged_and_backed_up_like_any_other(whole, tmp_path):
    merged = fac.merge_runs(["anchor", "seed"], "both", keep_duplicates=True, workspace=whole)
    expected = whole.opened("both").query("FROM activations")
    whole.run_path(merged.run_id).unlink()
    for name in ("anchor", "seed"):
        partition(whole.run_path(f"id-{name}"))
    fac.merge_runs(["anchor", "seed"], "both", keep_duplicates=True, workspace=whole)
    assert whole.opened("both").query("FROM activations") == expected
    back_up(whole, tmp_path / "copy")
    again = restore(tmp_path / "copy", tmp_path / "restored")
    assert again.opened("anchor").query(TOP, [7]) == whole.opened("anchor").query(TOP, [7])


def test_the_command_moves_one_run_or_the_merged_one(whole, capsys):
    place = ["--workspace", str(whole.folder)]
    assert run_command(["merge", "seed", "--parquet", *place]) == 0
    assert "id-seed.parquet" in capsys.readouterr().out.replace("\n", "")
    assert run_command(["merge", "anchor", "seed", "--name", "both", "--parquet", *place]) == 0
    assert whole.opened("both").parts
    assert run_command(["merge", "anchor", "seed", *place]) == 2
