"""The verbs of the project, as functions: what the command line and notebooks call.

Each function finds the workspace, opens the runs read-only, closes them again and returns a frozen result.
Everywhere, `workspace` None means the one in, above or right below the current folder; `run` None means the
newest run beside the anchor; `anchor` None means the anchor that the workspace remembers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal

import pyarrow as pa

from fac_core.activations.spec import EncodeSpec
from fac_core.coverage import compare as comparing
from fac_core.coverage import curves, fac
from fac_core.coverage import gaps as gap_list
from fac_core.coverage.definition import PAPER, Definition
from fac_core.coverage.interval import Interval, bootstrap_interval
from fac_core.datasets.layouts import AUTOMATIC, ColumnMapping
from fac_core.datasets.texts import iter_texts
from fac_core.features import evidence
from fac_core.features.homes import home_words, homes
from fac_core.progress import Progress, silent
from fac_core.store.run_file import RunFile, RunInfo
from fac_core.store.workspace import Workspace
from fac_core.training.config import TrainConfig

Folder = Path | str | None


def encode(
    source: str | Path,
    spec: EncodeSpec = EncodeSpec(),
    *,
    workspace: Path | str = "workspace",
    name: str | None = None,
    mapping: ColumnMapping = AUTOMATIC,
    anchor: bool = False,
    on_progress: Progress = silent,
) -> RunInfo:
    """Encode a dataset into a run of the workspace, which is made where needed. Resumes; a run that exists is returned.

    Args:
        anchor: remember the run as the workspace's anchor.
    """
    from fac_core.activations import pipeline  # torch: only where a model runs

    place = Workspace.create(Path(workspace))
    info = pipeline.encode(source, place, spec, name=name, mapping=mapping, on_progress=on_progress)
    return place.set_anchor(info.run_id) if anchor else info


def runs(workspace: Folder = None) -> list[RunInfo]:
    """All runs, the newest last."""
    return _workspace(workspace).runs()


def coverage(
    run: str | None = None,
    anchor: str | None = None,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    workspace: Folder = None,
) -> fac.Coverage:
    """FAC of a run against the anchor."""
    with _pair(workspace, run, anchor) as (q, p):
        return fac.coverage(q, p, definition, relevant)


def interval(
    run: str | None = None,
    anchor: str | None = None,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    workspace: Folder = None,
    level: float = 0.9,
    seed: int = 0,
) -> Interval:
    """FAC with a bootstrap interval over the run's samples."""
    with _pair(workspace, run, anchor) as (q, p):
        return bootstrap_interval(q, p, definition, relevant, level=level, seed=seed)


def gap_closure(
    synthetic: str,
    seed: str,
    anchor: str | None = None,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    workspace: Folder = None,
) -> fac.GapClosure:
    """The share of the seed's gaps that a run of synthetic samples closes."""
    with _pair(workspace, synthetic, anchor) as (s, p), _workspace(workspace).run(seed) as q:
        return fac.gap_closure(s, q, p, definition, relevant)


def gaps(
    run: str | None = None,
    anchor: str | None = None,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    workspace: Folder = None,
    limit: int | None = None,
) -> pa.Table:
    """Missing features with the anchor's evidence, and the `words` at its peaks; strongest evidence first."""
    with _pair(workspace, run, anchor) as (q, p):
        table = gap_list.gaps(q, p, definition, relevant, limit=limit)
        ids = table["feature_id"].to_pylist()
        words = evidence.peak_words(p, ids)
        return table.append_column("words", pa.array([", ".join(w.word for w in words[f]) for f in ids], pa.string()))


def coverage_by(
    field: str = "set",
    run: str | None = None,
    anchor: str | None = None,
    definition: Definition = PAPER,
    *,
    workspace: Folder = None,
) -> tuple[curves.ClusterCoverage, ...]:
    """FAC by where the features are at home in the anchor: by a field of its samples' metadata, least covered first."""
    with _pair(workspace, run, anchor) as (q, p):
        result = fac.coverage(q, p, definition)
        found = homes(p, [*result.covered, *result.missing], field)
        return curves.cluster_coverage(result, {feature: home.value for feature, home in found.items()})


def gap_words(
    field: str = "set",
    run: str | None = None,
    anchor: str | None = None,
    definition: Definition = PAPER,
    *,
    workspace: Folder = None,
    n: int = 6,
) -> dict[str, list[str]]:
    """What the gaps are about, in words: by their home, up to n words that single missing features stand for."""
    with _pair(workspace, run, anchor) as (q, p):
        missing = fac.coverage(q, p, definition).missing
        return home_words(homes(p, missing, field), evidence.peak_words(p, missing, n=1), n)


def threshold_curve(
    run: str | None = None,
    anchor: str | None = None,
    definition: Definition = PAPER,
    *,
    workspace: Folder = None,
    deltas: Sequence[float] | None = None,
) -> tuple[curves.ThresholdPoint, ...]:
    """FAC against δ."""
    with _pair(workspace, run, anchor) as (q, p):
        return curves.threshold_curve(q, p, definition, deltas=deltas)


def growth_curve(
    run: str | None = None,
    anchor: str | None = None,
    definition: Definition = PAPER,
    *,
    workspace: Folder = None,
    seed: int = 0,
) -> tuple[curves.GrowthPoint, ...]:
    """FAC against the number of samples, over random orders."""
    with _pair(workspace, run, anchor) as (q, p):
        return curves.growth_curve(q, p, definition, seed=seed)


def count_curve(
    run: str | None = None,
    anchor: str | None = None,
    definition: Definition = PAPER,
    *,
    workspace: Folder = None,
) -> tuple[curves.CountPoint, ...]:
    """FAC against the number of samples in which a feature must be active."""
    with _pair(workspace, run, anchor) as (q, p):
        return curves.count_curve(q, p, definition)


def compare(
    names: Sequence[str],
    anchor: str | None = None,
    definition: Definition = PAPER,
    *,
    workspace: Folder = None,
    match: Literal["samples", "tokens"] | None = None,
    seed: int = 0,
) -> tuple[comparing.Compared, ...]:
    """Several runs side by side, with their sizes; with `match`, also at the smallest one's size."""
    place = _workspace(workspace)
    with ExitStack() as stack:
        opened = [stack.enter_context(place.run(name)) for name in names]
        p = stack.enter_context(_anchor(place, anchor))
        return comparing.compare(opened, p, definition, match=match, seed=seed)


def top(
    feature_id: int, run: str | None = None, *, workspace: Folder = None, n: int = 10
) -> tuple[evidence.Example, ...]:
    """The samples that fire a feature most; of the anchor unless another run is named."""
    place = _workspace(workspace)
    with place.run(run) if run else _anchor(place, None) as opened:
        return evidence.top_examples(opened, feature_id, n)


def train_sae(
    sources: Sequence[str | Path],
    output: Path | str,
    config: TrainConfig,
    *,
    on_progress: Progress = silent,
) -> Path:
    """Train a SAE on the texts of some datasets. Resumes. Returns the folder, which sae-lens and `encode` read."""
    from fac_core.training.train import train_from_texts

    return train_from_texts(iter_texts(sources), config, Path(output), on_progress=on_progress)


def _workspace(folder: Folder) -> Workspace:
    return Workspace.find() if folder is None else Workspace(Path(folder))


def _anchor(place: Workspace, name: str | None) -> RunFile:
    return place.run(place.anchor().run_id if name is None else name)


@contextmanager
def _pair(folder: Folder, run: str | None, anchor: str | None) -> Iterator[tuple[RunFile, RunFile]]:
    """The run and the anchor, opened."""
    place = _workspace(folder)
    with _anchor(place, anchor) as p, place.run(run or place.seed(p.info).run_id) as q:
        yield q, p
