"""The example of docs/fac.md, with the same numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fac_core.coverage.active import thresholds
from fac_core.coverage.definition import Definition
from fac_core.coverage.fac import coverage, gap_closure
from fac_core.errors import EmptyAnchor
from fac_core.store.runs.run_file import RunFile

ANCHOR = [(0, 0, 2.0), (0, 1, 1.0), (0, 2, 0.5), (1, 1, 3.0), (2, 2, 1.5), (2, 3, 0.4), (3, 3, 0.8)]
RUN = [(0, 0, 1.2), (0, 2, 0.6), (1, 1, 0.3), (4, 2, 2.0)]
SYNTHETIC = [(2, 0, 0.9)]


@pytest.fixture
def anchor(run_of: Callable[..., RunFile]) -> RunFile:
    return run_of("anchor", ANCHOR, 4)


@pytest.fixture
def run(run_of: Callable[..., RunFile]) -> RunFile:
    return run_of("run", RUN, 3)


@pytest.mark.parametrize(
    ("definition", "covered", "missing", "n_extra", "fac"),
    [
        (Definition(), (0, 1), (2, 3), 1, 0.5),
        (Definition(delta=0.5), (0,), (1, 2, 3), 1, 0.25),
        (Definition(delta=1.0), (0,), (1, 2), 1, 1 / 3),
        (Definition(min_count=2), (0,), (2,), 0, 0.5),
        (Definition(quantile=0.5), (0,), (2,), 1, 0.5),
    ],
)
def test_the_example_has_the_fac_that_the_page_works_out(
    run: RunFile, anchor: RunFile, definition: Definition, covered: tuple, missing: tuple, n_extra: int, fac: float
) -> None:
    found = coverage(run, anchor, definition)
    assert (found.covered, found.missing, found.n_extra, found.fac) == (covered, missing, n_extra, fac)


def test_an_activation_of_exactly_delta_does_not_count(run: RunFile, anchor: RunFile) -> None:
    """Feature 0 has two active anchor samples at δ = 0.5, not three: with min_count 3 it is gone, and with it F(P)."""
    assert coverage(run, anchor, Definition(delta=0.4999, min_count=3)).missing == (0,)
    assert coverage(anchor, anchor, Definition(delta=0.5, min_count=2)).covered == (0,)
    with pytest.raises(EmptyAnchor):
        coverage(run, anchor, Definition(delta=0.5, min_count=3))


def test_the_medians_are_those_of_the_page(anchor: RunFile) -> None:
    assert thresholds(anchor, Definition(quantile=0.5)).tolist() == pytest.approx([1.0, 3.0, 0.95, 0.8, 0.0])


def test_relevant_features_alone(run: RunFile, anchor: RunFile) -> None:
    found = coverage(run, anchor, relevant=[1, 2, 4])
    assert (found.covered, found.missing, found.n_extra, found.fac) == ((1,), (2,), 1, 0.5)


def test_gap_closure_and_fac_of_the_synthetic_run_are_two_numbers(
    run: RunFile, anchor: RunFile, run_of: Callable[..., RunFile]
) -> None:
    synthetic = run_of("synthetic", SYNTHETIC, 1)
    found = gap_closure(synthetic, run, anchor)
    assert (found.closed, found.still_open, found.closure) == ((2,), (3,), 0.5)
    assert coverage(synthetic, anchor).fac == 0.25


def test_the_printed_formula_would_exceed_one(run_of: Callable[..., RunFile], anchor: RunFile) -> None:
    everything = run_of("everything", [(f, 0, 1.0) for f in range(5)], 1)
    found = coverage(everything, anchor)
    assert (found.numerator + found.n_extra) / found.denominator == 5 / 4
    assert found.fac == 1
