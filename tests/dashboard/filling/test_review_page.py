"""Review: what the card shows is what the log and the engine say, and every click ends in the log."""

from __future__ import annotations

from dashboard.components.review.check_badge import theme_words
from fac_core.curation.controls import Controls, measured
from fac_core.curation.review import Reviews
from fac_core.synthesis.candidates import Candidates
from fac_core.themes.belonging import Belonging
from fac_core.view import View
from tests.batches import candidate, make_batch
from tests.dashboard.filling.conftest import held, open_review
from tests.dashboard.test_pages import button, click, texts


def test_without_candidates_review_says_where_they_come_from(page):
    app = page("review")
    assert "Approve gaps as targets" in app.info[0].value


def test_the_card_shows_the_check_the_effect_and_coverage_now_and_to_come(workspace, page, made):
    app = open_review(page, made[0])
    assert [m.value for m in app.metric[:3]] == ["40.00%", "40.00%", "100.00%"]
    assert "**+1 feature (20.00 points); the target has 0 of 1 sample, with this one 1**" in texts(app)
    assert any("fires ✓ 5.00" in m.value and "δ 1.00" in m.value for m in app.markdown)


def test_the_card_says_whether_a_text_is_of_its_theme_and_of_a_real_one_the_same(workspace, page):
    (theme,) = View.find("seed", "anchor", workspace=workspace).missing().themes
    strong = dict.fromkeys(theme.features, 1e6)
    of_it, other = make_batch(
        workspace,
        [(candidate(feature_id=theme.features[0], nth=n), fires) for n, fires in enumerate((strong, {0: 1e6}))],
    )
    said = {one.candidate_id: texts(open_review(page, one)) for one in (of_it, other)}
    assert f" of “{theme.name}” ✓ " in said[of_it.candidate_id]
    assert f"not of “{theme.name}” ✗ 0.00" in said[other.candidate_id]
    (real,) = Controls(workspace.events(), "b").mix_in(workspace.run("anchor"), [of_it], 1, author="Ann")
    fired = measured(workspace.run("anchor"), real)
    times = Belonging.of(theme, workspace.run("anchor")).times_least(fired.feature_ids, fired.activations)
    assert theme_words(theme.name, times) in texts(page("review", preset="paper", candidate=real.control_id))


def test_accepted_texts_of_a_theme_stand_beside_what_it_is_short_of(workspace, page):
    (theme,) = View.find("seed", "anchor", workspace=workspace).missing().themes
    strong = dict.fromkeys(theme.features, 1e6)
    (one,) = make_batch(workspace, [(candidate(feature_id=theme.features[0]), strong)])
    words = "1 accepted text of it, not yet in your data"
    assert words not in texts(page("overview"))
    Reviews(workspace.events(), "b").decide(one, "accepted", author="Ann", seen=0)
    assert words in texts(page("overview"))


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
    assert "<script>alert" not in "".join(h.value for h in app.main if h.type == "html")
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
    assert "Accepting it: **not measured yet: what it adds is not known**" in texts(app)
    assert any(b.label == "Verify 1 edit" for b in app.button)
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
