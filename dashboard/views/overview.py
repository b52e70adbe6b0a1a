"""Overview: how well is my data covered, and where is it not?"""

from __future__ import annotations

import streamlit as st

from dashboard import sources
from dashboard.components.examples import st_text
from dashboard.figures import clusters, curves
from dashboard.selection import Selection
from dashboard.theme import STATES
from fac_core.coverage.curves import cluster_coverage
from fac_core.coverage.definition import PRESETS
from fac_core.errors import EmptyAnchor, FacError

selection: Selection = st.session_state["selection"]
run = selection.workspace.run_path(selection.run.run_id)
anchor = selection.workspace.run_path(selection.anchor.run_id)
definition = selection.definition

try:
    result = sources.coverage(run, anchor, definition)
except FacError as error:
    st.error(str(error), icon=":material/error:")
    st.stop()

interval = sources.interval(run, anchor, definition)
table = sources.states(run, anchor, definition)
counted = {state: table["state"].to_pylist().count(state) for state in STATES}

st.metric(
    "Feature Activation Coverage",
    f"{result.fac:.1%}",
    help="FAC = |F(Q) ∩ F(P)| / |F(P)|: of the features that occur in the anchor, the share that fires in your data.",
)
st.markdown(
    f"Of **{result.denominator:,}** features that occur in {st_text(result.anchor)}, **{result.numerator:,}** fire in "
    f"{st_text(result.run)}; **{len(result.missing):,}** are missing. Another draw of as many samples would give "
    f"{interval.low:.1%} to {interval.high:.1%} ({interval.level:.0%} interval)."
)
with st.container(horizontal=True):
    for state, look in STATES.items():
        st.badge(f"{look.word} {counted[state]:,}", icon=look.icon, color=look.badge, help=look.meaning)  # type: ignore[arg-type]
    st.page_link("views/gaps.py", label=f"See the {len(result.missing):,} gaps", icon=":material/arrow_forward:")

left, right = st.columns(2)
with left:
    st.subheader("Against the threshold")
    st.plotly_chart(
        curves.threshold(
            sources.threshold_curve(run, anchor, definition), definition.delta if definition.quantile is None else None
        ),
        key="threshold_curve",
        alt="FAC falls as the activation threshold rises",
    )
with right:
    st.subheader("Against the number of samples")
    points = sources.growth_curve(run, anchor, definition)
    st.plotly_chart(curves.growth(points), key="growth_curve", alt="FAC rises with the number of samples")
    half = next((p for p in points if p.n_samples >= result.n_samples / 2), points[-1])
    st.caption(
        f"The second half of the samples added {result.fac - half.mean:.1%}. "
        + ("More of the same would still help." if result.fac - half.mean > 0.02 else "More of the same adds little.")
    )

fields = sources.metadata_fields(anchor)
if fields:
    st.subheader("By topic")
    field = st.selectbox("Field of the anchor's samples", fields, key="field", label_visibility="collapsed")
    parts = cluster_coverage(result, sources.home_of(anchor, field))
    st.plotly_chart(clusters.by_cluster(parts), key="by_topic", alt="Covered and missing features by topic")
    st.caption("A feature belongs to the part of the anchor in which it fires more than elsewhere.")

st.subheader("What the number rests on")
presets = []
for name, preset in PRESETS.items():
    try:
        other = sources.coverage(run, anchor, preset)
        presets.append({"definition": name, "FAC": other.fac, "covered": other.numerator, "of": other.denominator})
    except EmptyAnchor as empty:
        presets.append({"definition": name, "FAC": None, "covered": None, "of": None, "why": str(empty)})
st.dataframe(presets, hide_index=True, column_config={"FAC": st.column_config.NumberColumn(format="percent")})
excluded = result.excluded
st.caption(
    f"Not counted: {excluded.dead:,} features that the anchor does not fire often enough, {excluded.sink:,} that only mark "
    f"a position, {excluded.dense:,} too dense, {excluded.not_relevant:,} not relevant. {result.n_extra:,} *extra* features "
    f"fire in your data alone; they do not enter FAC. Your data: {result.n_samples:,} samples, {result.n_tokens:,} tokens; "
    f"anchor: {result.anchor_n_samples:,} samples, {result.anchor_n_tokens:,} tokens."
)
