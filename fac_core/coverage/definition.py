"""What counts as covered: the choices behind one FAC number, under a name."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from fac_core.errors import WrongUse

SINK_SHARE = 0.9
"""A feature that peaks on the first content token in 90 % of its samples marks a position, not a content."""

SINK_MIN_SAMPLES = 10
"""Below so many samples the share says nothing."""


@dataclass(frozen=True)
class Definition:
    """When a feature is active, and which features are asked about.

    Feature i is active in sample x when `g_i(x) > δ_i`, strictly; it is *in* a run when it is active in at least
    `min_count` samples. The same rule and the same thresholds hold for the anchor and for every run compared with it.
    Raises `WrongUse` for values that make no sense.
    """

    delta: float = 0.0
    """δ of every feature (method of the paper, eq. 4). Compared in float32, the precision of stored activations."""
    quantile: float | None = None
    """If given, δ_i is this quantile of the feature's non-zero anchor activations, but at least `delta`."""
    min_count: int = 1
    """Samples in which a feature must be active to be in a run; the paper asks for one."""
    exclude_dense_above: float | None = None
    """Leave out features with any activation (δ = 0) in more than this share of the anchor's samples."""
    exclude_sinks: bool = False
    """Leave out features that mark the first token of a text (`SINK_SHARE`), as seen in the anchor."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.delta) and self.delta >= 0):
            raise WrongUse(f"delta is {self.delta}; activations are positive, so give a number from 0 on.")
        if self.quantile is not None and not 0 <= self.quantile < 1:
            raise WrongUse(f"quantile is {self.quantile}; give a number from 0 to below 1.")
        if self.min_count < 1:
            raise WrongUse(f"min_count is {self.min_count}; a feature counts from 1 sample or more.")
        if self.exclude_dense_above is not None and not 0 < self.exclude_dense_above <= 1:
            raise WrongUse(f"exclude_dense_above is {self.exclude_dense_above}; give a share above 0, up to 1.")


PAPER = Definition()
"""One sample with any activation at all is enough."""

CALIBRATED = Definition(quantile=0.75, min_count=3)
"""Three samples in the upper quarter of what the anchor shows: far less a matter of text length than `PAPER`."""

Preset = Literal["paper", "calibrated"]
PRESETS: dict[Preset, Definition] = {"paper": PAPER, "calibrated": CALIBRATED}
