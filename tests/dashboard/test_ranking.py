"""The ranking is chosen once: no two pages can say that another gap comes first."""

from __future__ import annotations

import pytest

from dashboard.links import link, shared
from fac_core.coverage.definition import PAPER
from fac_core.gaps.priority import Weights
from fac_core.lab.bench.large_space import write_space
from fac_core.naming.labels import Labels
from fac_core.relevance.verdicts import Relevance, Verdict
from fac_core.view import View
from tests.dashboard.conftest import HOSTILE


@pytest.fixture
def ranked(workspace):
    """Gaps 2, 3 and 4, of which another comes first when the name does not count and the task counts twice."""
    write_space(workspace.space_path("space"), "space", 8)
    Labels(workspace.events(), "space").rename(4, f"courts {HOSTILE}", author="Ann")
    levels = {2: "yes", 3: "maybe", 4: "probably"}
    verdicts = {f: Verdict(f, level, "person", "") for f, level in levels.items()}
    Relevance(workspace.events(), "space", "toxicity").record(verdicts, author="Ann")

    def order(**weights: float) -> list[int]:
        view = View.find("seed", "anchor", PAPER, workspace=workspace, task="toxicity", weights=Weights(**weights))
        return view.gaps()["feature_id"].to_pylist()

    return order


def test_the_queue_begins_with_the_first_gap_and_links_keep_the_weights(ranked, page):
    asked = {"preset": "paper", "task": "toxicity", "w_trust": "0", "w_relevance": "2"}
    assert page("gaps", **asked).subheader[0].value == f"Feature {ranked(trust=0, relevance=2)[0]}"
    first = [one.proto.query_string for one in page(**asked).get("page_link") if "gq_gap" in one.proto.query_string]
    assert all("w_trust=" in address and "w_relevance=" in address for address in first)


def test_the_weights_change_the_order_at_all(ranked):
    assert ranked() != ranked(trust=0, relevance=2)


def test_links_keep_the_ranking():
    assert link("gaps", shared("a", "p", {"w_trust": "0", "gq_words": "x"})) == "gaps?run=a&anchor=p&w_trust=0"


def test_saved_filters_keep_the_ranking_and_bring_it_back(ranked, page):
    app = page("features", preset="paper", w_trust="0")
    app.text_input(key="features_saved_name").set_value("mine").run()
    next(b for b in app.button if b.label.startswith("Save the filters")).click()
    app.run()
    other = page("gaps", preset="paper")
    assert other.number_input(key="w_trust").value is None
    other = page("features", preset="paper")
    next(b for b in other.button if b.label == "mine").click()
    other.run()
    assert not other.exception
    assert other.number_input(key="w_trust").value == 0.0


def test_what_the_overview_lists_first_says_why_it_is_missing_and_is_no_markup(ranked, page):
    app = page(preset="paper")
    labels = [one.proto.label for one in app.get("page_link") if "gq_gap" in one.proto.query_string]
    assert len(labels) == 3
    assert not any("<script>" in label or "**bold**" in label for label in labels)
    assert sum("never fires in your data; active in 16 samples of the anchor" in c.value for c in app.caption) == 3
