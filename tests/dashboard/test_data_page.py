"""The Data page works from nothing to a run; the strip shows jobs on every page; texts go through the worker."""

from __future__ import annotations

import json
import sys

import pytest
from streamlit.testing.v1 import AppTest

from fac_core.jobs import launch
from fac_core.jobs.control import submit_job
from fac_core.jobs.in_words import in_words
from fac_core.jobs.queue import Jobs
from fac_core.store.process_lock import held
from fac_core.store.pulses import JobProgress
from fac_core.store.workspace import Workspace
from tests.dashboard.conftest import APP, HOSTILE
from tests.dashboard.test_pages import click, texts
from tests.runs import make_run


@pytest.fixture(autouse=True)
def _no_processes(monkeypatch):
    """A page that would start a worker is told that one is starting: these tests look at the page alone."""
    monkeypatch.setattr(launch, "is_worker_starting", lambda _place: True)


@pytest.fixture
def dataset(tmp_path):
    path = tmp_path / "mine.jsonl"
    rows = [{"text": HOSTILE, "label": "1"}, {"text": "two"}, {"label": "0"}]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


@pytest.fixture
def empty(tmp_path, monkeypatch) -> Workspace:
    place = Workspace.create(tmp_path / "empty")
    monkeypatch.setenv("FAC_WORKSPACE", str(place.folder))
    return place


def data_page(**params: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=60)
    for key, value in params.items():
        app.query_params[key] = value
    app.run()
    app.switch_page("page_scripts/data.py").run()
    assert not app.exception, app.exception
    return app


def running(place: Workspace, kind: str = "encode", params: dict | None = None) -> str:
    """A job that a worker of that name has taken."""
    job = Jobs(place).submit(kind, params or {"source": "/x/texts.jsonl"}, author="Ann")
    Jobs(place).take("w", [kind])
    return job.job_id


def test_without_a_workspace_the_page_makes_one(tmp_path, monkeypatch):
    monkeypatch.delenv("FAC_WORKSPACE", raising=False)
    monkeypatch.chdir(tmp_path)
    app = click(AppTest.from_file(APP, default_timeout=60).run(), "Make one in")
    assert (tmp_path / "workspace" / "workspace.json").exists()
    assert app.title[0].value == "No runs yet"


def test_in_an_empty_workspace_other_pages_point_to_data_and_data_works(empty):
    app = AppTest.from_file(APP, default_timeout=60).run()
    assert app.title[0].value == "No runs yet"
    assert "no run yet" in "".join(i.value for i in data_page().info)


def test_a_dataset_is_previewed_as_it_will_be_read_and_encoded_by_a_job(empty, dataset):
    app = data_page(dq_source=str(dataset))
    assert "Read as" in texts(app)
    assert app.dataframe[0].value["text"].tolist() == [HOSTILE, "two"]
    assert "1 of the first records" in app.warning[0].value
    app.number_input(key="dq_limit").set_value(2).run()
    click(app, "Encode")
    (job,) = Jobs(empty).all()
    assert (job.kind, job.params["source"], job.params["limit"]) == ("encode", str(dataset), 2)
    assert job.params["anchor"]  # the first run of a workspace
    assert "Job 1" in texts(app)


def test_a_source_that_cannot_be_read_says_why_and_cannot_be_started(empty):
    app = data_page(dq_source="/no/such/file.jsonl")
    assert "no/such/file" in app.error[0].value
    assert not any(b.label == "Encode" for b in app.button)


def test_an_upload_is_kept_by_content_under_a_harmless_name(empty):
    app = data_page()
    app.file_uploader[0].upload("../my texts.jsonl", b'{"text": "one"}\n').run()
    assert not app.exception, app.exception
    (kept,) = (empty.folder / "uploads").glob("*/*")
    assert kept.name == "my-texts.jsonl"
    assert app.text_input(key="dq_source").value == str(kept)


def test_a_running_job_is_on_every_page_and_can_be_paused(workspace, page):
    with held(workspace.jobs_folder / "w.lock", "busy"):
        job = running(workspace, params={"source": f"/x/{HOSTILE}.jsonl".replace("/script", "")})
        workspace.pulses().tell(JobProgress(job, 50, 200, "", 2.0, 4e9))
        for name in ("overview", "map", "features", "gaps", "data"):
            app = page(name)
            assert f"**Job {job}**" in texts(app), name
        click(app, "Pause")
        assert Jobs(workspace).job(job).wish == "pause"


def test_a_job_whose_worker_is_gone_is_offered_for_resume(workspace, page):
    job = running(workspace)
    app = page("overview")
    assert Jobs(workspace).job(job).state == "interrupted"
    click(app, "Resume")
    assert Jobs(workspace).job(job).state == "queued"


def test_how_far_a_job_is_is_told_with_rate_and_time_left(workspace):
    job = Jobs(workspace).job(running(workspace))
    said = in_words(job, JobProgress(job.job_id, 50, 1200, "", 2.5, 4e9))
    assert said.startswith("50 of 1,200 · 2.5/s · 8 min left")


def test_runs_show_how_they_were_made_and_can_become_the_anchor(workspace, page):
    app = page("data", dq_run="seed (id-seed)")
    manifest = dict(zip(*(app.dataframe[1].value[c].tolist() for c in ("", "value")), strict=True))
    assert (manifest["Id"], manifest["SAE"], manifest["Samples"]) == ("id-seed", "tiny-sae", "16")
    click(app, "Make it the anchor")
    assert workspace.anchor().run_id == "id-seed"


def test_a_damaged_run_file_is_named_with_the_reason(workspace, page):
    workspace.run_path("broken").write_bytes(b"no run")
    assert any("broken" in w.value for w in page("data").warning)


def test_a_text_is_read_by_a_job_and_its_heat_is_escaped(workspace, page):
    app = page("features", feature="3", preset="paper")
    app.text_area(key="probe_text").set_value("<script>alert(1)</script> court")
    click(app, "Read it")
    (job,) = Jobs(workspace).all()
    assert (job.kind, job.params["feature_id"], job.params["run"]) == ("probe", 3, "id-anchor")
    Jobs(workspace).take("w", ["probe"])
    fired = {"feature_id": 3, "activation": 2.5, "tokens": [[0, 8, 1.0], [26, 31, 2.5]]}
    result = {
        "text": job.params["text"],
        "n_tokens": 9,
        "truncated": False,
        "n_fired": 1,
        "feature": fired,
        "top": [fired],
    }
    with held(workspace.jobs_folder / "w.lock", "busy"):
        Jobs(workspace).end(job.job_id, "w", "succeeded", result=result)
    app.run()
    assert not app.exception, app.exception
    assert "reaches **2.50**" in texts(app)
    assert app.dataframe[-1].value["at"].tolist() == ["court"]


def test_the_page_loads_no_model_library(workspace):
    import subprocess

    code = (
        "import sys; import dashboard.components.data.encode_form, dashboard.components.jobs.history, dashboard.components.feature.try_text\n"
        "from fac_core.datasets.preview import preview\n"
        "sys.exit(bool({'torch', 'transformers', 'sae_lens'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_wrong_parameter_never_becomes_a_job(workspace):
    from fac_core.errors import WrongUse

    with pytest.raises(WrongUse):
        submit_job("encode", {}, workspace=workspace.folder)
    assert Jobs(workspace).all() == []


def test_columns_that_nothing_is_known_of_are_chosen_from_a_list_and_kept_in_the_url(empty, tmp_path):
    path = tmp_path / "odd.csv"
    path.write_text("kennung,inhalt\n1,ein Satz\n2,noch einer\n", encoding="utf-8")
    app = data_page(dq_source=str(path))
    assert "Which column holds the text" in app.info[0].value
    assert "--text" not in texts(app)
    assert app.dataframe[0].value["inhalt"].tolist() == ["ein Satz", "noch einer"]
    assert list(app.selectbox(key="dq_text").options) == ["kennung", "inhalt"]
    app.selectbox(key="dq_text").set_value("inhalt").run()
    assert app.dataframe[0].value["text"].tolist() == ["ein Satz", "noch einer"]
    assert "Encode" in [b.label for b in app.button]
    assert "Encode" in [b.label for b in data_page(dq_source=str(path), dq_text="inhalt").button]


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


def test_splits_of_a_folder_that_are_not_read_are_said(empty, tmp_path):
    folder = tmp_path / "halves"
    folder.mkdir()
    for split in ("train", "test"):
        (folder / f"{split}.jsonl").write_text('{"text": "a"}', encoding="utf-8")
    assert any("only train is read, not test" in one.value for one in data_page(dq_source=str(folder)).warning)
