"""Figures show the numbers they were given."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from dashboard.figures import clusters, curves, histogram
from dashboard.figures.feature_map import feature_map
from fac_core.coverage.curves import ClusterCoverage, GrowthPoint, ThresholdPoint


def test_the_threshold_curve_has_every_point_and_marks_a_global_delta():
    points = [ThresholdPoint(0.0, 1.0, 10, 10), ThresholdPoint(2.0, 0.5, 4, 8)]
    figure = curves.threshold(points, 1.5)
    assert list(figure.data[0].x) == [0.0, 2.0]
    assert list(figure.data[0].y) == [1.0, 0.5]
    assert figure.layout.shapes[0].x0 == 1.5
    assert not curves.threshold(points, None).layout.shapes


def test_the_growth_curve_has_its_band():
    fields = {"low": 0.1, "high": 0.3}
    points = [GrowthPoint(n_samples=n, mean=0.2, **fields) for n in (1, 2)]
    band, line = curves.growth(points).data
    assert list(line.y) == [0.2, 0.2]
    assert list(band.y) == [0.3, 0.3, 0.1, 0.1]
    assert list(band.x) == [1, 2, 2, 1]


def test_a_bar_is_covered_and_missing_features_of_a_part():
    parts = [ClusterCoverage("law", 0.25, 1, 4), ClusterCoverage(None, 1.0, 2, 2)]
    covered, missing = clusters.by_cluster(parts).data
    assert dict(zip(covered.y, covered.x, strict=True)) == {"law": 1, "elsewhere": 2}
    assert dict(zip(missing.y, missing.x, strict=True)) == {"law": 3, "elsewhere": 0}
    assert covered.marker.pattern.shape != missing.marker.pattern.shape


def test_the_histogram_marks_the_threshold():
    figure = histogram.activations([4, 0, 1], 6.0, 2.5)
    assert list(figure.data[0].x) == [1.0, 3.0, 5.0]
    assert list(figure.data[0].y) == [4, 0, 1]
    assert figure.layout.shapes[0].x0 == 2.5


def test_no_sample_is_an_empty_chart():
    assert not clusters.by_cluster([]).data[0].x
    assert not histogram.activations([], 0.0, 0.0).data[0].x


def a_map(n: int) -> pa.Table:
    states = ["covered", "weak", "uncovered", "excluded"]
    return pa.table(
        {
            "feature_id": np.arange(n, dtype=np.uint32),
            "x": np.arange(n, dtype=np.float32),
            "y": np.zeros(n, dtype=np.float32),
            "state": [states[i % 4] for i in range(n)],
            "cluster": ["<b>law</b>" if i % 2 else "bones" for i in range(n)],
        }
    )


def test_the_map_has_a_trace_a_state_and_carries_ids():
    figure = feature_map(a_map(8))
    assert [trace.name for trace in figure.data] == ["Covered", "Weak", "Uncovered", "Excluded"]
    assert len({trace.marker.symbol for trace in figure.data}) == 4
    assert [trace.customdata.tolist() for trace in figure.data] == [[0, 4], [1, 5], [2, 6], [3, 7]]


def test_a_search_greys_out_the_rest():
    figure = feature_map(a_map(8), {4})
    assert figure.data[0].marker.opacity.tolist() == [0.06, 0.85]
    assert set(figure.data[1].marker.opacity.tolist()) == {0.06}


def test_words_of_samples_are_no_markup_on_the_map():
    assert {a.text for a in feature_map(a_map(8)).layout.annotations} == {"bones", "&lt;b&gt;law&lt;/b&gt;"}


def test_a_large_map_stays_light():
    assert len(feature_map(a_map(65_536)).to_json()) < 2_000_000
