"""All runs with how each was made: its manifest, its failures, and the button that makes it the anchor."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import streamlit as st

from dashboard.components import tables
from dashboard.components.examples import st_text
from dashboard.components.told import told
from dashboard.links import wrong
from dashboard.sign_in import barred
from fac_core.errors import FacError
from fac_core.store.runs.info import RunInfo
from fac_core.store.workspace import Workspace

_MANIFEST = {
    "run_id": "Id",
    "source": "Source",
    "dataset_id": "Dataset (hash)",
    "space_id": "Feature space (hash)",
    "model": "Model",
    "sae": "SAE",
    "hook_name": "Layer",
    "activation_mode": "Activation",
    "d_sae": "Features",
    "dtype": "Computed in",
    "dtype_reason": "because",
    "context": "Window in tokens",
    "roles": "Roles",
    "n_samples": "Samples",
    "n_failures": "Not encoded",
    "n_truncated": "Truncated",
    "n_tokens": "Content tokens",
    "n_sinks": "Attention sinks left out",
    "n_activations": "Activations",
    "seconds": "Seconds",
    "created_at": "Made at",
}


_ANCHOR = "The run that says which features can occur."


def show(workspace: Workspace, runs: list[RunInfo]) -> None:
    """The list, one run in detail, and the files that cannot be read."""
    for broken in workspace.unreadable():
        st.warning(f"{st_text(broken.path.name)} is left out: {st_text(broken.reason)}", icon=":material/broken_image:")
    if not runs:
        st.info("There is no run yet. The first dataset that is encoded becomes the anchor.", icon=":material/info:")
        return
    anchor = _anchor(workspace)
    newest_first = list(reversed(runs))
    tables.show([_row(info, anchor) for info in newest_first])
    by_name = {f"{info.name} ({info.run_id})": info for info in newest_first}
    asked = st.query_params.get("dq_run")
    if asked is not None and asked not in by_name:
        wrong(f"Run {st_text(asked)} is not here.")
    chosen = st.selectbox(
        "Run",
        list(by_name),
        index=None,
        key="dq_run",
        bind="query-params",
        placeholder="Choose a run to see how it was made",
    )
    if chosen is not None:
        _detail(workspace, by_name[chosen], is_anchor=by_name[chosen].run_id == anchor)


def _anchor(workspace: Workspace) -> str | None:
    try:
        return workspace.anchor().run_id
    except FacError as error:
        st.info(st_text(str(error)), icon=":material/anchor:")
        return None


def _row(info: RunInfo, anchor: str | None) -> dict[str, Any]:
    return {
        "run": info.name,
        "": "anchor" if info.run_id == anchor else "",
        "samples": info.n_samples,
        "not encoded": info.n_failures,
        "truncated": info.n_truncated,
        "tokens": info.n_tokens,
        "model": info.model,
        "SAE": info.sae,
        "activation": info.activation_mode,
        "features": info.d_sae,
        "made at": info.created_at[:16].replace("T", " "),
    }


def _detail(workspace: Workspace, info: RunInfo, *, is_anchor: bool) -> None:
    left, right = st.columns(2)
    with left:
        rows = [{"": word, "value": _shown(getattr(info, field))} for field, word in _MANIFEST.items()]
        rows += [{"": package, "value": version} for package, version in json.loads(info.versions or "{}").items()]
        tables.show(rows, height=420)
    with right:
        st.button(
            "Make it the anchor",
            icon=":material/anchor:",
            on_click=_make_anchor,
            args=(workspace, info.run_id),
            **barred("anchor", disabled=is_anchor, help="It is the anchor." if is_anchor else _ANCHOR),
        )
        _failures(workspace, info)


def _make_anchor(workspace: Workspace, run_id: str) -> None:
    told(lambda: workspace.set_anchor(run_id))


def _failures(workspace: Workspace, info: RunInfo) -> None:
    if not info.n_failures:
        st.success("Every record was encoded.", icon=":material/task_alt:")
        return
    table = workspace.opened_run(info).failures()
    counts = Counter(table["reason"].to_pylist())
    st.markdown("Not encoded: " + ", ".join(f"**{n:,}** {st_text(reason)}" for reason, n in counts.most_common()))
    if len(table) < info.n_failures:
        st.caption(f"The first {len(table):,} of {info.n_failures:,} are listed.")
    tables.show(table, height=340)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value if value is not None else "")
