"""Several runs side by side, at their own sizes and at a matched size.

FAC grows with the number and the length of samples, so a comparison states both, and can draw subsamples of equal size.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fac_core.coverage.active import anchor_features
from fac_core.coverage.definition import PAPER, Definition
from fac_core.coverage.fac import Coverage, coverage
from fac_core.coverage.orders import ActivePairs, active_pairs, first_cover
from fac_core.errors import WrongUse
from fac_core.store.runs.run_file import RunFile


@dataclass(frozen=True)
class Matched:
    """FAC of random subsamples of a run, of the size of the smallest run."""

    by: Literal["samples", "tokens"]
    size: int
    """Samples or tokens of the smallest run: the size of each subsample, or the most tokens that it may have."""
    mean: float
    low: float
    """5 % of the draws lie below."""
    high: float
    """95 % of the draws lie below."""
    n_draws: int


@dataclass(frozen=True)
class Compared:
    """One run of a comparison."""

    coverage: Coverage
    """At the run's own size."""
    mean_length: float
    """Content tokens a sample."""
    matched: Matched | None
    """At the size of the smallest run, if asked for."""


def compare(
    runs: Sequence[RunFile],
    anchor: RunFile,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    match: Literal["samples", "tokens"] | None = None,
    n_draws: int = 50,
    seed: int = 0,
) -> tuple[Compared, ...]:
    """FAC of each run, in the order given, with sizes; with `match`, also at the smallest run's size.

    Args:
        match: `samples` draws as many samples as the smallest run has, without replacement; `tokens` adds samples in
            random order while they fit into the number of tokens that the smallest run has. The smallest run is
            thereby drawn whole. Matching one leaves the other unequal where mean lengths differ.

    Raises `ModelMismatch` and `EmptyAnchor` as `coverage` does, `WrongUse` without runs.
    """
    if not runs:
        raise WrongUse("There is no run to compare. Name one at least.")
    whole = [coverage(run, anchor, definition, relevant) for run in runs]
    matched: list[Matched | None] = [None] * len(runs)
    if match is not None:
        features = anchor_features(anchor, definition, relevant)
        size = min(c.n_samples if match == "samples" else c.n_tokens for c in whole)
        matched = []
        for run in runs:
            pairs = active_pairs(run, features, definition.min_count)
            counts = _drawn(pairs, match, size, n_draws, np.random.default_rng(seed))
            # Divided last: a run that is drawn whole has its own FAC to the last bit.
            mean, low, high = np.array([counts.mean(), *np.quantile(counts, [0.05, 0.95])]) / features.can_occur.sum()
            matched.append(Matched(match, size, float(mean), float(low), float(high), n_draws))
    return tuple(
        Compared(c, c.n_tokens / c.n_samples if c.n_samples else 0.0, m) for c, m in zip(whole, matched, strict=True)
    )


def draws(
    n_tokens: np.ndarray, match: Literal["samples", "tokens"], size: int, n_draws: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Positions of the samples of each draw, in random order.

    Args:
        n_tokens: of each sample of the run.
        size: how many samples; or how many tokens, and samples are taken while they fit.
    """
    for _ in range(n_draws):
        order = rng.permutation(len(n_tokens))
        n = size if match == "samples" else np.searchsorted(np.cumsum(n_tokens[order]), size, side="right")
        yield order[:n]


def _drawn(
    pairs: ActivePairs, match: Literal["samples", "tokens"], size: int, n_draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Covered features in each draw, `[n_draws]`."""
    counts = np.zeros(n_draws)
    for i, chosen in enumerate(draws(pairs.n_tokens, match, size, n_draws, rng)):
        rest = np.setdiff1d(np.arange(pairs.n_samples), chosen)
        counts[i] = (first_cover(pairs, np.concatenate([chosen, rest])) <= len(chosen)).sum()
    return counts
