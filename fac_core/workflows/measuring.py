"""Verbs that measure: FAC, gap closure, gaps, curves, comparison. They read run files and load no model."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import ExitStack
from typing import Literal

import pyarrow as pa

from fac_core.coverage import compare as comparing
from fac_core.coverage import curves, fac
from fac_core.coverage import gaps as gap_list
from fac_core.coverage.definition import PAPER, Definition
from fac_core.coverage.interval import Interval, bootstrap_interval
from fac_core.evidence import examples as evidence
from fac_core.evidence.homes import home_words, homes
from fac_core.store.runs.run_file import RunInfo
from fac_core.workflows.opening import Folder, open_anchor, open_pair, open_workspace


def runs(workspace: Folder = None) -> list[RunInfo]:
    """All runs, the newest last."""
    return open_workspace(workspace).runs()


def coverage(
    run: str | None = None,
    anchor: str | None = None,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    workspace: Folder = None,
) -> fac.Coverage:
    """FAC of a run against the anchor."""
    with open_pair(workspace, run, anchor) as (q, p):
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
    with open_pair(workspace, run, anchor) as (q, p):
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
    with open_pair(workspace, synthetic, anchor) as (s, p), open_workspace(workspace).run(seed) as q:
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
    with open_pair(workspace, run, anchor) as (q, p):
        table = gap_list.gaps(q, p, definition, relevant, limit=limit)
        ids = table["feature_id"].to_pylist()
        words = evidence.peak_words(p, ids)
        return table.append_column("words", pa.array([", ".join(w.word for w in words[f]) for f in ids], pa.string()))


def coverage_by(
    field: str = "set",
    run: str | None = None,
    anchor: str | None = None,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    workspace: Folder = None,
) -> tuple[curves.ClusterCoverage, ...]:
    """FAC by where the features are at home in the anchor: by a field of its samples' metadata, least covered first."""
    with open_pair(workspace, run, anchor) as (q, p):
        result = fac.coverage(q, p, definition, relevant)
        found = homes(p, [*result.covered, *result.missing], field)
        return curves.cluster_coverage(result, {feature: home.value for feature, home in found.items()})


def gap_words(
    field: str = "set",
    run: str | None = None,
    anchor: str | None = None,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    workspace: Folder = None,
    n: int = 6,
) -> dict[str, list[str]]:
    """What the gaps are about, in words: by their home, up to n words that single missing features stand for."""
    with open_pair(workspace, run, anchor) as (q, p):
        missing = fac.coverage(q, p, definition, relevant).missing
        return home_words(homes(p, missing, field), evidence.peak_words(p, missing, n=1), n)


def threshold_curve(
    run: str | None = None,
    anchor: str | None = None,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    workspace: Folder = None,
    deltas: Sequence[float] | None = None,
) -> tuple[curves.ThresholdPoint, ...]:
    """FAC against δ."""
    with open_pair(workspace, run, anchor) as (q, p):
        return curves.threshold_curve(q, p, definition, relevant, deltas=deltas)


def growth_curve(
    run: str | None = None,
    anchor: str | None = None,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    workspace: Folder = None,
    seed: int = 0,
) -> tuple[curves.GrowthPoint, ...]:
    """FAC against the number of samples, over random orders."""
    with open_pair(workspace, run, anchor) as (q, p):
        return curves.growth_curve(q, p, definition, relevant, seed=seed)


def count_curve(
    run: str | None = None,
    anchor: str | None = None,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    workspace: Folder = None,
) -> tuple[curves.CountPoint, ...]:
    """FAC against the number of samples in which a feature must be active."""
    with open_pair(workspace, run, anchor) as (q, p):
        return curves.count_curve(q, p, definition, relevant)


def compare(
    names: Sequence[str],
    anchor: str | None = None,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    workspace: Folder = None,
    match: Literal["samples", "tokens"] | None = None,
    seed: int = 0,
) -> tuple[comparing.Compared, ...]:
    """Several runs side by side, with their sizes; with `match`, also at the smallest one's size."""
    place = open_workspace(workspace)
    with ExitStack() as stack:
        opened = [stack.enter_context(place.run(name)) for name in names]
        p = stack.enter_context(open_anchor(place, anchor))
        return comparing.compare(opened, p, definition, relevant, match=match, seed=seed)
