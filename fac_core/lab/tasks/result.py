"""What every evaluator returns: one number a seed, and what it cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t

LEVEL = 0.95
"""Of every interval of this room."""


@dataclass(frozen=True)
class Evaluation:
    """How well a model does that learned from one training set."""

    task: str
    method: str
    """How it learned, e.g. `frozen head` or `LoRA`."""
    metric: str
    """What is measured on texts that were in no training set; more is better unless the name says loss."""
    per_seed: tuple[float, ...]
    """One value a training seed, in their order."""
    n_samples: int
    """Of the training set."""
    n_tokens: int
    """Of the training set."""
    n_test: int
    """Samples, pairs or items that the metric is taken over."""
    seconds: float
    """Wall time over all seeds."""

    @property
    def mean(self) -> float:
        return float(np.mean(self.per_seed))

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the mean over seeds. It does not cover another draw of the training set or of the test."""
        return mean_interval(self.per_seed)


def half_width(values: Sequence[float]) -> float:
    """Of Student's interval of a mean; without a spread to speak of (one value), not a number."""
    if len(values) < 2:
        return math.nan
    return float(t.ppf((1 + LEVEL) / 2, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5)


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """Both ends of the interval of a mean.

    >>> [round(end, 2) for end in mean_interval([0.4, 0.6, 0.5])]
    [0.25, 0.75]
    """
    centre, half = float(np.mean(values)), half_width(values)
    return centre - half, centre + half
