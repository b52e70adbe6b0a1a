"""Shortfall of run files: counted in SQL as one would count by hand, with states that say what a person would."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import false_discovery_control, norm

from fac_core.coverage.active import thresholds
from fac_core.coverage.definition import CALIBRATED, Definition
from fac_core.errors import ModelMismatch
from fac_core.shortfall.counts import count, marks_end
from fac_core.shortfall.rates import shortfall
from fac_core.shortfall.scoring import LEVELS
from tests.runs import make_run

N = 120
D_SAE = 7


def fires(rng, rates, start=1.0):
    return [
        (f, s, start + float(rng.integers(1, 40)))
        for f, rate in enumerate(rates)
        for s in range(N)
        if rng.random() < rate
    ]


@pytest.fixture
def runs(tmp_path):
    """Features: 0 even, 1 rare in the data, 2 absent, 3 in surplus, 4 only the data's, 5 dead, 6 marks the last token."""
    rng = np.random.default_rng(0)
    tokens = rng.integers(9, 14, N).tolist()
    ours, theirs = fires(rng, [0.5, 0.8, 0.4, 0.1, 0.0, 0.0, 0.9]), fires(rng, [0.5, 0.2, 0.0, 0.7, 0.5, 0.0, 0.1])
    last = lambda rows: [tokens[s] + 1 if f == 6 else 2 + (f + s) % 5 for f, s, _ in rows]  # noqa: E731
    anchor = make_run(tmp_path / "a.duckdb", "anchor", ours, N, D_SAE, n_tokens=tokens, token_index=last(ours))
    data = make_run(tmp_path / "d.duckdb", "data", theirs, N, D_SAE, n_tokens=tokens, token_index=last(theirs))
    return data, anchor, ours, theirs


def test_states_say_what_the_rates_say(runs):
    data, anchor, *_ = runs
    found = shortfall(count(data, anchor))
    assert found["state"].to_pylist() == ["even", "rare", "absent", "surplus", "only yours", "even", "even"]


def test_scores_are_counted_as_by_hand(runs):
    data, anchor, ours, theirs = runs
    counts = count(data, anchor)
    levels = [thresholds(anchor, Definition(quantile=level)) for level in LEVELS]
    for part, rows in ((counts.anchor, ours), (counts.data, theirs)):
        sums, squares, above = np.zeros(D_SAE), np.zeros(D_SAE), np.zeros(D_SAE)
        for f, _, g in rows:
            score = sum(np.float32(g) > level[f] for level in levels)
            sums[f] += score
            squares[f] += score**2
            above[f] += score >= 3
        assert part.sums.sum(axis=0).tolist() == sums.tolist()
        assert part.squares.sum(axis=0).tolist() == squares.tolist()
        assert part.above.sum(axis=0).tolist() == above.tolist()


def test_a_definition_counts_by_its_own_thresholds(runs):
    data, anchor, ours, _ = runs
    delta = thresholds(anchor, CALIBRATED)
    by_hand = [sum(f == feature and np.float32(g) > delta[f] for f, _, g in ours) for feature in range(D_SAE)]
    assert count(data, anchor, CALIBRATED).anchor.above.sum(axis=0).tolist() == by_hand


def test_q_values_are_those_of_benjamini_and_hochberg_over_what_can_be_compared(runs):
    data, anchor, *_ = runs
    found = shortfall(count(data, anchor))
    z, q = found["z"].to_numpy(), found["q"].to_numpy()
    assert q[z != 0] == pytest.approx(false_discovery_control(2 * norm.sf(np.abs(z[z != 0]))))
    assert q[5] == 1.0


def test_what_marks_the_end_of_texts_is_no_shortfall(runs):
    data, anchor, *_ = runs
    assert marks_end(anchor).tolist() == [False] * 6 + [True]
    assert count(data, anchor).z[6] == 0


def test_a_run_lacks_nothing_against_itself(runs):
    _, anchor, *_ = runs
    assert set(shortfall(count(anchor, anchor))["state"].to_pylist()) == {"even"}


def test_runs_of_different_spaces_are_refused(runs, tmp_path):
    other = make_run(tmp_path / "o.duckdb", "other", [(0, 0, 1.0)], 2, D_SAE, space_id="elsewhere")
    with pytest.raises(ModelMismatch):
        count(other, runs[1])
