"""Export: write what was accepted as a dataset with its card, then measure it as a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import streamlit as st

from dashboard.components import tables
from dashboard.components.examples import st_text
from dashboard.components.jobs.asking import ask
from dashboard.components.told import told
from dashboard.page_list import script
from dashboard.selection import chosen
from dashboard.sign_in import barred, who_asks
from fac_core.activations.spec import spec_of
from fac_core.curation.standing import accepted_of
from fac_core.errors import FacError
from fac_core.export.card import card, in_words
from fac_core.export.plan import BeforeAfter, ExportPlan
from fac_core.export.shapes import Shape
from fac_core.export.write import Format, exported_in, rows_in, write_export, zipped
from fac_core.progress import counted
from fac_core.synthesis.batches import batches_of
from fac_core.workflows.export import plan_dataset

_SHAPES: tuple[Shape, ...] = ("plain", "classification", "chat", "alpaca", "preference")
_SHOWN = 20
"""Rows of what will be written, as evidence."""
_FORMATS: dict[Format, str] = {"jsonl": "JSON Lines", "parquet": "Parquet", "dataset": "datasets, save_to_disk"}

view, author = chosen()
workspace = view.workspace
batches = batches_of(workspace, view.run, view.anchor)
n_accepted = {batch.batch_id: len(accepted_of(workspace, batch.batch_id)) for batch in batches}
if not any(n_accepted.values()):
    st.info(
        f"Nothing is accepted yet for {st_text(view.run.name)}. Only what a person accepted can be exported.",
        icon=":material/fact_check:",
    )
    st.page_link(script("review"), label="Review candidates", icon=":material/arrow_forward:")
    st.stop()


def planned(batch_ids: list[str], shape: Shape | None, merged: bool) -> ExportPlan | None:
    """What would be written, or the reason why not, on the page."""
    try:
        return plan_dataset(batch_ids, shape=shape, merged=merged, workspace=workspace)
    except FacError as error:
        st.warning(st_text(str(error)), icon=":material/error:")
        return None


def allowed(folder: Path) -> Path | None:
    """The folder, where the visitor may look into it."""
    try:
        return Path(workspace.place(str(folder), "exports"))
    except FacError:
        return None


def write(plan: ExportPlan, folder: Path, file_format: Format) -> None:
    told(
        lambda: write_export(
            plan,
            Path(workspace.place(str(folder), "exports")),
            file_format,
            workspace.events(),
            author=author or who_asks(),
        ),
        f"{counted(len(plan.rows), 'row')} written.",
        ":material/download_done:",
    )


def of_page(plan: ExportPlan) -> Sequence[BeforeAfter]:
    """Coverage as the page counts it; by every preset over all features, where it counts otherwise. The card has all of them."""
    same = [one for one in plan.coverage if view.relevant is None and one.definition == view.definition]
    return same or plan.coverage


def show(plan: ExportPlan) -> None:
    """Counts, and coverage before and after."""
    with st.container(horizontal=True):
        st.metric("Rows", f"{len(plan.rows):,}")
        st.metric("Accepted", f"{plan.n_accepted:,}")
        st.metric("Of the seed", f"{plan.n_seed:,}")
        st.metric("Repeated, left out", f"{plan.n_repeated:,}", help="Their text was there before, word for word.")
        for one in of_page(plan):
            st.metric(
                f"FAC, {one.preset}",
                f"{one.before:.2%} → {one.after:.2%}",
                f"+{counted(one.n_after - one.n_before, 'feature')}",
                help=f"A feature counts from {in_words(one.definition)}. Counted from each sample's measurement.",
            )
    if plan.n_overruled:
        st.caption(f"{plan.n_overruled:,} were accepted against a check; their notes are in `fac_note`.")


what, rows, how = st.container(), st.container(), st.expander("Batches, shape, format, place", icon=":material/tune:")
with how:
    picked = st.multiselect(
        "Batches",
        [batch.batch_id for batch in reversed(batches)],
        default=[one for one, n in n_accepted.items() if n],
        format_func=lambda one: f"{one}: {n_accepted[one]:,} accepted",
        key="ex_batches",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shape = st.selectbox("Shape", _SHAPES, index=None, key="ex_shape", placeholder="the one that fits", width=220)
        file_format = st.selectbox(
            "Format", list(_FORMATS), format_func=lambda f: _FORMATS[f], key="ex_format", width=220
        )
        merged = st.toggle(f"With the {counted(view.run.n_samples, 'sample')} of the seed", key="ex_merged")
    place_of_folder = st.container()
with what:
    plan = planned(picked, shape, merged) if picked else None
if plan is None:
    if not picked:
        what.info("Choose at least one batch.", icon=":material/checklist:")
    st.stop()
usual = workspace.folder / "exports" / f"{view.run.name}-{plan.shape}"
folder = Path(place_of_folder.text_input("Folder", str(usual), key="ex_folder"))
with what:
    show(plan)
with what.container(horizontal=True):
    st.button(
        f"Write {counted(len(plan.rows), 'row')}",
        icon=":material/save:",
        type="primary",
        on_click=write,
        args=(plan, folder, file_format),
        **barred("export"),
    )
    place = allowed(folder)
    written = exported_in(place, plan) if place is not None else None
    if place is not None and written is not None:
        params = {
            "source": str(written),
            "name": f"{view.run.name}-{'filled' if merged else 'synthetic'}",
            **asdict(spec_of(view.anchor)),
        }
        st.download_button(
            "Download",
            partial(zipped, place),
            f"{folder.name}.zip",
            "application/zip",
            icon=":material/download:",
            on_click="ignore",
            **barred("export"),
        )
        st.button(
            "Encode as a run",
            icon=":material/memory:",
            on_click=ask,
            args=(workspace, "encode", params, "Encoding", "memory"),
            **barred("job", "encode", help="Then it is compared on every page, and its gaps are the next round."),
        )
if place is not None and written is None and (n := rows_in(place)) is not None:
    what.caption(
        f":material/warning: An export of {counted(n, 'row')} stands in {st_text(str(place))}; writing replaces it, unless somebody changed it."
    )
if written is not None:
    what.caption(f":material/download_done: Written to {st_text(str(written))}")
with st.expander("The card", icon=":material/description:"):
    st.code(card(plan, f"data/train.{file_format}"), language="markdown", wrap_lines=True)
with rows:
    tables.show(plan.rows.slice(0, _SHOWN))
