"""Study: does a metric of training sets go with what models learn from them?"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st

from dashboard.components.examples import st_text
from dashboard.figures import study as figures
from dashboard.selection import Selection
from fac_core.errors import FacError
from fac_core.evaluation.study_files import read_study, studies

selection: Selection = st.session_state["selection"]
names = studies(selection.workspace)
if not names:
    st.info("No study is finished in this workspace. One takes some minutes:", icon=":material/science:")
    st.code("fac study CONFIG.toml", language="bash")
    st.stop()
asked = st.query_params.get("study")
if asked is not None and asked not in names:
    st.warning(f"There is no finished study {st_text(asked)} here; showing {names[0]}.", icon=":material/link_off:")
name = st.selectbox("Study", names, index=None, key="study", bind="query-params", placeholder=names[0]) or names[0]
try:
    study = read_study(selection.workspace, name)
except FacError as error:
    st.error(st_text(str(error)), icon=":material/error:")
    st.stop()
summary, chosen = study.summary, study.summary["chosen"]


def said(correlation: list[float | None]) -> str:
    """Value and interval in words."""
    value, low, high = correlation
    if value is None or low is None or high is None:
        return "**none** (it does not vary)"
    return f"**{value:+.2f}** ({low:+.2f} to {high:+.2f})"


on_test = summary["test"][chosen]


sizes = " and ".join(
    f"{n} to {'choose on' if half == 'choice' else 'test on'}" for half, n in summary["n_sets"].items()
)
st.markdown(
    f"Sets of {study.sets['n_samples'][0].as_py():,} samples, {sizes}; {summary['metric']} from "
    f"{summary['score_range'][0]:.3f} to {summary['score_range'][1]:.3f}, learned with {study.config.learner} on "
    f"{st_text(study.config.model)}. The definition chosen is **{chosen}**: on sets that "
    f"had no part in choosing it, Pearson {said(on_test['pearson'])}; with text length held fixed "
    f"{said(on_test['partial'])}."
)
if agreement := summary.get("agreement"):
    st.markdown(
        f"{st_text(study.config.chosen_by or '')} scored {agreement['n_sets']} of these sets too: Pearson of both scores "
        f"{said(agreement['pearson'])}."
    )
with st.container(horizontal=True):
    for kind, bar in summary["bars"].items():
        reached = summary["reached"][kind]
        st.badge(
            f"{kind} ≥ {bar}: {'reached' if reached else 'missed'}",
            icon=":material/check_circle:" if reached else ":material/cancel:",
            color="green" if reached else "red",
        )
st.caption(
    f"95 % intervals, from a bootstrap over kinds of sets. Reliability of the score {summary['score_reliability']:.2f}: no "
    f"metric can be expected to correlate with it by more than {max(0.0, summary['score_reliability']) ** 0.5:.2f}."
)

metrics = study.findings["metric"].to_pylist()
metric = st.selectbox("Metric", sorted(set(metrics)), index=None, key="metric", bind="query-params", placeholder=chosen)
metric = metric or chosen
test = study.sets.filter(pc.field("half") == "test")
st.plotly_chart(figures.sets(test, metric, summary["metric"]), key="sets", alt=f"{metric} against {summary['metric']}")
with st.expander("The same as a table", icon=":material/table:"):
    st.dataframe(
        test.select(["kind", "draw", metric, "score", "score low seed", "score high seed", "n_samples", "n_tokens"]),
        hide_index=True,
    )

st.subheader("Every metric")
found = study.findings.filter(pc.field("half") == "test").drop_columns(["half"])
order = np.argsort(-np.nan_to_num(found["pearson"].to_numpy(), nan=-2), kind="stable")
rounded = st.column_config.NumberColumn(format="%.2f")
st.dataframe(
    found.take(pa.array(order)),
    hide_index=True,
    column_config={name: rounded for name in found.column_names if name not in ("metric", "n_sets")},
)
st.caption(
    "`partial` is Pearson with log mean length held fixed. Many metrics are shown: the best of them is best by luck too."
)
