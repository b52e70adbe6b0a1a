"""Reward modelling: which of two answers is better. Bradley-Terry on frozen states, pairwise accuracy.

With a linear reward r(x) = w·h(x), P(chosen beats rejected) = σ(w·(h(chosen) - h(rejected))): a logistic regression
through the origin on differences of states.
"""

from __future__ import annotations

import numpy as np

from fac_core.lab.tasks.head import fitted
from fac_core.lab.tasks.hidden_states import Passage

METRIC = "pairwise accuracy"


def margins(train: np.ndarray, differences: np.ndarray, seed: int) -> np.ndarray:
    """By how much the trained reward prefers the chosen answer of each pair: `[pairs]`."""
    # Half of the pairs are turned round: the likelihood stays the same, and a classifier sees two kinds.
    kept = np.random.default_rng(seed).permutation(len(train)) % 2 == 0
    turned = np.where(kept[:, None], train, -train)
    head = fitted(turned, kept, scoring="accuracy", seed=seed, through_origin=True)
    return head.decision_function(differences)


def score(margin: np.ndarray) -> float:
    """The share of pairs whose chosen answer gets the higher reward; a tie counts half."""
    return float(np.mean(np.where(margin == 0, 0.5, margin > 0)))


def passages(chosen: str, rejected: str) -> tuple[Passage, Passage]:
    """Both answers with what they share before them; only what differs is pooled."""
    unlike = (i for i, (a, b) in enumerate(zip(chosen, rejected, strict=False)) if a != b)
    shared = next(unlike, min(len(chosen), len(rejected)))
    return Passage(chosen, shared), Passage(rejected, shared)
