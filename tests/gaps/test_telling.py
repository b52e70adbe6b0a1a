"""Gaps of single letters and marks sink: they predict well, and tell a reader nothing."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from fac_core.gaps.ranked import ranked_gaps
from fac_core.gaps.telling import is_telling
from fac_core.naming.labels import Names


@pytest.mark.parametrize(
    ("words", "label", "tells"),
    [
        ("b", "", False),
        ("b", "on “b”, “ii”", False),
        ("", "", False),
        (",", "", False),
        ("B, iv, 3", "", False),
        ("b", "before “blood”", True),
        ("b", "options of a question", True),
        (":, .", "on punctuation", False),
        ("court", "", True),
        ("é", "", False),
        ("水", "", True),
        ("17, iii", "", True),
    ],
)
def test_what_tells_a_reader_something(words, label, tells):
    assert is_telling(words, label) is tells


def test_a_gap_of_letters_does_not_lead_however_well_its_label_predicts():
    states = pa.table(
        {
            "feature_id": np.arange(3, dtype=np.uint32),
            "delta": np.ones(3, np.float32),
            "anchor_share": np.full(3, 0.5),
            "anchor_max": np.full(3, 9.0, np.float32),
            "run_max": np.zeros(3, np.float32),
            "words": ["b, ii", "blood", "c"],
        }
    )
    causes = pa.table({"feature_id": np.arange(3, dtype=np.uint32), "cause": ["never fires"] * 3})
    names = Names({0: "on “b”", 1: "on “blood”", 2: "third options"}, {0: 0.95, 1: 0.8, 2: 0.9})
    queue = ranked_gaps(states, np.full(3, 10), causes, names=names).to_pylist()
    assert [(row["feature_id"], row["telling"]) for row in queue] == [(2, True), (1, True), (0, False)]
    assert (queue[-1]["trust"], queue[-1]["label_f1"]) == (0.05, 0.95)
