"""Draws of the paper's design: an anchor and a seed each, and so which features are gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fac_core.coverage.definition import CALIBRATED
from fac_core.errors import WrongUse
from fac_core.lab.paper_design.sources import PaperDesign, Sources
from fac_core.lab.sets.variants import Yardstick

CELLS = {
    f"{gap}, {goes}": (gap == "gap", goes == "relevant")
    for gap in ("gap", "covered")
    for goes in ("relevant", "irrelevant")
}
"""Name -> whether its features are gaps, and whether they are relevant."""
LEAST_TEXTS = 3
"""Positive texts of the source that a feature needs to be written for, or prompts have nothing to show."""


@dataclass(frozen=True)
class Draw:
    """An anchor, a seed, and what the seed says of features."""

    number: int
    seed: np.ndarray
    """Rows of the pool."""
    people: np.ndarray
    """Rows: positive texts by people that are neither in the anchor nor in the seed."""
    gap: np.ndarray
    """bool `[d_sae]`: of F(P), too seldom in the seed."""
    covered: np.ndarray
    """bool `[d_sae]`."""

    def cell(self, given: Sources, name: str) -> np.ndarray:
        """bool `[d_sae]`: features of a cell."""
        is_gap, is_relevant = CELLS[name]
        return (self.gap if is_gap else self.covered) & (given.relevant if is_relevant else given.irrelevant)


def drawn(design: PaperDesign, given: Sources, number: int) -> Draw:
    """A draw: a third of the anchor's rows says what can occur, the seed is from the rest, half of its safe texts by people."""
    pool, rng = given.pool, np.random.default_rng(number)
    order = rng.permutation(len(pool))
    anchor, rest = np.sort(order[: len(pool) // 3]), order[len(pool) // 3 :]
    half = design.n_safe // 2
    kinds = [
        (given.safe & given.by_person, half, "safe texts by people"),
        (given.safe & ~given.by_person, design.n_safe - half, "safe texts by an assistant"),
        (pool.positive, design.n_human, "positive texts"),
    ]
    parts: list[np.ndarray] = []
    for chosen, n, called in kinds:
        rows = rest[chosen[rest]]
        if len(rows) < n:
            raise WrongUse(f"Beside the anchor there are {len(rows)} {called}; a seed needs {n}.")
        parts.append(rows[:n])
    seed = np.concatenate(parts)
    counts = Yardstick(pool, anchor).counts(seed, CALIBRATED)
    people = np.setdiff1d(rest[pool.positive[rest]], seed)
    return Draw(number, seed, people, counts.can_occur & ~counts.covered, counts.covered)


def features_of(design: PaperDesign, given: Sources, draws: Sequence[Draw]) -> list[int]:
    """Features to write for: of each cell, those that most draws put there. Raises `WrongUse` where a cell has none."""
    positive = given.pool.activations[np.flatnonzero(given.pool.positive)]
    enough = np.asarray((positive > 0).sum(axis=0)).ravel() >= LEAST_TEXTS
    chosen: list[int] = []
    for name in CELLS:
        often = np.mean([draw.cell(given, name) for draw in draws], axis=0) * enough
        often[chosen] = 0
        order = np.random.default_rng(0).permutation(len(often))
        best = order[np.argsort(-often[order], kind="stable")][: design.features]
        best = best[often[best] >= 0.5]
        if not len(best):
            raise WrongUse(f"No feature is {name} in half of the draws, so none can be written for.")
        chosen += best.tolist()
    return chosen
