"""What a page asks of the worker is asked once."""

from __future__ import annotations

from dashboard.components.jobs import asking
from fac_core.jobs import launch
from fac_core.jobs.queue import Jobs


def test_a_second_click_gets_the_job_of_the_first_as_long_as_it_is_waiting_or_at_work(workspace, monkeypatch):
    monkeypatch.setattr(launch, "is_worker_starting", lambda _place: True)
    monkeypatch.setattr(asking, "who_asks", lambda: "Ann")
    twice = [asking.submitted(workspace, "probe", {"text": "a court"}) for _ in range(2)]
    other = asking.submitted(workspace, "probe", {"text": "a judge"})
    assert [job and job.job_id for job in (*twice, other)] == ["1", "1", "2"]
    Jobs(workspace).change("1", "cancel", author="Ann")
    again = asking.submitted(workspace, "probe", {"text": "a court"})
    assert again is not None
    assert again.job_id == "3"
