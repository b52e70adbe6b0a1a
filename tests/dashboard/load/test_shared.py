"""What one person's page has worked out is there for everybody's, and a decision drops no more than what follows from it."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import pytest

from dashboard import cached
from dashboard.components.jobs import strip
from fac_core import view as views
from fac_core.curation.review import Reviews
from fac_core.curation.triage import Triage
from fac_core.jobs.queue import Jobs
from tests.batches import candidate, make_batch


@pytest.fixture
def counted(monkeypatch):
    """`counted(module, name)`: a function, whose calls are counted by its name."""
    calls: Counter[str] = Counter()

    def count(module, name):
        original = getattr(module, name)

        def asked(*args, **kwargs):
            calls[name] += 1
            return original(*args, **kwargs)

        monkeypatch.setattr(module, name, asked)
        return calls

    return count


@pytest.fixture
def made(workspace):
    return make_batch(workspace, [(candidate(feature_id=f), {f: 5.0}) for f in (2, 3, 4)])


def test_two_people_who_review_one_batch_read_its_candidates_once(page, made, counted):
    calls = counted(cached, "written")
    page("review", preset="paper")
    page("review", preset="paper")
    assert calls["written"] == 1


def test_a_decision_about_a_candidate_reads_no_candidate_again_and_is_seen_by_all(workspace, page, made, counted):
    page("review", preset="paper")
    calls = counted(cached, "written")
    counted(cached, "decided")
    Reviews(workspace.events(), "b").decide(made[0], "accepted", author="Bob", seen=0)
    assert "1 of 3 candidates decided (0 by you)" in page("review", preset="paper").get("progress")[0].proto.text
    page("review", preset="paper")
    assert (calls["written"], calls["decided"]) == (0, 1)


def test_an_edit_is_read_by_the_next_page(workspace, page, made, counted):
    page("review", preset="paper")
    calls = counted(cached, "written")
    Reviews(workspace.events(), "b").edit(made[0], "other words", author="Bob")
    app = page("review", preset="paper")
    assert calls["written"] == 1
    assert any("1 edit not measured yet" in info.value for info in app.info)


def test_a_decision_about_a_gap_leaves_the_ranking_of_gaps_as_it_is(workspace, page, counted):
    page("gaps", preset="paper")
    calls = counted(views, "ranked_gaps")
    Triage(workspace.events(), "id-anchor").decide(2, "target", author="Bob", seen=0)
    page("gaps", preset="paper")
    assert calls["ranked_gaps"] == 0


def test_all_pages_look_at_the_jobs_together_once_a_second(workspace, page, counted, monkeypatch):
    monkeypatch.setattr(strip, "time", SimpleNamespace(monotonic=lambda: 7.0))
    jobs = Jobs(workspace)
    jobs.submit("encode", {"source": "a"}, author="Ann")
    calls = counted(strip, "_told")
    page("gaps", preset="paper")
    page("gaps", preset="paper")
    assert calls["_told"] == 1
    jobs.submit("encode", {"source": "b"}, author="Ann")  # a change is seen at once
    assert sum("Job " in m.value for m in page("gaps", preset="paper").markdown) == 2
    assert calls["_told"] == 2


def test_the_more_people_the_less_often_each_page_looks(page, workspace, monkeypatch):
    Jobs(workspace).submit("encode", {"source": "s"}, author="Ann")
    asked: list[float | None] = []
    fragment = strip.st.fragment
    monkeypatch.setattr(strip.st, "fragment", lambda f, run_every: asked.append(run_every) or fragment(f))
    for people in (1, 50):
        now = strip.time.monotonic()
        monkeypatch.setattr(strip, "_seen", lambda people=people, now=now: {str(n): now for n in range(people)})
        page("gaps", preset="paper")
    assert asked == [2.0, 10.0]
