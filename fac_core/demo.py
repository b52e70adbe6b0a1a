"""The demo: what does a dataset of everyday situations lack, measured against a broad one? Real model, real data.

It leaves behind all that the dashboard shows: two runs, names, the map. `run_first` answers from a tenth of the texts, which takes
a few seconds, and lets jobs read the whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa

import fac_core as fac
from fac_core.activations.spec import EncodeSpec
from fac_core.coverage.curves import ClusterCoverage, CountPoint, GrowthPoint, ThresholdPoint
from fac_core.coverage.definition import CALIBRATED
from fac_core.coverage.fac import Coverage
from fac_core.coverage.interval import Interval
from fac_core.datasets.layouts import ColumnMapping
from fac_core.evidence.examples import peak_words
from fac_core.evidence.homes import home_words, homes
from fac_core.gaps.gap_evidence import with_evidence
from fac_core.jobs.launch import ensure_worker
from fac_core.jobs.parts import part_of, reading
from fac_core.progress import Progress
from fac_core.shipped_data import SHIPPED_DATA
from fac_core.store.runs.info import RunInfo
from fac_core.themes.answer import Missing
from fac_core.workflows.naming import labels_of

MIXTURES = SHIPPED_DATA / "mixtures"
ANCHOR, SEED = MIXTURES / "demo_anchor.toml", MIXTURES / "demo_seed.toml"
SPEC = EncodeSpec(context=256)
_FIRST = {ANCHOR: 10, SEED: 50}
"""Texts of each set that the first answer is made of: a tenth of all, with every set in it."""
_NAMES = {ANCHOR: "broad", SEED: "everyday"}
_N_GAPS = 15

Watch = Callable[[str], AbstractContextManager[Progress]]
"""Gives a progress callback for a titled step."""


@dataclass(frozen=True)
class Answer:
    """How well the seed is covered, and what it lacks."""

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
    missing: Missing
    """The answer in themes."""
    gaps: pa.Table
    """Features that never fire in the seed and peak on words, the highest priority first."""


@dataclass(frozen=True)
class Demo(Answer):
    """Everything that the demo measured."""

    threshold_curve: tuple[ThresholdPoint, ...]
    growth_curve: tuple[GrowthPoint, ...]
    count_curve: tuple[CountPoint, ...]


def run_demo(workspace: Path, watch: Watch) -> Demo:
    """Encode both datasets, name the features and map them (once: the second time all is there), and measure.

    Raises what `encode` raises; `MissingExtra` names the package where model or data are not installed.
    """
    with watch("Encoding the anchor") as tell:
        anchor = fac.encode(ANCHOR, SPEC, workspace=workspace, anchor=True, on_progress=tell)
    with watch("Encoding the seed") as tell:
        seed = fac.encode(SEED, SPEC, workspace=workspace, on_progress=tell)
    if not labels_of(workspace, anchor.run_id).names().text:
        with watch("Naming the features") as tell:
            fac.label_features(anchor.run_id, workspace=workspace)
            tell(1, 1)
    if not fac.Workspace.at(workspace).space_path(anchor.space_id).exists():
        with watch("Mapping the features") as tell:
            fac.make_atlas(anchor.run_id, workspace=workspace, on_progress=tell)
    view = fac.View.find(seed.run_id, anchor.run_id, workspace=workspace)
    return Demo(
        **vars(_answer(workspace, view)),
        threshold_curve=view.threshold_curve(),
        count_curve=view.count_curve(),
        growth_curve=view.counted(CALIBRATED).growth_curve(),
    )


def run_first(workspace: Path, watch: Watch) -> Answer:
    """Answer from a tenth of the texts, drawn evenly from all sets, and let jobs read the whole, which then is the default.

    Where the whole is there, the answer is made of it. Called again while it is being read, it asks for nothing twice; a job
    that failed or was stopped is asked for anew. Raises what `run_demo` raises.
    """
    found: dict[Path, RunInfo] = {}
    for source, title in ((ANCHOR, "Reading some of the anchor"), (SEED, "Reading some of the seed")):
        with watch(title) as tell:
            name = f"{_NAMES[source]}, first {_FIRST[source]} of each set"
            part = ColumnMapping(take=_FIRST[source])
            first = fac.encode(source, SPEC, workspace=workspace, name=name, mapping=part, on_progress=tell)
        more = part_of(fac.Workspace.at(workspace), first)
        found[source] = more.whole if more is not None and more.whole is not None else first
    there = fac.Workspace.at(workspace)
    there.set_anchor(found[ANCHOR].run_id)
    answer = _answer(workspace, fac.View.find(found[SEED].run_id, found[ANCHOR].run_id, workspace=workspace))
    _read_the_rest(there, found)
    return answer


def _read_the_rest(workspace: fac.Workspace, found: dict[Path, RunInfo]) -> None:
    """Ask for the whole of what is a part: the seed first, which is soon done; then for names and map that no SAE brought."""
    asked = False
    for source in (SEED, ANCHOR):
        job = reading(workspace, str(source))
        is_part = found[source].in_part
        if is_part and (job is None or not job.is_active):
            params = {**asdict(SPEC), "source": str(source), "name": _NAMES[source], "anchor": source == ANCHOR}
            fac.submit_job("encode", params, author="demo", workspace=workspace)
            asked = True
    if asked and not labels_of(workspace, found[ANCHOR].run_id).names().text:
        fac.submit_job("label", {}, author="demo", workspace=workspace)
    if asked and not workspace.space_path(found[ANCHOR].space_id).exists():
        fac.submit_job("atlas", {}, author="demo", workspace=workspace)
    if any(reading(workspace, str(source)) for source in found):
        ensure_worker(workspace)


def _answer(workspace: Path, view: fac.View) -> Answer:
    calibrated = view.counted(CALIBRATED)
    gaps = _peaking_on_words(view.gaps()).slice(0, _N_GAPS)
    return Answer(
        workspace=workspace,
        anchor=view.anchor,
        seed=view.run,
        coverage=view.coverage(),
        interval=view.interval(),
        calibrated=calibrated.coverage(),
        by_home=calibrated.parts("set"),
        gap_words=_gap_words(calibrated),
        missing=view.missing(),
        gaps=with_evidence(gaps, view.q, view.p, view.definition),
    )


def _gap_words(view: fac.View, n: int = 6) -> dict[str, list[str]]:
    """By the set in which they are at home, up to n words that single missing features stand for."""
    missing = view.coverage().missing
    return home_words(homes(view.p, missing, "set"), peak_words(view.p, missing, n=1), n)


def _peaking_on_words(gaps: pa.Table) -> pa.Table:
    """Without the gaps that are about punctuation and single letters: real ones too, but nothing to tell a story with."""
    tells = [bool(re.match(r"[a-z]{3}", words)) for words in gaps["words"].to_pylist()]
    return gaps.filter(pa.array(tells, pa.bool_()))
