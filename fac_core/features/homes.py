"""Where features are at home: the sets, labels or sources of a run in which they fire more than elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from fac_core.features.evidence import PeakWord
from fac_core.store.run_file import RunFile

_CRISP = 0.5
"""A feature speaks for a word if so many of its strongest samples peak on it."""


@dataclass(frozen=True)
class Home:
    """The part of a run in which a feature fires more than elsewhere."""

    value: str
    """Of the metadata field."""
    n_inside: int
    """Active samples with that value."""
    n_active: int
    """All active samples."""


def homes(run: RunFile, feature_ids: Sequence[int], field: str = "set") -> dict[int, Home]:
    """Where each feature is at home: the value of a metadata field in whose samples it fires more than elsewhere.

    For a feature, the value with the largest lift: share of the feature's active samples that have the value, over
    the share of all samples that have it. Features without active samples are left out.
    """
    rows = run.query(
        """
        WITH labelled AS (
            SELECT sample_id, coalesce(metadata->>?, 'other') AS value FROM samples
        ),
        base AS (SELECT value, count(*) AS n_samples FROM labelled GROUP BY value),
        fired AS (
            SELECT feature_id, value, count(*) AS n FROM activations JOIN labelled USING (sample_id)
            WHERE list_contains(?::UINTEGER[], feature_id) GROUP BY feature_id, value
        )
        SELECT feature_id, value, n AS n_inside, (sum(n) OVER (PARTITION BY feature_id))::BIGINT AS n_active
        FROM fired JOIN base USING (value)
        QUALIFY row_number() OVER (PARTITION BY feature_id ORDER BY n / n_samples DESC, n DESC, value) = 1
        ORDER BY feature_id
        """,
        [f"$.{json.dumps(field)}", np.array(feature_ids, dtype=np.uint32)],
    )
    return {row.pop("feature_id"): Home(**row) for row in rows.to_pylist()}


def home_words(found: Mapping[int, Home], words: Mapping[int, Sequence[PeakWord]], n: int) -> dict[str, list[str]]:
    """By home, up to n content words that single features stand for; those most at home there come first.

    Only a feature that peaks on one word in at least half of its strongest samples speaks. Function words are left
    out: many features fire on them, and they say nothing about a topic.
    """
    by_home: dict[str, list[str]] = {}
    for feature, home in sorted(found.items(), key=lambda item: -(item[1].n_inside ** 2) / item[1].n_active):
        here = by_home.setdefault(home.value, [])
        for peak in words.get(feature, ())[:1]:
            is_topic = peak.word.isalpha() and len(peak.word) > 2 and peak.word not in ENGLISH_STOP_WORDS
            if is_topic and peak.share >= _CRISP and peak.word not in here and len(here) < n:
                here.append(peak.word)
    return by_home
