"""What a report says, before it is HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from fac_core.coverage.curves import ClusterCoverage, GrowthPoint, ThresholdPoint
from fac_core.coverage.definition import Definition
from fac_core.coverage.fac import Coverage, GapClosure
from fac_core.coverage.interval import Interval
from fac_core.evidence.examples import Example
from fac_core.store.runs.info import RunInfo


@dataclass(frozen=True)
class ReportedGap:
    """One of the gaps that come first."""

    row: Mapping[str, Any]
    """Of the queue (`features.queue.gap_queue`)."""
    decision: str
    """In words; empty while untriaged."""
    examples: Sequence[Example]
    """What fires it in the anchor."""


@dataclass(frozen=True)
class Later:
    """A run of the same space that was encoded afterwards."""

    run: RunInfo
    coverage: Coverage
    closure: GapClosure | None
    """Of this report's gaps; None where there are none."""


@dataclass(frozen=True)
class Contents:
    """Everything in a report."""

    run: RunInfo
    anchor: RunInfo
    definition: Definition
    coverage: Coverage
    interval: Interval
    presets: Mapping[str, Coverage | str]
    """Preset to its FAC, or why it has none."""
    threshold: Sequence[ThresholdPoint]
    growth: Sequence[GrowthPoint]
    parts: Mapping[str, Sequence[ClusterCoverage]]
    """By home and by cluster, as far as there are any."""
    n_gaps: int
    gaps: Sequence[ReportedGap]
    states: Mapping[str, int]
    """Triage state to how many gaps are in it."""
    decisions: pa.Table
    """As `curation.audit.audit` gives it."""
    later: Sequence[Later]
    made_at: str
    """ISO 8601, UTC."""
