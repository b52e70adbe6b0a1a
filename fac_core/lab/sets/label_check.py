"""A check of labels that learned from real texts: whether a text is of the class that it was written for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fac_core.lab.sets.pool import Pool
from fac_core.lab.tasks.head import fitted
from fac_core.lab.tasks.hidden_states import Passage, States
from fac_core.synthesis.proof.verdict import Classify


def label_check(pool: Pool, rows: np.ndarray, states: States, names: tuple[str, str]) -> Classify:
    """A classifier on frozen states, for texts of a pool's kind.

    A text is positive where the head finds that likelier than it is among its training texts, of which few are positive;
    a border of a half would hardly ever be crossed.

    Args:
        rows: of the pool, which it learns from; none of them may be one that models are measured on.
        states: those of the pool.
        names: what it answers for positive and negative texts.
    """
    head = fitted(pool.inputs[rows], pool.positive[rows], scoring="average_precision", seed=0)
    share = float(pool.positive[rows].mean())

    def classify(texts: Sequence[str]) -> list[str]:
        probability = head.predict_proba(states.fresh([Passage(text) for text in texts]))[:, 1]
        return [names[0] if one > share else names[1] for one in probability]

    return classify
