"""A job's states: what may follow what, who may change it, and that nobody's change is lost."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from fac_core.errors import CannotWrite, NotFound, WrongUse
from fac_core.jobs import launch
from fac_core.jobs.control import list_jobs
from fac_core.jobs.in_words import in_words, outcome
from fac_core.jobs.job import Job, after
from fac_core.jobs.queue import Jobs
from fac_core.store.events import EventLog
from fac_core.store.process_lock import held
from fac_core.store.pulses import JobProgress

KINDS = ("encode", "probe")


@pytest.fixture
def jobs(place) -> Jobs:
    return Jobs(place)


def job_in(state: str) -> Job:
    return Job("7", "encode", {}, asked_by="Ann", asked_at="now", state=state)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "action", "then"),
    [
        ("queued", "pause", "paused"),
        ("queued", "cancel", "cancelled"),
        ("paused", "cancel", "cancelled"),
        ("interrupted", "cancel", "cancelled"),
        ("paused", "resume", "queued"),
        ("interrupted", "resume", "queued"),
        ("cancelled", "resume", "queued"),
        ("failed", "retry", "queued"),
    ],
)
def test_a_person_can_change_a_job_that_does_not_run(state, action, then):
    assert job_in(state).may(action)
    assert after(job_in(state), action).state == then


@pytest.mark.parametrize("action", ["pause", "cancel"])
def test_a_running_job_is_asked_and_goes_on_until_its_worker_obeys(action):
    asked = after(job_in("running"), action)
    assert (asked.state, asked.wish) == ("running", action)
    assert not asked.may(action)


@pytest.mark.parametrize(
    ("state", "action"),
    [("succeeded", "cancel"), ("failed", "resume"), ("running", "resume"), ("queued", "retry"), ("cancelled", "pause")],
)
def test_what_a_state_does_not_allow_is_refused_with_what_it_does_allow(state, action):
    with pytest.raises(WrongUse, match=f"Job 7 is {state}: {action} does not apply"):
        after(job_in(state), action)


def test_jobs_are_numbered_in_the_order_of_asking(jobs):
    assert [jobs.submit("encode", {}, author="Ann").job_id for _ in range(11)] == [str(n) for n in range(1, 12)]
    assert [job.job_id for job in jobs.all()] == [str(n) for n in range(1, 12)]
    with pytest.raises(NotFound, match="no job '12'"):
        jobs.job("12")


def test_many_who_ask_at_once_all_get_a_job_of_their_own(place):
    with ThreadPoolExecutor(8) as pool:
        asked = list(pool.map(lambda n: Jobs(place).submit("encode", {"n": n}, author="x"), range(24)))
    assert len({job.job_id for job in asked}) == 24
    assert sorted(job.params["n"] for job in Jobs(place).all()) == list(range(24))


def test_many_workers_never_take_the_same_job(place):
    for n in range(12):
        Jobs(place).submit("encode", {"n": n}, author="Ann")

    def take_all(worker: str) -> list[str]:
        taken = []
        while job := Jobs(place).take(worker, KINDS):
            taken.append(job.job_id)
        return taken

    with ThreadPoolExecutor(4) as pool:
        taken = [job for of_one in pool.map(take_all, "abcd") for job in of_one]
    assert sorted(taken, key=int) == [str(n) for n in range(1, 13)]


def test_a_quick_job_is_taken_before_those_that_wait_longer(jobs):
    jobs.submit("encode", {}, author="Ann")
    quick = jobs.submit("probe", {}, author="Ann")
    taken = jobs.take("w", KINDS, first=("probe",))
    assert taken is not None
    assert taken.job_id == quick.job_id


def test_a_job_of_a_kind_that_this_version_does_not_know_is_left_for_one_that_does(jobs):
    jobs.submit("paint", {}, author="Ann")
    assert jobs.take("w", KINDS) is None


def test_who_lost_a_job_cannot_end_it(jobs, place):
    job = jobs.submit("encode", {}, author="Ann")
    with held(place.jobs_folder / "second.lock", "busy"):
        jobs.take("first", KINDS)  # has no lock: it is gone
        assert [lost.state for lost in jobs.interrupt_orphans()] == ["interrupted"]
        jobs.change(job.job_id, "resume", author="Ann")
        jobs.take("second", KINDS)
        assert jobs.interrupt_orphans() == []
        assert jobs.end(job.job_id, "first", "succeeded", result={}).worker == "second"
        assert jobs.job(job.job_id).state == "running"


def test_a_wish_that_comes_too_late_does_not_undo_what_is_done(jobs):
    job = jobs.submit("encode", {}, author="Ann")
    jobs.take("w", KINDS)
    jobs.change(job.job_id, "cancel", author="Bob")
    assert jobs.end(job.job_id, "w", "succeeded", result={"n": 1}).state == "succeeded"
    past = jobs.workspace.events().history("jobs", "job", job.job_id)
    assert [event.author for event in past] == ["Ann", "w", "Bob", "w"]


def test_an_orphan_is_told_of_also_where_nothing_can_be_written(jobs, place, monkeypatch):
    jobs.submit("encode", {}, author="Ann")
    jobs.take("worker-that-is-gone", ["encode"])

    def full(*_arguments: object, **_options: object) -> None:
        raise CannotWrite("The disk of w is full.")

    monkeypatch.setattr(EventLog, "append", full)
    (job,) = list_jobs(place)
    assert job.state == "interrupted"
    assert "The disk of w is full." in outcome(job)


@pytest.mark.parametrize("day", [-86_400.0, 86_400.0])
def test_a_clock_that_is_set_stops_no_worker_and_hides_no_progress(jobs, place, monkeypatch, day):
    jobs.submit("encode", {}, author="Ann")
    started = []
    monkeypatch.setattr(launch.subprocess, "Popen", lambda *_a, **_o: started.append(1))
    assert launch.ensure_worker(place)
    assert not launch.ensure_worker(place)  # one is starting
    mark = place.jobs_folder / "launched"
    os.utime(mark, (time.time() - day, time.time() - day))  # as it looks when the clock has been set
    marked = time.monotonic()
    monkeypatch.setattr(launch.time, "monotonic", lambda: marked + 20)
    monkeypatch.setattr(launch.time, "time", lambda: marked + day)
    assert not launch.is_worker_starting(place)
    assert launch.ensure_worker(place)
    job = jobs.take("worker", ["encode"])
    assert job is not None
    told = JobProgress(job.job_id, 5, 20, "", None, time.time() + day)
    assert in_words(job, told).startswith("5 of 20")
