"""Real samples with which a dataset becomes like the anchor: chosen on request, shown, and downloaded as a dataset."""

from __future__ import annotations

import json
from collections.abc import Sequence

import streamlit as st

from dashboard import comparison_sources
from dashboard.components.examples import st_text
from dashboard.selection import Selection, pick_run
from fac_core.store.runs.info import RunInfo
from fac_core.workflows.comparing import sample_rows

_SHOWN = 20
"""Texts in the list; the download has them all."""


def show(selection: Selection, run: RunInfo, others: Sequence[RunInfo]) -> None:
    """Ask for a source, a number and a field of classes; choose when the button is pressed.

    Args:
        run: what the samples would be added to.
        others: runs of its space to choose from.
    """
    st.subheader(f"Samples with which {st_text(run.name)} becomes like the anchor")
    st.caption(
        "Chosen one by one, so that mean activations become the anchor's: what there is too little of counts for a text, what "
        "there is too much of against it. Whether a model learns more from them than from random texts differs from data to data."
    )
    if not others:
        st.info("Another run of this space would be chosen from.", icon=":material/search_off:")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        # The anchor comes last: who has its texts hardly needs others like them.
        offered = sorted(others, key=lambda info: info.run_id == selection.anchor.run_id)
        source = pick_run("Choose from", offered, offered[0], "cm_source", "A run of the same space.")
        n = int(st.number_input("Samples", 1, None, 100, key="cm_n", width=140))
        by = st.text_input("Field of classes", key="cm_by", placeholder="none; e.g. label", width=200).strip() or None
        asked = (source.run_id, run.run_id, selection.anchor.run_id, n, by)
        if st.button("Choose", icon=":material/join_inner:", key="cm_choose"):
            st.session_state["cm_chosen"] = asked
    if st.session_state.get("cm_chosen") != asked:
        return
    place = selection.workspace
    theirs, mine, anchor = (place.run_path(run_id) for run_id in (source.run_id, run.run_id, selection.anchor.run_id))
    found = comparison_sources.likest(theirs, mine, anchor, n, by)
    rows = sample_rows(source.run_id, found.sample_ids, workspace=place.folder)
    st.markdown(
        f"With these **{len(rows):,}** samples ({found.n_tokens:,} tokens) {st_text(run.name)} is "
        f"{st_text(found.moved)} than before, in mean activations."
    )
    shown = zip(found.sample_ids[:_SHOWN], found.classes, rows, strict=False)
    st.dataframe(
        [{"sample": i, **({by: c} if by else {}), "text": r.get("text") or json.dumps(r)} for i, c, r in shown],
        hide_index=True,
        column_config={"sample": st.column_config.NumberColumn(width="small")},
    )
    st.download_button(
        f"All {len(rows):,} as a dataset",
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows),
        f"{source.run_id}-likest.jsonl",
        "application/jsonl",
        icon=":material/download:",
    )
