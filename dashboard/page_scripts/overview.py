"""Overview: how well is my data covered, and where is it not?"""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard.cached import answer
from dashboard.components import tables
from dashboard.components.examples import st_text
from dashboard.components.gaps import first_gaps
from dashboard.components.overview import diversity, formulas
from dashboard.components.tables import opens, percent
from dashboard.figures import clusters, curves
from dashboard.links import kept, link
from dashboard.page_list import script
from dashboard.pickers.runs import choose_run
from dashboard.selection import chosen
from dashboard.theme import STATES, badge
from fac_core.comparison import likely_synthetic
from fac_core.coverage.curves import second_half
from fac_core.coverage.fac import Coverage
from fac_core.errors import EmptyAnchor
from fac_core.view import View

_CLUSTERS = "clusters of the map"
_PARTS_SHOWN = 30
"""Bars: the least covered parts; the table has all."""

view, _ = chosen()
keep = kept(view)
result = answer(View.coverage, view)


def show_number() -> None:
    """FAC first, by itself, then what is missing: the interval takes seconds when it is new."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.metric("Feature Activation Coverage", f"{result.fac:.1%}", width="content")
        show_closure()
        with st.popover("What is FAC?", icon=":material/function:"):
            formulas.show()
    said = st.container()
    first_gaps.show(view, answer(View.gaps, view))
    with said:
        show_meaning()


def show_meaning() -> None:
    interval = answer(View.interval, view)
    states = answer(View.states, view)["state"].value_counts().to_pylist()
    counted = {row["values"]: row["counts"] for row in states}
    task = f" and matter for {view.task}" if view.task else ""
    st.markdown(
        f"Of **{result.denominator:,}** features that occur in {st_text(result.anchor)}{task}, **{result.numerator:,}** fire"
        f" in {st_text(result.run)}; **{len(result.missing):,}** are missing. Another draw of as many samples would give "
        f"{interval.low:.1%} to {interval.high:.1%} ({interval.level:.0%} interval)."
    )
    with st.container(horizontal=True):
        for state, look in STATES.items():
            badge(look, f"{look.word} {counted.get(state, 0):,}")
        label = f"See the {len(result.missing):,} gaps"
        st.page_link(script("gaps"), label=label, icon=":material/arrow_forward:", query_params=keep)


def show_closure() -> None:
    """Gap closure by a run that was written for the gaps, or by any other."""
    others = view.workspace.peers(view.anchor.space_id, besides=(view.run.run_id, view.anchor.run_id))
    if not others or not result.missing:
        return
    by = likely_synthetic(view)
    usual = by.name if by else "a run"
    by = choose_run("Gaps closed by", others, "closes", "choose another", usual, width=200) or by
    if by:
        closure = answer(View.gap_closure, view, by.run_id)
        st.metric(
            "Gap closure",
            f"{closure.closure:.1%}",
            width="content",
            help=f"{closure.n_closed:,} of your {closure.n_gaps:,} gaps fire in {st_text(closure.synthetic)}. This is not FAC.",
        )


def show_curves() -> None:
    left, right = st.columns(2)
    with left:
        st.subheader("Against the threshold")
        points = answer(View.threshold_curve, view)
        delta = view.definition.delta if view.definition.quantile is None else None
        figure = curves.threshold(points, delta)
        st.plotly_chart(figure, key="threshold_curve", alt="FAC falls as the activation threshold rises")
        rows = [{"δ": p.delta, "FAC": p.fac, "covered": p.numerator, "of": p.denominator} for p in points]
        tables.as_table(rows, percent("FAC"))
    with right:
        st.subheader("Against the number of samples")
        grown = answer(View.growth_curve, view)
        st.plotly_chart(curves.growth(grown), key="growth_curve", alt="FAC rises with the number of samples")
        rows = [{"samples": p.n_samples, "FAC": p.mean, "5 %": p.low, "95 %": p.high} for p in grown]
        tables.as_table(rows, percent("FAC", "5 %", "95 %"))
        added = second_half(grown)
        advice = "More of the same would still help." if added > 0.02 else "More of the same adds little."
        st.caption(f"The second half of the samples added {added:.1%}. {advice}")


def show_parts() -> None:
    """Coverage by topic; a click on a bar opens its gaps."""
    fields = [*answer(View.fields, view), *([_CLUSTERS] if view.has_atlas else [])]
    if not fields:
        return
    st.subheader("By topic")
    field = st.segmented_control("Topics are", fields, default=None, key="field", bind="query-params") or fields[0]
    parts = answer(View.parts, view, None if field == _CLUSTERS else field)
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
        st.switch_page(script("gaps"), query_params={**keep, asked: picked[0]})
    hidden = f" The {len(shown)} least covered of {len(parts)} are drawn." if len(parts) > len(shown) else ""
    belongs = (
        "A cluster is of features with near directions; its name is made by a machine."
        if field == _CLUSTERS
        else "A feature belongs to the part of the anchor in which it fires more than elsewhere."
    )
    st.caption(f"{belongs} Click a bar to see its gaps.{hidden}")
    rows = [
        {
            "topic": name,
            "FAC": p.fac,
            "covered": p.numerator,
            "of": p.denominator,
            "gaps": link("gaps", keep, **{asked: name}),
        }
        for p, name in ((p, clusters.name_of(p)) for p in parts)
    ]
    columns = {**percent("FAC"), "gaps": opens("gaps", "see them")}
    tables.as_table(rows, columns, "As a table, with links to the gaps")


def show_exclusions() -> None:
    """What is not counted and why; the switches are those of the sidebar, with what each removes."""
    st.subheader("What is left out")
    for key, label, field, on in (
        ("no_sinks", "Features that only mark a position", "sink", replace(view.definition, exclude_sinks=True)),
        ("no_dense", "Features in over half of the anchor", "dense", replace(view.definition, exclude_dense_above=0.5)),
    ):
        try:
            removes = f"removes {getattr(answer(View.coverage, view.counted(on)).excluded, field):,}"
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
        + (f", {excluded.not_relevant:,} that do not matter for {view.task}" if view.task else "")
        + f". {result.n_extra:,} *extra* features fire in your data alone; they do not enter FAC. Your data:"
        f" {result.n_samples:,} samples, {result.n_tokens:,} tokens; anchor: {result.anchor_n_samples:,} samples,"
        f" {result.anchor_n_tokens:,} tokens."
    )
    presets = [
        {"definition": name, "FAC": one.fac, "covered": one.numerator, "of": one.denominator}
        if isinstance(one, Coverage)
        else {"definition": name, "FAC": None, "covered": None, "of": None, "why": one}
        for name, one in answer(View.presets, view).items()
    ]
    tables.show(presets, percent("FAC"))


show_number()
show_curves()
show_parts()
show_exclusions()
diversity.show(view)
