"""Methods add the same budget to the same seeds; coverage closes gaps; texts from elsewhere can take part."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import sparse

from fac_core.coverage.definition import PAPER
from fac_core.errors import BadInput, WrongUse
from fac_core.lab.sets.adding import METHODS
from fac_core.lab.sets.baselines import compare_methods
from fac_core.lab.sets.material import Material, read_material
from fac_core.lab.sets.pickers import by_coverage, by_distance, by_features, by_spread, shortfall
from fac_core.lab.sets.pool import split
from fac_core.lab.tasks.hidden_states import States
from tests.lab.pools import labelled_pool

POOL = labelled_pool()
PARTS = split(POOL, 0)
SMALL = {"n_seed": (6, 12), "n_added": (8, 16), "draws": 2}


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_at_equal_samples_every_method_adds_as_many_and_coverage_closes_more_gaps_than_chance():
    found = {one.method: one for one in compare_methods(POOL, PARTS, PAPER, **SMALL)}
    assert set(found) == {"seed only", *METHODS}
    assert {one.n_samples for name, one in found.items() if name != "seed only"} == {24}
    assert all(len(one.per_draw) == 2 for one in found.values())
    gaps = {name: np.nan_to_num(one.closed, nan=1) for name, one in found.items()}
    assert gaps["greedy FAC"] >= gaps["random real"]


def test_at_equal_tokens_no_method_has_more_tokens_than_the_budget_and_the_next_text():
    found = compare_methods(POOL, PARTS, PAPER, budget="tokens", **SMALL)
    tokens = [one.n_tokens for one in found if one.method != "seed only"]
    assert max(tokens) - min(tokens) < 2 * POOL.n_tokens.max()


def test_half_the_dose_adds_half_the_samples():
    found = compare_methods(POOL, PARTS, PAPER, dose=0.5, **SMALL)
    assert {one.n_samples for one in found if one.method != "seed only"} == {12}


def test_good_texts_from_elsewhere_beat_mislabelled_ones():
    rows = PARTS.anchor
    good = Material(POOL.inputs[rows], POOL.positive[rows], POOL.n_tokens[rows])
    wrong = Material(POOL.inputs[rows], ~POOL.positive[rows], POOL.n_tokens[rows])
    found = compare_methods(POOL, PARTS, PAPER, others={"good": good, "wrong": wrong}, **SMALL)
    by_name = {one.method: one for one in found}
    assert by_name["good"].mean > by_name["wrong"].mean
    mean, low, high = by_name["good"].minus(by_name["wrong"])
    assert mean > 0
    assert low <= mean <= high


def test_too_few_texts_are_refused_with_the_number_that_is_needed():
    with pytest.raises(WrongUse, match="1006 positive"):
        compare_methods(POOL, PARTS, PAPER, n_seed=(6, 12), n_added=(500, 16), draws=2)


def test_greedy_takes_what_adds_most_and_lowest_what_adds_least():
    active = sparse.csr_matrix(np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 0, 1]]))
    assert by_coverage(active, 2, rng=rng()).tolist() == [1, 2]
    assert by_coverage(active, 1, lowest=True, rng=rng()).tolist() == [2]
    assert by_coverage(active, 1, counts=np.array([1, 1, 1, 0]), rng=rng()).tolist() == [2]
    assert by_coverage(active, 1, cost=np.array([9, 9, 1]), rng=rng()).tolist() == [2]
    assert sorted(by_coverage(active, 3, rng=rng()).tolist()) == [0, 1, 2]


def test_a_feature_is_served_by_the_sample_that_fires_it_most():
    values = sparse.csr_matrix(np.array([[1.0, 0], [3.0, 5.0], [2.0, 6.0]]))
    assert by_features(values, np.array([0, 1]), 2).tolist() == [1, 2]
    assert by_features(values, np.array([0]), 3).tolist() == [1, 2, 0]


def test_a_shortfall_is_larger_for_what_is_common_elsewhere():
    short = shortfall(np.array([0.5, 0.01, 0.5, 0.0]), np.array([0, 0, 50, 0]), 100)
    assert short[0] == pytest.approx(50**0.5)
    assert short[0] > short[1] > short[2] == short[3] == 0


def test_where_a_set_falls_short_all_methods_add_as_few(caplog):
    rows = PARTS.anchor
    whole = Material(POOL.inputs[rows], POOL.positive[rows], POOL.n_tokens[rows])
    few = whole.at(np.concatenate([np.flatnonzero(whole.positive)[:5], np.flatnonzero(~whole.positive)]))
    found = compare_methods(POOL, PARTS, PAPER, others={"whole": whole, "few": few}, **SMALL)
    assert {one.n_samples for one in found if one.method != "seed only"} == {5 + 16}
    assert "few has 5 positive texts for seed 0, not 8: all methods add 5." in caplog.text
    none = whole.at(np.flatnonzero(~whole.positive))
    with pytest.raises(WrongUse, match="none has no positive texts"):
        compare_methods(POOL, PARTS, PAPER, others={"none": none}, **SMALL)


def test_spread_takes_one_of_each_clump_and_distance_the_nearest():
    points = np.array([[0, 1], [0, 1.01], [5, 0], [5.01, 0]])
    assert sorted(i // 2 for i in by_spread(points, 2, rng=rng())) == [0, 1]
    assert by_distance(points, 0, 2).tolist() == [0, 1]


def test_texts_are_read_with_their_labels_and_a_bad_line_is_named(tmp_path, model_of):
    states = States(str(model_of("llama")), 2, tmp_path / "cache", context=64)
    path = tmp_path / "s.jsonl"
    path.write_text("\n".join(json.dumps({"text": t, "label": n}) for t, n in [("She laughed", 1), ("Sum 3", 0)]))
    found = read_material(path, "1", states)
    assert found.positive.tolist() == [True, False]
    assert found.inputs.shape == (2, 32)
    path.write_text('{"text": "a", "label": 1}\n{"text": ""}\n')
    with pytest.raises(BadInput, match=r"s\.jsonl:2"):
        read_material(path, "1", states)
    path.write_text('{"text": "a", "label": 1}\n')
    with pytest.raises(BadInput, match="one kind"):
        read_material(path, "1", states)
