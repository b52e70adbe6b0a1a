"""The queue of gaps: ranked by the priority formula, filtered by anything a row says."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from fac_core.gaps.ranked import Filters, matching, ranked_gaps
from fac_core.naming.labels import Names


@pytest.fixture
def queue() -> pa.Table:
    """Six features, of which 1, 2, 4 and 5 are gaps."""
    n = 6
    states = pa.table(
        {
            "feature_id": np.arange(n, dtype=np.uint32),
            "delta": np.ones(n, np.float32),
            "anchor_share": np.linspace(0.1, 0.6, n),
            "anchor_max": np.full(n, 9.0, np.float32),
            "run_max": np.array([5, 0, 0.9, 5, 0, 0], np.float32),
            "words": ["the", "court", "judge", "a", "rent", "Bones"],
        }
    )
    causes = pa.table(
        {
            "feature_id": np.array([1, 2, 4, 5], np.uint32),
            "cause": ["never fires", "below the threshold", "never fires", "never fires"],
        }
    )

    return ranked_gaps(
        states,
        np.array([100, 10, 10, 100, 40, 20]),
        causes,
        names=Names({1: "name 1", 4: "name 4"}, {1: 0.9, 4: 0.7}),
        levels={5: "no", 1: "yes"},
        clusters=["x", "law", "law", "x", "law", "body"],
        homes={1: "contracts", 5: "clinic"},
    )


def ids(table: pa.Table) -> list[int]:
    return table["feature_id"].to_pylist()


def test_the_queue_has_every_gap_the_highest_priority_first(queue):
    assert sorted(ids(queue)) == [1, 2, 4, 5]
    number = queue["priority"].to_pylist()
    assert number == sorted(number, reverse=True)
    assert ids(queue)[-1] == 5  # not relevant


def test_every_row_keeps_its_own_description(queue):
    rows = {row["feature_id"]: row for row in queue.to_pylist()}
    assert (rows[1]["words"], rows[1]["label"], rows[1]["level"], rows[1]["home"]) == (
        "court",
        "name 1",
        "yes",
        "contracts",
    )
    assert (rows[2]["cause"], rows[2]["label_f1"], rows[2]["level"]) == ("below the threshold", None, "not judged")
    assert rows[4]["n_active"] == 40


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), {1, 2, 4, 5}),
        (Filters(words="LAW rent"), {4}),
        (Filters(words="bones"), {5}),
        (Filters(words="name 1"), {1}),
        (Filters(cluster="law"), {1, 2, 4}),
        (Filters(home="clinic"), {5}),
        (Filters(causes=("never fires",)), {1, 4, 5}),
        (Filters(relevance=("yes", "not judged")), {1, 2, 4}),
        (Filters(least_trust=0.8), {1}),
        (Filters(words="nosuchword"), set()),
        (Filters(words="(?"), set()),
    ],
)
def test_every_filter_changes_the_queue(queue, filters, expected):
    assert set(ids(matching(queue, filters))) == expected


def test_without_any_gap_the_queue_is_empty(queue):
    assert ids(matching(queue.slice(0, 0), Filters(words="law", cluster="law", least_trust=0.5))) == []
