"""Curves agree with FAC wherever both speak."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fac_core.coverage.active import anchor_features
from fac_core.coverage.curves import cluster_coverage, count_curve, growth_curve, threshold_curve
from fac_core.coverage.definition import CALIBRATED, PAPER, Definition
from fac_core.coverage.fac import coverage
from fac_core.coverage.orders import active_pairs, first_cover
from fac_core.datasets.samples import FAILURES
from fac_core.errors import EmptyAnchor
from fac_core.store.runs.build import build_run
from fac_core.store.runs.run_file import RunFile
from tests.runs import make_run, run_info, write_parts

Runs = Callable[..., RunFile]


@pytest.mark.parametrize("min_count", [1, 3, 11])
def test_each_point_of_the_threshold_curve_is_the_fac_at_its_delta(random_run: Runs, min_count: int) -> None:
    run, anchor = random_run(101, 15), random_run(1, 60)
    curve = threshold_curve(run, anchor, Definition(min_count=min_count, quantile=0.5), relevant=range(20))
    assert len(curve) > 3
    assert curve[0].delta == 0
    for point in curve:
        found = coverage(run, anchor, Definition(delta=point.delta, min_count=min_count), relevant=range(20))
        assert (point.fac, point.numerator, point.denominator) == (found.fac, found.numerator, found.denominator)


def test_a_given_grid_is_kept_as_far_as_the_anchor_reaches(run_of: Runs) -> None:
    anchor = run_of("anchor", [(0, 0, 2.0), (1, 0, 1.0)])
    curve = threshold_curve(anchor, anchor, deltas=[1.5, 0.5, 2.0, 7.0])
    assert [(p.delta, p.denominator) for p in curve] == [(0.5, 2), (1.5, 1)]
    with pytest.raises(EmptyAnchor, match="active above 2"):
        threshold_curve(anchor, anchor, deltas=[2.0])


@pytest.mark.parametrize("min_count", [1, 2, 4])
def test_first_cover_equals_counting_sample_by_sample(random_run: Runs, min_count: int) -> None:
    run, anchor = random_run(101, 15), random_run(1, 60)
    definition = Definition(delta=0.5, min_count=min_count)
    features = anchor_features(anchor, definition)
    pairs = active_pairs(run, features, min_count)
    order = np.random.default_rng(0).permutation(15)
    rows = run.query("SELECT feature_id, sample_id FROM activations WHERE activation > 0.5").to_pylist()
    expected = []
    for feature in coverage(run, anchor, definition).covered:
        mine = {r["sample_id"] for r in rows if r["feature_id"] == feature}
        seen = np.cumsum([sample in mine for sample in order])
        expected.append(int(np.argmax(seen >= min_count)) + 1)
    assert first_cover(pairs, order).tolist() == expected
    assert expected


@pytest.mark.parametrize("definition", [PAPER, Definition(min_count=2), CALIBRATED])
def test_the_growth_curve_rises_from_nothing_to_the_fac(random_run: Runs, definition: Definition) -> None:
    run, anchor = random_run(102, 40), random_run(2, 60)
    curve = growth_curve(run, anchor, definition)
    last = curve[-1]
    fac = coverage(run, anchor, definition).fac
    assert (curve[0].n_samples, curve[0].mean, last.n_samples) == (0, 0, 40)
    assert last.mean == last.low == last.high == fac
    means = [point.mean for point in curve]
    assert means == sorted(means)
    assert all(p.low - 1e-12 <= p.mean <= p.high + 1e-12 for p in curve)
    assert any(p.low < p.high for p in curve)


def test_a_point_of_the_growth_curve_is_the_mean_fac_of_such_prefixes(random_run: Runs, tmp_path: Path) -> None:
    run, anchor = random_run(103, 15), random_run(3, 60)
    [point] = [p for p in growth_curve(run, anchor, n_orders=3, n_points=16, seed=5) if p.n_samples == 6]
    rng, rows, facs = np.random.default_rng(5), run.query("FROM activations").to_pylist(), []
    for i in range(3):
        kept = set(rng.permutation(15)[:6].tolist())
        part = [(r["feature_id"], r["sample_id"], r["activation"]) for r in rows if r["sample_id"] in kept]
        facs.append(coverage(make_run(tmp_path, f"part-{i}", part, 15, 30), anchor).fac)
    assert point.mean == pytest.approx(np.mean(facs))


def test_the_same_seed_draws_the_same_curve(random_run: Runs) -> None:
    run, anchor = random_run(102, 40), random_run(2, 60)
    assert growth_curve(run, anchor, seed=1) == growth_curve(run, anchor, seed=1) != growth_curve(run, anchor, seed=2)


def test_an_empty_run_has_a_flat_curve(run_of: Runs) -> None:
    anchor = run_of("anchor", [(0, 0, 1.0)])
    assert [(p.n_samples, p.mean) for p in growth_curve(run_of("run", [], 0), anchor)] == [(0, 0.0)]
    assert {p.mean for p in growth_curve(run_of("silent", [], 4), anchor)} == {0.0}


def test_sample_ids_with_gaps_count_as_consecutive_samples(run_of: Runs, tmp_path: Path) -> None:
    """Samples that failed leave holes in the ids; positions must not be taken for ids."""
    parts: dict[str, Any] = write_parts(tmp_path / "parts", [(0, 1, 1.0), (0, 3, 1.0)], 4)
    shard = pq.read_table(tmp_path / "parts" / "shard_samples.parquet")
    pq.write_table(shard.take([1, 3]), tmp_path / "parts" / "shard_samples.parquet")
    failed = [{"origin": f"data.jsonl:{line}", "reason": "no_content_tokens"} for line in (1, 3)]
    pq.write_table(pa.Table.from_pylist(failed, FAILURES), tmp_path / "parts" / "failures.parquet")
    build_run(tmp_path / "gaps.duckdb", run_info("gaps", 5), **parts)
    run = RunFile(tmp_path / "gaps.duckdb")
    pairs = active_pairs(run, anchor_features(run_of("anchor", [(0, 0, 1.0)]), PAPER), 1)
    assert pairs.n_samples == 2
    assert pairs.sample.tolist() == [0, 1]


def test_clusters_split_the_fac_and_lose_no_feature(random_run: Runs) -> None:
    found = coverage(random_run(101, 8), random_run(1, 60))
    clusters = {feature: feature % 3 for feature in range(20)}
    parts = cluster_coverage(found, clusters)
    assert sum(p.numerator for p in parts) == found.numerator
    assert sum(p.denominator for p in parts) == found.denominator
    assert {p.cluster for p in parts} == {0, 1, 2, None}
    assert [p.fac for p in parts] == sorted(p.fac for p in parts)
    for part in parts:
        mine = {f for f in found.covered + found.missing if clusters.get(f) == part.cluster}
        assert part.denominator == len(mine)
        assert part.fac == len(mine & set(found.covered)) / len(mine)


def test_each_point_of_the_count_curve_is_the_fac_at_its_count(random_run: Runs) -> None:
    run, anchor = random_run(101, 15), random_run(1, 60)
    curve = count_curve(run, anchor, Definition(delta=0.2))
    assert [point.min_count for point in curve] == list(range(1, 11))
    for point in curve:
        found = coverage(run, anchor, Definition(delta=0.2, min_count=point.min_count))
        assert (point.fac, point.numerator, point.denominator) == (found.fac, found.numerator, found.denominator)


def test_the_count_curve_ends_where_the_anchor_does(tmp_path: Path) -> None:
    """Two samples in the anchor: nothing can be active in three."""
    anchor = make_run(tmp_path / "p.duckdb", "p", [(0, 0, 1.0), (0, 1, 1.0), (1, 0, 1.0)], 2, 3)
    run = make_run(tmp_path / "q.duckdb", "q", [(1, 0, 1.0)], 1, 3)
    assert [(point.min_count, point.fac) for point in count_curve(run, anchor)] == [(1, 0.5), (2, 0.0)]
    with pytest.raises(EmptyAnchor):
        count_curve(run, anchor, counts=[3])
