"""One training set of a pool to one score, whichever the task and the learner: the same test rows for all."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from fac_core.evaluation import reward, toxicity
from fac_core.evaluation.pool import Pool
from fac_core.evaluation.result import Evaluation

Learner = Literal["frozen head", "LoRA"]

METRICS = {"toxicity": toxicity.METRIC, "reward": reward.METRIC, "instructions": "minus held-out loss"}

Judge = Callable[[np.ndarray | slice], float]
"""Some positions of the test rows to the metric on them."""

Learn = Callable[[np.ndarray, np.ndarray, int], tuple[Judge, dict[str, float]]]
"""`(training rows, test rows, seed)` to the metric, and what else was measured."""


@dataclass(frozen=True)
class Scored:
    """What came of one training set."""

    evaluation: Evaluation
    halves: tuple[float, float]
    """The metric on the one and on the other half of the test rows, mean over seeds: how reliable the score is."""
    also: dict[str, float] = field(default_factory=dict)
    """What else was measured, mean over seeds."""


def learned(
    pool: Pool, train: np.ndarray, test: np.ndarray, learn: Learn, *, seeds: Sequence[int], learner: Learner
) -> Scored:
    """Train on rows of a pool, once a seed, and measure on other rows.

    Args:
        learn: `head` or `lora` of this pool.
        learner: what it is called in the result.
    """
    started = time.monotonic()
    parts = [slice(None), *halves(pool.positive[test])]
    values, also = [], []
    for seed in seeds:
        judge, others = learn(train, test, seed)
        values.append([judge(part) for part in parts])
        also.append(others)
    whole, one, other = np.array(values).T
    n_tokens = int(pool.n_tokens[train].sum())
    seconds = time.monotonic() - started
    evaluation = Evaluation(
        pool.task, learner, METRICS[pool.task], tuple(whole.tolist()), len(train), n_tokens, len(test), seconds
    )
    means = {name: float(np.mean([others[name] for others in also])) for name in also[0]}
    return Scored(evaluation, (float(one.mean()), float(other.mean())), means)


def head(pool: Pool) -> Learn:
    """A linear head on the frozen states of the pool."""
    x = pool.inputs

    def learn(train: np.ndarray, test: np.ndarray, seed: int) -> tuple[Judge, dict[str, float]]:
        if pool.task == "reward":
            return _judge(pool, test, reward.margins(x[train], x[test], seed)), {}
        return _judge(pool, test, toxicity.margins((x[train], pool.positive[train]), x[test], seed)), {}

    return learn


def lora(pool: Pool, *, model: str, context: int, dtype: Literal["float32", "bfloat16"]) -> Learn:
    """Adapters on all layers of the model, trained on the texts themselves, by the settings of each task."""
    from fac_core.evaluation import adapters, instructions  # torch, transformers, peft

    settings = {"toxicity": adapters.TOXICITY, "reward": adapters.REWARD, "instructions": instructions.SFT}
    config = replace(settings[pool.task], model=model, context=context, dtype=dtype)

    def learn(train: np.ndarray, test: np.ndarray, seed: int) -> tuple[Judge, dict[str, float]]:
        if pool.task == "toxicity":
            texts, test_texts = ([pool.texts[i] for i in rows] for rows in (train, test))
            margin = adapters.toxicity_margins(texts, pool.positive[train], test_texts, config, seed=seed)
            return _judge(pool, test, margin), {}
        pairs, test_pairs = ([pool.pairs[i] for i in rows] for rows in (train, test))
        if pool.task == "reward":
            return _judge(pool, test, adapters.reward_margins(pairs, test_pairs, config, seed=seed)), {}
        found = instructions.follow(pairs, test_pairs, config, seed=seed)
        return found.score, {"demands met": found.demands_met}

    return learn


def _judge(pool: Pool, test: np.ndarray, margin: np.ndarray) -> Judge:
    labels = pool.positive[test]
    if pool.task == "reward":
        return lambda part: reward.score(margin[part])
    return lambda part: toxicity.score(margin[part], labels[part])


def halves(positive: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions of a test set in two parts with as many positives; the same at every call."""
    rng = np.random.default_rng(0)
    mixed = [rng.permutation(np.flatnonzero(positive == label)) for label in (True, False)]
    return np.concatenate([m[::2] for m in mixed]), np.concatenate([m[1::2] for m in mixed])
