"""The interval is about the spread of FAC, not about the bias of the bootstrap."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from fac_core.coverage.active import anchor_features
from fac_core.coverage.definition import PAPER, Definition
from fac_core.coverage.fac import coverage
from fac_core.coverage.interval import _certain_from, bootstrap_interval, resampled_cover
from fac_core.coverage.orders import active_pairs
from fac_core.errors import WrongUse
from fac_core.store.runs.run_file import RunFile

Runs = Callable[..., RunFile]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("definition", [PAPER, Definition(delta=1.0, min_count=2)])
def test_the_interval_contains_the_point_estimate(random_run: Runs, seed: int, definition: Definition) -> None:
    run, anchor = random_run(seed + 100, 15), random_run(seed, 60)
    found = bootstrap_interval(run, anchor, definition, n_resamples=200)
    assert found.fac == coverage(run, anchor, definition).fac
    assert 0 <= found.low <= found.fac <= found.high <= 1
    assert found.low < found.high
    assert found.resampled_mean < found.fac  # the bias that re-centring removes


def test_resamples_count_as_a_direct_count_does(random_run: Runs) -> None:
    run, anchor, definition = random_run(101, 15), random_run(1, 60), Definition(min_count=2)
    pairs = active_pairs(run, anchor_features(anchor, definition), 2)
    rows = run.query("SELECT feature_id, sample_id FROM activations").to_pylist()
    covered = coverage(run, anchor, definition).covered
    rng, expected = np.random.default_rng(3), []
    for _ in range(5):
        drawn = rng.integers(15, size=15).tolist()
        counts = [sum(drawn.count(r["sample_id"]) for r in rows if r["feature_id"] == f) for f in covered]
        expected.append(sum(count >= 2 for count in counts))
    assert resampled_cover(pairs, 5, np.random.default_rng(3)).sum(axis=1).tolist() == expected
    assert min(expected) < len(covered)


def test_the_width_is_that_of_fresh_draws_from_the_same_source(run_of: Runs) -> None:
    """Each of 200 features is rare: in a fresh dataset the count of covered ones has a known spread."""
    rng = np.random.default_rng(0)
    n, d_sae, rate = 100, 200, 0.01
    hits = np.argwhere(rng.random((d_sae, n)) < rate).tolist()
    anchor = run_of("anchor", [(f, 0, 1.0) for f in range(d_sae)], 1, d_sae)
    run = run_of("run", [(f, s, 1.0) for f, s in hits], n, d_sae)
    found = bootstrap_interval(run, anchor, level=0.9)
    p = 1 - (1 - rate) ** n
    fresh = 2 * 1.645 * np.sqrt(p * (1 - p) / d_sae)  # features are independent here
    assert 0.5 * fresh < found.high - found.low < 1.5 * fresh


def test_more_samples_make_it_narrower(run_of: Runs) -> None:
    anchor = run_of("anchor", [(f, 0, 1.0) for f in range(40)], 1, 40)
    rng = np.random.default_rng(1)
    widths = []
    for n in (20, 200):
        hits = np.argwhere(rng.random((40, n)) < 0.04).tolist()
        found = bootstrap_interval(run_of(f"run-{n}", [(f, s, 1.0) for f, s in hits], n, 40), anchor, n_resamples=200)
        widths.append(found.high - found.low)
    assert widths[1] < widths[0]


def test_a_feature_in_every_sample_leaves_no_doubt(run_of: Runs) -> None:
    run = run_of("run", [(0, s, 1.0) for s in range(60)], 60)
    anchor = run_of("anchor", [(0, 0, 1.0), (1, 0, 1.0)])
    found = bootstrap_interval(run, anchor)
    assert (found.low, found.fac, found.high) == (0.5, 0.5, 0.5)


@pytest.mark.parametrize("n_samples", [0, 3])
def test_a_run_that_covers_nothing_has_the_interval_zero(run_of: Runs, n_samples: int) -> None:
    found = bootstrap_interval(run_of("run", [], n_samples), run_of("anchor", [(0, 0, 1.0)]))
    assert (found.low, found.fac, found.high) == (0, 0, 0)


def test_the_same_seed_gives_the_same_interval(random_run: Runs) -> None:
    run, anchor = random_run(101, 15), random_run(1, 60)
    assert bootstrap_interval(run, anchor, seed=4) == bootstrap_interval(run, anchor, seed=4)
    assert bootstrap_interval(run, anchor, seed=4) != bootstrap_interval(run, anchor, seed=5)


def test_features_taken_as_certain_are_lost_with_negligible_probability() -> None:
    assert np.exp(-_certain_from(1)) < 1e-12 <= np.exp(-_certain_from(1) + 1)
    a = _certain_from(3)
    assert np.exp(-a) * (1 + a + a * a / 2) < 1e-12


def test_impossible_levels_are_refused(random_run: Runs) -> None:
    with pytest.raises(WrongUse, match="level"):
        bootstrap_interval(random_run(101, 15), random_run(1, 60), level=1.0)
    with pytest.raises(WrongUse, match="n_resamples"):
        bootstrap_interval(random_run(101, 15), random_run(1, 60), n_resamples=0)
