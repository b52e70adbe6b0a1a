"""Twenty features as the card of a SAE shows them: at random, the best and the worst, each with its words in context."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from fac_core.lab.sae_card.interpretability import FeatureScore, TokenText

N_SHOWN = 20
_STRONGEST = 50
"""Activations among which the top tokens are counted."""
_N_TOKENS = 6
_N_SNIPPETS = 2
_BEFORE, _AFTER = 8, 5
"""Tokens of a snippet around its peak."""

Decode = Callable[[list[int]], str]


@dataclass(frozen=True)
class ShownFeature:
    """One feature, as a row of the card."""

    group: str
    """`Random`, `Best` or `Worst`."""
    feature: int
    score: float
    share: float
    """Of the tokens, those at which it is active."""
    top_tokens: tuple[str, ...]
    """The most frequent tokens at its strongest activations."""
    snippets: tuple[tuple[str, str, str], ...]
    """What stands before a strong activation, the token itself, and what follows; of different windows."""


def grouped(scores: Sequence[FeatureScore], seed: int = 0) -> list[tuple[str, FeatureScore]]:
    """Twenty of the scored features, each in one group: twelve at random, the four best and the four worst of all.

    >>> [name for name, _ in grouped([FeatureScore(n, n / 10, n / 10) for n in range(5)])]
    ['Random', 'Random', 'Random', 'Best', 'Worst']
    """
    ordered = sorted(scores, key=lambda one: one.score)
    n_ends = min(N_SHOWN, len(ordered)) // 5
    worst, between, best = ordered[:n_ends], ordered[n_ends : len(ordered) - n_ends], ordered[len(ordered) - n_ends :]
    drawn = np.random.default_rng(seed).permutation(len(between))[: N_SHOWN - 2 * n_ends]
    return [
        *(("Random", between[position]) for position in drawn),
        *(("Best", one) for one in reversed(best)),
        *(("Worst", one) for one in worst),
    ]


def shown_features(
    scores: Sequence[FeatureScore], text: TokenText, decode: Decode, seed: int = 0
) -> list[ShownFeature]:
    """The features that the card shows, with what they fire on in `text`.

    Args:
        decode: token ids to text.
        seed: of the features that are drawn at random.
    """
    return [_shown(group, one, text, decode) for group, one in grouped(scores, seed)]


def _shown(group: str, score: FeatureScore, text: TokenText, decode: Decode) -> ShownFeature:
    kept = text.active if text.strength is None else text.strength
    column = kept[:, [score.feature]].tocoo()
    strongest = column.row[np.argsort(-column.data.astype(np.float32), kind="stable")][:_STRONGEST]
    words = Counter(decode([int(token)]) for token in text.tokens[strongest])
    peaks: dict[int, int] = {}
    for position in strongest:
        peaks.setdefault(int(text.window[position]), int(position))
    return ShownFeature(
        group,
        score.feature,
        score.score,
        column.nnz / len(text.tokens),
        tuple(word for word, _ in words.most_common(_N_TOKENS)),
        tuple(_snippet(text, peak, decode) for peak in list(peaks.values())[:_N_SNIPPETS]),
    )


def _snippet(text: TokenText, peak: int, decode: Decode) -> tuple[str, str, str]:
    first, end = np.searchsorted(text.window, [text.window[peak], text.window[peak] + 1])
    parts = (
        text.tokens[max(first, peak - _BEFORE) : peak],
        text.tokens[peak : peak + 1],
        text.tokens[peak + 1 : min(end, peak + 1 + _AFTER)],
    )
    before, token, after = (decode(part.tolist()) for part in parts)
    return before, token, after
