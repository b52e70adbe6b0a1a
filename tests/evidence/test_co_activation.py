"""Features that fire together, by hand and against the slow way."""

from __future__ import annotations

import numpy as np
import pytest

from fac_core.errors import NotFound
from fac_core.evidence.co_activation import FEWEST_TOGETHER, co_activation
from tests.runs import make_run


def test_jaccard_and_lift_as_by_hand(tmp_path):
    """0 in samples 0..5, 1 in 0..3 (inside it), 2 in 4..9 (two of it), 3 in all, 4 in 6..9 (none of it)."""
    where = {0: range(6), 1: range(4), 2: range(4, 10), 3: range(10), 4: range(6, 10)}
    run = make_run(tmp_path, "run", [(f, s, 1.0) for f, samples in where.items() for s in samples], 10, 6)
    found = co_activation(run, 0).to_pylist()
    assert [(r["neighbour_id"], r["n_both"], r["n_neighbour"]) for r in found] == [(1, 4, 4), (3, 6, 10)]
    assert [r["jaccard"] for r in found] == pytest.approx([4 / 6, 6 / 10])
    assert [r["lift"] for r in found] == pytest.approx([10 / 6, 1.0])


def test_only_activations_above_each_feature_s_threshold_count(tmp_path):
    activations = [(f, s, 1.0 + s) for f in range(3) for s in range(12)]
    run = make_run(tmp_path, "run", activations, 12, 3)
    delta = np.array([4.0, 8.0, 11.0], dtype=np.float32)  # 8, 4 and 1 samples above
    found = co_activation(run, 0, delta).to_pylist()
    assert [(r["neighbour_id"], r["n_both"], r["n_neighbour"]) for r in found] == [(1, 4, 4)]


def test_it_agrees_with_counting_sets(tmp_path):
    rng = np.random.default_rng(0)
    fires = rng.random((40, 12)) < rng.random(12)
    fires[:, 11] = False
    run = make_run(tmp_path, "run", [(int(f), int(s), 1.0) for s, f in np.argwhere(fires)], 40, 12)
    for feature in range(12):
        mine, slow = fires[:, feature], {}
        for other in set(range(12)) - {feature}:
            both = int((mine & fires[:, other]).sum())
            if both >= FEWEST_TOGETHER:
                slow[other] = both / int((mine | fires[:, other]).sum())
        found = {r["neighbour_id"]: r["jaccard"] for r in co_activation(run, feature, n=99).to_pylist()}
        assert found == pytest.approx(slow)


def test_a_dead_feature_fires_with_nothing_and_a_wrong_id_is_an_error(tmp_path):
    run = make_run(tmp_path, "run", [(0, s, 1.0) for s in range(5)], 5, 2)
    assert len(co_activation(run, 1)) == 0
    with pytest.raises(NotFound):
        co_activation(run, 2)
