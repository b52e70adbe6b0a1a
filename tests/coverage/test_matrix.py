"""Datasets by datasets: cells are FACs, and redundancy is what the others cover together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from fac_core.coverage.definition import PAPER, Definition
from fac_core.coverage.fac import coverage
from fac_core.coverage.matrix import coverage_matrix
from fac_core.errors import EmptyAnchor, WrongUse
from fac_core.store.runs.run_file import RunFile

Runs = Callable[..., RunFile]


@pytest.mark.parametrize("definition", [PAPER, Definition(quantile=0.5, min_count=2)])
def test_every_cell_is_the_fac_of_the_row_against_the_column(random_run: Runs, definition: Definition):
    runs = [random_run(101, 15), random_run(102, 40), random_run(1, 60)]
    found = coverage_matrix(runs, definition)
    expected = [[coverage(row, column, definition).fac for column in runs] for row in runs]
    assert found.fac.tolist() == expected
    assert np.diag(found.fac).tolist() == [1, 1, 1]
    assert found.mean == pytest.approx((np.sum(expected) - 3) / 6)


def test_a_small_set_within_a_large_one_is_redundant_and_the_large_one_is_not(run_of: Runs):
    small = run_of("small", [(0, 0, 1.0), (1, 0, 1.0)])
    large = run_of("large", [(f, f % 4, 1.0) for f in range(5)])
    found = coverage_matrix([small, large])
    assert found.fac.tolist() == [[1.0, 0.4], [1.0, 1.0]]
    assert found.n_own.tolist() == [0, 3]
    assert found.redundancy.tolist() == [1.0, 0.4]
    assert found.denominator.tolist() == [2, 5]


def test_redundancy_counts_what_the_others_cover_together(run_of: Runs):
    whole = run_of("whole", [(f, 0, 1.0) for f in range(4)])
    halves = [run_of("one", [(0, 0, 1.0), (1, 0, 1.0)]), run_of("two", [(2, 0, 1.0), (3, 0, 1.0)])]
    found = coverage_matrix([whole, *halves])
    assert found.fac[1:, 0].tolist() == [0.5, 0.5]
    assert found.redundancy[0] == 1


def test_matching_takes_from_the_larger_runs_only(random_run: Runs):
    runs = [random_run(101, 15), random_run(102, 40)]
    own, matched = coverage_matrix(runs), coverage_matrix(runs, match="samples")
    assert matched.matched == ("samples", 15)
    assert own.matched is None
    assert matched.fac[0].tolist() == own.fac[0].tolist()
    assert (matched.fac[1] < own.fac[1]).all()
    assert matched.redundancy.tolist() == own.redundancy.tolist()


def test_a_run_too_small_to_be_an_anchor_is_a_row_and_the_others_answer(random_run: Runs):
    definition = Definition(min_count=2)
    tiny = random_run(7, 1)
    runs = [random_run(101, 15), tiny, random_run(1, 60)]
    for match in (None, "samples"):
        found, without = (coverage_matrix(some, definition, match=match) for some in (runs, runs[::2]))
        assert np.isnan(found.fac[:, 1]).all()
        assert not np.isnan(found.fac[:, ::2]).any()
        assert np.isnan(found.redundancy).tolist() == [False, True, False]
        assert [bool(why and "larger anchor" in why) for why in found.no_anchor] == [False, True, False]
        assert found.fac[1, 0] == 0
        assert found.denominator[::2].tolist() == without.denominator.tolist()
        assert found.mean == np.mean([found.fac[i, j] for i, j in ((0, 2), (1, 0), (1, 2), (2, 0))])
    with pytest.raises(EmptyAnchor, match="larger anchor"):
        coverage_matrix([tiny, tiny], definition)


def test_one_run_is_no_matrix(random_run: Runs):
    with pytest.raises(WrongUse, match="two runs"):
        coverage_matrix([random_run(1, 60)])
