"""Seeds are the same wherever they are drawn; one with a hole lacks a topic altogether."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fac_core.coverage.definition import PAPER
from fac_core.errors import WrongUse
from fac_core.lab.sets.baselines import compare_methods
from fac_core.lab.sets.pool import split
from fac_core.lab.sets.seeds import HOLES, Seeds
from tests.lab.pools import labelled_pool

POOL = labelled_pool(800)
PARTS = split(POOL, 0)


def test_a_seed_has_as_many_of_each_label_and_its_number_decides_it():
    for hole in (False, True):
        one, again = (Seeds(POOL, PARTS, (6, 12), hole=hole).draw(np.random.default_rng(3)) for _ in range(2))
        assert one.rows.tolist() == again.rows.tolist()
        assert POOL.positive[one.rows].sum() == 6
        assert len(set(one.rows.tolist())) == 18
        assert np.isin(one.rows, PARTS.train).all()


def test_a_hole_is_one_topic_of_the_whole_pool_that_the_seed_has_no_text_of():
    topic = POOL.points[:, :8].argmax(axis=1)
    seeds = Seeds(POOL, PARTS, (6, 12), hole=True)
    holes = [seeds.draw(np.random.default_rng(draw)) for draw in range(20)]
    for one in holes:
        assert not np.isin(one.rows, one.hole).any()
        assert np.isin(PARTS.test, one.hole).any()
        share = np.isin(PARTS.train[POOL.positive[PARTS.train]], one.hole).mean()
        assert HOLES[0] <= share <= HOLES[1]
        # What a topic has, it has nearly all of.
        kinds, sizes = np.unique(topic[one.hole], return_counts=True)
        assert sizes.max() / (topic == kinds[sizes.argmax()]).sum() > 0.9
    assert len({tuple(one.hole.tolist()) for one in holes}) > 1


def test_texts_for_what_is_lacking_teach_the_hole_and_chance_does_less():
    asked = {"n_seed": (10, 30), "n_added": (6, 12), "draws": 6, "hole": True}
    found = {one.method: one for one in compare_methods(POOL, PARTS, PAPER, **asked)}
    seed = found["seed only"]
    assert len(seed.in_hole) == 6
    gains = {name: one.minus_in_hole(seed)[0] for name, one in found.items()}
    for method in ("texts of shortfalls", "likest counts", "likest activations"):
        assert gains[method] > gains["random real"] > 0
    assert compare_methods(POOL, PARTS, PAPER, **{**asked, "hole": False})[0].in_hole == ()


def test_a_pool_whose_positives_are_of_one_topic_has_no_hole():
    one_topic = replace(POOL, positive=POOL.points[:, :8].argmax(axis=1) == 0)
    with pytest.raises(WrongUse, match="between 10% and 40%"):
        Seeds(one_topic, PARTS, (6, 12), hole=True)
