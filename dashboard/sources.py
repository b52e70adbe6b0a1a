"""Answers of the engine, cached: run files never change, so a result is known by their ids and the definition.

Arrow tables, tuples and frozen dataclasses cannot be changed by a page, so all sessions share one (`cache_resource`): a
copy of a table of 65,536 features at every rerun would cost more than all else. What people decide is known by the
position of its newest event in the log.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import streamlit as st

from fac_core.coverage import curves, fac
from fac_core.coverage import gaps as gap_list
from fac_core.coverage.active import count_above
from fac_core.coverage.definition import Definition
from fac_core.coverage.interval import Interval, bootstrap_interval
from fac_core.coverage.states import feature_states
from fac_core.curation.triage import Triage
from fac_core.datasets.layouts import ColumnMapping
from fac_core.datasets.preview import Preview
from fac_core.datasets.preview import preview as read_preview
from fac_core.evidence.examples import words_in_short
from fac_core.evidence.homes import fields, homes
from fac_core.gaps.causes import why_uncovered
from fac_core.gaps.priority import Weights
from fac_core.gaps.ranked import gap_queue
from fac_core.naming.labels import Labels
from fac_core.relevance.verdicts import Relevance
from fac_core.spaces.atlas import clusters_of
from fac_core.store.events import Event, EventLog
from fac_core.store.runs.info import RunInfo
from fac_core.store.runs.run_file import RunFile
from fac_core.store.runs.space_file import SpaceFile
from fac_core.store.workspace import Workspace

_KEPT = 64
"""Results kept of each kind."""

Relevant = frozenset[int] | None
"""The features that F is restricted to; None: all."""


@st.cache_resource(max_entries=16, on_release=lambda run: run.close())
def run_file(path: Path) -> RunFile:
    """One read-only connection a run and server; every query takes a cursor of its own."""
    return RunFile(path)


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def coverage(run: Path, anchor: Path, definition: Definition, relevant: Relevant = None) -> fac.Coverage:
    """FAC."""
    return fac.coverage(run_file(run), run_file(anchor), definition, relevant)


@st.cache_resource(max_entries=_KEPT, show_spinner="Resampling…")
def interval(run: Path, anchor: Path, definition: Definition, relevant: Relevant = None) -> Interval:
    """FAC with its bootstrap interval."""
    return bootstrap_interval(run_file(run), run_file(anchor), definition, relevant)


@st.cache_resource(max_entries=_KEPT, show_spinner="Measuring…")
def threshold_curve(
    run: Path, anchor: Path, definition: Definition, relevant: Relevant = None
) -> tuple[curves.ThresholdPoint, ...]:
    """FAC against δ."""
    return curves.threshold_curve(run_file(run), run_file(anchor), definition, relevant)


@st.cache_resource(max_entries=_KEPT, show_spinner="Drawing orders…")
def growth_curve(
    run: Path, anchor: Path, definition: Definition, relevant: Relevant = None
) -> tuple[curves.GrowthPoint, ...]:
    """FAC against samples."""
    return curves.growth_curve(run_file(run), run_file(anchor), definition, relevant)


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def states(run: Path, anchor: Path, definition: Definition, relevant: Relevant = None) -> pa.Table:
    """Every feature with its coverage state and the words at its peaks in the anchor."""
    table = feature_states(run_file(run), run_file(anchor), definition, relevant)
    return table.append_column("words", pa.array(words(anchor), pa.string()))


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def state_counts(run: Path, anchor: Path, definition: Definition, relevant: Relevant = None) -> dict[str, int]:
    """How many features are in each state; states without one are left out."""
    counted = states(run, anchor, definition, relevant)["state"].value_counts().to_pylist()
    return {row["values"]: row["counts"] for row in counted}


@st.cache_resource(max_entries=8, show_spinner="Reading peaks…")
def words(run: Path) -> list[str]:
    """For every feature the words at the peaks of its strongest samples, most frequent first, comma-separated."""
    return words_in_short(run_file(run))


@st.cache_resource(max_entries=_KEPT, show_spinner="Listing gaps…")
def gaps(run: Path, anchor: Path, definition: Definition, relevant: Relevant = None) -> pa.Table:
    """The missing features with the anchor's evidence and the nearest miss, strongest evidence first."""
    return gap_list.gaps(run_file(run), run_file(anchor), definition, relevant)


def triage_history(triage: Triage) -> tuple[Event, ...]:
    """Every decision about the gaps of an anchor, the oldest first."""
    return _triage_history(triage, triage.log.path, triage.scope, triage.newest())


@st.cache_resource(max_entries=8, show_spinner=False)
def _triage_history(_triage: Triage, log: Path, scope: str, newest: int) -> tuple[Event, ...]:  # noqa: ARG001  # the key
    return _triage.history()


def queue(
    workspace: Workspace,
    run: RunInfo,
    anchor: RunInfo,
    definition: Definition,
    relevant: Relevant = None,
    *,
    task: str | None,
    weights: Weights,
) -> pa.Table:
    """The gaps with all that they are ranked and filtered by, the highest priority first."""
    log = workspace.events()
    versions = (log.newest(anchor.space_id, "label"), log.newest(f"{anchor.space_id}/{task}", "relevance"))
    return _queue(
        log, log.path, workspace.run_path(run.run_id), workspace.run_path(anchor.run_id),
        workspace.space_path(anchor.space_id), definition, relevant, task, weights, versions,
    )  # fmt: skip


@st.cache_resource(max_entries=16, show_spinner="Ranking gaps…")
def _queue(
    _log: EventLog,
    log: Path,  # noqa: ARG001  # part of the key, as `versions` is
    run: Path,
    anchor: Path,
    space: Path,
    definition: Definition,
    relevant: Relevant,
    task: str | None,
    weights: Weights,
    versions: tuple[int, int],  # noqa: ARG001
) -> pa.Table:
    table = states(run, anchor, definition, relevant)
    opened = run_file(anchor)
    field = next(iter(metadata_fields(anchor)), None)
    space_id = opened.info.space_id
    return gap_queue(
        table,
        count_above(opened, table["delta"].to_numpy(), definition),
        why_uncovered(run_file(run), opened, definition, relevant),
        names=Labels(_log, space_id).names(),
        levels=Relevance(_log, space_id, task).levels() if task else None,
        clusters=atlas(space)["cluster"].to_pylist() if space.exists() else None,
        homes=home_of(anchor, field) if field else None,
        weights=weights,
    )


@st.cache_resource(max_entries=8, show_spinner=False)
def home_of(anchor: Path, field: str) -> dict[int, str]:
    """Of every feature that fires in the anchor, the value of a metadata field where it is at home."""
    opened = run_file(anchor)
    return {feature: home.value for feature, home in homes(opened, range(opened.info.d_sae), field).items()}


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def coverage_by_part(
    run: Path, anchor: Path, definition: Definition, relevant: Relevant = None, *, field: str, space: Path | None = None
) -> tuple[curves.ClusterCoverage, ...]:
    """FAC within the homes of a metadata field or, with the path of an atlas, within its clusters; least covered first."""
    parts = home_of(anchor, field) if space is None else clusters(space)
    return curves.cluster_coverage(coverage(run, anchor, definition, relevant), parts)


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def metadata_fields(anchor: Path) -> list[str]:
    """Metadata fields that divide the anchor into a handful of parts, the coarsest first."""
    return fields(run_file(anchor))


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def causes(run: Path, anchor: Path, definition: Definition, relevant: Relevant = None) -> dict[int, tuple[str, str]]:
    """For every gap why it is uncovered, and what would mend it."""
    table = why_uncovered(run_file(run), run_file(anchor), definition, relevant)
    columns = (table[name].to_pylist() for name in ("feature_id", "cause", "remedy"))
    return {feature: (cause, remedy) for feature, cause, remedy in zip(*columns, strict=True)}


@st.cache_resource(max_entries=8, on_release=lambda space: space.close())
def space_file(path: Path) -> SpaceFile:
    """The atlas of a feature space; its file must be there."""
    return SpaceFile(path)


@st.cache_resource(max_entries=8, show_spinner=False)
def atlas(path: Path) -> pa.Table:
    """Of every feature its place on the map and the name of its cluster: `feature_id`, `x`, `y`, `cluster`."""
    named = clusters_of(space_file(path))
    table = space_file(path).query("SELECT feature_id, x, y FROM features ORDER BY feature_id")
    return table.append_column("cluster", pa.array([named[f] for f in table["feature_id"].to_pylist()], pa.string()))


@st.cache_resource(max_entries=8, show_spinner=False)
def clusters(space: Path) -> dict[int, str]:
    """Feature to the name of its cluster; the atlas must be there."""
    return clusters_of(space_file(space))


def map_table(
    workspace: Workspace,
    run: RunInfo,
    anchor: RunInfo,
    definition: Definition,
    relevant: Relevant = None,
    *,
    task: str | None,
    weights: Weights,
) -> pa.Table:
    """Every feature with its state, its place on the map, its label and, for a gap, its priority."""
    gaps = queue(workspace, run, anchor, definition, relevant, task=task, weights=weights)
    log, space_id = workspace.events(), anchor.space_id
    paths = (workspace.run_path(run.run_id), workspace.run_path(anchor.run_id), workspace.space_path(space_id))
    return _map_table(
        gaps, id(gaps), log, log.path, space_id, log.newest(space_id, "label"), *paths, definition, relevant
    )


@st.cache_resource(max_entries=16, show_spinner="Reading the map…")
def _map_table(
    _gaps: pa.Table,
    gaps: int,  # noqa: ARG001  # part of the key, as `newest` and `log` are
    _log: EventLog,
    log: Path,  # noqa: ARG001
    space_id: str,
    newest: int,  # noqa: ARG001
    run: Path,
    anchor: Path,
    space: Path,
    definition: Definition,
    relevant: Relevant,
) -> pa.Table:
    table, names = states(run, anchor, definition, relevant), Labels(_log, space_id).names()
    n = len(table)
    first = np.full(n, np.nan)
    first[_gaps["feature_id"].to_numpy()] = _gaps["priority"].to_numpy()
    columns = {
        **{name: atlas(space)[name] for name in ("x", "y", "cluster")},
        "label": pa.array([names.text.get(f, "") for f in range(n)], pa.string()),
        "label_f1": pa.array([names.trust.get(f, np.nan) for f in range(n)], pa.float32()),
        "priority": pa.array(first, pa.float32()),
    }
    for name, column in columns.items():
        table = table.append_column(name, column)
    return table.combine_chunks()


@st.cache_resource(max_entries=256, show_spinner=False)
def neighbours(path: Path, feature_id: int) -> list[dict[str, float]]:
    """The nearest features by decoder cosine."""
    return space_file(path).query(
        "SELECT neighbour_id, cosine FROM neighbours WHERE feature_id = ? ORDER BY rank", [feature_id]
    ).to_pylist()  # fmt: skip


@st.cache_resource(max_entries=256, show_spinner=False)
def promoted(path: Path, feature_id: int) -> dict[int, list[str]]:
    """The tokens that the feature's direction promotes (1) and suppresses (-1), strongest first."""
    rows = space_file(path).query(
        "SELECT sign, token FROM logits WHERE feature_id = ? ORDER BY sign, rank", [feature_id]
    )
    found: dict[int, list[str]] = {1: [], -1: []}
    for row in rows.to_pylist():
        found[row["sign"]].append(row["token"])
    return found


@st.cache_data(max_entries=8, show_spinner="Reading the first records…")
def preview(source: str, stamp: float, mapping: ColumnMapping) -> Preview:  # noqa: ARG001  # of the cache's key
    """The beginning of a dataset; `stamp` is the time of the file's last change."""
    return read_preview(source, mapping)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def failures(run: Path) -> pa.Table:
    """The records of a run's dataset that could not be encoded, up to a thousand, and why."""
    return run_file(run).query("FROM failures LIMIT 1000")
