"""One training set of a pool to one score, whichever the task and the learner: the same test rows for all."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from fac_core.lab.sets.pool import Pool
from fac_core.lab.study.study_files import Learner
from fac_core.lab.tasks import reward, toxicity
from fac_core.lab.tasks.result import Evaluation

METRICS = {"toxicity": toxicity.METRIC, "reward": reward.METRIC, "instructions": "minus held-out loss"}


@dataclass(frozen=True)
class Outcome:
    """What came of one training set with one seed."""

    score: Callable[[np.ndarray | slice], float]
    """Some positions of the test rows to the metric on them."""
    also: dict[str, float] = field(default_factory=dict)
    """What else was measured."""
    answers: tuple[str, ...] = ()
    """Of instructions: to those of the checks."""


Learn = Callable[[np.ndarray, np.ndarray, int], Outcome]
"""`(training rows, test rows, seed)` to what came of it."""


@dataclass(frozen=True)
class Scored:
    """What came of one training set with all seeds."""

    evaluation: Evaluation
    halves: tuple[float, float]
    """The metric on the one and on the other half of the test rows, mean over seeds: how reliable the score is."""
    also: dict[str, float] = field(default_factory=dict)
    """What else was measured, mean over seeds."""
    answers: tuple[tuple[str, ...], ...] = ()
    """Of instructions, those of each seed."""


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
    outcomes = [learn(train, test, seed) for seed in seeds]
    whole, one, other = np.array([[outcome.score(part) for part in parts] for outcome in outcomes]).T
    n_tokens = int(pool.n_tokens[train].sum())
    seconds = time.monotonic() - started
    evaluation = Evaluation(
        pool.task, learner, METRICS[pool.task], tuple(whole.tolist()), len(train), n_tokens, len(test), seconds
    )
    also = {name: float(np.mean([outcome.also[name] for outcome in outcomes])) for name in outcomes[0].also}
    answers = tuple(outcome.answers for outcome in outcomes)
    return Scored(evaluation, (float(one.mean()), float(other.mean())), also, answers)


def head(pool: Pool) -> Learn:
    """A linear head on the frozen states of the pool."""
    x = pool.inputs

    def learn(train: np.ndarray, test: np.ndarray, seed: int) -> Outcome:
        if pool.task == "reward":
            return _by_margin(pool, test, reward.margins(x[train], x[test], seed))
        return _by_margin(pool, test, toxicity.margins((x[train], pool.positive[train]), x[test], seed))

    return learn


def lora(pool: Pool, *, model: str, context: int, dtype: Literal["float32", "bfloat16"]) -> Learn:
    """Adapters on all layers of the model, trained on the texts themselves, by the settings of each task."""
    # torch, transformers, peft: only where something is trained
    from fac_core.lab.tasks import adapters, instructions

    settings = {"toxicity": adapters.TOXICITY, "reward": adapters.REWARD, "instructions": instructions.SFT}
    config = replace(settings[pool.task], model=model, context=context, dtype=dtype)

    def learn(train: np.ndarray, test: np.ndarray, seed: int) -> Outcome:
        if pool.task == "toxicity":
            texts, test_texts = ([pool.texts[i] for i in rows] for rows in (train, test))
            margin = adapters.toxicity_margins(texts, pool.positive[train], test_texts, config, seed=seed)
            return _by_margin(pool, test, margin)
        pairs, test_pairs = ([pool.pairs[i] for i in rows] for rows in (train, test))
        if pool.task == "reward":
            return _by_margin(pool, test, adapters.reward_margins(pairs, test_pairs, config, seed=seed))
        found = instructions.follow(pairs, test_pairs, config, seed=seed)
        return Outcome(found.score, {"demands met": found.demands_met}, found.answers)

    return learn


def _by_margin(pool: Pool, test: np.ndarray, margin: np.ndarray) -> Outcome:
    labels = pool.positive[test]
    if pool.task == "reward":
        return Outcome(lambda part: reward.score(margin[part]))
    return Outcome(lambda part: toxicity.score(margin[part], labels[part]))


def halves(positive: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions of a test set in two parts with as many positives; the same at every call."""
    rng = np.random.default_rng(0)
    mixed = [rng.permutation(np.flatnonzero(positive == label)) for label in (True, False)]
    return np.concatenate([m[::2] for m in mixed]), np.concatenate([m[1::2] for m in mixed])
