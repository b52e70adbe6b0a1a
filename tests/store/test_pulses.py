"""Signs of life are overwritten: the newest counts."""

from __future__ import annotations

import pytest

from fac_core.store.pulses import JobProgress, Pulses


@pytest.fixture
def pulses(tmp_path) -> Pulses:
    return Pulses(tmp_path / "workspace.sqlite")


def test_a_worker_is_there_from_its_first_beat_until_it_is_forgotten(pulses):
    pulses.beat("w1", 11, "here")
    first = pulses.workers()[0].beat
    pulses.beat("w2", 12, "here")
    pulses.beat("w1", 11, "here")
    assert [worker.worker_id for worker in pulses.workers()] == ["w2", "w1"]
    assert pulses.workers()[-1].beat >= first
    pulses.forget("w1")
    assert [worker.worker_id for worker in pulses.workers()] == ["w2"]


def test_progress_is_the_newest_that_was_told(pulses):
    pulses.tell(JobProgress("1", 1, 0, "reading", None, 1.0))
    pulses.tell(JobProgress("1", 5, 20, "encoding", 2.5, 2.0))
    assert pulses.progress() == {"1": JobProgress("1", 5, 20, "encoding", 2.5, 2.0)}


@pytest.mark.parametrize(("total", "rate", "left"), [(20, 2.5, 6.0), (0, 2.5, None), (20, None, None)])
def test_the_time_left_is_told_where_it_can_be(total, rate, left):
    assert JobProgress("1", 5, total, "", rate, 2.0).seconds_left == left
