"""Figures against the slow, obvious truth."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from fac_core.lab.holes.answers import Answer, Theme, deficits
from fac_core.lab.holes.cases import hole, null
from fac_core.lab.holes.figures import auroc, is_right, mean_with_interval, measure, precision_at_head
from tests.lab.holes.made_up import collection

MADE_UP = collection()


def test_auroc_counts_pairs():
    rng = np.random.default_rng(0)
    scores, positive = rng.integers(6, size=40).astype(float), rng.random(40) < 0.3
    pairs = [(a > b) + 0.5 * (a == b) for a, b in itertools.product(scores[positive], scores[~positive])]
    assert auroc(scores, positive) == pytest.approx(np.mean(pairs))
    assert np.isnan(auroc(scores, np.zeros(40, dtype=bool)))


def test_ties_at_the_head_count_as_is_to_be_expected():
    positive = np.array([True, True, False, False])
    assert precision_at_head(np.array([3.0, 2.0, 1.0, 0.0]), positive) == 1
    assert precision_at_head(np.array([3.0, 1.0, 1.0, 1.0]), positive) == pytest.approx((1 + 1 / 3) / 2)
    assert precision_at_head(np.zeros(4), positive) == 0.5


def test_a_theme_is_right_when_most_of_its_head_is_missing_and_by_more_than_chance():
    missing = np.arange(100) < 10
    assert is_right(Theme(np.arange(100), 0.01), missing)
    assert is_right(Theme(np.array([0, 1, 2, 3, 4, 5, 50, 51, 52, 53]), 0.01), missing)
    assert not is_right(Theme(np.array([0, 1, 2, 3, 4, 50, 51, 52, 53, 54]), 0.01), missing)
    assert not is_right(Theme(np.arange(3), 0.01), missing)  # three texts say little of ten
    assert not is_right(
        Theme(np.arange(100), 0.01), np.arange(100) < 40
    )  # 40 % by chance: no room for three times that


def test_only_reported_themes_can_be_false():
    case = hole(MADE_UP, "law")
    wrong = np.flatnonzero(~case.missing)
    said = measure(case, Answer(case.missing.astype(float), (Theme(wrong, 0.01), Theme(wrong, 0.5))))
    assert (said["n_reported"], said["n_false"], said["first"], said["among_three"]) == (1, 1, False, False)
    assert (said["auroc"], said["head"]) == (1, 1)
    right = measure(
        case, Answer(-case.missing.astype(float), (Theme(wrong, 0.5), Theme(np.flatnonzero(case.missing), 0.01)))
    )
    assert (right["first"], right["among_three"], right["reported_right"], right["n_false"]) == (False, True, True, 0)
    assert right["auroc"] == 0


def test_where_nothing_is_missing_every_reported_theme_is_false():
    case = null(MADE_UP)
    said = measure(case, Answer(np.zeros(len(case.anchor)), (Theme(np.arange(30), 0.01),), 0.25))
    assert (said["n_false"], said["auroc"], said["first"], said["significant"]) == (1, None, None, 0.25)


def test_a_mean_is_over_groups_and_its_interval_draws_them():
    lines = [{"collection": "c", "group": g, "auroc": v} for g, v in (("a", 1.0), ("a", 1.0), ("a", 1.0), ("b", 0.0))]
    assert mean_with_interval(lines, "auroc") == (0.5, 0.0, 1.0)
    assert mean_with_interval(lines, "head") is None
    alike = [{**line, "auroc": 0.7} for line in lines]
    assert mean_with_interval(alike, "auroc") == pytest.approx((0.7, 0.7, 0.7))


def test_z_of_a_cluster_is_that_of_the_textbook():
    labels, is_anchor = np.repeat([0, 1, 0, 1], [30, 70, 5, 45]), np.repeat([True, False], [100, 50])
    pooled = 35 / 150
    expected = (0.3 - 0.1) / np.sqrt(pooled * (1 - pooled) * (1 / 100 + 1 / 50))
    assert deficits(labels, is_anchor, 2) == pytest.approx([expected, -expected])
