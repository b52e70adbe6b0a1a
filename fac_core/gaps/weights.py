"""How much each part of a gap's priority counts: the flags `--w-…` and the form of the dashboard."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fac_core.errors import WrongUse


@dataclass(frozen=True)
class Weights:
    """Exponents of the formula (`gaps/priority.py`). Raises `WrongUse` below 0."""

    relevance: float = 1.0
    """Exponent of how much the feature matters for the task; 0 leaves the part out, 2 counts it double."""
    trust: float = 1.0
    """Exponent of how well its label predicts it."""
    strength: float = 1.0
    """Exponent of how many anchor samples fire it."""
    rarity: float = 1.0
    """Exponent of how little the run fires it."""

    def __post_init__(self) -> None:
        if not all(0 <= weight < math.inf for weight in vars(self).values()):
            raise WrongUse("A weight is an exponent: give 0 (leave the part out) or more.")
