"""Export: only what a person accepted, in the shape that fits."""

from __future__ import annotations

import json
from pathlib import Path

from fac_core.curation.review import Reviews
from tests.dashboard.test_pages import click


def test_without_an_accepted_candidate_export_says_what_to_do(page, made):
    assert "Nothing is accepted yet" in page("export").info[0].value


def test_export_writes_what_is_accepted_and_says_how_to_measure_it(workspace, page, made, tmp_path):
    Reviews(workspace.events(), "b").decide_many(made[:2], "accepted", author="Ann")
    app = page("export", preset="paper")
    assert app.metric[0].value == "2"
    assert any(m.value == "40.00% → 80.00%" for m in app.metric)
    app.text_input(key="ex_folder").set_value(str(tmp_path / "out")).run()
    click(app, "Write 2 rows")
    rows = [json.loads(line) for line in Path(tmp_path / "out" / "data" / "train.jsonl").read_text().splitlines()]
    assert [row["fac_candidate"] for row in rows] == [one.candidate_id for one in made[:2]]
    assert any("Written to" in c.value for c in app.caption)


def test_coverage_is_as_the_page_counts_it_or_by_every_preset(workspace, page, made):
    Reviews(workspace.events(), "b").decide_many(made[:2], "accepted", author="Ann")

    def presets(**params: str) -> list[str]:
        return [m.label for m in page("export", **params).metric if m.label.startswith("FAC")]

    assert presets(preset="paper") == ["FAC, paper"]
    assert presets(preset="calibrated") == ["FAC, calibrated"]
    assert presets(preset="paper", no_sinks="true") == ["FAC, paper", "FAC, calibrated"]


def test_what_a_second_export_replaces_is_said_before_it_is_written(workspace, page, made):
    reviews = Reviews(workspace.events(), "b")
    reviews.decide(made[0], "accepted", author="Ann", seen=0)
    app = click(page("export", preset="paper"), "Write 1 row")
    replaces = "An export of 1 row stands in"
    assert not any(replaces in c.value for c in app.caption)
    reviews.decide(made[1], "accepted", author="Ann", seen=0)
    app.run()
    assert any(replaces in c.value for c in app.caption)
    click(app, "Write 2 rows")
    assert not any(replaces in c.value for c in app.caption)


def test_a_shape_that_does_not_fit_is_said_on_the_page(workspace, page, made):
    Reviews(workspace.events(), "b").decide_many(made[:1], "accepted", author="Ann")
    app = page("export")
    app.selectbox(key="ex_shape").set_value("alpaca").run()
    assert "It can be put as plain" in app.warning[0].value
