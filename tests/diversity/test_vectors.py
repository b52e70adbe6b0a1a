"""Embedding measures: hand-worked values, the slow way, and what leaves them unchanged."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from fac_core.diversity.vectors import (
    cluster_entropy,
    clusters,
    pairwise_cosine_distance,
    trace_covariance,
    unit,
    vendi_score,
)


def sample(seed: int = 0, n: int = 30, d: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d))


def rotated(x: np.ndarray) -> np.ndarray:
    return x @ np.linalg.qr(sample(9, x.shape[1], x.shape[1]))[0]


def test_the_closed_form_is_the_mean_over_pairs():
    x = unit(sample())
    slow = np.mean([1 - a @ b for a, b in combinations(x, 2)])
    assert pairwise_cosine_distance(sample()) == pytest.approx(slow)


def test_by_hand():
    axes, same = np.eye(3), np.ones((4, 2))
    assert pairwise_cosine_distance(axes) == pytest.approx(1)
    assert pairwise_cosine_distance(np.array([[1.0, 0], [-2.0, 0]])) == pytest.approx(2)
    assert pairwise_cosine_distance(same) == pytest.approx(0)
    assert vendi_score(axes) == pytest.approx(3)
    assert vendi_score(same) == pytest.approx(1)
    assert trace_covariance(np.array([[0.0, 0], [2.0, 0], [0, 2], [2, 2]])) == pytest.approx(8 / 3)
    assert trace_covariance(same) == 0


def test_the_trace_is_that_of_the_covariance_matrix():
    assert trace_covariance(sample()) == pytest.approx(np.trace(np.cov(sample().T)))


@pytest.mark.parametrize("measure", [pairwise_cosine_distance, trace_covariance, vendi_score])
def test_neither_order_nor_rotation_matters(measure):
    x = sample()
    assert measure(x[::-1]) == pytest.approx(measure(x))
    assert measure(rotated(x)) == pytest.approx(measure(x))


@pytest.mark.parametrize("measure", [pairwise_cosine_distance, vendi_score])
def test_lengths_of_vectors_do_not_matter_to_cosines(measure):
    assert measure(sample() * np.arange(1, 31)[:, None]) == pytest.approx(measure(sample()))


def test_repeating_the_set_leaves_the_vendi_score():
    assert vendi_score(np.tile(sample(), (3, 1))) == pytest.approx(vendi_score(sample()))


def test_few_vectors_and_many_give_the_same_vendi_score_either_way():
    x = sample(n=4, d=9)
    wide = np.exp(-sum(s * np.log(s) for s in np.linalg.eigvalsh(unit(x).T @ unit(x) / 4) if s > 1e-12))
    assert vendi_score(x) == pytest.approx(wide)


def test_clusters_are_seeded_and_their_entropy_is_that_of_shares():
    x = np.repeat(np.eye(4), [4, 2, 1, 1], axis=0) + sample(1, 8, 4) * 1e-3
    labels = clusters(x, 4)
    assert labels.tolist() == clusters(x, 4).tolist()
    assert cluster_entropy(labels) == pytest.approx(1.75)
    assert clusters(np.ones((3, 2)), 50).tolist() == [0, 0, 0]


def test_none_or_one_vector_is_zero_and_no_error():
    nothing, one = np.zeros((0, 3)), np.ones((1, 3))
    assert [f(nothing) for f in (pairwise_cosine_distance, trace_covariance, vendi_score)] == [0, 0, 0]
    assert [pairwise_cosine_distance(one), trace_covariance(one)] == [0, 0]
    assert vendi_score(one) == pytest.approx(1)
    assert cluster_entropy(clusters(nothing, 5)) == 0
