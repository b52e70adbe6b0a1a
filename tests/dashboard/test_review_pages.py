"""Synthesis, Review and Export: what they show is what the log and the engine say, and every click ends in the log."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.components.review.check_badge import check_words
from dashboard.components.review.strength_bar import strength_bar
from dashboard.components.review.word_diff import word_diff
from dashboard.components.synthesis.form import Asked, command
from fac_core.coverage.definition import CALIBRATED
from fac_core.curation.offered import PRESETS, SMALLEST, my_states, neighbours, queue
from fac_core.curation.review import Reviews
from fac_core.curation.standing import standing
from fac_core.curation.triage import Triage
from fac_core.curation.wording import parts, reworded
from fac_core.errors import WrongUse
from fac_core.jobs import launch
from fac_core.jobs.kinds import checked
from fac_core.jobs.queue import Jobs
from fac_core.synthesis.candidates import Candidates
from fac_core.synthesis.prompts import fork_prompt
from fac_core.synthesis.spec import SynthesisSpec
from fac_core.workflows.synthesise import Estimate
from tests.batches import candidate, make_batch
from tests.dashboard.conftest import HOSTILE
from tests.dashboard.test_pages import button, click, texts


@pytest.fixture
def made(workspace):
    """Three that pass, one that does not fire, one that is a near-duplicate; their texts are hostile."""
    return make_batch(
        workspace,
        [
            (candidate(feature_id=2, text=f"{HOSTILE} two"), {2: 5.0}),
            (candidate(feature_id=3, text=f"{HOSTILE} three"), {3: 5.0}),
            (candidate(feature_id=4, text=f"{HOSTILE} four"), {4: 6.0}),
            (candidate(feature_id=4, nth=1, verdict="does not fire", activation=0.2, text="weak"), {4: 0.2}),
            (candidate(feature_id=4, nth=2, verdict="duplicate", similarity=0.97, text="again"), {4: 6.0}),
        ],
    )


def held(workspace, one):
    return Reviews(workspace.events(), "b").states(Candidates(workspace.events()).of("b"))[one.candidate_id]


def open_review(page, one, **params):
    return page("review", preset="paper", candidate=one.candidate_id, **params)


def test_without_candidates_review_says_where_they_come_from(page):
    app = page("review")
    assert "Approve gaps as targets" in app.info[0].value


def test_without_an_accepted_candidate_export_says_what_to_do(page, made):
    assert "Nothing is accepted yet" in page("export").info[0].value


def test_without_an_approved_gap_nothing_can_be_written(page):
    app = page("synthesis")
    assert "No gap is approved" in app.info[0].value
    assert not app.button


def test_the_card_shows_the_check_the_effect_and_coverage_now_and_to_come(workspace, page, made):
    app = open_review(page, made[0])
    assert [m.value for m in app.metric[:3]] == ["40.00%", "40.00%", "100.00%"]
    assert "**+1 feature (20.00 points); the target has 0 of 1 samples, with this one 1**" in texts(app)
    assert any("fires ✓ 5.00" in m.value and "δ 1.00" in m.value for m in app.markdown)


def test_a_candidate_that_somebody_looks_at_is_left_to_them_and_says_so_where_it_is_opened(page, made):
    ann = page("review", preset="paper")
    ann.text_input(key="author").set_value("Ann").run()
    seen = [c.value for c in ann.code] + [c.value for c in ann.caption]
    ben = page("review", preset="paper")
    ben.text_input(key="author").set_value("Ben").run()
    assert seen != [c.value for c in ben.code] + [c.value for c in ben.caption]
    assert not any("is looking at" in c.value for c in ben.caption)
    opened = [any("Ann is looking at this one" in c.value for c in open_review(page, one).caption) for one in made]
    assert opened.count(True) == 1


def test_hostile_texts_stay_texts_on_the_card(page, made):
    app = open_review(page, made[0])
    assert "<script>" not in "".join(h.value for h in app.main if h.type == "html")
    assert "<script>" not in texts(app)


def test_accepting_goes_into_the_log_moves_coverage_and_the_queue(workspace, page, made):
    app = open_review(page, made[0])
    app.text_input(key="author").set_value("Ann").run()
    click(app, "Accept")
    (event,) = Reviews(workspace.events(), "b").history()
    assert (event.item, event.author, event.payload["choice"]) == (made[0].candidate_id, "Ann", "accepted")
    assert [m.value for m in app.metric[:2]] == ["40.00%", "60.00%"]
    assert app.text_input(key="candidate").value != made[0].candidate_id
    click(app, "Undo")
    assert held(workspace, made[0]) == "pending"
    reloaded = open_review(page, made[0])
    reloaded.text_input(key="author").set_value("Ann").run()
    click(reloaded, "Redo")
    assert held(workspace, made[0]) == "accepted"


def test_a_rejection_without_a_reason_is_asked_for_one(workspace, page, made):
    app = click(open_review(page, made[0]), "Reject")
    assert held(workspace, made[0]) == "pending"
    assert any("Why reject it?" in m.value for m in app.markdown)
    click(app, "Off target")
    assert held(workspace, made[0]) == "rejected"


def test_what_does_not_fire_cannot_be_accepted_from_the_page_either(workspace, page, made):
    accept = button(open_review(page, made[3]), "Accept")
    assert accept.disabled
    assert "does not fire" in accept.help


def test_a_duplicate_is_warned_about_and_accepted_with_a_note(workspace, page, made):
    app = open_review(page, made[4])
    assert "Similarity 0.97" in app.warning[0].value
    click(app, "Accept")
    assert held(workspace, made[4]) == "pending"
    app.text_input(key="rv_note").set_value("another dialect").run()
    click(app, "Accept with this note")
    assert held(workspace, made[4]) == "accepted"


def test_a_decision_that_somebody_made_meanwhile_is_not_overwritten(workspace, page, made):
    app = open_review(page, made[0])
    Reviews(workspace.events(), "b").decide(made[0], "skipped", author="Bob", seen=0)
    click(app, "Accept")
    assert held(workspace, made[0]) == "skipped"
    assert any("Bob" in toast.value for toast in app.toast)


def test_an_edit_is_a_new_version_shown_with_its_diff_and_waits_for_the_worker(workspace, page, made):
    app = click(open_review(page, made[0]), "Edit")
    app.text_area(key="rv_edit_text").set_value("other words entirely")
    click(app, "Save")
    edited = Candidates(workspace.events()).of("b")[made[0].candidate_id]
    assert (edited.text, edited.verdict) == ("other words entirely", "not measured")
    assert any("Edited" in m.value for m in app.markdown)
    assert any(b.label == "Verify 1 edits" for b in app.button)
    assert button(app, "Accept").disabled


def test_the_table_decides_about_a_whole_filter_after_its_count_is_confirmed(workspace, page, made):
    app = page("review", preset="paper", rv_view="table", rv_preset="passes the check")
    assert len(app.dataframe[0].value) == 3
    box = next(c for c in app.checkbox if c.label.startswith("All 3"))
    box.set_value(True).run()
    click(app, "Accept 3")
    assert [held(workspace, one) for one in made] == ["accepted"] * 3 + ["pending"] * 2
    click(app, "Undo")
    assert [held(workspace, one) for one in made] == ["pending"] * 5


def test_a_link_to_a_candidate_that_there_is_not_says_so(page, made):
    assert "nosuchid is not in this batch" in page("review", candidate="nosuchid").warning[0].value


def test_from_two_reviewers_on_nobody_sees_the_others_before_speaking(workspace, page, made):
    reviews = Reviews(workspace.events(), "b")
    reviews.set_min_reviews(2, author="Ann")
    reviews.decide(made[0], "accepted", author="Ann", seen=0)
    app = open_review(page, made[0])
    assert "Ann decided" not in texts(app)
    app.text_input(key="author").set_value("Bob").run()
    app.toggle(key="rv_stay").set_value(True).run()
    click(app, "Accept")
    assert "Ann decided" in texts(app)
    assert held(workspace, made[0]) == "accepted"


@pytest.fixture
def found(workspace, made):
    batch = Candidates(workspace.events()).batches("id-anchor")[0]
    return lambda: standing(workspace, batch, workspace.run("seed"), workspace.run("anchor"))


def test_every_filter_changes_what_is_shown(workspace, made, found):
    reviews = Reviews(workspace.events(), "b")
    reviews.decide(made[4], "accepted", author="Ann", seen=0, note="good")
    reviews.decide(made[0], "rejected", author="Ann", seen=0, reason="off target")
    ids = [one.candidate_id for one in made]

    def left(preset):
        return {ids.index(one) for one in queue(found(), found().states, preset=preset)}

    assert left("passes the check") == {0, 1, 2}
    assert left("failed the check") == {3, 4}
    assert left("failed, but accepted") == {4}
    assert left("passes, but rejected") == {0}
    assert left("near-duplicates") == {4}
    assert left("edited") == left("reviewers differ") == set()
    assert left(SMALLEST) < {1, 2, 4}
    assert set(PRESETS) >= {"failed, but accepted", "reviewers differ", "near-duplicates"}
    assert len(queue(found(), found().states, wanted=["pending"], feature_id=4)) == 2


def test_states_of_others_are_hidden_only_where_several_must_speak(workspace, made, found):
    Reviews(workspace.events(), "b").decide(made[0], "accepted", author="Ann", seen=0)
    one = made[0].candidate_id
    assert my_states(found(), "Bob", 1)[one] == "accepted"
    assert my_states(found(), "Bob", 2)[one] == "pending"
    assert my_states(found(), "Ann", 2)[one] == "accepted"


def test_the_way_through_a_queue_is_by_id():
    assert neighbours(["a", "b", "c"], "b") == ("a", "c")
    assert neighbours(["a", "b", "c"], "gone") == (None, "a")
    assert neighbours([], "gone") == (None, None)


def test_targets_with_a_name_that_cannot_be_trusted_start_unticked(workspace, page):
    from fac_core.naming.labels import Labels

    Triage(workspace.events(), "id-anchor").decide_many([0, 2, 3], "target", author="Ann")
    Labels(workspace.events(), "space").rename(2, "courts", author="Ann")
    app = page("synthesis", preset="paper")
    rows = app.main.dataframe[0].value if app.main.dataframe else None
    assert rows is None or rows["write"].tolist() == [False, True, False]
    assert any("1 of 3 approved gaps chosen" in c.value for c in app.caption)


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


def test_a_shape_that_does_not_fit_is_said_on_the_page(workspace, page, made):
    Reviews(workspace.events(), "b").decide_many(made[:1], "accepted", author="Ann")
    app = page("export")
    app.selectbox(key="ex_shape").set_value("alpaca").run()
    assert "It can be put as plain" in app.warning[0].value


def test_a_word_diff_marks_what_went_and_what_came_and_obeys_nothing():
    html = word_diff("The <b>court</b> rose.", "The <b>judge</b> rose.")
    assert "<b>" not in html
    assert ">court</del>" in html
    assert ">judge</ins>" in html
    assert word_diff("a b", "a b").count("<ins") == 0


def test_the_check_is_a_word_a_symbol_and_a_number():
    assert check_words(candidate(text="court rises")) == "fires ✓ 5.00 at “cour” (δ 1.00)"
    assert check_words(candidate(verdict="does not fire", activation=0.4, tokens=())) == "does not fire ✗ 0.40 (δ 1.00)"
    assert check_words(candidate(verdict="duplicate", similarity=0.97)) == "near-duplicate ✗ 0.97"
    assert check_words(candidate(verdict="not fluent", perplexity=2310.0)).startswith("not fluent ✗ perplexity 2,310")


def test_the_bar_ends_at_the_activation_and_marks_delta():
    bar = strength_bar(5.0, 1.0, 10.0)
    assert "width:50.0%" in bar
    assert "left:10.0%" in bar
    assert "width:0.0%" in strength_bar(0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("shape", "fields", "edit", "text"),
    [
        ("text", {}, {"text": "new"}, "new"),
        ("instruction", {"instruction": "q", "response": "r"}, {"response": "R"}, "user: q\nassistant: R"),
        ("pair", {"instruction": "q", "chosen": "c", "rejected": "d"}, {"rejected": "D"}, "user: q\nassistant: c"),
        ("behaviour", {"question": "q", "matching": "m", "not_matching": "n"}, {"question": "Q"}, "Q\n(A) m\n(B) n"),
        (
            "chat",
            {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "r"}]},
            {"2 assistant": "R"},
            "user: q\nassistant: R",
        ),
    ],
)
def test_every_shape_is_edited_by_its_parts(shape, fields, edit, text):
    one = candidate(shape=shape, fields=fields)
    new_text, new_fields = reworded(one, {**parts(one), **edit})
    assert new_text == text
    assert set(new_fields) == set(fields)
    assert parts(candidate(shape=shape, fields=new_fields, text=new_text)) == {**parts(one), **edit}


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
    app.toggle(key="sy_doubtful").set_value(True).run()
    app.number_input(key="sy_m").set_value(3).run()
    click(app, "Write for 2 targets")
    (job,) = Jobs(workspace).all()
    spec = SynthesisSpec(targets=(2, 3), seed="id-seed", anchor="id-anchor", m=3)
    asked = Asked(spec).params
    assert (job.kind, job.asked_by) == ("synthesise", "Ann")
    assert job.params == checked("synthesise", asked).model_dump(mode="json")
