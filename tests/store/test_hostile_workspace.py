"""A workspace or a backup from somebody else: what is not as we write it is one error of ours."""

from __future__ import annotations

import json
import os

import duckdb
import pytest

from fac_core.errors import BadInput, FacError, RunBroken
from fac_core.store.runs.info import metadata_of
from fac_core.store.runs.run_file import RunFile
from fac_core.store.upkeep.backup import back_up, restore
from fac_core.store.workspace import Workspace
from tests.runs import make_run


@pytest.fixture
def place(tmp_path) -> Workspace:
    found = Workspace.create(tmp_path / "w")
    make_run(found.run_path("id-a"), "a", [(0, 0, 1.0), (1, 1, 2.0)], 2, 4).close()
    return found


@pytest.mark.parametrize(
    "said", ["[]", "3", "null", '{"anchor": 3}', "[" * 100_000, '{"anchor": ' + "9" * 5000 + "}", b"\xff\xfe"]
)
def test_a_marker_that_says_anything_else_is_one_error(place, said):
    (place.folder / "workspace.json").write_bytes(said if isinstance(said, bytes) else said.encode())
    with pytest.raises(RunBroken, match=r"workspace\.json is .*Replace its content"):
        place.anchor()


@pytest.mark.parametrize("anchor", ["../../x", "/etc/passwd", ""])
def test_a_marker_leads_nowhere_else(place, anchor):
    (place.folder / "workspace.json").write_text(json.dumps({"anchor": anchor}))
    with pytest.raises(FacError, match="is gone"):
        place.anchor()


def test_what_lies_among_the_runs_and_is_none_leaves_the_others(place):
    runs = place.folder / "runs"
    (runs / "loop.duckdb").symlink_to(runs / "loop.duckdb")
    (runs / "gone.duckdb").symlink_to(runs / "nothing")
    (runs / "folder.duckdb").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(runs / "pipe.duckdb")
    assert [info.name for info in place.runs()] == ["a"]
    assert len(place.unreadable()) >= 3


def test_a_log_that_is_a_folder_is_one_error(place):
    (place.folder / "workspace.sqlite").mkdir()
    with pytest.raises(RunBroken, match="cannot be used"):
        place.events().latest("a", "b")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DROP TABLE samples", "the table samples is not there"),
        ("ALTER TABLE failures DROP COLUMN reason", "the column failures.reason is not there"),
        ("ALTER TABLE failures ALTER text TYPE BLOB", "failures.text is BLOB, not VARCHAR"),
        ("UPDATE run SET d_sae = -1", "it has -1 features"),
        ("UPDATE run SET run_id = '../../x'", r"run_id is '\.\./\.\./x'"),
        ("UPDATE run SET run_id = '..'", r"run_id is '\.\.'"),
        ("UPDATE run SET space_id = '/etc/passwd'", "space_id is '/etc/passwd'"),
        ("UPDATE run SET space_id = ''", "space_id is ''"),
        ("UPDATE run SET n_tokens = -1", "n_tokens is -1"),
        ("UPDATE run SET versions = '[1]'", "versions is no JSON object"),
        ("DELETE FROM samples", "0 samples and says 2"),
        ("UPDATE samples SET text = NULL WHERE sample_id = 1", "1 of its samples have no text"),
        ("DELETE FROM feature_stats WHERE feature_id = 1", "other features than the 4"),
        ("UPDATE activations SET feature_id = 4000000000", "a feature or a sample that there is not"),
        ("UPDATE activations SET sample_id = 9", "a feature or a sample that there is not"),
        ("UPDATE activations SET activation = 'nan'", "no number above 0"),
        ("UPDATE activations SET activation = '-inf'", "no number above 0"),
    ],
)
def test_a_run_that_is_not_as_ours_is_refused_when_it_is_opened(place, statement, said):
    path = place.run_path("id-a")
    with duckdb.connect(str(path)) as db:
        db.execute(statement)
    with pytest.raises(RunBroken, match=said):
        RunFile(path)


def test_more_columns_do_no_harm(place):
    path = place.run_path("id-a")
    with duckdb.connect(str(path)) as db:
        db.execute("ALTER TABLE run ADD COLUMN more VARCHAR")
    with RunFile(path) as run:
        assert run.info.name == "a"


@pytest.mark.parametrize("said", ["[", "null3", "[1]", "3", '"x"', "[" * 100_000])
def test_metadata_that_is_no_object_is_named(said):
    with pytest.raises(RunBroken, match="metadata is no JSON object"):
        metadata_of(said)


@pytest.mark.parametrize("name", ["../../outside", "/outside", "runs/../../x", "x" * 5000, "a\0b", "runs", "", "."])
def test_a_backup_brings_back_nothing_from_elsewhere(place, tmp_path, name):
    backup = back_up(place, tmp_path / "b").folder
    manifest = backup / "backup.json"
    found = json.loads(manifest.read_text())
    found["files"][name] = "0" * 64
    manifest.write_text(json.dumps(found))
    with pytest.raises(BadInput):
        restore(backup, tmp_path / "new" / "w")
    assert not (tmp_path / "new" / "w").exists()


@pytest.mark.parametrize("said", [[], 3, None, {"files": 3}, {"files": [[1, 2]]}, {"files": {"workspace.json": 3}}])
def test_a_manifest_of_anything_else_is_one_error(place, tmp_path, said):
    backup = back_up(place, tmp_path / "b").folder
    (backup / "backup.json").write_text(json.dumps(said))
    with pytest.raises(BadInput):
        restore(backup, tmp_path / "new")
