"""What the engine answers, kept: every verb of a view, of a feature or of `comparison.py` is asked for through `answer`.

Runs never change, so a verb's answer is known by its view and arguments; what people say, by its position in the log too.
All sessions share one answer (Arrow tables, tuples, frozen dataclasses): no page changes it, and copies would cost more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import pyarrow.compute as pc
import streamlit as st

from fac_core.coverage.definition import CALIBRATED
from fac_core.curation.review import Reviews
from fac_core.curation.standing import Standing, Written, decided, positions
from fac_core.curation.triage import Triage
from fac_core.datasets.layouts import ColumnMapping
from fac_core.datasets.preview import Preview
from fac_core.datasets.preview import first_records as read_first_records
from fac_core.datasets.preview import preview as read_preview
from fac_core.datasets.reading.records import Record
from fac_core.evidence.examples import Example, examples_of, with_text
from fac_core.evidence.groups import Evidence, evidence
from fac_core.feature import Feature
from fac_core.gaps.priority import Weights
from fac_core.spaces.matching import Matching
from fac_core.store.events import Event
from fac_core.synthesis.batches import batches_of
from fac_core.synthesis.candidates import Batch
from fac_core.view import View
from fac_core.workflows.atlas import match_spaces
from fac_core.workflows.decide import written
from fac_core.workflows.theme_names import names_of
from fac_core.workflows.themes import accepted_by_theme

_P = ParamSpec("_P")
_T = TypeVar("_T")
_S = TypeVar("_S", View, Feature)

_RANKED = (View.gaps, View.features)
_SAID = (*_RANKED, View.names, View.levels)
"""What hangs on the task and the weights of a view, and on what is said of features."""
_KEPT, _KEPT_TABLES = 128, 16
"""Answers of each verb; of those that list all features, fewer."""
_MEANWHILE = {
    "missing": "Looking for what your data lacks…",
    "interval": "Resampling…",
    "growth_curve": "Drawing orders…",
    "gaps": "Ranking gaps…",
    "features": "Listing features…",
    "matrix": "Comparing all runs…",
    "effects": "Comparing feature by feature…",
    "closing": "Searching the other runs…",
    "matched": "Matching two spaces; this takes a minute…",
}
"""What a page says while it waits for the first time."""


def answer(verb: Callable[Concatenate[_S, _P], _T], about: _S, *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """What a verb says, computed once: `answer(View.gaps, view)`, `answer(Feature.texts, Feature(view, 3), ("seed",))`.

    Raises what the verb raises, each time.
    """
    view = about if isinstance(about, View) else about.view
    if verb in _SAID:
        return _cached(verb)(about, (view.log_position, view.has_atlas), args, kwargs)
    view = replace(view, task=None, weights=Weights())  # the same answer for every ranking
    about = view if isinstance(about, View) else Feature(view, about.feature_id)  # type: ignore[assignment]
    named = names_of(view).newest() if verb is View.missing else 0
    return _cached(verb)(about, (view.has_atlas, named), args, kwargs)


@cache
def _cached(verb: Callable[..., Any]) -> Callable[..., Any]:
    """The cache of one verb. Streamlit tells caches apart by the names of their functions."""

    def found(about: View | Feature, known: object, args: tuple, kwargs: dict) -> Any:  # noqa: ARG001  # part of the key
        return verb(about, *args, **kwargs)

    found.__qualname__ = f"{verb.__module__}.{verb.__qualname__}"
    n = _KEPT_TABLES if verb in (*_RANKED, View.states) else _KEPT
    waiting = _MEANWHILE.get(verb.__name__, "Measuring…")
    return st.cache_resource(max_entries=n, show_spinner=waiting, hash_funcs={View: hash, Feature: hash})(found)


def row_of(view: View, feature_id: int) -> dict[str, Any]:
    """A feature's row of `View.states`."""
    return answer(View.states, view).slice(feature_id, 1).to_pylist()[0]


def why(view: View, feature_id: int) -> dict[str, Any] | None:
    """Cause and remedy of a gap; None for what is none."""
    rows = answer(View.causes, view).filter(pc.field("feature_id") == feature_id).to_pylist()
    return rows[0] if rows else None


def sides(feature: Feature, delta: float) -> tuple[Evidence, Evidence]:
    """What fires a feature in the anchor and in the run, by one δ. A verb for `answer`, as the next three are."""
    return tuple(evidence(run, feature.feature_id, delta) for run in (feature.view.p, feature.view.q))  # type: ignore[return-value]


def seen(feature: Feature, run_id: str, sample_ids: tuple[int, ...]) -> tuple[Example, ...]:
    """The samples of a run that a label was made from."""
    return examples_of(feature.view.workspace.opened(run_id), feature.feature_id, sample_ids)


def with_text_in(view: View, text: str) -> np.ndarray:
    """Features with a text in one of the anchor's stored examples."""
    return with_text(view.p, text)


def matched(view: View, here: str, there: str) -> Matching:
    """Features of one space found in another, by two runs."""
    return match_spaces(here, there, workspace=view.workspace)


def standing(view: View, batch: Batch) -> Standing:
    """Where a batch stands now: what was written is put together once, what was decided once after each decision."""
    view = replace(view, task=None, weights=Weights())
    texts, all_of_it = positions(view.workspace, batch)
    return _standing(view, batch, texts, all_of_it)


_OF_BATCH = {View: hash, Batch: lambda batch: batch.batch_id}


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=_OF_BATCH)
def _standing(view: View, batch: Batch, texts: int, all_of_it: int) -> Standing:  # noqa: ARG001  # of the key
    return decided(view.workspace, _written(view, batch, texts))


def accepted(view: View) -> dict[str, int]:
    """Accepted texts by theme, counted anew after each decision and each new name of a theme, however the page counts FAC."""
    batches = batches_of(view.workspace, view.run, view.anchor)
    if not batches:
        return {}
    view = replace(view, definition=CALIBRATED, task=None, weights=Weights())
    return _accepted(view, max(positions(view.workspace, batches[-1])), names_of(view).newest())


@st.cache_resource(max_entries=8, show_spinner="Counting what was accepted…", hash_funcs={View: hash})
def _accepted(view: View, decided: int, named: int) -> dict[str, int]:  # noqa: ARG001  # of the key
    return accepted_by_theme(view)


@st.cache_resource(max_entries=8, show_spinner="Reading the candidates…", hash_funcs=_OF_BATCH)
def _written(view: View, batch: Batch, texts: int) -> Written:  # noqa: ARG001  # of the key
    return written(view, batch)


@st.cache_resource(
    max_entries=8,
    show_spinner=False,
    hash_funcs={Triage: lambda of: (of.log.path, of.scope, of.newest()), Reviews: lambda of: of.position()},
)
def history_of(of: Triage | Reviews) -> tuple[Event, ...]:
    """Every decision about the gaps of an anchor, or about the candidates of a batch, the oldest first."""
    return of.history()


@st.cache_resource(max_entries=8, show_spinner="Reading the first records…")
def first_records(source: str, stamp: float) -> tuple[Record, ...]:  # noqa: ARG001  # of the cache's key
    """The first records of a dataset, whatever they mean."""
    return read_first_records(source)


@st.cache_resource(max_entries=8, show_spinner="Reading the first records…")
def preview(source: str, stamp: float, mapping: ColumnMapping) -> Preview:  # noqa: ARG001  # of the cache's key
    """The beginning of a dataset; `stamp` is the time of the file's last change."""
    return read_preview(source, mapping)
