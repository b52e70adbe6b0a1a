"""Answers of the engine about several runs, cached like those of `sources.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pyarrow as pa
import streamlit as st

from dashboard.sources import Relevant, run_file, words
from fac_core.coverage import closing as closing_gaps
from fac_core.coverage import fac, matrix, overlap
from fac_core.coverage.definition import Definition
from fac_core.coverage.subset import Subset, greedy_subset
from fac_core.lab.sets import likeness
from fac_core.relevance import effects as per_feature
from fac_core.spaces import matching
from fac_core.workflows.comparing import RealText, find_texts

_KEPT = 16


@st.cache_resource(max_entries=_KEPT, show_spinner="Comparing all runs…")
def coverage_matrix(
    runs: tuple[Path, ...], definition: Definition, relevant: Relevant, match: Literal["samples", "tokens"] | None
) -> matrix.CoverageMatrix:
    """FAC of every run with every run as the anchor."""
    return matrix.coverage_matrix([run_file(run) for run in runs], definition, relevant, match=match)


@st.cache_resource(max_entries=_KEPT, show_spinner="Resampling both runs…")
def overlapping(a: Path, b: Path, anchor: Path, definition: Definition, relevant: Relevant) -> overlap.Overlap:
    """Both, only A, only B, neither."""
    return overlap.overlap(run_file(a), run_file(b), run_file(anchor), definition, relevant)


@st.cache_resource(max_entries=_KEPT, show_spinner="Comparing feature by feature…")
def effects(a: Path, b: Path, anchor: Path, definition: Definition, relevant: Relevant, hold_length: bool) -> pa.Table:
    """How much more common each feature is in A, with the words at its peaks in the anchor."""
    table = per_feature.effects(
        run_file(a), run_file(b), run_file(anchor), definition, relevant, hold_length=hold_length
    )
    found = words(anchor)
    return table.append_column("words", pa.array([found[f] for f in table["feature_id"].to_pylist()], pa.string()))


@st.cache_resource(max_entries=_KEPT, show_spinner="Searching the other runs…")
def closing(
    run: Path, others: tuple[Path, ...], anchor: Path, definition: Definition, relevant: Relevant
) -> tuple[closing_gaps.Closing, ...]:
    """What texts of other runs would close."""
    sources = [run_file(other) for other in others]
    return closing_gaps.closing(run_file(run), sources, run_file(anchor), definition, relevant)


@st.cache_resource(max_entries=_KEPT, show_spinner="Choosing samples…")
def subset(run: Path, anchor: Path, definition: Definition, relevant: Relevant) -> Subset:
    """Samples in greedy order, until they cover all that the run does."""
    return greedy_subset(run_file(run), run_file(anchor), definition, relevant)


@st.cache_resource(max_entries=_KEPT, show_spinner="Choosing one text after the other…")
def likest(source: Path, seed: Path, anchor: Path, n: int, by: str | None) -> likeness.Picked:
    """Samples of a source with which the seed becomes like the anchor."""
    return likeness.likest(run_file(source), run_file(anchor), n, seed=run_file(seed), by=by)


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def closure(synthetic: Path, seed: Path, anchor: Path, definition: Definition, relevant: Relevant) -> fac.GapClosure:
    """The share of the seed's gaps that a run closes."""
    return fac.gap_closure(run_file(synthetic), run_file(seed), run_file(anchor), definition, relevant)


@st.cache_resource(max_entries=_KEPT, show_spinner="Reading texts…")
def texts(
    feature: int, runs: tuple[str, ...], anchor: str, definition: Definition, workspace: Path
) -> tuple[RealText, ...]:
    """The strongest texts for a feature in some runs."""
    return find_texts(feature, runs, anchor, definition, workspace=workspace)


@st.cache_resource(max_entries=_KEPT, show_spinner="Matching two spaces; this takes a minute…")
def matched(a: Path, b: Path) -> matching.Matching:
    """Features of one space found in another."""
    return matching.match_spaces(run_file(a), run_file(b))
