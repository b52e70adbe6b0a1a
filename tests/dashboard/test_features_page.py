"""The Features page: filters in the link, what is hidden is said, and a feature with all that is known of it."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from fac_core.naming.labels import Labels
from fac_core.naming.lexical import LexicalLabel
from fac_core.naming.trust import Trust
from fac_core.relevance.verdicts import Relevance, Verdict
from tests.runs import make_run


def said(app: AppTest) -> str:
    return "\n".join([*(m.value for m in app.markdown), *(c.value for c in app.caption)])


def listed(app: AppTest) -> list[str]:
    return app.dataframe[0].value["feature"].tolist()


def shown(app: AppTest) -> str:
    """The HTML of all groups."""
    return "\n".join(html.value for html in app.get("html"))


def test_dead_features_and_those_that_mark_a_position_are_hidden_until_asked_for(page):
    app = page("features", preset="paper")
    assert "**4 of 8 shown**; hidden: 3 dead, 1 marking a position" in said(app)
    assert "0" not in listed(app)
    assert len(listed(page("features", preset="paper", fq_all="true"))) == 8


def test_a_range_in_the_link_holds_while_its_box_is_folded_away(page):
    app = page("features", preset="paper", fq_anchor_max_from="19")
    assert listed(app) == ["3", "4"]
    unfolded = page("features", preset="paper", fq_anchor_max_from="19", fq_ranges="true")
    assert listed(unfolded) == ["3", "4"]
    assert [m.label for m in unfolded.metric][:2] == ["Share of the anchor", "Maximum, anchor"]


def test_text_is_searched_inside_the_examples(page):
    assert listed(page("features", preset="paper", fq_text="NUMBER 3")) == ["2", "3", "4", "1"]
    assert "No feature matches" in page("features", preset="paper", fq_text="no such text").info[0].value


def test_clearing_the_filters_brings_everything_back(page):
    app = page("features", preset="paper", fq_state="Uncovered", fq_words="nosuchword")
    next(b for b in app.button if b.label == "Clear filters").click()
    app.run()
    assert not app.exception
    assert "**4 of 8 shown**" in said(app)


@pytest.mark.parametrize(("sort", "first"), [("id", "1"), ("strongest in the anchor", "4")])
def test_the_order_is_in_the_link(page, sort, first):
    assert listed(page("features", preset="paper", fq_sort=sort))[0] == first


def test_a_label_can_be_searched_and_a_new_one_is_found_at_once(workspace, page):
    Labels(workspace.events(), "space").rename(2, "tenancy disputes", author="Ann")
    assert listed(page("features", fq_words="tenancy")) == ["2"]
    Labels(workspace.events(), "space").rename(3, "tenancy law", author="Ann")
    assert listed(page("features", fq_words="tenancy", fq_sort="id")) == ["2", "3"]


def test_a_feature_shows_its_groups_with_hostile_text_escaped(page):
    app = page("features", feature="3", preset="calibrated")
    for heading in ("Top activations", "Interval", "contains", "Random positives", "Near misses"):
        assert heading in said(app)
    assert "&lt;script&gt;" in shown(app)
    assert "<script>alert" not in shown(app)


def test_duplicates_are_folded_and_a_switch_brings_them_back(workspace, page):
    twins = [(3, s, 2.0 + s) for s in range(6)]
    make_run(workspace.run_path("id-twins"), "twins", twins, 6, 8, texts=["The same text again."] * 6).close()
    app = page("features", feature="3", run="id-twins")
    assert "5 more like it" in shown(app)
    switch = next(t for t in app.toggle if t.label.endswith("duplicates"))
    before = shown(app).count("<li")
    switch.set_value(True).run()
    assert not app.exception
    assert "5 more like it" not in shown(app)
    assert shown(app).count("<li") - before == int(switch.label.split()[1])


def test_a_feature_that_fires_nowhere_says_so(page):
    app = page("features", feature="7", preset="paper")
    assert [i.value for i in app.info] == [
        "Silent in the anchor: nothing to show.",
        "Never fires in your data. What would fire it is in the anchor.",
    ]


def test_neighbours_by_samples_are_shown_with_their_coverage(page):
    app = page("features", feature="3", preset="paper", fd_neighbours="true")
    assert "Fires together with (Jaccard)" in said(app)
    opening = [b for b in app.button if b.label.startswith(("0 ·", "1 ·", "2 ·", "4 ·"))]
    assert len(opening) == 4
    next(b for b in opening if b.label.startswith("4 ·")).click()
    app.run()
    assert not app.exception
    assert app.subheader[0].value == "Feature 4"


def test_the_three_judges_stand_side_by_side_and_a_person_s_verdict_holds(workspace, page):
    judged = Relevance(workspace.events(), "space", "toxicity")
    judged.record({3: Verdict(3, "no", "statistic", "odds ratio 1.0")}, author="statistic")
    app = page("features", feature="3", judge_task="toxicity")
    assert "Statistic · holds" in said(app)
    assert "Nobody has judged it." in said(app)
    app.text_input(key="author").set_value("Ann").run()
    app.segmented_control(key="own_level").set_value("yes")
    app.text_input(key="own_reason").set_value("it is an insult")
    next(b for b in app.button if b.label == "Judge").click()
    app.run()
    assert not app.exception
    (person, statistic) = judged.of(3)
    assert (person.level, person.reason, person.author, statistic.level) == ("yes", "it is an insult", "Ann", "no")
    assert "Person · holds" in said(app)


def test_a_label_comes_with_its_trust_and_with_what_its_author_saw(workspace, page):
    scored = Trust("words", 0.8, 0.75, 0.86, 10, 12)
    label = LexicalLabel("on", "on “number”", ("number",), (2, 3), scored)
    Labels(workspace.events(), "space").record({3: label}, run_id="id-anchor")
    app = page("features", feature="3")
    assert "The 2 samples that" in said(app)
    assert "lexical, F1 0.80" in said(app)
