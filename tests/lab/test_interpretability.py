"""The interpretability score on toy texts whose features are known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from sae_lens import SAE
from scipy import sparse

from fac_core.lab.sae_card.interpretability import (
    TokenText,
    active_tokens,
    auroc,
    context_matrix,
    interpretability,
    left_neighbours,
    log_odds,
)
from fac_core.models.truncated import TruncatedModel

N_VOCAB = 50
N_WINDOWS, LENGTH = 60, 40


def _toy(seed: int) -> TokenText:
    """Features: 0 = token 3, 1 = token 5 after token 4, 2 = windows that speak of token 9, 3 = a coin, 4 = never."""
    rng = np.random.default_rng(seed)
    tokens = rng.integers(10, N_VOCAB, size=(N_WINDOWS, LENGTH))
    for token in (3, 4, 5):
        tokens[rng.random(tokens.shape) < 0.08] = token
    topical = np.arange(N_WINDOWS) % 2 == 0
    tokens[topical[:, None] & (rng.random(tokens.shape) < 0.3)] = 9
    flat, window = tokens.ravel(), np.repeat(np.arange(N_WINDOWS), LENGTH)
    left = np.roll(flat, 1)
    columns = [
        flat == 3,
        (flat == 5) & (left == 4),
        topical[window] & (flat != 9),
        rng.random(len(flat)) < 0.1,
        np.zeros(len(flat), dtype=bool),
    ]
    return TokenText(flat, window, sparse.csc_matrix(np.stack(columns, axis=1)))


@pytest.fixture(scope="module")
def scores() -> dict[int, float]:
    found = interpretability(_toy(0), _toy(1), range(5), N_VOCAB)
    return {score.feature: score.score for score in found}


def test_a_feature_of_one_token_is_predicted_perfectly(scores: dict[int, float]) -> None:
    assert scores[0] > 0.99


def test_a_feature_of_a_bigram_and_one_of_a_topic_are_predicted_well(scores: dict[int, float]) -> None:
    assert scores[1] > 0.9
    assert scores[2] > 0.85


def test_a_feature_that_fires_at_random_scores_chance(scores: dict[int, float]) -> None:
    assert scores[3] == pytest.approx(0.5, abs=0.08)


def test_a_feature_that_is_hardly_active_is_left_out(scores: dict[int, float]) -> None:
    assert 4 not in scores


def test_hard_negatives_are_harder_for_a_feature_that_needs_its_context() -> None:
    (score,) = interpretability(_toy(0), _toy(1), [1], N_VOCAB)
    assert score.against_hard < score.against_random


def test_auroc_is_the_chance_that_a_positive_ranks_above_a_negative() -> None:
    assert auroc(np.array([3.0, 1.0]), np.array([2.0, 0.0])) == 0.75
    assert auroc(np.array([1.0]), np.array([1.0])) == 0.5


def test_log_odds_are_zero_at_the_base_rate_and_grow_with_it() -> None:
    odds = log_odds(np.array([10.0, 0.0, 90.0]), np.array([100.0, 100.0, 800.0]))
    assert odds[1] < 0 < log_odds(np.array([90.0, 10.0]), np.array([100.0, 900.0]))[0]
    assert np.isfinite(odds).all()


def test_context_and_left_neighbour_never_reach_into_another_window() -> None:
    text = TokenText(np.array([1, 2, 3, 4]), np.array([0, 0, 1, 1]), sparse.csc_matrix((4, 1), dtype=bool))
    assert left_neighbours(text).tolist() == [1, 1, 3, 3]
    expected = np.zeros((4, 5))
    expected[1, 1] = expected[3, 3] = 1.0
    assert np.array_equal(context_matrix(text, 5).toarray(), expected)


def test_active_tokens_are_those_of_the_sae_without_the_first_token(
    model_of: Callable[[str], Path], sae_of: Callable[..., Path]
) -> None:
    model = TruncatedModel(str(model_of("llama")), 2)
    sae = SAE.load_from_disk(sae_of("topk"))
    windows = [np.array([4, *range(10, 10 + size)], dtype=np.int32) for size in (5, 50)]
    text = active_tokens(sae, model, windows)
    assert text.tokens.tolist() == [*range(10, 15), *range(10, 60)]
    assert len(set(text.window[:5])) == len(set(text.window[5:])) == 1
    with torch.inference_mode():
        codes = sae.encode(model.residual(torch.from_numpy(windows[1]).long()[None])[0, 1:])
    assert np.array_equal(text.active[5:].toarray(), (codes > 0).numpy())
