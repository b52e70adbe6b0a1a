"""FAC and gap closure equal the oracle, stay within their bounds and are never mixed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from fac_core.coverage.definition import CALIBRATED, PAPER, Definition
from fac_core.coverage.fac import Coverage, GapClosure, coverage, gap_closure
from fac_core.errors import EmptyAnchor, ModelMismatch, WrongUse
from fac_core.store.runs.run_file import RunFile
from tests import oracle_fac
from tests.runs import make_run

Runs = Callable[..., RunFile]

DEFINITIONS = [
    Definition(delta=delta, quantile=quantile, min_count=min_count)
    for delta, quantile, min_count in itertools.product([0.0, 0.5, 1.25, 3.0], [None, 0.5, 0.75, 0.6], [1, 2, 3, 11])
]


def relevant_sets(seed: int) -> list[set[int] | None]:
    return [None, set(np.random.default_rng(seed).choice(30, 12, replace=False).tolist())]


@pytest.mark.parametrize("seed", range(4))
def test_fac_equals_the_oracle_under_every_definition(random_run: Runs, seed: int) -> None:
    run, anchor = random_run(seed + 100, 15), random_run(seed, 60)
    q, p = oracle_fac.table(run), oracle_fac.table(anchor)
    values = set()
    for definition, relevant in itertools.product(DEFINITIONS, relevant_sets(seed)):
        expected = oracle_fac.fac(q, p, definition, relevant)
        if not expected.covered and not expected.missing:
            with pytest.raises(EmptyAnchor):
                coverage(run, anchor, definition, relevant)
            continue
        found = coverage(run, anchor, definition, relevant)
        assert (set(found.covered), set(found.missing)) == (expected.covered, expected.missing)
        assert found.n_extra == len(expected.extra)
        assert found.numerator == len(expected.covered)
        assert found.denominator == len(expected.covered | expected.missing)
        assert found.fac == found.numerator / found.denominator
        assert 0 <= found.fac <= 1
        values.add(found.fac)
    assert len(values) > 5  # the definitions do make a difference


@pytest.mark.parametrize("seed", range(3))
def test_gap_closure_equals_the_oracle(random_run: Runs, seed: int) -> None:
    synthetic, first, anchor = random_run(seed + 200, 5), random_run(seed + 100, 10), random_run(seed, 60)
    s, q, p = (oracle_fac.table(r) for r in (synthetic, first, anchor))
    n_compared = 0
    for definition, relevant in itertools.product(DEFINITIONS, relevant_sets(seed)):
        expected = oracle_fac.fac(q, p, definition, relevant)
        if not expected.missing:
            continue
        closed, all_gaps = oracle_fac.gap_closure(s, q, p, definition, relevant)
        found = gap_closure(synthetic, first, anchor, definition, relevant)
        assert (set(found.closed), set(found.closed) | set(found.still_open)) == (closed, all_gaps)
        assert found.closure == found.n_closed / found.n_gaps == len(closed) / len(all_gaps)
        n_compared += 1
    assert n_compared > 20


def test_gap_closure_starts_from_the_missing_features_of_the_seed(random_run: Runs) -> None:
    synthetic, first, anchor = random_run(7, 5), random_run(8, 10), random_run(9, 60)
    found = gap_closure(synthetic, first, anchor)
    assert set(found.closed) | set(found.still_open) == set(coverage(first, anchor).missing)
    assert set(found.closed) == set(coverage(first, anchor).missing) & set(coverage(synthetic, anchor).covered)


def test_fac_and_gap_closure_share_no_name_for_their_result() -> None:
    ours, theirs = ({f.name for f in fields(kind)} for kind in (Coverage, GapClosure))
    assert ours & theirs == {"anchor", "delta", "quantile", "min_count"}
    assert not {name for name in theirs if "fac" in name}
    assert not {name for name in ours if "clos" in name}


@pytest.mark.parametrize("definition", [PAPER, CALIBRATED, Definition(delta=1.0, min_count=12)])
def test_fac_knows_nothing_of_the_order_of_samples(random_run: Runs, tmp_path: Path, definition: Definition) -> None:
    run, anchor = random_run(103, 40), random_run(3, 60)
    shuffled = np.random.default_rng(0).permutation(40)
    activations = [
        (r["feature_id"], int(shuffled[r["sample_id"]]), r["activation"])
        for r in run.query("FROM activations").to_pylist()
    ]
    again = make_run(tmp_path, "shuffled", activations, 40, 30)
    ours, theirs = coverage(run, anchor, definition), coverage(again, anchor, definition)
    assert (ours.covered, ours.missing, ours.n_extra) == (theirs.covered, theirs.missing, theirs.n_extra)
    assert ours.covered


@pytest.mark.parametrize("definition", [PAPER, Definition(min_count=2), CALIBRATED])
def test_the_anchor_covers_itself(random_run: Runs, definition: Definition) -> None:
    found = coverage(random_run(2, 60), random_run(2, 60), definition)
    assert (found.fac, found.missing, found.n_extra) == (1.0, (), 0)


def test_fac_cannot_exceed_one_where_the_printed_formula_does(run_of: Runs) -> None:
    anchor = run_of("anchor", [(0, 0, 1.0)])
    run = run_of("run", [(f, 0, 1.0) for f in range(5)])
    found = coverage(run, anchor)
    assert (found.fac, found.n_extra) == (1.0, 4)


def test_calibrated_thresholds_come_from_the_anchor(run_of: Runs) -> None:
    anchor = run_of("anchor", [(0, s, 1.0 + s) for s in range(12)], 12)
    weak = run_of("weak", [(0, s, 5.0) for s in range(12)], 12)  # all above most anchor values, none above δ = 9.25
    strong = run_of("strong", [(0, s, 9.3) for s in range(3)], 12)
    assert coverage(weak, anchor, CALIBRATED).fac == 0
    assert coverage(strong, anchor, CALIBRATED).fac == 1


def test_sizes_of_both_runs_are_stated(run_of: Runs) -> None:
    anchor = run_of("anchor", [(0, 0, 1.0)], 3, n_tokens=[4, 5, 6])
    run = run_of("run", [(0, 0, 1.0)], 2, n_tokens=[7, 8])
    found = coverage(run, anchor)
    assert (found.n_samples, found.n_tokens, found.anchor_n_samples, found.anchor_n_tokens) == (2, 15, 3, 15)
    assert (found.run, found.anchor) == ("run", "anchor")


def test_an_empty_run_covers_nothing(run_of: Runs) -> None:
    found = coverage(run_of("empty", [], 0), run_of("anchor", [(0, 0, 1.0), (3, 1, 1.0)]))
    assert (found.fac, found.missing, found.n_samples) == (0.0, (0, 3), 0)


def test_a_run_of_one_sample_covers_what_it_fires(run_of: Runs) -> None:
    run = run_of("one", [(0, 0, 1.0), (1, 0, 2.0)], 1)
    anchor = run_of("anchor", [(f, s, 1.0) for f in range(4) for s in range(2)])
    assert coverage(run, anchor).fac == 0.5
    assert coverage(run, anchor, Definition(min_count=2)).fac == 0


def test_an_anchor_of_dead_features_is_an_error(run_of: Runs) -> None:
    with pytest.raises(EmptyAnchor, match="5 inactive"):
        coverage(run_of("run", [(0, 0, 1.0)]), run_of("anchor", []))


def test_runs_of_two_spaces_are_refused_and_both_are_named(run_of: Runs) -> None:
    run = run_of("run", [(0, 0, 1.0)], space_id="left")
    anchor = run_of("anchor", [(0, 0, 1.0)], space_id="right")
    with pytest.raises(ModelMismatch, match=r"'run' is in feature space left .* 'anchor' in right"):
        coverage(run, anchor)
    with pytest.raises(ModelMismatch):
        gap_closure(anchor, run, anchor)


def test_a_seed_without_gaps_has_nothing_to_close(run_of: Runs) -> None:
    anchor = run_of("anchor", [(0, 0, 1.0)])
    with pytest.raises(WrongUse, match="no gap to close"):
        gap_closure(anchor, anchor, anchor)
