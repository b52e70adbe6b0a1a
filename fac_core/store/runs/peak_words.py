"""Table `peak_words`: the words on which a feature's strongest samples peak.

Finding them reads the text of every sample that is shown: seconds at build time, too long for a page that lists 65,536
features. A token is often a piece of a word; what is kept is the whole word around it, in lower case.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

import duckdb
import pyarrow as pa

from fac_core.store.runs.schema import N_PEAK_WORDS

_WORD = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]+")
_FEATURES = 8192
"""Features a batch: one pass over the texts each, and at most so many times 20 pieces of text in memory."""
_AROUND = 200
"""Characters read on each side of a peak: longer words are cut there."""

_SCHEMA = pa.schema({"feature_id": pa.uint32(), "rank": pa.uint8(), "word": pa.string(), "share": pa.float64()})

PEAKS = f"""
    SELECT feature_id, text[greatest(1, char_start::BIGINT + 1 - {_AROUND}) : char_start::BIGINT + {_AROUND}] AS piece,
        least(char_start, {_AROUND})::INTEGER AS position
    FROM examples JOIN activations USING (feature_id, sample_id)
        JOIN token_activations USING (feature_id, sample_id, token_index) JOIN samples USING (sample_id)
    WHERE kind = 'top' AND
"""  # noqa: S608
"""SQL, to be completed by a condition on `feature_id` and an order: the text around each peak, and where in it the peak is."""


def fill_peak_words(db: duckdb.DuckDBPyConnection, d_sae: int) -> None:
    """Fill `peak_words` from the filled `examples`, batch by batch of features."""
    for first in range(0, d_sae, _FEATURES):
        # The range is said for every table that is sorted by feature: each then reads its part alone.
        within = " AND ".join(
            f"{table}.feature_id BETWEEN $first AND $last" for table in ("examples", "activations", "token_activations")
        )
        bounds = {"first": first, "last": first + _FEATURES - 1}
        peaks = db.sql(f"{PEAKS} {within} ORDER BY feature_id, rank", params=bounds).to_arrow_table()
        found = pa.Table.from_pylist(list(_rows(peaks.to_pylist())), _SCHEMA)
        db.register("found", found)
        db.execute("INSERT INTO peak_words SELECT * FROM found")
        db.unregister("found")


def count_words(peaks: Iterable[dict[str, object]]) -> dict[int, Counter[str]]:
    """How often each feature peaks on each word, from rows of `PEAKS`; words that tie stay in the order of the rows."""
    counts: dict[int, Counter[str]] = {}
    for row in peaks:
        word = word_at(row["piece"], row["position"])  # type: ignore[arg-type]
        counts.setdefault(row["feature_id"], Counter())[word] += 1  # type: ignore[arg-type]
    return counts


def word_at(text: str, position: int) -> str:
    """The word, or the run of punctuation, that covers or follows a position.

    >>> word_at("The contract ends.", 7), word_at("The contract ends.", 3), word_at("The contract ends.", 17)
    ('contract', 'contract', '.')
    """
    for match in _WORD.finditer(text, max(0, text.rfind(" ", 0, position))):
        if match.end() > position:
            return match[0].lower()
    return text[position:].strip() or "⏎"


def _rows(peaks: list[dict[str, object]]) -> Iterator[dict[str, object]]:
    for feature, words in count_words(peaks).items():
        for rank, (word, times) in enumerate(words.most_common(N_PEAK_WORDS), 1):
            yield {"feature_id": feature, "rank": rank, "word": word, "share": times / words.total()}
