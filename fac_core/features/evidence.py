"""What fires a feature: its strongest samples with token-level values, and the words at their peaks."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fac_core.errors import NotFound
from fac_core.store.run_file import RunFile

_WORD = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]+")


@dataclass(frozen=True)
class TokenValue:
    """One token on which the feature is active. Offsets count characters of the sample's text."""

    char_start: int
    char_end: int
    activation: float


@dataclass(frozen=True)
class Example:
    """A sample that fires the feature."""

    sample_id: int
    activation: float
    """Pooled: that of the peak token."""
    text: str
    metadata: dict[str, Any]
    peak: TokenValue | None
    """None where the sample is not among those shown with tokens."""
    tokens: tuple[TokenValue, ...]
    """In reading order; the peak is one of them."""


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
        """
        SELECT sample_id, activation, token_index, text, metadata FROM activations JOIN samples USING (sample_id)
        WHERE feature_id = ? ORDER BY activation DESC, sample_id LIMIT ?
        """,
        [feature_id, n],
    ).to_pylist()
    tokens = run.query(
        """
        SELECT sample_id, token_index, char_start, char_end, activation FROM token_activations
        WHERE feature_id = ? AND list_contains(?::UINTEGER[], sample_id) ORDER BY sample_id, token_index
        """,
        [feature_id, np.array([row["sample_id"] for row in rows], dtype=np.uint32)],
    ).to_pylist()
    by_sample: dict[int, dict[int, TokenValue]] = {}
    for token in tokens:
        value = TokenValue(token["char_start"], token["char_end"], token["activation"])
        by_sample.setdefault(token["sample_id"], {})[token["token_index"]] = value
    return tuple(
        Example(
            sample_id=row["sample_id"],
            activation=row["activation"],
            text=row["text"],
            metadata=json.loads(row["metadata"] or "{}"),
            peak=by_sample.get(row["sample_id"], {}).get(row["token_index"]),
            tokens=tuple(by_sample.get(row["sample_id"], {}).values()),
        )
        for row in rows
    )


def peak_words(run: RunFile, feature_ids: Sequence[int], n: int = 3) -> dict[int, tuple[PeakWord, ...]]:
    """For each feature the words on which its strongest samples peak, the most frequent first.

    A token is often a piece of a word; what is shown is the whole word around it, in lower case.
    """
    rows = run.query(
        """
        SELECT feature_id, text, char_start FROM examples
            JOIN activations USING (feature_id, sample_id)
            JOIN token_activations USING (feature_id, sample_id, token_index)
            JOIN samples USING (sample_id)
        WHERE kind = 'top' AND list_contains(?::UINTEGER[], feature_id) ORDER BY feature_id, rank
        """,
        [np.array(feature_ids, dtype=np.uint32)],
    ).to_pylist()
    counts: dict[int, Counter[str]] = {feature: Counter() for feature in feature_ids}
    for row in rows:
        counts[row["feature_id"]][word_at(row["text"], row["char_start"])] += 1
    return {
        feature: tuple(PeakWord(word, times / words.total()) for word, times in words.most_common(n))
        for feature, words in counts.items()
    }


def word_at(text: str, position: int) -> str:
    """The word, or the run of punctuation, that covers or follows a position.

    >>> word_at("The contract ends.", 7), word_at("The contract ends.", 3), word_at("The contract ends.", 17)
    ('contract', 'contract', '.')
    """
    for match in _WORD.finditer(text, max(0, text.rfind(" ", 0, position))):
        if match.end() > position:
            return match[0].lower()
    return text[position:].strip() or "⏎"


def check_feature(run: RunFile, feature_id: int) -> None:
    """Raise `NotFound` for a feature id that the SAE of the run does not have."""
    if not 0 <= feature_id < run.info.d_sae:
        raise NotFound(
            f"There is no feature {feature_id}: features of {run.info.name!r} go from 0 to {run.info.d_sae - 1}."
        )
