"""Proof that a text fires its target: it is encoded plainly, by the encoder of the anchor, as if it were in a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fac_core.activations.reopen import Reader
from fac_core.store.runs.rounding import stored
from fac_core.synthesis.parsing import Sample

_AT_ONCE = 20
"""Samples: as many as the encoder keeps with token values for any feature, so that none is without."""


@dataclass(frozen=True)
class Reading:
    """What a text fires."""

    feature_ids: np.ndarray
    """uint32 `[active]`, ascending."""
    activations: np.ndarray
    """float32 `[active]`, at the precision of a run."""
    tokens: dict[int, tuple[tuple[int, int, float], ...]]
    """Of the features asked for: (char_start, char_end, activation) of their tokens, in reading order."""
    n_tokens: int
    """Content tokens."""

    def of(self, feature_id: int) -> float:
        """`g_i(x)`, 0 where it is silent."""
        at = int(np.searchsorted(self.feature_ids, feature_id))
        found = at < len(self.feature_ids) and self.feature_ids[at] == feature_id
        return float(self.activations[at]) if found else 0.0


def read(reader: Reader, samples: Sequence[Sample], feature_ids: Sequence[int]) -> list[Reading]:
    """Encode samples; `feature_ids[i]` is the feature whose tokens are wanted of sample i.

    A sample without a content token fires nothing.
    """
    readings: list[Reading] = []
    for start in range(0, len(samples), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        readings += _read(reader, samples[part], feature_ids[part])
    return readings


def _read(reader: Reader, samples: Sequence[Sample], feature_ids: Sequence[int]) -> list[Reading]:
    tokens = reader.tokenizer([s.text for s in samples], [list(s.chat) if s.chat else None for s in samples])
    good = [i for i, one in enumerate(tokens) if one.content.any()]
    encoded = reader.encoder(np.array(good, dtype=np.uint32), [tokens[i] for i in good])
    owner = encoded.activations["sample_id"].to_numpy()
    feature = encoded.activations["feature_id"].to_numpy()
    value = stored(encoded.activations["activation"].to_numpy())
    shown_value = stored(encoded.examples["activation"].to_numpy())
    shown = [encoded.examples[name].to_numpy() for name in ("sample_id", "feature_id")]
    found: list[Reading] = []
    for i, target in enumerate(feature_ids):
        mine = np.flatnonzero(owner == i)
        mine = mine[np.argsort(feature[mine])]
        at = np.flatnonzero((shown[0] == i) & (shown[1] == target))
        starts, ends = (encoded.examples[name].take(at).to_pylist() for name in ("char_start", "char_end"))
        values = tuple(zip(starts, ends, shown_value[at].tolist(), strict=True))
        n_tokens = int(tokens[i].content.sum())
        found.append(Reading(feature[mine], value[mine], {target: values}, n_tokens))
    return found
