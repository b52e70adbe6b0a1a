"""Lexical labels: made from one half of the shown samples, trusted by what they say of the other."""

from __future__ import annotations

import numpy as np
import pytest

from fac_core.naming.lexical import lexical_labels
from fac_core.naming.trust import ALWAYS_YES, negatives, trust
from tests.runs import make_run

N = 40


@pytest.fixture
def run(tmp_path):
    """Feature 0 fires on "jury" wherever it stands, 1 on numbers, 2 on any word at random, 3 nowhere, 4 in every text."""
    rng = np.random.default_rng(0)
    filler = ["lamp", "lake", "rock", "pear", "fogs", "mare", "page", "mugs"]  # a word is four letters in `make_run`
    texts, activations, positions = [], [], []
    for s in range(N):
        words = [str(w) for w in rng.choice(filler, 4)]
        if s % 2:
            words[1] = "jury"
            activations.append((0, s, 2.0 + s))
            positions.append(1)
        if s % 4 < 2:
            words[2] = str(1000 + s)
            activations.append((1, s, 2.0 + s))
            positions.append(2)
        if rng.random() < 0.5:
            activations.append((2, s, 1.0 + s))
            positions.append(3)
        activations.append((4, s, 1.0 + s))
        positions.append(0)
        texts.append(" ".join(words))
    return make_run(tmp_path, "run", activations, N, 5, texts=texts, token_index=positions)


def test_a_feature_on_a_word_is_called_by_it_and_trusted(run):
    label = lexical_labels(run)[0]
    assert (label.kind, label.words) == ("on", ("jury",))
    assert label.text == "on “jury”"
    assert label.trust is not None
    assert label.trust.f1 == 1.0
    assert label.trust.n_positive == label.trust.n_negative


def test_a_feature_on_numbers_is_called_by_their_form(run):
    label = lexical_labels(run)[1]
    assert (label.kind, label.text) == ("form", "on numbers")
    assert label.trust is not None
    assert label.trust.f1 == 1.0


def test_a_feature_that_fires_anywhere_earns_no_trust(run):
    label = lexical_labels(run)[2]
    assert label.kind == "none" or (label.trust is not None and label.trust.f1 < 0.8)


def test_a_silent_feature_has_no_label(run):
    assert lexical_labels(run)[3].text == "no clear label"


def test_without_a_silent_sample_nothing_can_be_said_of_trust(run):
    assert lexical_labels(run)[4].trust is None


def test_what_was_seen_is_not_what_is_tested(run):
    label = lexical_labels(run)[0]
    assert len(label.seen) >= 3
    assert label.trust is not None
    n_shown = len(run.query("SELECT DISTINCT sample_id FROM examples WHERE feature_id = 0"))
    assert len(label.seen) + label.trust.n_positive == n_shown


def test_above_a_threshold_only_strong_samples_count(run):
    strict = np.full(5, 30.0, dtype=np.float32)
    label = lexical_labels(run, [0], thresholds=strict)[0]
    rows = run.query("SELECT sample_id FROM activations WHERE feature_id = 0 AND activation > 30")["sample_id"]
    assert set(label.seen) <= set(rows.to_pylist())


def test_the_same_seed_gives_the_same_labels(run):
    assert lexical_labels(run, seed=3) == lexical_labels(run, seed=3)


def test_a_run_without_samples_has_no_labels(tmp_path):
    empty = make_run(tmp_path, "empty", [], 0, 3)
    assert [label.kind for label in lexical_labels(empty).values()] == ["none"] * 3


def test_f1_is_of_the_predictions():
    said = np.array([True, True, False, True, False])
    fires = np.array([True, True, True, False, False])
    got = trust(said, fires, method="words")
    assert (got.precision, got.recall, got.f1) == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    assert trust(np.ones(4, bool), np.array([1, 1, 0, 0], bool), method="words").f1 == pytest.approx(ALWAYS_YES)
    assert trust(np.zeros(4, bool), np.ones(4, bool), method="words").f1 == 0.0


def test_up_to_half_of_the_negatives_are_hard():
    silent, tempting = np.ones(20, bool), np.arange(20) < 15
    drawn = negatives(silent, tempting, 8, np.random.default_rng(0))
    assert len(set(drawn.tolist())) == 8
    assert tempting[drawn].sum() >= 4
    assert len(negatives(np.zeros(20, bool), tempting, 8, np.random.default_rng(0))) == 0
