"""Answers of the engine, cached: run files never change, so a result is known by their ids and the definition."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import streamlit as st

from fac_core.coverage import curves, fac
from fac_core.coverage import gaps as gap_list
from fac_core.coverage.definition import Definition
from fac_core.coverage.interval import Interval, bootstrap_interval
from fac_core.coverage.states import feature_states
from fac_core.features.atlas import clusters_of
from fac_core.features.causes import why_uncovered
from fac_core.features.evidence import peak_words
from fac_core.features.homes import homes
from fac_core.store.run_file import RunFile
from fac_core.store.space_file import SpaceFile

_KEPT = 64
"""Results kept of each kind."""

Relevant = frozenset[int] | None
"""The features that F is restricted to; None: all."""


@st.cache_resource(max_entries=16, on_release=lambda run: run.close())
def run_file(path: Path) -> RunFile:
    """One read-only connection a run and server; every query takes a cursor of its own."""
    return RunFile(path)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def coverage(run: Path, anchor: Path, definition: Definition, relevant: Relevant = None) -> fac.Coverage:
    """FAC."""
    return fac.coverage(run_file(run), run_file(anchor), definition, relevant)


@st.cache_data(max_entries=_KEPT, show_spinner="Resampling…")
def interval(run: Path, anchor: Path, definition: Definition, relevant: Relevant = None) -> Interval:
    """FAC with its bootstrap interval."""
    return bootstrap_interval(run_file(run), run_file(anchor), definition, relevant)


@st.cache_data(max_entries=_KEPT, show_spinner="Measuring…")
def threshold_curve(
    run: Path, anchor: Path, definition: Definition, relevant: Relevant = None
) -> tuple[curves.ThresholdPoint, ...]:
    """FAC against δ."""
    return curves.threshold_curve(run_file(run), run_file(anchor), definition, relevant)


@st.cache_data(max_entries=_KEPT, show_spinner="Drawing orders…")
def growth_curve(
    run: Path, anchor: Path, definition: Definition, relevant: Relevant = None
) -> tuple[curves.GrowthPoint, ...]:
    """FAC against samples."""
    return curves.growth_curve(run_file(run), run_file(anchor), definition, relevant)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def states(run: Path, anchor: Path, definition: Definition, relevant: Relevant = None) -> pa.Table:
    """Every feature with its coverage state and the words at its peaks in the anchor."""
    table = feature_states(run_file(run), run_file(anchor), definition, relevant)
    found = words(anchor)
    return table.append_column("words", pa.array([found[f] for f in table["feature_id"].to_pylist()], pa.string()))


@st.cache_data(max_entries=8, show_spinner="Reading peaks…")
def words(run: Path) -> list[str]:
    """For every feature the words at the peaks of its strongest samples, most frequent first, comma-separated."""
    opened = run_file(run)
    found = peak_words(opened, range(opened.info.d_sae))
    return [", ".join(word.word for word in found[f]) for f in range(opened.info.d_sae)]


@st.cache_data(max_entries=_KEPT, show_spinner="Listing gaps…")
def gaps(run: Path, anchor: Path, definition: Definition, relevant: Relevant = None) -> pa.Table:
    """The missing features with the anchor's evidence and the nearest miss, strongest evidence first."""
    return gap_list.gaps(run_file(run), run_file(anchor), definition, relevant)


@st.cache_data(max_entries=8, show_spinner=False)
def home_of(anchor: Path, field: str) -> dict[int, str]:
    """Of every feature that fires in the anchor, the value of a metadata field where it is at home."""
    opened = run_file(anchor)
    return {feature: home.value for feature, home in homes(opened, range(opened.info.d_sae), field).items()}


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def metadata_fields(anchor: Path) -> list[str]:
    """Metadata fields that divide the anchor into a handful of parts, the coarsest first."""
    rows = run_file(anchor).query(
        """
        WITH pairs AS (SELECT unnest(json_keys(metadata)) AS field, metadata FROM samples WHERE metadata IS NOT NULL)
        SELECT field, count(DISTINCT metadata->>('$."' || field || '"')) AS n FROM pairs
        GROUP BY field HAVING n BETWEEN 2 AND 40 ORDER BY n, field
        """
    )
    return rows["field"].to_pylist()


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def causes(run: Path, anchor: Path, definition: Definition, relevant: Relevant = None) -> dict[int, tuple[str, str]]:
    """For every gap why it is uncovered, and what would mend it."""
    table = why_uncovered(run_file(run), run_file(anchor), definition, relevant)
    columns = (table[name].to_pylist() for name in ("feature_id", "cause", "remedy"))
    return {feature: (cause, remedy) for feature, cause, remedy in zip(*columns, strict=True)}


@st.cache_resource(max_entries=8, on_release=lambda space: space.close())
def space_file(path: Path) -> SpaceFile:
    """The atlas of a feature space; its file must be there."""
    return SpaceFile(path)


@st.cache_data(max_entries=8, show_spinner=False)
def atlas(path: Path) -> pa.Table:
    """Of every feature its place on the map and the name of its cluster: `feature_id`, `x`, `y`, `cluster`."""
    named = clusters_of(space_file(path))
    table = space_file(path).query("SELECT feature_id, x, y FROM features ORDER BY feature_id")
    return table.append_column("cluster", pa.array([named[f] for f in table["feature_id"].to_pylist()], pa.string()))


@st.cache_data(max_entries=8, show_spinner=False)
def clusters(space: Path) -> dict[int, str]:
    """Feature to the name of its cluster; the atlas must be there."""
    return clusters_of(space_file(space))


PART_HELP = "A cluster's name, or field:value of the anchor's samples. A click on a bar of the Overview fills it in."


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def in_part(anchor: Path, space: Path, part: str) -> frozenset[int] | None:
    """The features of a part: an atlas cluster by name, or `field:value` for those at home there; None for no part.

    `elsewhere` are features without one. A part that there is not has no features.
    """
    if not part:
        return None
    field, colon, value = part.partition(":")
    if colon and field in metadata_fields(anchor):
        of = home_of(anchor, field)
    elif space.exists():
        of, value = clusters(space), part
    else:
        return frozenset()
    if value == "elsewhere":
        return frozenset(range(run_file(anchor).info.d_sae)) - frozenset(of)
    return frozenset(feature for feature, its in of.items() if its == value)


@st.cache_data(max_entries=256, show_spinner=False)
def neighbours(path: Path, feature_id: int) -> list[dict[str, float]]:
    """The nearest features by decoder cosine."""
    return space_file(path).query(
        "SELECT neighbour_id, cosine FROM neighbours WHERE feature_id = ? ORDER BY rank", [feature_id]
    ).to_pylist()  # fmt: skip


@st.cache_data(max_entries=256, show_spinner=False)
def promoted(path: Path, feature_id: int) -> dict[int, list[str]]:
    """The tokens that the feature's direction promotes (1) and suppresses (-1), strongest first."""
    rows = space_file(path).query(
        "SELECT sign, token FROM logits WHERE feature_id = ? ORDER BY sign, rank", [feature_id]
    )
    found: dict[int, list[str]] = {1: [], -1: []}
    for row in rows.to_pylist():
        found[row["sign"]].append(row["token"])
    return found
