"""What fires a feature: its strongest samples with token-level values, and the words at their peaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from fac_core.errors import NotFound
from fac_core.store.runs.info import metadata_of
from fac_core.store.runs.peak_words import PEAKS, count_words
from fac_core.store.runs.peak_words import word_at as word_at
from fac_core.store.runs.run_file import RunFile
from fac_core.store.runs.schema import N_PEAK_WORDS


@dataclass(frozen=True)
class TokenValue:
    """One token on which the feature is active. Offsets count characters of the sample's text."""

    char_start: int
    char_end: int
    activation: float


@dataclass(frozen=True)
class Example:
    """A sample as a feature sees it."""

    sample_id: int
    activation: float
    """Pooled: that of the peak token. 0 where the feature is silent."""
    text: str
    metadata: dict[str, Any]
    peak: TokenValue | None
    """None where the sample is not among those stored with tokens."""
    tokens: tuple[TokenValue, ...]
    """Of the active tokens, in reading order; the peak is one of them. Empty where they are not stored."""


@dataclass(frozen=True)
class PeakWord:
    """A word on which a feature peaks."""

    word: str
    share: float
    """Of the feature's shown strongest samples, those that peak on this word."""


def top_examples(run: RunFile, feature_id: int, n: int = 10) -> tuple[Example, ...]:
    """The n strongest samples of a feature; fewer if it fires in fewer. Raises `NotFound` for an id the SAE has not."""
    check_feature(run, feature_id)
    rows = run.query(
        "SELECT sample_id FROM activations WHERE feature_id = ? ORDER BY activation DESC, sample_id LIMIT ?",
        [feature_id, n],
    )
    return examples_of(run, feature_id, rows["sample_id"].to_pylist())


def examples_of(run: RunFile, feature_id: int, sample_ids: Sequence[int]) -> tuple[Example, ...]:
    """The samples of these ids as a feature sees them, in this order; ids that the run has not are left out.

    A sample in which the feature is silent has activation 0. One whose token values are not stored (`Example.tokens`)
    has none.
    """
    wanted = np.array(sample_ids, dtype=np.uint32)
    rows = run.query(
        """
        WITH wanted AS (SELECT unnest(?::UINTEGER[]) AS sample_id),
        mine AS (SELECT sample_id, activation, token_index FROM activations WHERE feature_id = ?)
        SELECT sample_id, coalesce(activation, 0)::FLOAT AS activation, token_index, text, metadata
        FROM wanted JOIN samples USING (sample_id) LEFT JOIN mine USING (sample_id)
        """,
        [wanted, feature_id],
    ).to_pylist()
    tokens = run.query(
        """
        SELECT sample_id, token_index, char_start, char_end, activation FROM token_activations
        WHERE feature_id = ? AND list_contains(?::UINTEGER[], sample_id) ORDER BY sample_id, token_index
        """,
        [feature_id, wanted],
    ).to_pylist()
    by_sample: dict[int, dict[int, TokenValue]] = {}
    for token in tokens:
        value = TokenValue(token["char_start"], token["char_end"], token["activation"])
        by_sample.setdefault(token["sample_id"], {})[token["token_index"]] = value
    found = {
        row["sample_id"]: Example(
            sample_id=row["sample_id"],
            activation=row["activation"],
            text=row["text"],
            metadata=metadata_of(row["metadata"]),
            peak=by_sample.get(row["sample_id"], {}).get(row["token_index"]),
            tokens=tuple(by_sample.get(row["sample_id"], {}).values()),
        )
        for row in rows
    }
    return tuple(found[sample] for sample in sample_ids if sample in found)


def with_text(run: RunFile, text: str) -> np.ndarray:
    """Ids of the features that have a text, in any case, in one of the samples stored for them."""
    rows = run.query(
        """
        SELECT DISTINCT feature_id FROM examples
            SEMI JOIN (SELECT sample_id FROM samples WHERE contains(lower(text), lower(?))) USING (sample_id)
        """,
        [text],
    )
    return rows["feature_id"].to_numpy()


def peak_words(run: RunFile, feature_ids: Sequence[int], n: int = 3) -> dict[int, tuple[PeakWord, ...]]:
    """For each feature the words on which its strongest samples peak, the most frequent first.

    A token is often a piece of a word; what is shown is the whole word around it, in lower case.
    """
    wanted = np.array(feature_ids, dtype=np.uint32)
    found: dict[int, tuple[PeakWord, ...]] = dict.fromkeys(feature_ids, ())
    if n <= N_PEAK_WORDS and run.has_table("peak_words"):
        rows = run.query(
            """
            SELECT feature_id, list((word, share) ORDER BY rank) AS words FROM peak_words
            WHERE rank <= ? AND list_contains(?::UINTEGER[], feature_id) GROUP BY feature_id
            """,
            [n, wanted],
        )
        for feature, words in zip(rows["feature_id"].to_pylist(), rows["words"].to_pylist(), strict=True):
            found[feature] = tuple(PeakWord(*pair.values()) for pair in words)
        return found
    rows = run.query(f"{PEAKS} list_contains(?::UINTEGER[], feature_id) ORDER BY feature_id, rank", [wanted])
    for feature, counted in count_words(rows.to_pylist()).items():
        found[feature] = tuple(PeakWord(word, times / counted.total()) for word, times in counted.most_common(n))
    return found


@lru_cache(maxsize=8)
def words_in_short(run: RunFile, n: int = 3) -> tuple[str, ...]:
    """`[d_sae]`: the words at each feature's peaks, the most frequent first, comma-separated; empty where it is silent.

    Read once of a run that is kept open.
    """
    if not run.has_table("peak_words"):
        found = peak_words(run, range(run.info.d_sae), n)
        return tuple(", ".join(word.word for word in found[f]) for f in range(run.info.d_sae))
    rows = run.query(
        """
        SELECT coalesce(string_agg(word, ', ' ORDER BY rank) FILTER (rank <= ?), '') AS words
        FROM feature_stats LEFT JOIN peak_words USING (feature_id) GROUP BY feature_id ORDER BY feature_id
        """,
        [n],
    )
    return tuple(rows["words"].to_pylist())


def check_feature(run: RunFile, feature_id: int) -> None:
    """Raise `NotFound` for a feature id that the SAE of the run does not have."""
    if not 0 <= feature_id < run.info.d_sae:
        raise NotFound(
            f"There is no feature {feature_id}: features of {run.info.name!r} go from 0 to {run.info.d_sae - 1}."
        )
