"""Workers, as processes: jobs get done, obey people, and survive whatever ends a worker."""

from __future__ import annotations

import signal

import pytest

from fac_core.jobs.control import change_job, job_log, list_jobs, submit_job
from fac_core.jobs.queue import Jobs
from fac_core.jobs.worker import work
from fac_core.store.runs.run_file import RunFile
from fac_core.view import View
from tests.jobs.conftest import shards, state_of, wait_for, working

_PATIENCE = 300
"""Seconds that a worker is given to end: two of them load torch at the same time."""


def test_a_job_that_is_asked_for_is_done_and_its_result_names_the_run(place, params):
    job = submit_job("encode", {**params, "name": "mine", "anchor": True}, author="Ann", workspace=place.folder)
    assert job.state == "queued"
    assert work(place, once=True) == 1
    done = Jobs(place).job(job.job_id)
    assert (done.state, done.asked_by, done.error) == ("succeeded", "Ann", "")
    assert done.result is not None
    assert place.anchor().run_id == done.result["run_id"]
    assert place.pulses().progress()[job.job_id].done == 20
    assert any("succeeded" in line for line in job_log(job.job_id, workspace=place.folder))


def test_who_looks_at_a_run_that_a_job_made_finds_its_answer_kept(encoded, params, tmp_path):
    kept = encoded.folder / "cache" / "themes"
    job = submit_job("encode", {**params, "name": "mine"}, workspace=encoded.folder)
    assert work(encoded, once=True) == 1
    assert state_of(encoded, job) == "succeeded"
    (answer,) = kept.glob("*.json")
    View.find("mine", workspace=encoded.folder).missing()
    assert [*kept.glob("*.json")] == [answer]


def test_a_failed_job_says_why_and_the_worker_goes_on(place, params):
    bad = submit_job("encode", {**params, "source": "no/such/file.jsonl"}, workspace=place.folder)
    good = submit_job("encode", params, workspace=place.folder)
    assert work(place, once=True) == 2
    failed = Jobs(place).job(bad.job_id)
    assert failed.state == "failed"
    assert "no/such/file.jsonl" in failed.error
    assert state_of(place, good) == "succeeded"


def test_an_error_nobody_foresaw_is_in_the_log_and_the_worker_goes_on(place, params, monkeypatch):
    from fac_core.activations import pipeline

    monkeypatch.setattr(pipeline, "build_run", None)
    job = submit_job("encode", params, workspace=place.folder)
    assert work(place, once=True) == 1
    assert "Something that nobody foresaw (TypeError" in Jobs(place).job(job.job_id).error
    assert any("Traceback" in line for line in job_log(job.job_id, workspace=place.folder))
    monkeypatch.undo()
    change_job(job.job_id, "retry", workspace=place.folder)
    work(place, once=True)
    assert state_of(place, job) == "succeeded"


@pytest.mark.parametrize(("action", "state"), [("pause", "paused"), ("cancel", "cancelled")])
def test_a_running_job_obeys_and_goes_on_from_its_shards(place, params, encoded_shards, action, state):
    job = submit_job("encode", params, workspace=place.folder)
    with working(place):
        wait_for(lambda: len(shards(place)) >= 2)
        change_job(job.job_id, action, workspace=place.folder)
    assert state_of(place, job) == state
    kept = len(shards(place))
    assert 2 <= kept < 10
    encoded_shards.clear()
    change_job(job.job_id, "resume", workspace=place.folder)
    assert work(place, once=True) == 1
    assert len(encoded_shards) == 10 - kept
    assert state_of(place, job) == "succeeded"


def test_a_killed_worker_leaves_an_interrupted_job_that_loses_no_finished_shard(
    place, params, slow_worker, encoded_shards
):
    job = submit_job("encode", params, workspace=place.folder)
    worker = slow_worker()
    wait_for(lambda: len(shards(place)) >= 3)
    assert state_of(place, job) == "running"
    worker.kill()  # -9
    worker.wait()
    kept = len(shards(place))
    (seen,) = list_jobs(place.folder)
    assert seen.state == "interrupted"
    assert change_job(job.job_id, "resume", workspace=place.folder).state == "queued"
    assert work(place, once=True) == 1
    assert len(encoded_shards) == 10 - kept
    done = Jobs(place).job(job.job_id)
    assert done.result is not None
    with RunFile(place.run_path(done.result["run_id"])) as run:
        assert run.info.n_samples == 20


def test_two_workers_do_each_job_once(place, params, slow_worker, tmp_path):
    texts = tmp_path / "other.txt"
    texts.write_text("one text\nanother text\n", encoding="utf-8")
    asked = [
        submit_job("encode", {**params, "source": str(source)}, workspace=place.folder)
        for source in (params["source"], texts)
    ]
    workers = [slow_worker(0.05), slow_worker(0.05)]
    assert [worker.wait(_PATIENCE) for worker in workers] == [0, 0]
    for job in asked:
        past = place.events().history("jobs", "job", job.job_id)
        assert [event.payload["state"] for event in past] == ["queued", "running", "succeeded"]


def test_a_quick_job_goes_before_a_long_one_and_between_its_units(encoded, params, encoded_shards):
    long = submit_job("encode", params, workspace=encoded.folder)
    with working(encoded):
        wait_for(lambda: shards(encoded))
        quick = submit_job("probe", {"text": "She laughed.", "feature_id": 5}, workspace=encoded.folder)
        wait_for(lambda: state_of(encoded, quick) == "succeeded")
        assert state_of(encoded, long) == "running"
    assert state_of(encoded, long) == "succeeded"


def test_a_worker_that_is_told_to_end_leaves_an_interrupted_job_and_no_lock(place, params, slow_worker):
    job = submit_job("encode", params, workspace=place.folder)
    worker = slow_worker()
    wait_for(lambda: len(shards(place)) >= 2)
    worker.terminate()
    assert worker.wait(_PATIENCE) == 128 + signal.SIGTERM
    ended = Jobs(place).job(job.job_id)
    assert (ended.state, ended.error) == ("interrupted", "The worker was ended. Resume goes on from here.")
    held = [path for path in place.folder.rglob("*.lock") if not path.name.startswith(".building-")]  # which is swept
    assert not held
    assert not list(place.folder.glob("cache/reading-*"))


def test_the_next_worker_sweeps_what_a_killed_one_left(place, params, slow_worker):
    job = submit_job("encode", params, workspace=place.folder)
    worker = slow_worker()
    wait_for(lambda: len(shards(place)) >= 2)
    worker.kill()
    worker.wait()
    assert list(place.folder.glob("cache/reading-*"))
    assert list(place.jobs_folder.glob("worker-*.lock"))
    work(place, once=True)
    assert list(place.folder.rglob("*.lock")) == []
    assert list(place.folder.glob("cache/reading-*")) == []
    assert place.pulses().workers() == []
    assert len(shards(place)) >= 2  # whoever resumes the job needs them
    assert state_of(place, job) == "interrupted"
