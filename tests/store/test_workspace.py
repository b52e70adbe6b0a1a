"""`Workspace`: found without being named, and honest about what is in it."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from fac_core.errors import CannotWrite, NotFound, RunBroken, WrongUse
from fac_core.store import sqlite_file
from fac_core.store.runs.info import RunInfo
from fac_core.store.uploads import keep_upload
from fac_core.store.workspace import Workspace
from tests.runs import make_run


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FAC_WORKSPACE", raising=False)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "workspace")


def publish(
    workspace: Workspace, run_id: str, name: str, *, day: int = 1, n_samples: int = 1, space: str = "s"
) -> RunInfo:
    created = f"2026-01-{day:02d}T00:00:00+00:00"
    path = workspace.run_path(run_id)
    with make_run(path, name, [(0, 0, 1.0)], n_samples, 1, space, run_id=run_id, created_at=created) as run:
        return run.info


def test_find_takes_the_folder_itself_a_parent_or_the_only_child(workspace: Workspace) -> None:
    inside = workspace.folder / "runs"
    for start in (workspace.folder, inside, workspace.folder.parent):
        assert Workspace.find(start).folder == workspace.folder


def test_the_environment_comes_first(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Workspace.create(tmp_path / "elsewhere" / "deep")
    monkeypatch.setenv("FAC_WORKSPACE", str(other.folder))
    assert Workspace.find(workspace.folder).folder == other.folder


def test_two_workspaces_below_are_one_too_many(workspace: Workspace) -> None:
    Workspace.create(workspace.folder.parent / "second")
    with pytest.raises(WrongUse, match="second, workspace"):
        Workspace.find(workspace.folder.parent)


def test_a_runs_folder_of_another_program_is_no_workspace(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    with pytest.raises(NotFound, match="There is no workspace in"):
        Workspace.find(tmp_path)
    with pytest.raises(NotFound, match="is no workspace"):
        Workspace(tmp_path)


def test_runs_are_listed_newest_last(workspace: Workspace) -> None:
    publish(workspace, "aaa", "new", day=3)
    publish(workspace, "bbb", "old", day=1)
    publish(workspace, "ccc", "middle", day=2)
    assert [info.name for info in workspace.runs()] == ["old", "middle", "new"]


def test_a_file_that_cannot_be_read_is_reported_and_hides_no_other(
    workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    publish(workspace, "aaa", "good")
    workspace.run_path("bad").write_bytes(b"not a run")
    with caplog.at_level(logging.WARNING):
        assert [info.name for info in workspace.runs()] == ["good"]
    assert "bad.duckdb is left out" in caplog.text
    assert [broken.path.name for broken in workspace.unreadable()] == ["bad.duckdb"]


def test_a_run_that_is_being_built_is_invisible(workspace: Workspace) -> None:
    workspace.run_path("aaa").with_name("aaa.duckdb.building").write_bytes(b"half")
    assert workspace.runs() == []
    assert workspace.unreadable() == []


@pytest.mark.parametrize(
    ("reference", "run_id"), [("aaa1", "aaa1"), ("tweets", "bbb2"), ("aa", "aaa1"), ("tw", "bbb2"), ("ccc", "ccc3")]
)
def test_a_run_is_named_by_id_name_or_a_unique_prefix(workspace: Workspace, reference: str, run_id: str) -> None:
    publish(workspace, "aaa1", "tweets", day=1)
    publish(workspace, "bbb2", "tweets", day=2)
    publish(workspace, "ccc3", "law", day=3)
    with workspace.run(reference) as run:
        assert run.info.run_id == run_id


def test_an_unknown_name_lists_what_there_is(workspace: Workspace) -> None:
    publish(workspace, "aaa", "tweets")
    with pytest.raises(NotFound, match=r"no run 'law' .* there is tweets \(aaa\)"):
        workspace.run("law")


def test_an_ambiguous_prefix_lists_the_candidates(workspace: Workspace) -> None:
    publish(workspace, "aaa", "law-1")
    publish(workspace, "bbb", "law-2")
    with pytest.raises(WrongUse, match=r"law-1 \(aaa\), law-2 \(bbb\)"):
        workspace.run("law")


def test_the_anchor_of_a_lone_pair_is_the_larger_run(workspace: Workspace) -> None:
    large = publish(workspace, "aaa", "anchor", day=1, n_samples=3)
    small = publish(workspace, "bbb", "seed", day=2, n_samples=2)
    publish(workspace, "ccc", "other", day=3, n_samples=9, space="another")
    assert workspace.anchor() == large
    assert workspace.seed(large) == small


def test_a_chosen_anchor_is_remembered_and_the_seed_is_the_newest_other(workspace: Workspace) -> None:
    for i, run_id in enumerate(["aaa", "bbb", "ccc"], start=1):
        publish(workspace, run_id, run_id, day=i)
    with pytest.raises(NotFound, match="Nothing says which run is the anchor"):
        workspace.anchor()
    workspace.set_anchor("ccc")
    anchor = Workspace(workspace.folder).anchor()
    assert anchor.run_id == "ccc"
    assert workspace.seed(anchor).run_id == "bbb"
    assert [p.name for p in workspace.folder.iterdir() if p.is_file()] == ["workspace.json"]


def test_an_anchor_that_is_gone_is_named(workspace: Workspace) -> None:
    publish(workspace, "aaa", "one")
    publish(workspace, "bbb", "two")
    workspace.set_anchor("aaa")
    workspace.run_path("aaa").unlink()
    with pytest.raises(NotFound, match="The anchor aaa is gone"):
        workspace.anchor()


def test_no_other_run_of_the_space_is_not_found(workspace: Workspace) -> None:
    anchor = publish(workspace, "aaa", "one")
    publish(workspace, "bbb", "two", space="another")
    with pytest.raises(NotFound, match="no run to compare with the anchor 'one'"):
        workspace.seed(anchor)


def test_creating_a_workspace_again_forgets_nothing(workspace: Workspace) -> None:
    publish(workspace, "aaa", "one")
    workspace.set_anchor("one")
    assert Workspace.create(workspace.folder).anchor().name == "one"


def test_a_damaged_marker_says_how_to_mend_it(workspace: Workspace) -> None:
    (workspace.folder / "workspace.json").write_text("{")
    with pytest.raises(RunBroken, match=r"workspace\.json is not JSON \(line 1\)"):
        workspace.anchor()


def test_what_can_only_be_read_is_read_and_who_decides_is_told(tmp_path, monkeypatch):
    place = Workspace.create(tmp_path / "w")
    make_run(place.run_path("a"), "a", [(0, 0, 1.0)], 1, 1).close()
    place.events().append("run", "triage", "41", {"state": "target"}, author="Ann", seen=0)
    before = {path: path.stat().st_mtime_ns for path in place.folder.rglob("*")}
    monkeypatch.setattr(sqlite_file, "is_writable", lambda _path: False)
    assert [info.name for info in place.runs()] == ["a"]
    assert list(place.events().latest("run", "triage")) == ["41"]
    with pytest.raises(CannotWrite, match=r"cannot be written\. Make its folder writable"):
        place.events().append("run", "triage", "42", {"state": "target"}, author="Ann", seen=0)
    assert {path: path.stat().st_mtime_ns for path in place.folder.rglob("*")} == before


def test_a_team_s_mask_lets_the_team_write(tmp_path):
    earlier = os.umask(0o002)
    try:
        place = Workspace.create(tmp_path / "w")
        place.events()
        keep_upload(place, "a.txt", b"a")
    finally:
        os.umask(earlier)
    files = [path for path in place.folder.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o664}
    assert len(files) >= 3


@pytest.mark.parametrize("reference", ["run-1", "run", "first", None])
def test_a_run_that_was_cut_is_told_of_with_its_mend(tmp_path, reference):
    place = Workspace.create(tmp_path / "w")
    make_run(place.run_path("run-1"), "first", [(f, f % 50, 1.0) for f in range(90)], 50, 90, run_id="run-1").close()
    place.set_anchor("run-1")
    path = place.run_path("run-1")
    for share in (0.98, 0.6, 0.2, 0.0):
        with path.open("r+b") as file:
            file.truncate(int(share * path.stat().st_size))
        with pytest.raises(RunBroken, match=rf"{path}.*(anew|again)"):
            place.info(reference)
        assert not place.has_run("run-1")


def test_a_workspace_in_place_of_a_file_is_refused(tmp_path):
    (tmp_path / "mine.jsonl").write_text("{}")
    for folder in (tmp_path / "mine.jsonl", tmp_path / "mine.jsonl" / "below"):
        with pytest.raises(WrongUse, match=r"cannot be a workspace: .*Name a folder with --workspace"):
            Workspace.create(folder)
    assert (tmp_path / "mine.jsonl").read_text() == "{}"
