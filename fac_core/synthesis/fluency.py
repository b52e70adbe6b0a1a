"""Is it language? A text's perplexity under the unsteered model, against that of the anchor's own texts.

Too high: words that do not belong together. Too low: one phrase over and over, which a model finds easy to predict. The
bounds are quantiles of real texts cut to a candidate's length, since perplexity falls with length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fac_core.activations.perplexity import Perplexity

HIGH, LOW = 0.95, 0.02
"""Quantiles of real texts beyond which a candidate is not fluent."""
N_REAL = 64
"""Real texts that the bounds are taken from."""
_LENGTHS = (8, 16, 32, 64)
"""Tokens at which bounds are taken."""


@dataclass(frozen=True)
class Bounds:
    """Perplexity of real texts, by their first so many tokens."""

    lengths: tuple[int, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    def at(self, n_tokens: int) -> tuple[float, float]:
        """Bounds for a text of this length, interpolated on the logarithm of it."""
        x = np.log(max(n_tokens, 1))
        known = np.log(self.lengths)
        return float(np.interp(x, known, self.low)), float(np.interp(x, known, self.high))


class Fluency:
    """Judges texts by the perplexity of a model."""

    def __init__(self, perplexity: Perplexity, real: Sequence[str]) -> None:
        self.perplexity = perplexity
        self.bounds = bounds(perplexity, real)

    def fault(self, perplexity: float, n_tokens: int) -> str:
        """Why a text of this perplexity is not fluent, in a sentence; empty if it is."""
        low, high = self.bounds.at(n_tokens)
        if perplexity > high:
            return f"Perplexity {perplexity:.0f}: {HIGH:.0%} of real texts of its length have at most {high:.0f}."
        if perplexity < low:
            return (
                f"Perplexity {perplexity:.1f}: it repeats itself; {1 - LOW:.0%} of real texts have at least {low:.1f}."
            )
        return ""


def bounds(perplexity: Perplexity, real: Sequence[str]) -> Bounds:
    """Bounds from an even choice of real texts."""
    chosen = [real[i] for i in np.unique(np.linspace(0, len(real) - 1, min(N_REAL, len(real))).astype(int))]
    surprises = perplexity.surprises(chosen, first=max(_LENGTHS))
    found = [[np.exp(one[:length].mean()) for one in surprises if len(one)] for length in _LENGTHS]
    low = tuple(float(np.quantile(values, LOW)) for values in found)
    return Bounds(_LENGTHS, low, tuple(float(np.quantile(values, HIGH)) for values in found))
