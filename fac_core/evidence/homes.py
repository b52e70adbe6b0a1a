"""Where features are at home: the sets, labels or sources of a run in which they fire more than elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fac_core.errors import WrongUse
from fac_core.evidence.examples import PeakWord
from fac_core.evidence.topic_words import is_topic_word
from fac_core.store.runs.homes import FIELDS, HOMES, OTHER, json_path
from fac_core.store.runs.run_file import RunFile

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
    ids = np.array(feature_ids, dtype=np.uint32)
    if field in (kept_fields(run) or ()):
        rows = run.query(
            """
            SELECT feature_id, value, n_inside, n_active FROM homes
            WHERE field = ? AND feature_id IN (SELECT unnest(?::UINTEGER[])) ORDER BY feature_id
            """,
            [field, ids],
        )
    else:
        rows = run.query(HOMES, [json_path(field), ids], features=ids)
    return {row.pop("feature_id"): Home(**row) for row in rows.to_pylist()}


@lru_cache(maxsize=8)
def home_of(run: RunFile, field: str) -> Mapping[int, str]:
    """The value where every feature that fires in the run is at home; read once of a run that is kept open.

    Raises `WrongUse` for a field that divides the run into no parts.
    """
    found = {feature: home.value for feature, home in homes(run, range(run.info.d_sae), field).items()}
    if set(found.values()) <= {OTHER}:
        known = ", ".join(fields(run)) or "none: `fac encode` keeps what --id and --label name"
        raise WrongUse(f"No metadata field {field!r} divides {run.info.name!r} into parts; there is {known}.")
    return found


def fields(run: RunFile) -> list[str]:
    """Metadata fields that divide the run into a handful of parts, the coarsest first."""
    kept = kept_fields(run)
    return run.query(FIELDS)["field"].to_pylist() if kept is None else kept


def kept_fields(run: RunFile) -> list[str] | None:
    """The fields whose homes were counted when the run was built; None for a run of an earlier build."""
    if not run.has_table("homes"):
        return None
    return run.query("SELECT field FROM homes GROUP BY field ORDER BY min(position)")["field"].to_pylist()


def home_words(found: Mapping[int, Home], words: Mapping[int, Sequence[PeakWord]], n: int) -> dict[str, list[str]]:
    """By home, up to n content words that single features stand for; those most at home there come first.

    Only a feature that peaks on one word in at least half of its strongest samples speaks. Function words are left
    out: many features fire on them, and they say nothing about a topic.
    """
    by_home: dict[str, list[str]] = {}
    for feature, home in sorted(found.items(), key=lambda item: -(item[1].n_inside ** 2) / item[1].n_active):
        here = by_home.setdefault(home.value, [])
        for peak in words.get(feature, ())[:1]:
            is_topic = peak.word.isalpha() and is_topic_word(peak.word)
            if is_topic and peak.share >= _CRISP and peak.word not in here and len(here) < n:
                here.append(peak.word)
    return by_home
