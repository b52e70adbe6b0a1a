"""One training set of a pool to one score, whichever the task: frozen head, the same test rows for all."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fac_core.evaluation import reward, toxicity
from fac_core.evaluation.pool import Pool
from fac_core.evaluation.result import Evaluation

METRICS = {"toxicity": toxicity.METRIC, "reward": reward.METRIC}


@dataclass(frozen=True)
class Scored:
    """What came of one training set."""

    evaluation: Evaluation
    halves: tuple[float, float]
    """The metric on the one and on the other half of the test rows, mean over seeds: how reliable the score is."""


def learned(
    pool: Pool, train: np.ndarray, test: np.ndarray, *, seeds: Sequence[int], inputs: np.ndarray | None = None
) -> Scored:
    """Train on rows of a pool, once a seed, and measure on other rows.

    Args:
        inputs: `[rows, d]`: states of another backbone than the pool's own.
    """
    started = time.monotonic()
    x = pool.inputs if inputs is None else inputs
    parts = [np.arange(len(test)), *halves(pool.positive[test])]
    values = []
    for seed in seeds:
        if pool.task == "reward":
            margin = reward.margins(x[train], x[test], seed)
            values.append([reward.score(margin[part]) for part in parts])
        else:
            margin = toxicity.margins((x[train], pool.positive[train]), x[test], seed)
            values.append([toxicity.score(margin[part], pool.positive[test][part]) for part in parts])
    whole, one, other = np.array(values).T
    n_tokens = int(pool.n_tokens[train].sum())
    seconds = time.monotonic() - started
    evaluation = Evaluation(
        pool.task, "frozen head", METRICS[pool.task], tuple(whole.tolist()), len(train), n_tokens, len(test), seconds
    )
    return Scored(evaluation, (float(one.mean()), float(other.mean())))


def halves(positive: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions of a test set in two parts with as many positives; the same at every call."""
    rng = np.random.default_rng(0)
    mixed = [rng.permutation(np.flatnonzero(positive == label)) for label in (True, False)]
    return np.concatenate([m[::2] for m in mixed]), np.concatenate([m[1::2] for m in mixed])
