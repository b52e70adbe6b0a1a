"""The demo: what does a dataset of everyday situations lack, measured against a broad one? Real model, real data.

It leaves behind all that the dashboard shows: two runs, names, the map.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

import fac_core as fac
from fac_core.activations.spec import EncodeSpec
from fac_core.coverage.curves import ClusterCoverage, CountPoint, GrowthPoint, ThresholdPoint
from fac_core.coverage.definition import CALIBRATED
from fac_core.coverage.fac import Coverage
from fac_core.coverage.interval import Interval
from fac_core.progress import Progress
from fac_core.store.runs.info import RunInfo

MIXTURES = Path(__file__).resolve().parents[1] / "data" / "mixtures"
SPEC = EncodeSpec(context=256)
_N_GAPS = 15


@dataclass(frozen=True)
class Demo:
    """Everything that the demo measured."""

    workspace: Path
    anchor: RunInfo
    seed: RunInfo
    coverage: Coverage
    """As the paper defines it: δ = 0, one sample suffices."""
    interval: Interval
    calibrated: Coverage
    by_home: tuple[ClusterCoverage, ...]
    """Calibrated FAC of the features at home in each set of the anchor, least covered first."""
    gap_words: dict[str, list[str]]
    """By the same sets, words that single missing features stand for."""
    gaps: pa.Table
    """Features that never fire in the seed and peak on words, those with most anchor samples first."""
    threshold_curve: tuple[ThresholdPoint, ...]
    growth_curve: tuple[GrowthPoint, ...]
    count_curve: tuple[CountPoint, ...]


def run_demo(workspace: Path, watch: Callable[[str], AbstractContextManager[Progress]]) -> Demo:
    """Encode both datasets, name the features and map them (once: the second time all is there), and measure.

    Args:
        watch: gives a progress callback for a titled step.

    Raises what `encode` raises; `MissingExtra` names the package where model or data are not installed.
    """
    with watch("Encoding the anchor") as tell:
        anchor = fac.encode(MIXTURES / "demo_anchor.toml", SPEC, workspace=workspace, anchor=True, on_progress=tell)
    with watch("Encoding the seed") as tell:
        seed = fac.encode(MIXTURES / "demo_seed.toml", SPEC, workspace=workspace, on_progress=tell)
    with watch("Naming the features") as tell:
        if not fac.labels(anchor.run_id, workspace=workspace):
            fac.label_features(anchor.run_id, workspace=workspace)
        tell(1, 1)
    with watch("Mapping the features") as tell:
        fac.atlas(anchor.run_id, workspace=workspace, on_progress=tell).close()
    pair = (seed.run_id, anchor.run_id)
    return Demo(
        workspace=workspace,
        anchor=anchor,
        seed=seed,
        coverage=fac.coverage(*pair, workspace=workspace),
        interval=fac.interval(*pair, workspace=workspace),
        calibrated=fac.coverage(*pair, CALIBRATED, workspace=workspace),
        by_home=fac.coverage_by("set", *pair, CALIBRATED, workspace=workspace),
        gap_words=fac.gap_words("set", *pair, CALIBRATED, workspace=workspace),
        gaps=_peaking_on_words(fac.gaps(*pair, workspace=workspace)).slice(0, _N_GAPS),
        threshold_curve=fac.threshold_curve(*pair, workspace=workspace),
        count_curve=fac.count_curve(*pair, workspace=workspace),
        growth_curve=fac.growth_curve(*pair, CALIBRATED, workspace=workspace),
    )


def _peaking_on_words(gaps: pa.Table) -> pa.Table:
    """Without the gaps that are about punctuation and single letters: real ones too, but nothing to tell a story with."""
    tells = [bool(re.match(r"[a-z]{3}", words)) for words in gaps["words"].to_pylist()]
    return gaps.filter(pa.array(tells, pa.bool_()))
