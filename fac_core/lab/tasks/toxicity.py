"""Toxicity detection, or any other label that few texts have: AUPRC of a head on frozen states."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from sklearn.metrics import average_precision_score

from fac_core.errors import WrongUse
from fac_core.lab.tasks.head import fitted
from fac_core.lab.tasks.result import Evaluation

METRIC = "AUPRC"


def frozen_head(
    train: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    *,
    n_tokens: int,
    seeds: Sequence[int] = (0, 1, 2),
) -> Evaluation:
    """Learn from states and labels, and be measured on others.

    Args:
        train, test: states `[samples, d]` and labels bool `[samples]`.
        n_tokens: of the training set, for the record.

    Raises `WrongUse` where training set or test set lack one of the two labels.
    """
    for name, (_, labels) in {"training set": train, "test set": test}.items():
        if labels.all() or not labels.any():
            raise WrongUse(
                f"The {name} needs positive and negative samples; it has {int(labels.sum())} positive of {len(labels)}."
            )
    started = time.monotonic()
    values = tuple(score(margins(train, test[0], seed), test[1]) for seed in seeds)
    seconds = time.monotonic() - started
    return Evaluation("toxicity", "frozen head", METRIC, values, len(train[0]), n_tokens, len(test[0]), seconds)


def margins(train: tuple[np.ndarray, np.ndarray], inputs: np.ndarray, seed: int) -> np.ndarray:
    """How positive the trained head finds each of `inputs`: `[samples]`."""
    return fitted(*train, scoring="average_precision", seed=seed).decision_function(inputs)


def score(margin: np.ndarray, labels: np.ndarray) -> float:
    """Area under the precision-recall curve, as average precision."""
    return float(average_precision_score(labels, margin))
