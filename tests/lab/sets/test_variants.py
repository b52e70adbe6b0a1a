"""FAC of rows of a pool is what the engine says of a run that holds these samples."""

from __future__ import annotations

import numpy as np
import pytest

from fac_core.coverage.definition import PAPER, Definition
from fac_core.coverage.fac import coverage
from fac_core.lab.sets.variants import Variant, Yardstick, carried, variants
from tests.lab.pools import D_SAE, labelled_pool, pair_pool
from tests.runs import make_run

POOL = labelled_pool(80)
ANCHOR, ROWS = np.arange(50), np.arange(50, 70)
BUDGET = {"all": 100, "positives": 20}


def rounded_pool():
    """Run files keep four significant digits."""
    values = POOL.activations.copy()
    values.data = np.array([float(f"{v:.3e}") for v in values.data], dtype=np.float32)
    return type(POOL)(**{**vars(POOL), "activations": values})


@pytest.mark.parametrize("quantile", [None, 0.5, 0.75])
@pytest.mark.parametrize("min_count", [1, 2])
def test_a_subset_has_the_fac_of_a_run_of_the_same_samples(tmp_path, quantile, min_count):
    pool = rounded_pool()
    runs = []
    for name, rows in {"anchor": ANCHOR, "run": ROWS}.items():
        cells = pool.activations[rows].tocoo()
        active = [(int(f), int(s), float(v)) for s, f, v in zip(cells.row, cells.col, cells.data, strict=True)]
        runs.append(make_run(tmp_path, name, active, len(rows), D_SAE))
    expected = coverage(runs[1], runs[0], Definition(quantile=quantile, min_count=min_count)).fac
    (found,) = Yardstick(pool, ANCHOR).fac(
        ROWS, [Variant(Definition(quantile=quantile, min_count=min_count))], budget=BUDGET
    )
    assert found == pytest.approx(expected)


def test_the_anchor_covers_itself_under_every_variant_that_does_not_rarefy():
    plain = [v for v in variants(POOL) if v.correction != "rarefied"]
    found = Yardstick(POOL, ANCHOR).fac(ANCHOR, plain, budget=BUDGET)
    assert np.all((found == 1) | np.isnan(found))


def test_a_rarefied_fac_does_not_grow_with_samples_beyond_the_budget():
    yardstick, variant = Yardstick(POOL, ANCHOR), Variant(correction="rarefied")
    few, many = (yardstick.fac(np.arange(50, 50 + n), [variant], budget=BUDGET)[0] for n in (8, 30))
    plain = yardstick.fac(np.arange(50, 80), [Variant()], budget=BUDGET)[0]
    assert abs(many - few) < 0.25
    assert many < plain


def test_a_frequent_feature_weighs_more_than_a_rare_one():
    yardstick = Yardstick(POOL, ANCHOR)
    counts = yardstick.counts(ANCHOR, PAPER).samples
    common, rare = int(np.argmax(counts)), int(np.argmin(np.where(counts > 0, counts, 99)))
    rows = {f: np.flatnonzero(POOL.activations[:, f].toarray().ravel() > 0)[:1] for f in (common, rare)}
    weighted = Variant(correction="frequency")
    values = {f: yardstick.fac(r, [weighted], budget=BUDGET)[0] for f, r in rows.items()}
    assert values[common] > 0
    assert values[common] >= counts[common] / counts.sum()
    assert values[rare] >= counts[rare] / counts.sum()


def test_pairs_have_no_positives_to_set_apart():
    assert {v.scope for v in variants(pair_pool(30))} == {"all"}
    assert len({v.name for v in variants(POOL)}) == len(variants(POOL))


def test_a_definition_that_pairs_do_not_have_is_carried_to_its_thresholds():
    assert carried("FAC q90 m1 positives relevant", pair_pool()) == "FAC q90 m1 all"
    for kept in ("FAC q90 m1 positives relevant", "FAC δ=0 m3 all rarefied"):
        assert carried(kept, POOL) == kept
    assert carried("FAC δ=0 m3 all rarefied", pair_pool()) == "FAC δ=0 m3 all rarefied"


def test_overlap_is_1_for_the_anchor_itself_and_falls_when_features_are_too_frequent():
    yardstick = Yardstick(POOL, ANCHOR)
    assert yardstick.overlap(ANCHOR, None, "all") == pytest.approx(1)
    feature = int(np.argmax(np.asarray((POOL.activations[ANCHOR] > 0).sum(axis=0))))
    only = ANCHOR[POOL.activations[ANCHOR, feature].toarray().ravel() > 0]
    everywhere = yardstick.overlap(only, None, "all")
    assert everywhere < yardstick.overlap(ANCHOR[::2], None, "all")


def test_discrepancy_is_0_for_the_anchor_and_grows_when_one_label_lacks_something():
    pool = labelled_pool(800)
    yardstick, rng = Yardstick(pool, np.arange(400)), np.random.default_rng(0)
    assert yardstick.discrepancy(np.arange(400), None) == pytest.approx(0)
    rest = np.arange(400, 800)
    drawn = [yardstick.discrepancy(rng.choice(rest, 100, replace=False), None) for _ in range(10)]
    topic = pool.points[rest, :8].argmax(axis=1)
    lacking = rest[(topic != 0) | ~pool.positive[rest]]
    assert 0.5 < np.mean(drawn) < 2
    assert yardstick.discrepancy(rng.choice(lacking, 100, replace=False), None) > np.mean(drawn)
