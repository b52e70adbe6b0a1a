"""Which groups are told of: texts of one kind before what one feature has in many, each text counted once."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from fac_core.themes.activity import Activity
from fac_core.themes.lacking import Sides, lacks

KINDS, PER_KIND, WIDTH = 12, 20, 10
THROUGH = KINDS * WIDTH
"""A feature that fires in half of the texts of the first three kinds, and nowhere else."""


def some_texts(rng: np.random.Generator, kinds: range, n: int = PER_KIND) -> Activity:
    """So many of each kind."""
    own = np.kron(np.eye(KINDS)[list(kinds)], np.ones((n, WIDTH)))
    own = own * rng.integers(1, 5, own.shape) * (rng.random(own.shape) < 0.8)
    kind, place = np.divmod(np.arange(len(kinds) * n), n)
    through = 4.0 * ((kinds.start + kind < 3) & (place % 2 == 0))
    scores = sparse.csr_matrix(np.column_stack([own, through]))
    texts = np.arange(scores.shape[0])
    return Activity(texts, rng.integers(5, 50, len(texts)), scores, np.asarray(scores.sum(axis=1)).ravel())


@pytest.mark.parametrize("seed", range(3))
def test_kinds_of_texts_are_told_of_before_what_a_feature_has_in_many(seed):
    """The surest group is that of the feature, and no person could name it."""
    rng = np.random.default_rng(seed)
    anchor, data = some_texts(rng, range(KINDS)), some_texts(rng, range(3, KINDS))
    z = np.where(np.arange(THROUGH + 1) < 3 * WIDTH, 4.0, 0.0)
    z[THROUGH] = 9.0
    found = [one for one in lacks(Sides.of(anchor, data, z, np.ones(THROUGH + 1, bool), 3)) if one.q <= 0.05]
    kinds = [set((one.members // PER_KIND).tolist()) for one in found]
    assert sorted(kinds, key=min) == [{0}, {1}, {2}]
    assert [one.n for one in found] == [(PER_KIND, 0)] * 3


@pytest.mark.parametrize("seed", range(3))
def test_a_group_is_no_larger_because_the_other_dataset_is(seed):
    """What ten times as many texts do not have is still of three kinds."""
    rng = np.random.default_rng(seed)
    anchor, data = some_texts(rng, range(KINDS)), some_texts(rng, range(3, KINDS), 10 * PER_KIND)
    z = np.where(np.arange(THROUGH + 1) < 3 * WIDTH, 4.0, 0.0)
    found = [one for one in lacks(Sides.of(anchor, data, z, np.arange(THROUGH + 1) < THROUGH, 3)) if one.q <= 0.05]
    assert sorted((set((one.members // PER_KIND).tolist()) for one in found), key=min) == [{0}, {1}, {2}]
