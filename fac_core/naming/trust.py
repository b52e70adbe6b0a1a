"""How far a label can be trusted: how well it predicts, on samples it has not seen, whether its feature fires."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ALWAYS_YES = 2 / 3
"""F1 of a label that says yes to everything, where half of the cases are negatives: below this a label is worth nothing."""

TRUSTED = 0.7
"""F1 from which a label may choose targets without a person having looked."""


@dataclass(frozen=True)
class Trust:
    """How well a label predicts activation on held-out samples."""

    method: str
    """`words` (the text has one of the label's words), `detection` or `fuzzing` (an LLM decides)."""
    f1: float
    precision: float
    recall: float
    n_positive: int
    """Held-out samples that fire the feature."""
    n_negative: int
    """Silent samples, up to half of them hard: a label's word occurs in them all the same."""
    model: str | None = None
    """The LLM that judged, if one did."""


def trust(said: np.ndarray, fires: np.ndarray, *, method: str, model: str | None = None) -> Trust:
    """Score predictions `said` against the truth `fires`, both bool `[cases]`. Without a correct yes, F1 is 0."""
    hits = int((said & fires).sum())
    precision = hits / max(1, int(said.sum()))
    recall = hits / max(1, int(fires.sum()))
    f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
    return Trust(method, f1, precision, recall, int(fires.sum()), int((~fires).sum()), model)


def negatives(silent: np.ndarray, tempting: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw up to n silent samples: up to half of them tempting (they look as if the feature fired), the rest any others.

    Args:
        silent, tempting: bool `[samples]`.
    """
    hard = rng.permutation(np.flatnonzero(silent & tempting))[: n // 2]
    rest = np.setdiff1d(np.flatnonzero(silent), hard)
    return np.concatenate([hard, rng.permutation(rest)[: n - len(hard)]])


def halves(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions of n samples, drawn by seed into those that a label is made from (the larger half) and those held out."""
    order = np.random.default_rng(seed).permutation(n)
    middle = (n + 1) // 2
    return np.sort(order[:middle]), np.sort(order[middle:])
