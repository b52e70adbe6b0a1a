"""Toxicity detection, or any other label that few texts have: AUPRC of a head on frozen states."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import average_precision_score

from fac_core.lab.tasks.head import fitted

METRIC = "AUPRC"


def margins(train: tuple[np.ndarray, np.ndarray], inputs: np.ndarray, seed: int) -> np.ndarray:
    """How positive the trained head finds each of `inputs`: `[samples]`."""
    return fitted(*train, scoring="average_precision", seed=seed).decision_function(inputs)


def score(margin: np.ndarray, labels: np.ndarray) -> float:
    """Area under the precision-recall curve, as average precision."""
    return float(average_precision_score(labels, margin))
