"""Which features fire on a text that is in no run, and where: the model and SAE of a run, read on one text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fac_core.activations.reopen import Reader
from fac_core.errors import BadInput


@dataclass(frozen=True)
class Fired:
    """One feature on one text."""

    feature_id: int
    activation: float
    """Pooled: that of the strongest token; 0 where silent."""
    tokens: tuple[tuple[int, int, float], ...]
    """(char_start, char_end, activation) of its active tokens, in reading order."""


@dataclass(frozen=True)
class Reading:
    """What one text fires, the strongest features first."""

    n_tokens: int
    """Content tokens that were read."""
    truncated: bool
    fired: tuple[Fired, ...]

    def of(self, feature_id: int) -> Fired:
        """One feature, also where it is silent."""
        return next((f for f in self.fired if f.feature_id == feature_id), Fired(feature_id, 0.0, ()))


def read_text(reader: Reader, text: str) -> Reading:
    """Read a plain text exactly as the run's were read. Raises `BadInput` for one without any token."""
    tokens = reader.tokenizer([text], [None])[0]
    if not tokens.content.any():
        raise BadInput("The text is empty: write at least one word.")
    encoded = reader.encoder(np.zeros(1, dtype=np.uint32), [tokens])
    by_feature: dict[int, list[tuple[int, int, float]]] = {}
    for row in encoded.examples.sort_by("token_index").to_pylist():
        value: Any = (row["char_start"], row["char_end"], round(row["activation"], 4))
        by_feature.setdefault(row["feature_id"], []).append(value)
    pooled = encoded.activations.sort_by([("activation", "descending"), ("feature_id", "ascending")])
    fired = tuple(
        Fired(row["feature_id"], round(row["activation"], 4), tuple(by_feature.get(row["feature_id"], ())))
        for row in pooled.select(["feature_id", "activation"]).to_pylist()
        if row["activation"] > 0
    )
    return Reading(encoded.samples["n_tokens"][0].as_py(), tokens.truncated, fired)
