"""Overview: how well is my data covered, and where is it not?"""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard import comparison_sources, sources
from dashboard.components import definitions, diversity_table
from dashboard.components.examples import st_text
from dashboard.figures import clusters, curves
from dashboard.links import link, shared
from dashboard.selection import Selection, choose_run
from dashboard.theme import STATES
from fac_core.coverage.definition import PRESETS
from fac_core.errors import EmptyAnchor, FacError
from fac_core.store.runs.info import RunInfo

_CLUSTERS = "clusters of the map"
_PARTS_SHOWN = 30
"""Bars: the least covered parts; the table has all."""

selection: Selection = st.session_state["selection"]
run = selection.workspace.run_path(selection.run.run_id)
anchor = selection.workspace.run_path(selection.anchor.run_id)
definition, relevant = selection.definition, selection.relevant
kept = shared(selection.run.run_id, selection.anchor.run_id, st.query_params.to_dict())

try:
    result = sources.coverage(run, anchor, definition, relevant)
except FacError as error:
    st.error(str(error), icon=":material/error:")
    st.stop()


def show_number() -> None:
    """FAC first, by itself: the interval takes seconds when it is new."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.metric("Feature Activation Coverage", f"{result.fac:.1%}", width="content")
        show_closure()
        with st.popover("What is FAC?", icon=":material/function:"):
            definitions.show()
    interval = sources.interval(run, anchor, definition, relevant)
    counted = sources.state_counts(run, anchor, definition, relevant)
    task = f" and matter for {selection.task}" if selection.task else ""
    st.markdown(
        f"Of **{result.denominator:,}** features that occur in {st_text(result.anchor)}{task}, **{result.numerator:,}** fire"
        f" in {st_text(result.run)}; **{len(result.missing):,}** are missing. Another draw of as many samples would give "
        f"{interval.low:.1%} to {interval.high:.1%} ({interval.level:.0%} interval)."
    )
    with st.container(horizontal=True):
        for state, look in STATES.items():
            st.badge(f"{look.word} {counted.get(state, 0):,}", icon=look.icon, color=look.badge, help=look.meaning)  # type: ignore[arg-type]
        st.page_link("views/gaps.py", label=f"See the {len(result.missing):,} gaps", icon=":material/arrow_forward:")


def show_closure() -> None:
    """Gap closure by a run that was written for the gaps, or by any other."""
    own = (selection.run.run_id, selection.anchor.run_id)
    others = {i.run_id: i for i in selection.workspace.runs() if i.space_id == selection.anchor.space_id}
    others = {run_id: info for run_id, info in others.items() if run_id not in own}
    if not others or not result.missing:
        return
    synthetic = next((info for info in others.values() if is_synthetic(info)), None)
    chosen = choose_run(
        "Gaps closed by", list(others.values()), "closes", "choose another", synthetic.name if synthetic else "a run",
        width=200,
    )  # fmt: skip
    if by := chosen or synthetic:
        path = selection.workspace.run_path(by.run_id)
        closure = comparison_sources.closure(path, run, anchor, definition, relevant)
        st.metric(
            "Gap closure",
            f"{closure.closure:.1%}",
            width="content",
            help=f"{closure.n_closed:,} of your {closure.n_gaps:,} gaps fire in {st_text(closure.synthetic)}. This is not FAC.",
        )


def is_synthetic(info: RunInfo) -> bool:
    return any("synth" in said.lower() for said in (info.name, info.source, info.dataset_name))


def show_curves() -> None:
    left, right = st.columns(2)
    with left:
        st.subheader("Against the threshold")
        points = sources.threshold_curve(run, anchor, definition, relevant)
        delta = definition.delta if definition.quantile is None else None
        figure = curves.threshold(points, delta)
        st.plotly_chart(figure, key="threshold_curve", alt="FAC falls as the activation threshold rises")
        with st.expander("As a table", icon=":material/table:"):
            rows = [{"δ": p.delta, "FAC": p.fac, "covered": p.numerator, "of": p.denominator} for p in points]
            st.dataframe(rows, hide_index=True, column_config=_percent("FAC"))
    with right:
        st.subheader("Against the number of samples")
        grown = sources.growth_curve(run, anchor, definition, relevant)
        st.plotly_chart(curves.growth(grown), key="growth_curve", alt="FAC rises with the number of samples")
        with st.expander("As a table", icon=":material/table:"):
            rows = [{"samples": p.n_samples, "FAC": p.mean, "5 %": p.low, "95 %": p.high} for p in grown]
            st.dataframe(rows, hide_index=True, column_config=_percent("FAC", "5 %", "95 %"))
        half = next((p for p in grown if p.n_samples >= result.n_samples / 2), grown[-1])
        st.caption(
            f"The second half of the samples added {result.fac - half.mean:.1%}. "
            + (
                "More of the same would still help."
                if result.fac - half.mean > 0.02
                else "More of the same adds little."
            )
        )


def show_parts() -> None:
    """Coverage by topic; a click on a bar opens its gaps."""
    space = selection.workspace.space_path(selection.anchor.space_id)
    fields = [*sources.metadata_fields(anchor), *([_CLUSTERS] if space.exists() else [])]
    if not fields:
        return
    st.subheader("By topic")
    field = st.segmented_control("Topics are", fields, default=None, key="field", bind="query-params") or fields[0]
    by_cluster = space if field == _CLUSTERS else None
    parts = sources.coverage_by_part(run, anchor, definition, relevant, field=field, space=by_cluster)
    shown = parts[:_PARTS_SHOWN]
    event = st.plotly_chart(
        clusters.by_cluster(shown),
        key=f"by_topic-{field}",
        on_select="rerun",
        selection_mode="points",
        alt="Covered and missing features by topic, least covered first; the table has the same numbers",
    )
    asked = "gq_cluster" if field == _CLUSTERS else "gq_home"
    picked = [point["y"] for point in event["selection"]["points"]] if event else []  # type: ignore[index]
    if picked:
        st.switch_page("views/gaps.py", query_params={**kept, asked: picked[0]})
    hidden = f" The {len(shown)} least covered of {len(parts)} are drawn." if len(parts) > len(shown) else ""
    belongs = (
        "A cluster is of features with near directions; its name is made by a machine."
        if field == _CLUSTERS
        else "A feature belongs to the part of the anchor in which it fires more than elsewhere."
    )
    st.caption(f"{belongs} Click a bar to see its gaps.{hidden}")
    with st.expander("As a table, with links to the gaps", icon=":material/table:"):
        rows = [
            {
                "topic": (name := clusters.name_of(p)),
                "FAC": p.fac,
                "covered": p.numerator,
                "of": p.denominator,
                "gaps": link("gaps", kept, **{asked: name}),
            }
            for p in parts
        ]
        gaps = st.column_config.LinkColumn(display_text="see them")
        st.dataframe(rows, hide_index=True, column_config={**_percent("FAC"), "gaps": gaps})


def show_exclusions() -> None:
    """What is not counted and why; the switches are those of the sidebar, with what each removes."""
    st.subheader("What is left out")
    for key, label, field, on in (
        ("no_sinks", "Features that only mark a position", "sink", replace(definition, exclude_sinks=True)),
        ("no_dense", "Features in over half of the anchor", "dense", replace(definition, exclude_dense_above=0.5)),
    ):
        try:
            removes = f"removes {getattr(sources.coverage(run, anchor, on, relevant).excluded, field):,}"
        except EmptyAnchor:
            removes = "leaves nothing to cover"
        mine = f"overview_{key}"
        st.session_state[mine] = bool(st.session_state.get(key))

        def mirror(key: str = key, mine: str = mine) -> None:
            st.session_state[key] = st.session_state[mine]

        st.toggle(f"{label}: {removes}", key=mine, on_change=mirror)
    excluded = result.excluded
    st.caption(
        f"Also not counted: {excluded.dead:,} features that the anchor does not fire often enough"
        + (f", {excluded.not_relevant:,} that do not matter for {selection.task}" if selection.task else "")
        + f". {result.n_extra:,} *extra* features fire in your data alone; they do not enter FAC. Your data:"
        f" {result.n_samples:,} samples, {result.n_tokens:,} tokens; anchor: {result.anchor_n_samples:,} samples,"
        f" {result.anchor_n_tokens:,} tokens."
    )
    presets = []
    for name, preset in PRESETS.items():
        try:
            other = sources.coverage(run, anchor, preset, relevant)
            presets.append({"definition": name, "FAC": other.fac, "covered": other.numerator, "of": other.denominator})
        except EmptyAnchor as empty:
            presets.append({"definition": name, "FAC": None, "covered": None, "of": None, "why": str(empty)})
    st.dataframe(presets, hide_index=True, column_config=_percent("FAC"))


def _percent(*names: str) -> dict:
    return {name: st.column_config.NumberColumn(format="percent") for name in names}


show_number()
show_curves()
show_parts()
show_exclusions()
diversity_table.show(selection)
