"""A server is ready while its workspace opens, all runs can be read and a worker lives; the same over HTTP and for Prometheus."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

import fac_core as fac
from fac_core.cli.app import run
from fac_core.errors import WrongUse
from fac_core.jobs.heartbeat import beating
from fac_core.operations.endpoint import endpoint
from fac_core.operations.health import health
from fac_core.operations.metrics import metrics
from fac_core.store.workspace import Workspace
from tests.runs import make_run


@pytest.fixture
def place(tmp_path) -> Workspace:
    found = Workspace.create(tmp_path / "w")
    make_run(found.run_path("id-a"), "a", [(0, 0, 1.0)], 1, 4).close()
    return found


def failing(place: Workspace) -> list[str]:
    return [check.name for check in health(place.folder).checks if not check.ok]


def values(text: str) -> dict[str, float]:
    """What Prometheus would store: every line that is no comment."""
    rows = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in rows}


def test_it_is_ready_only_while_a_worker_lives_unless_none_is_needed(place):
    assert failing(place) == ["worker"]
    assert health(place.folder, needs_worker=False).ready
    with beating(place):
        assert failing(place) == []
        assert values(metrics(health(place.folder)))["fac_worker_heartbeat_age_seconds"] < 60
    assert failing(place) == ["worker"]


def test_the_beat_of_a_worker_that_is_gone_counts_for_nothing(place):
    place.pulses().beat("worker-1", 1, "host")
    assert failing(place) == ["worker"]


def test_a_folder_that_is_no_workspace_and_a_damaged_one_are_not_ready(place, tmp_path):
    assert not health(tmp_path / "absent").ready
    place.run_path("id-b").write_bytes(b"no run")
    assert "runs" in failing(place)
    place.events()
    (place.folder / "workspace.sqlite").unlink()  # this process has it open
    (place.folder / "workspace.sqlite").write_bytes(b"no database at all" * 100)
    found = health(place.folder)
    assert (found.ready, found.numbers) == (False, None)


def test_looking_changes_nothing(place):
    with beating(place):
        pass
    fac.submit_job("label", {}, workspace=place)
    before = {path: path.read_bytes() for path in place.folder.rglob("*") if path.is_file()}
    health(place.folder)
    assert {path: path.read_bytes() for path in place.folder.rglob("*") if path.is_file()} == before


def test_the_numbers_are_those_of_the_log(place):
    place.events().append("id-a", "triage", "3", {"state": "later"}, author="Ann", seen=0)
    fac.submit_job("label", {}, author="Ann", workspace=place)
    time.sleep(1.1)
    found = values(metrics(health(place.folder)))
    assert (found['fac_jobs{state="queued"}'], found['fac_jobs{state="failed"}']) == (1, 0)
    assert found["fac_queue_age_seconds"] > 1
    assert (found['fac_events{kind="triage"}'], found['fac_events{kind="job"}']) == (1, 1)
    assert (found["fac_runs"], found["fac_workers"], found["fac_ready"]) == (1, 0, 0)
    assert "fac_worker_heartbeat_age_seconds" not in found


@pytest.fixture
def address(place) -> Iterator[str]:
    with endpoint(lambda: health(place.folder), "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def got(address: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(address) as answer:  # noqa: S310  # our own server
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_over_http_it_is_alive_at_once_and_ready_with_a_worker(address, place):
    assert got(f"{address}/live") == (200, "ok\n")
    assert got(f"{address}/ready")[0] == 503
    with beating(place):
        code, text = got(f"{address}/ready")
        assert (code, json.loads(text)["ready"]) == (200, True)
        assert str(place.folder) not in text
        assert values(got(f"{address}/metrics")[1])["fac_ready"] == 1
    assert got(f"{address}/../../etc/passwd")[0] == 404
    with pytest.raises(WrongUse, match="Name another port"):
        endpoint(lambda: health(place.folder), "127.0.0.1", int(address.rpartition(":")[2]))


def test_the_command_says_it_by_its_exit_code(place, capsys):
    assert run(["health", "-w", str(place.folder)]) == 1
    assert run(["health", "-w", str(place.folder), "--no-worker"]) == 0
    capsys.readouterr()
    assert run(["health", "-w", str(place.folder), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["numbers"]["runs"] == 1
    assert run(["health", "-w", str(place.folder), "--listen", "here"]) == 2
