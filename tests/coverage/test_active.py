"""Sets of features: two paths to one answer, and every exclusion counted once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple

import numpy as np
import pytest

from fac_core.coverage.active import (
    active,
    anchor_features,
    strongest,
    strongest_from_activations,
    thresholds,
)
from fac_core.coverage.definition import Definition
from fac_core.errors import EmptyAnchor, WrongUse
from fac_core.store.runs.run_file import RunFile
from tests import oracle_fac

Runs = Callable[..., RunFile]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("rank", [1, 2, 5, 10])
def test_feature_stats_and_the_activations_table_say_the_same(random_run: Runs, seed: int, rank: int) -> None:
    run = random_run(seed)
    assert strongest(run, rank).tolist() == strongest_from_activations(run, rank).tolist()
    assert strongest(run, rank).any()


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.75, 0.99, 0.33, 0.8])
def test_thresholds_are_numpy_quantiles_at_stored_and_other_levels(random_run: Runs, quantile: float) -> None:
    run = random_run(1)
    definition = Definition(quantile=quantile)
    expected = oracle_fac.thresholds(oracle_fac.table(run), definition)
    ours = thresholds(run, definition)
    assert {f: ours[f] for f in expected} == expected
    assert all(ours[f] == 0 for f in range(len(ours)) if f not in expected)


def test_delta_is_a_floor_under_quantile_thresholds(run_of: Runs) -> None:
    run = run_of("run", [(0, s, 1.0 + s) for s in range(3)] + [(1, 0, 0.5)])
    assert thresholds(run, Definition(delta=0.7, quantile=0.5)).tolist() == pytest.approx([2.0, 0.7, 0.7, 0.7, 0.7])


def test_active_is_strict_even_where_the_threshold_has_no_exact_binary_form(run_of: Runs) -> None:
    run = run_of("run", [(0, 0, 0.1), (1, 0, 0.1001)])
    assert active(run, thresholds(run, Definition(delta=0.1)), 1).tolist() == [False, True, False, False, False]


def test_every_feature_is_in_the_anchor_or_excluded_for_one_reason(run_of: Runs) -> None:
    n = 12
    activations = [(0, s, 1.0) for s in range(n)]  # always on, and always on the first token
    activations += [(1, s, 1.0) for s in range(n)]  # always on
    activations += [(2, 0, 1.0), (3, 1, 1.0)]
    token_index = [0] * n + [1] * n + [0, 1]
    anchor = run_of("anchor", activations, n, 6, token_index=token_index)
    definition = Definition(exclude_sinks=True, exclude_dense_above=0.5)
    found = anchor_features(anchor, definition, relevant={0, 1, 2, 4})
    assert np.flatnonzero(found.can_occur).tolist() == [2]
    assert astuple(found.excluded) == (2, 1, 1, 1)  # dead 4 and 5, sink 0, dense 1, not relevant 3
    assert sum(astuple(found.excluded)) + found.can_occur.sum() == 6
    assert np.flatnonzero(found.would_be_extra).tolist() == [4]


def test_few_samples_make_no_sink(run_of: Runs) -> None:
    anchor = run_of("anchor", [(0, s, 1.0) for s in range(9)], 9, 1, token_index=[0] * 9)
    assert anchor_features(anchor, Definition(exclude_sinks=True)).excluded.sink == 0


def test_dense_means_more_than_the_share(run_of: Runs) -> None:
    anchor = run_of("anchor", [(0, 0, 1.0), (0, 1, 1.0), (1, 0, 1.0), (1, 1, 1.0), (1, 2, 1.0)], 4, 2)
    found = anchor_features(anchor, Definition(exclude_dense_above=0.5))
    assert found.can_occur.tolist() == [True, False]


def test_an_anchor_without_a_feature_left_is_an_error_that_counts_why(run_of: Runs) -> None:
    anchor = run_of("anchor", [(0, 0, 1.0)])
    with pytest.raises(EmptyAnchor, match=r"'anchor' is left to cover \(4 inactive, 0 sinks, 0 too dense, 1 not rel"):
        anchor_features(anchor, Definition(), relevant=[])
    with pytest.raises(EmptyAnchor, match="5 inactive"):
        anchor_features(anchor, Definition(delta=1.0))


@pytest.mark.parametrize("feature", [-1, 5])
def test_relevant_features_that_do_not_exist_are_refused(run_of: Runs, feature: int) -> None:
    with pytest.raises(WrongUse, match=f"Feature {feature} is called relevant"):
        anchor_features(run_of("anchor", [(0, 0, 1.0)]), Definition(), relevant=[0, feature])
