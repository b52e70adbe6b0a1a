"""Workspaces that earlier builds wrote still answer, with all that was decided in them; those of a later version are refused.

`tests/fixtures/workspaces/` has one of each layout that there was, made by the code of its day: the same 12 and 6 texts, read by the
same tiny model and SAE; from the second on with the same decisions of Ann and Ben, from the third on with a job and a worker's beat.
"""

from __future__ import annotations

import json
import sqlite3
import tarfile
from pathlib import Path

import duckdb
import pytest

import fac_core as fac
from fac_core.errors import RunBroken
from fac_core.jobs.control import list_jobs
from fac_core.store.upkeep.backup import back_up, restore
from fac_core.store.workspace import Workspace
from tests.checkout import ROOT

WORKSPACES = sorted((ROOT / "tests" / "fixtures" / "workspaces").glob("*.tar.xz"))
TODAY = WORKSPACES[-1]
WITH_A_LOG, WITH_JOBS = WORKSPACES[1:], WORKSPACES[2:]


def named(path: Path) -> str:
    return path.name.partition(".")[0]


def unpacked(archive: Path, folder: Path) -> Workspace:
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return Workspace(folder / named(archive))


@pytest.fixture
def today(tmp_path) -> Workspace:
    return unpacked(TODAY, tmp_path / "today")


def answers(place: Workspace) -> dict[str, object]:
    """What the pages ask of a workspace, without what says when it was made, or what earlier builds did not look at."""
    view = fac.View.find("mine", workspace=place)
    coverage, interval = view.coverage(), view.interval()
    strongest = place.opened("mine").query("SELECT feature_id FROM activations ORDER BY activation DESC LIMIT 1")
    one = fac.Feature(view, strongest["feature_id"][0].as_py())
    return {
        "coverage": (coverage.fac, coverage.numerator, coverage.denominator, coverage.n_extra),
        "interval": (interval.low, interval.high),
        "gaps": view.gaps()["feature_id"].to_pylist(),
        "missing": view.missing().sentence,
        "growth": [point.mean for point in view.growth_curve()],
        "examples": [(example.sample_id, example.activation) for example in one.examples(3)],
        "failures": place.opened("mine").failures().num_rows,
    }


@pytest.mark.parametrize("archive", WORKSPACES, ids=named)
def test_the_same_texts_give_the_same_answers_in_every_layout(archive, tmp_path, today):
    assert answers(unpacked(archive, tmp_path)) == answers(today)


@pytest.mark.parametrize("archive", WITH_A_LOG, ids=named)
def test_what_was_decided_holds_and_more_can_be_decided(archive, tmp_path):
    place = unpacked(archive, tmp_path)
    run = place.info("mine")
    log = place.events()
    held = log.latest(run.run_id, "triage")
    assert {item: (event.payload["state"], event.author) for item, event in held.items()} == {
        "3": ("target", "Ann"),
        "5": ("later", "Ben"),
    }
    assert [event.undoes is not None for event in log.history(run.run_id, "triage", "5")] == [False, False, True]
    log.append(run.run_id, "triage", "5", {"state": "target", "note": ""}, author="Cleo", seen=3)
    assert log.version(run.run_id, "triage", "5") == 4


@pytest.mark.parametrize("archive", WITH_JOBS, ids=named)
def test_jobs_wait_and_a_worker_that_is_gone_is_known_to_be(archive, tmp_path):
    place = unpacked(archive, tmp_path)
    assert [(job.kind, job.state, job.asked_by) for job in list_jobs(place)] == [("label", "queued", "Ann")]
    assert [worker.worker_id for worker in place.pulses().workers()] == ["worker-1"]


@pytest.mark.parametrize("archive", WORKSPACES, ids=named)
def test_it_can_be_copied_and_brought_back(archive, tmp_path):
    place = unpacked(archive, tmp_path)
    back_up(place, tmp_path / "backup")
    assert answers(restore(tmp_path / "backup", tmp_path / "again")) == answers(place)


@pytest.mark.parametrize("version", [0, 2])
def test_a_run_of_another_version_is_refused_with_what_wrote_it_and_what_to_do(today, version):
    path = today.run_path(today.info("mine").run_id)
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE run SET schema_version = ?", [version])
    (broken,) = today.unreadable()
    assert f"schema version {version}" in broken.reason
    assert "Encode the dataset anew" in broken.reason


def test_a_log_of_a_later_version_is_refused_unchanged(today):
    path = today.folder / "workspace.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(RunBroken, match=r"version 99.*Update fac-explorer"):
        today.events()
    assert path.read_bytes() == before


def test_what_a_later_version_wrote_into_the_marker_is_kept(today):
    marker = today.folder / "workspace.json"
    marker.write_text(json.dumps({**json.loads(marker.read_text()), "of_a_later_version": 1}))
    today.set_anchor("broad")
    assert json.loads(marker.read_text())["of_a_later_version"] == 1
