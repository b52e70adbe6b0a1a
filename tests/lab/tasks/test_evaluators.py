"""Evaluators find what is there to be learned, and nothing where there is nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fac_core.lab.tasks import reward, toxicity
from fac_core.lab.tasks.learning import halves, head, learned
from fac_core.lab.tasks.result import mean_interval
from tests.lab.pools import labelled_pool, pair_pool


def separable(n: int, seed: int, *, shift: float = 4.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 4 == 0
    return rng.normal(size=(n, 8)) + shift * labels[:, None], labels


def test_a_label_that_a_plane_separates_is_learned_and_a_shuffled_one_is_not():
    train, (inputs, labels) = separable(80, 0), separable(200, 1)
    scores = [toxicity.score(toxicity.margins(train, inputs, seed), labels) for seed in range(3)]
    assert np.mean(scores) > 0.99
    mixed = np.random.default_rng(0).permutation(train[1])
    nothing = (np.random.default_rng(2).normal(size=train[0].shape), mixed)
    chance = [toxicity.score(toxicity.margins(nothing, inputs, seed), labels) for seed in range(3)]
    assert 0.1 < np.mean(chance) < 0.6  # a quarter of the test is positive


def test_a_result_has_one_value_a_seed_and_its_sizes():
    pool, rows = labelled_pool(), np.random.default_rng(0).permutation(400)
    found = learned(pool, rows[:40], rows[40:100], head(pool), seeds=(4, 5), learner="frozen head").evaluation
    n_tokens = int(pool.n_tokens[rows[:40]].sum())
    assert (len(found.per_seed), found.n_samples, found.n_tokens, found.n_test) == (2, 40, n_tokens, 60)
    assert found.interval[0] <= found.mean <= found.interval[1]


def test_a_reward_learns_the_direction_of_the_better_answer_and_its_opposite_when_turned():
    rng = np.random.default_rng(0)
    better = rng.normal(size=(120, 8)) + np.array([2.0] + [0.0] * 7)
    train, test = better[:60], better[60:]
    for seed in range(3):
        assert reward.score(reward.margins(train, test, seed)) > 0.9
        assert reward.score(reward.margins(-train, test, seed)) < 0.1


def test_equal_answers_count_half():
    assert reward.score(np.array([0.0, 0.0, 1.0, -1.0])) == 0.5


def test_only_what_differs_between_two_answers_is_pooled():
    chosen, rejected = reward.passages("Human: hi\nA: yes", "Human: hi\nA: no")
    assert chosen.text[chosen.start :] == "yes"
    assert rejected.text[rejected.start :] == "no"


def test_the_halves_of_a_test_share_nothing_and_have_as_many_positives():
    positive = np.arange(101) % 5 == 0
    a, b = halves(positive)
    assert sorted([*a, *b]) == list(range(101))
    assert abs(int(positive[a].sum()) - int(positive[b].sum())) <= 1


@pytest.mark.parametrize("pool", [labelled_pool(), pair_pool()], ids=["toxicity", "reward"])
def test_a_pool_is_learned_from_better_with_more_of_it(pool):
    rows = np.random.default_rng(0).permutation(len(pool))
    test, few, many = rows[:100], rows[100:120], rows[100:300]
    scores = [
        learned(pool, train, test, head(pool), seeds=[0], learner="frozen head").evaluation.mean
        for train in (few, many)
    ]
    assert scores[1] > scores[0]


def test_an_interval_needs_two_seeds_and_narrows_with_more():
    assert math.isnan(mean_interval([0.5])[0])
    wide, narrow = (np.diff(mean_interval([0.4, 0.6] * n))[0] for n in (1, 8))
    assert narrow < wide
