"""The card says what was measured, and nothing that is not known; names in it do not act."""

from __future__ import annotations

import pytest
import yaml

import fac_core as fac
from fac_core.export.card import card, size_category
from fac_core.workflows.export import plan_dataset
from tests.batches import candidate, make_batch
from tests.export.accepted import accept
from tests.runs import make_run


def test_fac_before_and_after_on_the_card_are_those_of_the_engine(place, made, tmp_path):
    accept(place, *made[:2])
    found = plan_dataset(["b"], merged=True, workspace=place.folder)
    paper = next(one for one in found.coverage if one.preset == "paper")
    before = fac.View.find("seed", workspace=place).coverage()
    rows = [(0, s, 2.0) for s in range(3)] + [(1, 0, 1.0), (2, 3, 3.0), (3, 4, 4.0)]
    make_run(place.run_path("id-both"), "both", rows, 5, 5).close()
    after = fac.View.find("both", workspace=place).coverage()
    assert (paper.before, paper.after) == (before.fac, after.fac) == (0.4, 0.8)
    assert "| paper | 40.00% | 80.00% |" in card(found, "data/train.jsonl")


def test_the_card_counts_yields_rejections_and_failed_checks(place, made, tmp_path):
    accept(place, made[0])
    fac.review([made[1].candidate_id], "rejected", author="Bob", reason="off target", workspace=place.folder)
    fac.export_dataset(["b"], tmp_path / "out", workspace=place.folder)
    text = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "| one step | 4 | 3 | 1 | 0 |" in text
    assert "off target 1" in text
    assert "does not fire 1" in text
    assert "`tiny-model`" in text
    said = yaml.safe_load(text.split("---")[1])
    assert said["license"] == "unknown"
    assert (said["task_categories"], said["size_categories"]) == (["text-classification"], ["n<1K"])


def test_hostile_names_do_not_act_in_the_card(place, tmp_path):
    (one,) = make_batch(place, [(candidate(generator="`|<img src=x>\n# head", prompt="a|b"), {2: 3.0})])
    accept(place, one)
    fac.export_dataset(["b"], tmp_path / "out", workspace=place.folder)
    text = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "`'/<img src=x> # head`" in text
    assert "\n# head" not in text


@pytest.mark.parametrize(
    ("n", "said"), [(999, "n<1K"), (1_000, "1K<n<10K"), (10_000, "10K<n<100K"), (999_999, "100K<n<1M"), (10**6, "n>1M")]
)
def test_the_hub_has_words_for_sizes(n, said):
    assert size_category(n) == said
