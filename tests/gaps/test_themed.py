"""Which theme a gap is part of, and how far the data is short of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa

from fac_core.gaps.themed import gaps_of, themed

LAW: Any = SimpleNamespace(name="law", features=(7, 2, 6))
BODY: Any = SimpleNamespace(name="body", features=(2, 5))


def queue(*features: int) -> pa.Table:
    """Feature 6 says no more than a mark."""
    return pa.table({"feature_id": np.array(features, np.uint32), "telling": [f != 6 for f in features]})


def test_gaps_stand_by_theme_each_in_the_first_that_holds_it_and_of_one_in_their_order():
    found = themed(queue(1, 6, 5, 2, 7), (LAW, BODY), np.arange(8) / 2).drop_columns("telling")
    assert found.to_pydict() == {
        "feature_id": [2, 7, 5, 1, 6],
        "theme": ["law", "law", "body", "", "law"],
        "shortfall": [1.0, 3.5, 2.5, 0.5, 3.0],
    }


def test_a_theme_has_its_gaps_also_where_a_larger_one_holds_them():
    assert gaps_of(queue(5, 2, 1), BODY)["feature_id"].to_pylist() == [5, 2]
    assert len(gaps_of(queue(5, 2, 1), None)) == 3


def test_without_themes_or_gaps_nothing_is_themed():
    assert themed(queue(3), (), np.zeros(8))["theme"].to_pylist() == [""]
    assert len(themed(queue(), (LAW,), np.zeros(8))) == 0
