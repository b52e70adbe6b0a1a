"""The strip of jobs: what ended is offered, not shown, and can be dismissed."""

from __future__ import annotations

from fac_core.jobs.queue import Jobs
from tests.dashboard.test_pages import click
from tests.runs import make_run


def links(app) -> list[str]:
    return [one.proto.label for one in app.get("page_link")]


def ended(workspace, kind: str, params: dict, result: dict) -> None:
    jobs = Jobs(workspace)
    job = jobs.submit(kind, params, author="Ann")
    assert jobs.take("w", [kind])
    jobs.end(job.job_id, "w", "succeeded", result=result)


def test_a_run_that_comes_in_meanwhile_is_offered_and_changes_no_subject(workspace, page):
    app = page()
    make_run(
        workspace.run_path("id-later"), "later", [(0, 0, 9.0)], 4, 8, created_at="2030-01-01T00:00:00+00:00"
    ).close()
    ended(workspace, "encode", {"source": "later.jsonl"}, {"run_id": "id-later", "name": "later", "n_samples": 4})
    app.run()
    assert app.session_state["view"].run.run_id == "id-seed"
    assert "Look at it" in links(app)
    assert page().session_state["view"].run.run_id == "id-later"  # whoever comes now has the newest


def test_a_batch_that_is_written_leads_to_its_review_until_it_is_dismissed(workspace, page):
    result = {"batch_id": "b", "passed": 3, "candidates": 4, "closed": 1, "targets": 2}
    ended(workspace, "synthesise", {"seed": "id-seed", "anchor": "id-anchor", "targets": [1, 2]}, result)
    app = page()
    assert "Review 3 passing" in links(app)
    click(app, "Dismiss")
    assert "Review 3 passing" not in links(app)
