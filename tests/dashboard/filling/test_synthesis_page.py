"""Synthesis: which targets are written for, and that form, job and command ask the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard.components.synthesis.form import Asked, command
from fac_core.coverage.definition import CALIBRATED
from fac_core.curation.triage import Triage
from fac_core.errors import WrongUse
from fac_core.jobs import launch
from fac_core.jobs.kinds import checked
from fac_core.jobs.queue import Jobs
from fac_core.naming.labels import Labels
from fac_core.synthesis.prompts import fork_prompt
from fac_core.synthesis.spec import SynthesisSpec
from fac_core.workflows.synthesise import Estimate
from tests.dashboard.test_pages import button, click


def test_without_an_approved_gap_nothing_can_be_written(page):
    app = page("synthesis")
    assert "No gap is approved" in app.info[0].value
    assert not app.button


def test_all_targets_are_chosen_and_those_with_a_name_that_cannot_be_trusted_left_out_by_one_switch(workspace, page):
    Triage(workspace.events(), "id-anchor").decide_many([2, 3, 4], "target", author="Ann")
    Labels(workspace.events(), "space").rename(2, "courts", author="Ann")
    app = page("synthesis", preset="paper")
    assert app.subheader[0].value == "3 targets, each a gap"
    assert any("3 of 3 targets chosen" in c.value for c in app.caption)
    app.toggle(key="sy_trusted").set_value(True).run()
    assert any("1 of 3 targets chosen" in c.value for c in app.caption)


def test_boxes_that_somebody_emptied_are_empty_after_a_reload_for_this_anchor_and_with_every_switch(workspace, page):
    Triage(workspace.events(), "id-anchor").decide_many([2, 3, 4], "target", author="Ann")
    Labels(workspace.events(), "space").rename(2, "courts", author="Ann")
    app = page("synthesis", preset="paper", sy_without=f"id-anchor:3,77,x,{'9' * 5000}")
    assert any("2 of 3 targets chosen" in c.value for c in app.caption)
    assert any("--targets 2,4 " in code.value for code in app.code)
    for is_on in (True, False):
        app.toggle(key="sy_trusted").set_value(is_on).run()
    assert any("2 of 3 targets chosen" in c.value for c in app.caption)
    assert app.query_params["sy_without"] in ("id-anchor:3", ["id-anchor:3"])
    other = page("synthesis", preset="paper", sy_without="id-other:3")
    assert any("3 of 3 targets chosen" in c.value for c in other.caption)


def test_targets_are_counted_alike_on_every_page_also_those_that_are_no_gaps(workspace, page):
    Triage(workspace.events(), "id-anchor").decide_many([0, 1, 2, 3], "target", author="Ann")
    links = [one.proto.label for name in ("overview", "gaps") for one in page(name, preset="paper").get("page_link")]
    assert [label for label in links if "write samples" in label] == ["3 targets: write samples"] * 2
    app = page("synthesis", preset="paper")
    said = "3 targets: 2 gaps, and 1 that fires too rarely; 1 more approved before, covered by now"
    assert app.subheader[0].value == said
    assert any("3 of 4 targets chosen" in c.value for c in app.caption)


def test_without_a_box_that_is_ticked_nothing_is_asked_for(workspace, page):
    Triage(workspace.events(), "id-anchor").decide_many([0], "target", author="Ann")  # covered by now
    app = page("synthesis", preset="paper")
    assert any("0 of 1 target chosen" in c.value for c in app.caption)
    assert button(app, "Write for 0 targets").disabled


def test_a_preview_is_two_samples_for_three_targets_and_costs_are_ranges():
    spec = SynthesisSpec(targets=(1, 2, 3, 4), steps=("one step", "retry"), generator="http://x", attempts=3)
    asked = Asked(spec, 2.0)
    preview = asked.preview().spec
    assert (preview.targets, preview.n, preview.steps, preview.attempts) == ((1, 2, 3), 2, ("one step",), 1)
    estimate = Estimate("b", 4, 1, 1, 1_000_000, 3_000_000)
    assert estimate.cost(asked.price) == (2.0, 6.0)
    low, high = estimate.minutes(asked.spec.generator)
    assert 0 < low < high


def test_a_forked_prompt_lies_in_the_workspace_and_nowhere_else(tmp_path):
    assert fork_prompt(tmp_path, "mine", "name = 'x'").read_text() == "name = 'x'"
    for name in ("../evil", "", ".hidden", "a/b"):
        with pytest.raises(WrongUse):
            fork_prompt(tmp_path, name, "x")
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["mine.toml"]


def test_the_command_beside_the_form_says_what_the_form_says_and_leaves_out_what_is_usual():
    spec = SynthesisSpec(targets=(2, 3), steps=("one step", "retry"), m=2, budget=500)
    assert command(Asked(spec)) == 'fac synthesise --targets 2,3 --methods "one step,retry" -m 2 --budget 500'
    spec = SynthesisSpec(targets=(2,), seed="a", task="rude words", definition=replace(CALIBRATED, exclude_sinks=True))
    said = command(Asked(spec, key_variable="KEY"))
    assert said == 'fac synthesise --targets 2 --seed a --preset calibrated --no-sinks --task "rude words" --key KEY'


def test_what_is_asked_for_in_the_browser_is_the_form_s_spec_and_the_visitor_s(workspace, page, monkeypatch):
    monkeypatch.setattr(launch, "is_worker_starting", lambda _place: True)
    Triage(workspace.events(), "id-anchor").decide_many([2, 3], "target", author="Ann")
    app = page("synthesis", preset="paper")
    app.text_input(key="author").set_value("Ann").run()
    app.number_input(key="sy_m").set_value(3).run()
    click(app, "Write for 2 targets")
    (job,) = Jobs(workspace).all()
    steps = ("guided", "one step", "two steps")
    spec = SynthesisSpec(targets=(2, 3), seed="id-seed", anchor="id-anchor", m=3, steps=steps)
    asked = Asked(spec).params
    assert (job.kind, job.asked_by) == ("synthesise", "Ann")
    assert job.params == checked("synthesise", asked).model_dump(mode="json")
