"""The card of a SAE as one Markdown text: every number, the facts of training, and twenty features in context."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from scipy import sparse

from fac_core.lab.sae_card.card_numbers import CardNumbers, card_numbers
from fac_core.lab.sae_card.card_page import card_page, write_card
from fac_core.lab.sae_card.interpretability import FeatureScore, TokenText
from fac_core.lab.sae_card.shown_features import grouped, shown_features
from tests import tiny

WORDS = sorted({word for text in tiny.TEXTS for word in text.split()})
CFG = {"architecture": "topk", "d_sae": 1024, "k": 6, "metadata": {}}


@pytest.fixture
def found(model_of, sae_of) -> CardNumbers:
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, 40)) for _ in range(60)]
    return card_numbers(texts, str(model_of("llama")), str(sae_of("topk")), limit=50, n_spliced=3)


def _scores(*scores: float) -> list[FeatureScore]:
    return [FeatureScore(number, score, score) for number, score in enumerate(scores)]


def test_the_card_says_every_number_and_shows_each_feature_once(found, tmp_path):
    write_card(found, tmp_path / "README.md", "somewhere/held-out.jsonl", limit=50, windows=3)
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    for number in (f"{found.copy.fvu:.3f}", f"{found.loss.recovered:.3f}", f"{found.copy.alive:.1%}", "float32"):
        assert number in card
    assert f"{found.interpretability[0]:.3f} | {found.interpretability[1]:.3f}" in card
    shown = re.findall(r"^\| (\d+) \| \d\.\d\d \|", card, flags=re.MULTILINE)
    assert len(shown) == len(set(shown)) == min(20, len(found.scores))
    assert card.count("**") >= 2 * len(shown)
    assert "`fac lab sae-card held-out.jsonl --sae" in card
    assert "--limit 50 --windows 3 --card README.md`" in card
    assert "somewhere" not in card


def test_the_facts_of_training_are_those_of_the_configuration(found):
    assert "does not say how" in card_page(found, CFG, "float16, 1 MB", "texts.jsonl")
    metadata = {"training": {"total_tokens": 12_288_000, "lr": 0.0007}, "unique_tokens": 3_100_000}
    card = card_page(found, {**CFG, "metadata": metadata}, "float16, 1 MB", "texts.jsonl")
    assert "| total tokens | 12,288,000 |" in card
    assert "| lr | 0.0007 |" in card
    assert "| tokens to train on, repetitions left out | 3,100,000 |" in card


def test_of_many_features_twelve_are_random_and_the_ends_are_the_best_and_the_worst():
    groups = grouped(_scores(*np.linspace(0.5, 1, 100)))
    of = {name: [one.feature for group, one in groups if group == name] for name in ("Random", "Best", "Worst")}
    assert of["Best"] == [99, 98, 97, 96]
    assert of["Worst"] == [0, 1, 2, 3]
    assert len(set(of["Random"])) == 12
    assert not set(of["Random"]) & {*of["Best"], *of["Worst"]}


def test_a_feature_is_shown_at_its_strongest_activation_within_its_window():
    strength = np.zeros((6, 1))
    strength[[1, 2, 4], 0] = 1.0, 3.0, 2.0
    kept = sparse.csc_matrix(strength)
    text = TokenText(np.arange(6), np.array([0, 0, 0, 1, 1, 1]), kept.astype(bool), kept)
    (shown,) = shown_features(_scores(0.9), text, lambda ids: "".join("abcdef"[n] for n in ids))
    assert shown.snippets == (("ab", "c", ""), ("d", "e", "f"))
    assert shown.top_tokens == ("c", "e", "b")
    assert shown.share == 0.5


def test_texts_cannot_break_the_table(found):
    card = card_page(found, CFG, "float16, 1 MB", json.dumps("a"))
    rows = [line for line in card.splitlines() if line.startswith("| ") and "<br>" in line]
    assert rows
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6}
