"""How much any text is of a theme, by what it fires: for real texts of other runs, and for texts that are in no run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fac_core.shortfall.scoring import Scoring, levels
from fac_core.store.runs.run_file import RunFile
from fac_core.themes.activity import MOST_TEXTS, activity, dampened
from fac_core.themes.theme import LEAST_WEIGHT, Theme


@dataclass(frozen=True)
class Belonging:
    """A measure of one theme: what its features weigh, and from what on a text is of it.

    A theme keeps the order of its features, not their weights. They are listed down to a tenth of the strongest, so here they
    fall evenly from 1 to that. A text belongs that is as strong as the anchor's texts that do: as many as the answer says.
    """

    weights: np.ndarray
    """`[d_sae]`."""
    levels: np.ndarray
    """float32 `[levels, d_sae]`: of the anchor."""
    least: float
    """Strength, in units of `of_run` and `of_text`, from which a text belongs."""
    top: float
    """Of the strongest of those of the anchor's texts that were read."""

    @classmethod
    @lru_cache(maxsize=16)
    def of(cls, theme: Theme, anchor: RunFile) -> Belonging:
        """From as many of the anchor's texts as themes are found in; remembered, since files that are kept open never change.

        >>> Belonging.of(view.missing().themes[0], view.p).weights.tolist()[:4]
        [0.0, 0.0, 1.0, 0.1]
        """
        weights = np.zeros(anchor.info.d_sae)
        weights[list(theme.features)] = np.geomspace(1, LEAST_WEIGHT, len(theme.features))
        unset = cls(weights, levels(anchor), np.inf, 1.0)
        strength = np.sort(unset.of_run(anchor, most=MOST_TEXTS)[1])[::-1]
        least = strength[max(1, round(theme.anchor_share.value * len(strength))) - 1]
        return cls(weights, unset.levels, float(max(least, np.finfo(float).tiny)), float(strength[0]) or 1.0)

    def of_run(self, run: RunFile, *, most: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Every sample of a run, or at most so many drawn from it, ascending, and how much each is of the theme."""
        scoring, features = Scoring(self.levels), np.flatnonzero(self.weights)
        found = activity(run, scoring, features, most=run.info.n_samples if most is None else most)
        return found.sample_ids, found.dampened @ self.weights

    def of_text(self, feature_ids: np.ndarray, activations: np.ndarray) -> float:
        """The same of one text, by its pooled activations."""
        scores = (activations > self.levels[:, feature_ids]).sum(axis=0)
        return float(scores @ self.weights[feature_ids] * dampened(scores.sum()))

    def times_least(self, feature_ids: np.ndarray, activations: np.ndarray) -> float:
        """How many times as strong a text is as it has to be: one belongs from 1 on. As strong is 1, whatever rounding does."""
        return round(self.of_text(feature_ids, activations) / self.least, 9)
