"""Figures show the numbers they were given."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from dashboard.figures import clusters, curves, histogram
from dashboard.figures.feature_map import feature_map, thinned
from fac_core.coverage.curves import ClusterCoverage, GrowthPoint, ThresholdPoint
from tests.dashboard.themes import a_theme, an_answer


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


def test_the_table_beside_the_histogram_says_the_same():
    assert histogram.rows([4, 0, 1], 6.0) == [
        {"from": 0.0, "to": 2.0, "samples": 4},
        {"from": 4.0, "to": 6.0, "samples": 1},
    ]


def test_the_name_of_a_line_near_the_right_edge_stands_before_it():
    assert histogram.activations([4], 6.0, 1.0).layout.annotations[0].xanchor == "left"
    assert histogram.activations([4], 6.0, 5.9).layout.annotations[0].xanchor == "right"


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
    found = np.array([False] * 4 + [True] + [False] * 3)
    others, covered, *rest = feature_map(a_map(8), found).data
    assert (others.name, sorted(others.customdata.tolist())) == ("Others", [0, 1, 2, 3, 5, 6, 7])
    assert covered.customdata.tolist() == [4]
    assert not any(len(trace.x) for trace in rest)


def test_a_metric_colours_the_points_and_says_its_name_and_those_without_a_value_are_grey():
    table = a_map(4).append_column("trust", pa.array([0.5, np.nan, 1.0, 0.7], pa.float32()))
    figure = feature_map(table, None, "trust")
    assert figure.layout.coloraxis.colorbar.title.text == "trust: F1 of the label"
    assert figure.data[0].customdata.tolist() == [1]
    assert [trace.marker.color.tolist() for trace in figure.data[1:]] == [[0.5], [], [1.0], [np.float32(0.7)]]
    assert len({trace.marker.symbol for trace in figure.data[1:]}) == 4


def test_the_density_of_a_silent_feature_is_no_point_at_minus_infinity():
    table = a_map(4).append_column("anchor_share", pa.array([0.0, 0.01, 0.1, 1.0]))
    figure = feature_map(table, None, "density")
    assert figure.data[0].customdata.tolist() == [0]
    assert [trace.marker.color.round(3).tolist() for trace in figure.data[2:]] == [[-2], [-1], [0]]


def test_above_the_limit_gaps_are_kept_and_the_rest_is_drawn_evenly():
    table = a_map(1000)
    part = thinned(table, 600)
    assert len(part) == 600
    gaps = [f for f in range(1000) if f % 4 in (1, 2)]
    assert set(gaps) <= set(part["feature_id"].to_pylist())
    assert part["feature_id"].to_pylist() == thinned(table, 600)["feature_id"].to_pylist()
    assert len(thinned(table, 1000)) == 1000


def test_names_on_the_map_do_not_lie_on_each_other():
    table = a_map(400).set_column(4, "cluster", [[f"group {i // 2}" for i in range(400)]])
    places = [a.x for a in feature_map(table).layout.annotations]
    assert 1 < len(places) <= 14
    assert min(np.diff(sorted(places))) > 0.1 * 400


def test_words_of_samples_are_no_markup_on_the_map():
    table = a_map(8).set_column(4, "cluster", [["bones"] * 4 + ["<b>law</b>"] * 4])
    assert {a.text for a in feature_map(table).layout.annotations} == {"bones", "&lt;b&gt;law&lt;/b&gt;"}


def test_a_large_map_stays_light():
    table = a_map(65_536).append_column("anchor_share", pa.array(np.linspace(0.001, 1, 65_536)))
    found = np.arange(65_536) % 3 == 0
    assert len(feature_map(table).to_json()) < 2_000_000
    assert len(feature_map(table, found, "density").to_json()) < 2_000_000


def test_themes_colour_the_map_and_shapes_are_the_states():
    answer = an_answer(
        a_theme("law", (0, 1, 2)), a_theme("bones", (2, 4)), surplus=(a_theme("<b>chat</b>", (5,), 0, 40),)
    )
    others, *traces = feature_map(a_map(8), None, "theme", answer).data
    assert (others.name, others.customdata.tolist()) == ("Others", [3, 6, 7])
    assert [(t.name, t.customdata.tolist(), t.marker.symbol) for t in traces] == [
        ("law", [0], "circle"),
        ("law", [1], "diamond-open"),
        ("law", [2], "x-open"),
        ("bones", [4], "circle"),
        ("more: &lt;b&gt;chat&lt;/b&gt;", [5], "diamond-open"),
    ]
    assert [t.showlegend for t in traces] == [True, False, False, True, True]
    assert len({t.marker.color for t in traces}) == 3


def test_themes_are_named_at_the_median_of_their_features_instead_of_clusters():
    answer = an_answer(a_theme("law", (0, 1, 2)), a_theme("bones", (5, 6, 7)))
    for by in ("theme", "state"):
        names = feature_map(a_map(8), None, by, answer).layout.annotations
        assert [(a.text, a.x) for a in names] == [("law", 1), ("bones", 6)]
    assert {a.text for a in feature_map(a_map(8), None, "theme", an_answer()).layout.annotations} <= {
        "bones",
        "&lt;b&gt;law&lt;/b&gt;",
    }


def test_a_search_greys_out_what_it_does_not_find_also_in_themes():
    found = np.array([False, True] + [False] * 6)
    others, law = feature_map(a_map(8), found, "theme", an_answer(a_theme("law", (0, 1)))).data
    assert law.customdata.tolist() == [1]
    assert len(others.customdata) == 7


def test_themes_beyond_the_colours_share_one_and_say_so():
    answer = an_answer(*(a_theme(f"theme {n}", (n,)) for n in range(12)))
    traces = feature_map(a_map(16), None, "theme", answer).data[1:]
    assert [t.name for t in traces if t.showlegend][-1] == "smaller themes"
    assert sum(t.name == "smaller themes" for t in traces) == 4
    assert "theme 11" in traces[-1].hovertemplate
