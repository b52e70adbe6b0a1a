"""Both, only A, only B, neither: a division of F(P), with intervals around its counts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from fac_core.coverage.definition import CALIBRATED, PAPER, Definition
from fac_core.coverage.fac import coverage
from fac_core.coverage.overlap import Overlap, overlap
from fac_core.errors import ModelMismatch, WrongUse
from fac_core.store.runs.run_file import RunFile
from tests.coverage.conftest import D_SAE

Runs = Callable[..., RunFile]


def parts(found: Overlap):
    return found.both, found.only_a, found.only_b, found.neither


def test_a_hand_made_case(run_of: Runs):
    anchor = run_of("anchor", [(f, 0, 1.0) for f in range(4)])
    a, b = run_of("a", [(0, 0, 1.0), (1, 0, 1.0), (4, 0, 1.0)]), run_of("b", [(0, 1, 1.0), (2, 1, 1.0)])
    found = overlap(a, b, anchor)
    assert [part.features for part in parts(found)] == [(0,), (1,), (2,), (3,)]
    assert found.n_features == 4  # feature 4 is not in the anchor and in no part


@pytest.mark.parametrize("definition", [PAPER, Definition(delta=0.5, min_count=2), CALIBRATED])
def test_the_parts_divide_the_anchor_and_agree_with_fac(random_run: Runs, definition: Definition):
    a, b, anchor = random_run(101, 25), random_run(102, 40), random_run(1, 60)
    found = overlap(a, b, anchor, definition)
    both, only_a, only_b, neither = (set(part.features) for part in parts(found))
    assert both | only_a == set(coverage(a, anchor, definition).covered)
    assert both | only_b == set(coverage(b, anchor, definition).covered)
    assert len(both) + len(only_a) + len(only_b) + len(neither) == found.n_features
    assert all(0 <= part.low <= part.n <= part.high <= found.n_features for part in parts(found))


def test_swapping_the_runs_swaps_the_parts(random_run: Runs):
    a, b, anchor = random_run(101, 25), random_run(102, 40), random_run(1, 60)
    one, other = overlap(a, b, anchor), overlap(b, a, anchor)
    assert (one.only_a.features, one.both.features) == (other.only_b.features, other.both.features)


def test_the_same_seed_gives_the_same_interval_and_a_wider_level_a_wider_one(random_run: Runs):
    a, b, anchor = random_run(101, 25), random_run(102, 40), random_run(1, 60)
    assert overlap(a, b, anchor, seed=3) == overlap(a, b, anchor, seed=3)
    narrow, wide = (overlap(a, b, anchor, level=level).only_a for level in (0.5, 0.98))
    assert wide.low <= narrow.low <= narrow.high <= wide.high
    assert wide.high - wide.low > narrow.high - narrow.low


def test_a_feature_that_every_sample_fires_has_no_uncertainty(run_of: Runs):
    anchor = run_of("anchor", [(0, 0, 1.0)])
    everywhere = run_of("a", [(0, s, 1.0) for s in range(40)], 40)
    silent = run_of("b", [], 3)
    found = overlap(everywhere, silent, anchor)
    assert (found.only_a.low, found.only_a.n, found.only_a.high) == (1, 1, 1)


def test_only_relevant_features_are_divided(random_run: Runs):
    found = overlap(random_run(101, 25), random_run(102, 40), random_run(1, 60), relevant=range(10))
    assert max(np.concatenate([part.features for part in parts(found)])) < 10 <= D_SAE


def test_another_space_and_a_senseless_level_are_refused(run_of: Runs):
    anchor = run_of("anchor", [(0, 0, 1.0)])
    with pytest.raises(ModelMismatch):
        overlap(anchor, run_of("other", [(0, 0, 1.0)], space_id="other"), anchor)
    with pytest.raises(WrongUse, match="level is 1"):
        overlap(anchor, anchor, anchor, level=1.0)
