"""The list of features: what is shown, what is hidden and why, in which order, also with 65,536 features."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fac_core.gaps.listed import RANGES, SORTS, Filters, hidden, histogram, kept, page

STATES = ("covered", "weak", "uncovered", "excluded")


def table(n: int, seed: int = 0) -> pa.Table:
    """Random features; every tenth is dead, every seventh other one marks a position; trust and priority have holes."""
    rng = np.random.default_rng(seed)
    ids = np.arange(n, dtype=np.uint32)
    columns = {column: rng.random(n).round(2) for column in (*RANGES, "difference")}
    holes = {column: pa.array(columns[column], mask=rng.random(n) < 0.5) for column in ("trust", "priority")}
    return pa.table(
        {
            "feature_id": ids,
            "state": pa.array([STATES[i % 4] for i in ids], pa.string()),
            "kind": pa.array(["dead" if i % 10 == 0 else "sink" if i % 7 == 0 else None for i in ids], pa.string()),
            "searched": pa.array([f"on “court” {i}" if i % 2 else f"near “judge” {i}" for i in ids], pa.string()),
            **columns,
            **holes,
        }
    )


FILTERS = st.builds(
    Filters,
    states=st.lists(st.sampled_from(STATES), unique=True).map(tuple),
    words=st.sampled_from(["", "court", "COURT on", "judge 2", "[.*", "nowhere"]),
    in_examples=st.none() | st.lists(st.integers(0, 40)).map(np.array),
    ranges=st.dictionaries(
        st.sampled_from(list(RANGES)), st.tuples(st.none() | st.floats(0, 1), st.none() | st.floats(0, 1))
    ),
    everything=st.booleans(),
)


@given(FILTERS, st.integers(0, 40))
def test_every_feature_is_shown_or_hidden_for_one_reason(filters, n):
    rows = table(n)
    assert kept(rows, filters).sum() + sum(hidden(rows, filters).values()) == n


@given(FILTERS)
def test_what_is_shown_fits_every_filter_and_nothing_else_does(filters):
    rows = table(40)
    for row, shown in zip(rows.to_pylist(), kept(rows, filters).tolist(), strict=True):
        fits = (
            (filters.everything or row["kind"] is None)
            and (not filters.states or row["state"] in filters.states)
            and all(word in row["searched"] for word in filters.words.lower().split())
            and (filters.in_examples is None or row["feature_id"] in filters.in_examples)
        )
        for column, (low, high) in filters.ranges.items():
            if low is not None or high is not None:
                value = row[column]
                fits = fits and value is not None and (low is None or value >= low) and (high is None or value <= high)
        assert shown == fits


def test_dead_and_position_features_are_counted_before_the_filters():
    rows = table(40)
    assert hidden(rows, Filters()) == {"dead": 4, "marking a position": 5}
    assert hidden(rows, Filters(states=("covered",)))["dead"] == 4
    assert hidden(rows, Filters(everything=True)) == {}


@pytest.mark.parametrize("sort", list(SORTS))
def test_pages_hold_every_shown_feature_once_in_order_and_those_without_a_value_last(sort):
    rows, size = table(95), 10
    mask = kept(rows, Filters())
    pages = [page(rows, mask, sort, number, size) for number in range(1, 9)]
    ids = [feature for one in pages for feature in one["feature_id"].to_pylist()]
    assert sorted(ids) == np.flatnonzero(mask).tolist()
    assert {len(one) for one in pages[:-1]} == {size}
    assert len(page(rows, mask, sort, 99, size)) == 0
    column, order = SORTS[sort]
    values = [v for one in pages for v in one[column].to_pylist()]
    known = [v for v in values if v is not None]
    assert values == sorted(known, reverse=order == "descending") + [None] * (len(values) - len(known))


def test_a_histogram_counts_the_values_that_there_are():
    rows = table(60)
    low, high, counts = histogram(rows, "trust")
    known = [v for v in rows["trust"].to_pylist() if v is not None]
    assert (low, high, sum(counts)) == (min(known), max(known), len(known))
    assert histogram(rows.slice(0, 0), "trust") == (0.0, 0.0, [])
