"""What the pages about features read, cached by run ids and, for what people decide, by the position of the log."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st

from dashboard import sources
from fac_core.coverage.active import thresholds
from fac_core.coverage.definition import SINK_MIN_SAMPLES, SINK_SHARE, Definition
from fac_core.evidence import co_activation as co_activating
from fac_core.evidence import groups
from fac_core.evidence.examples import Example, examples_of
from fac_core.gaps.priority import priority
from fac_core.naming.labels import Labels
from fac_core.relevance.verdicts import Relevance
from fac_core.spaces.neuronpedia import neuronpedia_page
from fac_core.store.events import EventLog

_KEPT = 256


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def evidence(run: Path, feature_id: int, delta: float) -> groups.Evidence:
    """The groups and numbers of a feature."""
    return groups.evidence(sources.run_file(run), feature_id, delta)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def seen(run: Path, feature_id: int, sample_ids: tuple[int, ...]) -> tuple[Example, ...]:
    """The samples that a label was made from."""
    return examples_of(sources.run_file(run), feature_id, sample_ids)


@st.cache_data(max_entries=_KEPT, show_spinner="Counting what fires together…")
def co_activation(run: Path, feature_id: int, definition: Definition) -> list[dict[str, Any]]:
    """The features that fire in the same samples."""
    opened = sources.run_file(run)
    return co_activating.co_activation(opened, feature_id, thresholds(opened, definition)).to_pylist()


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def neuronpedia(run: Path, feature_id: int) -> str | None:
    """The feature's page on Neuronpedia, where its SAE is known there."""
    return neuronpedia_page(sources.run_file(run).info, feature_id)


@st.cache_data(max_entries=64, show_spinner="Searching the examples…")
def with_text(run: Path, text: str) -> np.ndarray:
    """Features that have a text, in any case, in one of their shown examples."""
    found = sources.run_file(run).query(
        """
        SELECT DISTINCT feature_id FROM examples
            SEMI JOIN (SELECT sample_id FROM samples WHERE contains(lower(text), lower(?))) USING (sample_id)
        """,
        [text],
    )
    return found["feature_id"].to_numpy()


# Arrow tables cannot be changed, so every session may hold the same one: as a resource it is not copied for each rerun.
@st.cache_resource(max_entries=8, show_spinner="Listing features…")
def listed(
    run: Path,
    anchor: Path,
    definition: Definition,
    relevant: sources.Relevant,
    log: Path,
    space_id: str,
    task: str | None,
    position: tuple[int, int],  # noqa: ARG001 - part of the key
) -> pa.Table:
    """All features with everything that the list shows, filters and sorts by.

    Args:
        task: relevance for it counts in the priority; None for no task.
        position: of labels and verdicts in the log (`log_position`), so that a new one makes a new table.
    """
    table = sources.states(run, anchor, definition, relevant)
    events = EventLog(log)
    names = Labels(events, space_id).names()
    levels = Relevance(events, space_id, task).levels() if task else {}
    gaps = sources.gaps(run, anchor, definition, relevant)
    at = gaps["feature_id"].to_numpy()
    nearness = table["run_max"].to_numpy()[at] / np.maximum(table["delta"].to_numpy()[at], np.finfo(np.float32).tiny)
    ranked = priority(gaps, nearness, levels, names.trust)
    columns = {
        "label": pa.array(_by_id(names.text, len(table)), pa.string()),
        "trust": pa.array(_by_id(names.trust, len(table)), pa.float64()),
        "relevance": pa.array(_by_id(levels, len(table)), pa.string()),
        "priority": pa.array(_by_id(_pairs(ranked, "priority"), len(table)), pa.float64()),
        "difference": np.abs(np.subtract(table["anchor_share"].to_numpy(), table["run_share"].to_numpy())),
        "kind": pa.array(_kinds(anchor, table), pa.string()),
    }
    for name, column in columns.items():
        table = table.append_column(name, pa.array(column))
    text = pc.binary_join_element_wise(table["label"], table["words"], " ", null_handling="skip")  # type: ignore[attr-defined]
    return table.append_column("searched", pc.utf8_lower(text))  # type: ignore[attr-defined]


def log_position(events: EventLog, space_id: str, task: str | None) -> tuple[int, int]:
    """How far labels and verdicts have come."""
    judged = events.newest(f"{space_id}/{task}", "relevance") if task else 0
    return events.newest(space_id, "label"), judged


def _kinds(anchor: Path, table: pa.Table) -> list[str | None]:
    """`dead` (never fires in anchor or run), `sink` (marks a first token) or None, by feature."""
    stats = sources.run_file(anchor).query("SELECT first_token_share FROM feature_stats ORDER BY feature_id")
    n_active = table["anchor_n_active"].to_numpy()
    dead = (n_active == 0) & (table["run_n_active"].to_numpy() == 0)
    sink = (stats["first_token_share"].to_numpy() >= SINK_SHARE) & (n_active >= SINK_MIN_SAMPLES)
    kinds = np.full(len(table), None, dtype=object)
    kinds[sink], kinds[dead] = "sink", "dead"
    return kinds.tolist()


def _by_id(values: Mapping[int, Any], n: int) -> list[Any]:
    return [values.get(feature) for feature in range(n)]


def _pairs(table: pa.Table, column: str) -> dict[int, Any]:
    return dict(zip(table["feature_id"].to_pylist(), table[column].to_pylist(), strict=True))
