"""Every metric of a set against a value worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from fac_core.lab.sets.predictors import nearness, optimality, representations, weighed

E1, E2 = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])


def test_v_optimality_is_the_mean_variance_that_the_set_leaves():
    # Information is [[λ + w·4, 0], [0, λ]] with λ = 2, w = 1/4: variance 1/3 along the first axis, 1/2 along the other.
    anchor, chosen = np.concatenate([E1, E2]), 2 * E1
    found = optimality.variance_left(anchor, chosen, np.array([0.25]), 2.0)
    assert found == pytest.approx((1 / 3 + 1 / 2) / 2)


def test_v_optimality_is_that_of_the_matrix_in_the_space_of_dimensions():
    rng = np.random.default_rng(0)
    anchor, chosen, weight = rng.normal(size=(5, 3)), rng.normal(size=(7, 3)), rng.random(7)
    inverse = np.linalg.inv(4 * np.eye(3) + (chosen * weight[:, None]).T @ chosen)
    by_hand = np.mean([a @ inverse @ a for a in anchor])
    assert optimality.variance_left(anchor, chosen, weight, 4.0) == pytest.approx(by_hand)


def test_log_det_counts_a_text_twice_for_less_than_two_texts():
    assert optimality.log_volume(2 * E1, 4.0) == pytest.approx(np.log(2))
    assert optimality.log_volume(2 * np.concatenate([E1, E2]), 4.0) == pytest.approx(np.log(4))
    assert optimality.log_volume(2 * np.concatenate([E1, E1]), 4.0) == pytest.approx(np.log(3))


def test_likest_is_the_mean_cosine_of_the_nearest_and_anchors_may_weigh():
    anchor, chosen = np.concatenate([3 * E1, E2]), np.array([[2.0, 0.0], [3.0, 4.0]])
    assert nearness.likest(anchor, chosen) == pytest.approx((1 + 0.8) / 2)
    assert nearness.likest(anchor, chosen, np.array([1.0, 3.0])) == pytest.approx((1 + 3 * 0.8) / 4)


def test_gradients_of_unlike_labels_point_apart():
    points = np.concatenate([E1, 2 * E1])
    pulls = nearness.gradients(points, np.array([0.25, 0.25]), np.array([True, False]))
    assert pulls == pytest.approx(np.array([[-0.75, 0.0], [0.5, 0.0]]))
    assert nearness.likest(pulls[:1], pulls[1:]) == pytest.approx(-1)


def test_the_radius_is_that_of_the_anchor_farthest_from_the_set():
    assert nearness.farthest(np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 2.0]]), np.array([[0.0, 0.0], [0.0, 2.0]])) == (
        pytest.approx(np.sqrt(13))
    )


def test_soft_coverage_is_one_where_the_set_is_the_anchor_and_falls_by_distance():
    anchor = np.array([[0.0], [2.0], [6.0]])
    tau = nearness.reach(anchor)  # distances to the next one: 2, 2, 4
    assert tau == 2
    assert nearness.softly_covered(anchor, anchor, tau) == 1
    assert nearness.softly_covered(anchor, anchor[:1], tau) == pytest.approx((1 + np.exp(-1) + np.exp(-3)) / 3)


def test_novel_sum_weighs_near_texts_first_and_dense_regions_more():
    # Distances: E1–E2 1, E1–(-E1) 2, E2–(-E1) 1. The anchor is E2 alone, so densities are 1, cut at 1e-6 for E2, 1.
    chosen = np.concatenate([E1, E2, -E1])
    root = np.sqrt(1e6)
    of_first = (1 * root * 1 + 2 * 0.5) / 1.5  # E2 is nearest (rank 1, dense), then -E1
    of_second = (1 * 1 + 1 * 0.5) / 1.5
    assert nearness.novel_sum(E2, chosen) == pytest.approx((2 * of_first + of_second) / 3)


def test_residuals_say_which_label_lacks_a_feature():
    fires = sparse.csr_matrix(np.array([[1.0, 0.0, 2.0], [0.0, 4.0, 1.0]]))
    residual = weighed.residuals(fires, np.array([0.2, 0.6]), np.array([1.0, 0.0]))
    assert residual == pytest.approx([0.8, -2.4, 1.0])


def test_residual_coverage_counts_in_the_label_that_lowers_the_residual():
    residual = np.array([0.8, -2.4, 1.0, 5.0])
    positives, negatives = np.array([0, 3, 1, 1]), np.array([9, 3, 0, 0])
    can_occur = np.array([True, True, True, False])
    found = weighed.residual_coverage((positives, negatives), residual, can_occur, 1)
    assert found == pytest.approx((2.4 + 1.0) / 4.2)  # the first is in negative texts alone, the last cannot occur
    assert weighed.residual_coverage((positives, negatives), residual, can_occur, 3) == pytest.approx(2.4 / 4.2)
    assert np.isnan(weighed.residual_coverage((positives, negatives), residual, ~can_occur & False, 1))


def test_a_feature_is_sensitive_where_it_fires_in_the_neighbours_of_its_top_texts():
    # Two bunches of eleven texts; each text's ten neighbours are the others of its bunch.
    points = np.concatenate([np.tile(E1, (11, 1)), np.tile(E2, (11, 1))]) + np.random.default_rng(0).normal(
        0, 1e-3, (22, 2)
    )
    fires = np.zeros((22, 5))
    fires[:11, 0] = 1  # one bunch whole
    fires[0, 1] = 1  # one text only
    fires[:8, 2] = np.arange(8, 0, -1)  # eight of a bunch: of the six around its five top texts, three fire
    fires[:11, 3], fires[11:16, 3] = 2, 1  # one bunch whole, and five texts of the other, more weakly
    found = weighed.sensitivity(sparse.csr_matrix(fires), points)
    assert found == pytest.approx([1.0, 0.0, 0.5, 1.0, 0.0])


def test_representations_have_one_scale_and_one_centre():
    rng = np.random.default_rng(0)
    states = rng.normal(size=(80, 5)) * [1, 10, 100, 0.1, 3] + 7
    fitted_on = np.arange(60)
    for found in (representations.standardised(states, fitted_on), representations.whitened(states, fitted_on)):
        assert (found[fitted_on] ** 2).sum(axis=1).mean() == pytest.approx(representations.LENGTH_SQUARED)
        assert found[fitted_on].mean(axis=0) == pytest.approx(0, abs=1e-9)
    spread = representations.standardised(states, fitted_on)[fitted_on].std(axis=0)
    assert spread == pytest.approx(np.full(5, spread[0]))


def test_whitening_takes_correlations_off():
    rng = np.random.default_rng(0)
    one = rng.normal(size=(4000, 1))
    states = np.concatenate([one, one + 0.1 * rng.normal(size=(4000, 1))], axis=1)
    found = np.cov(representations.whitened(states, np.arange(4000)).T)
    assert abs(found[0, 1]) < 0.02 * found[0, 0]
    assert found[1, 1] == pytest.approx(found[0, 0], rel=0.3)  # of 1 to 400 before; the rest is shrinkage


def test_features_weigh_by_rareness_over_spread_in_coordinates_that_keep_products():
    fires = np.array([[2.0, 1, 0, 0], [0, 1, 0, 1], [0, 1, 0, 1], [0, 3, 0, 0], [0, 3, 0, 0], [4, 1, 5, 3]])
    anchor, rows = np.arange(5), np.arange(6)
    found = representations.of_features(sparse.csr_matrix(fires), anchor, rows)
    # Feature 0 fires in one of five: idf log 5/2, variance 4/5 - 4/25; feature 1 in all: idf 0; feature 2 in none; feature 3
    # in two: idf log 5/3, variance 2/5 - 4/25.
    by_hand = fires[:, [0, 3]] * [np.log(5 / 2) / 0.8, np.log(5 / 3) / np.sqrt(0.24)]
    by_hand = representations.scaled(by_hand - by_hand.mean(axis=0), rows)
    assert found @ found.T == pytest.approx(by_hand @ by_hand.T)
    wide = np.random.default_rng(0).normal(size=(4, 9))
    narrow = representations.isometric(wide)
    assert narrow.shape == (4, 4)
    assert narrow @ narrow.T == pytest.approx(wide @ wide.T)
