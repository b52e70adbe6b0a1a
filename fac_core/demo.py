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
from fac_core.evidence.examples import peak_words
from fac_core.evidence.homes import home_words, homes
from fac_core.gaps.gap_evidence import with_evidence
from fac_core.progress import Progress
from fac_core.store.runs.info import RunInfo
from fac_core.workflows.naming import labels_of

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
    """Features that never fire in the seed and peak on words, the highest priority first."""
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
        if not labels_of(workspace, anchor.run_id).names().text:
            fac.label_features(anchor.run_id, workspace=workspace)
        tell(1, 1)
    with watch("Mapping the features") as tell:
        fac.make_atlas(anchor.run_id, workspace=workspace, on_progress=tell)
    view = fac.View.find(seed.run_id, anchor.run_id, workspace=workspace)
    calibrated = view.counted(CALIBRATED)
    gaps = _peaking_on_words(view.gaps()).slice(0, _N_GAPS)
    return Demo(
        workspace=workspace,
        anchor=anchor,
        seed=seed,
        coverage=view.coverage(),
        interval=view.interval(),
        calibrated=calibrated.coverage(),
        by_home=calibrated.parts("set"),
        gap_words=_gap_words(calibrated),
        gaps=with_evidence(gaps, view.q, view.p, view.definition),
        threshold_curve=view.threshold_curve(),
        count_curve=view.count_curve(),
        growth_curve=calibrated.growth_curve(),
    )


def _gap_words(view: fac.View, n: int = 6) -> dict[str, list[str]]:
    """By the set in which they are at home, up to n words that single missing features stand for."""
    missing = view.coverage().missing
    return home_words(homes(view.p, missing, "set"), peak_words(view.p, missing, n=1), n)


def _peaking_on_words(gaps: pa.Table) -> pa.Table:
    """Without the gaps that are about punctuation and single letters: real ones too, but nothing to tell a story with."""
    tells = [bool(re.match(r"[a-z]{3}", words)) for words in gaps["words"].to_pylist()]
    return gaps.filter(pa.array(tells, pa.bool_()))
