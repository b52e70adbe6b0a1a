"""From a file to an encode job: the source, a look at it, the feature space, the start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import cast, get_args

import streamlit as st

from dashboard.cached import first_records, preview
from dashboard.components import tables
from dashboard.components.examples import st_text
from dashboard.components.jobs.asking import ask
from dashboard.components.told import told
from dashboard.sign_in import barred
from fac_core.activations.spec import EncodeSpec, Mode, spec_of
from fac_core.datasets.layouts import AUTOMATIC, ColumnMapping
from fac_core.datasets.preview import Preview, columns_of
from fac_core.datasets.samples import Sample
from fac_core.errors import FacError
from fac_core.fields import fields_of
from fac_core.store.runs.info import RunInfo
from fac_core.store.uploads import keep_upload
from fac_core.store.workspace import Workspace

_ENDINGS = ["jsonl", "json", "csv", "tsv", "parquet", "txt", "gz"]
_SHOWN = 300
"""Characters of a sample that the preview shows."""
_OTHER = "another model or SAE"
_SPEC, _COLUMNS = fields_of(EncodeSpec), fields_of(ColumnMapping)


def show(workspace: Workspace, runs: list[RunInfo]) -> None:
    """The whole form. Nothing is computed in the page: the start asks for a job."""
    source = _source(workspace)
    if not source:
        st.caption("Choose a dataset to see its first records here.")
        return
    try:
        source = workspace.place(source)
        stamp = _stamp(source)
        records = first_records(source, stamp)
        mapping = _mapping(columns_of(records), opened=not _is_clear(source, stamp))
    except FacError as error:
        st.error(st_text(str(error)), icon=":material/error:")
        return
    try:
        found = preview(source, stamp, mapping)
    except FacError as error:
        if mapping.text or mapping.messages:
            st.error(st_text(str(error)), icon=":material/error:")
        else:
            st.info("Which column holds the text, or the chat? Choose it above.", icon=":material/view_column:")
        tables.show([{"from": one.origin, **{k: str(v)[:_SHOWN] for k, v in one.columns.items()}} for one in records])
        return
    _preview(found)
    try:
        spec = _space(runs)
    except FacError as error:
        st.error(st_text(str(error)), icon=":material/error:")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name of the run", key="dq_name", placeholder=found.name)
        limit = st.number_input(
            "First n samples", 1, value=None, key="dq_limit", placeholder="all", help=_COLUMNS["limit"].help
        )
        anchor = st.toggle(
            "Make it the anchor", value=not runs, key="dq_anchor", help="The run that says which features can occur."
        )
    named = name.strip() or None
    specs = asdict(spec) | asdict(replace(mapping, limit=limit))
    params = {"source": source, "name": named, "anchor": anchor, **specs}
    st.button(
        "Encode",
        type="primary",
        icon=":material/play_arrow:",
        on_click=ask,
        args=(workspace, "encode", params, f"Encoding {named or found.name}"),
        **barred("job", "encode", disabled=not spec.model),
    )


def _source(workspace: Workspace) -> str:
    def keep() -> None:
        if (sent := st.session_state["dq_upload"]) is not None:
            told(lambda: st.session_state.update(dq_source=str(keep_upload(workspace, sent.name, sent.getbuffer()))))

    left, right = st.columns(2)
    with left:
        st.file_uploader("Upload a file", _ENDINGS, key="dq_upload", on_change=keep, **barred("upload"))
    with right:
        source = st.text_input(
            "or give a path or hub id",
            key="dq_source",
            bind="query-params",
            placeholder="/data/texts.jsonl, a folder, hub:owner/name",
            help="JSONL, JSON, CSV, TSV, Parquet or text, all but Parquet also gzipped; a folder of them; a hub id.",
        )
    return (source or "").strip()


def _stamp(source: str) -> float:
    path = Path(source).expanduser()
    return path.stat().st_mtime if path.exists() else 0.0


def _is_clear(source: str, stamp: float) -> bool:
    """Whether it is found automatically which columns are what."""
    try:
        preview(source, stamp, AUTOMATIC)
    except FacError:
        return False
    return True


def _mapping(columns: Sequence[str], *, opened: bool) -> ColumnMapping:
    """Which columns are what, kept in the URL; empty boxes are found automatically."""
    shown = {"text": "Text", "messages": "Chat", "id": "Id", "label": "Label"}
    with st.expander("Columns", icon=":material/view_column:", expanded=opened):
        with st.grid(4):
            given = {
                field: st.selectbox(
                    word,
                    columns,
                    index=None,
                    key=f"dq_{field}",
                    bind="query-params",
                    placeholder="found automatically",
                    accept_new_options=field == "text",
                    help=_COLUMNS[field].help,
                )
                for field, word in shown.items()
            }
        repeated = st.toggle("Keep repeated samples", key="dq_duplicates", help=_COLUMNS["keep_duplicates"].help)
    return ColumnMapping(*(given[field] for field in shown), keep_duplicates=repeated)


def _preview(found: Preview) -> None:
    read = f"Read as **{st_text(found.layout)}**. " if found.layout else "No sample among the first records. "
    st.markdown(f"{read}Columns: {st_text(', '.join(found.columns))}.")
    for said in found.left_out:
        st.warning(st_text(said), icon=":material/call_split:")
    if found.failures:
        first = found.failures[0]
        st.warning(
            f"{len(found.failures)} of the first records are no samples; {st_text(first.origin)}: {st_text(first.detail)}",
            icon=":material/report:",
        )
    wide = {"text": st.column_config.TextColumn(width="large")}
    tables.show([_row(sample) for sample in found.samples], wide, height=220)


def _row(sample: Sample) -> dict[str, object]:
    whole = sample.text
    text = whole if len(whole) <= _SHOWN else f"{whole[:_SHOWN]}…"
    kind = "text" if sample.messages is None else f"chat of {len(sample.messages)}"
    return {"from": sample.origin, "kind": kind, "text": text, **{k: str(v) for k, v in sample.metadata.items()}}


def _space(runs: list[RunInfo]) -> EncodeSpec:
    """The feature space: one that runs are in already, so that they compare, or another."""
    by_name: dict[str, EncodeSpec] = {}
    for info in reversed(runs):
        known = spec_of(info)
        of_name = f"{info.model} · {Path(info.sae).name or info.sae} · {info.hook_name} · {info.activation_mode}"
        by_name.setdefault(of_name, replace(known, dtype="auto"))
    chosen = st.selectbox(
        "Feature space",
        [*by_name, _OTHER],
        key="dq_space",
        help="Only runs of one feature space can be compared.",
    )
    spec = by_name.get(chosen) or _other_space()
    context = st.number_input(
        "Window in tokens", 1, value=spec.context, key=f"dq_context_{chosen}", width=200, help=_SPEC["context"].help
    )
    return replace(spec, context=context)


def _other_space() -> EncodeSpec:
    with st.grid(4):
        model = st.text_input("Model", value=_SPEC["model"].default, key="dq_model", help=_SPEC["model"].help)
        sae = st.text_input("SAE", key="dq_sae", placeholder="the one that ships", help=_SPEC["sae"].help)
        mode = st.selectbox("Activation", get_args(Mode), key="dq_mode", help=_SPEC["mode"].help)
        k = st.number_input("k", 1, value=None, key="dq_k", disabled=mode != "topk", help=_SPEC["k"].help)
    return EncodeSpec(model=(model or "").strip(), sae=sae.strip(), mode=cast(Mode, mode), k=k)
