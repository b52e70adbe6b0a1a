"""Study: does a metric of training sets go with what models learn from them, and what is worth adding to a seed?"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st

from dashboard.components import method_comparison
from dashboard.components.examples import st_text
from dashboard.figures import study as figures
from fac_core.errors import FacError
from fac_core.lab.sets.comparisons import compared_studies, comparisons
from fac_core.lab.study.study_files import Study, read_study, studies
from fac_core.progress import counted
from fac_core.store.workspace import Workspace


def said(correlation: list[float | None]) -> str:
    """Value and interval in words."""
    value, low, high = correlation
    if value is None or low is None or high is None:
        return "**none** (it does not vary)"
    return f"**{value:+.2f}** ({low:+.2f} to {high:+.2f})"


def show_conclusion(study: Study) -> None:
    """What the study says, and how far to trust it."""
    summary, chosen = study.summary, study.summary["chosen"]
    on_test = summary["test"][chosen]
    sizes = " and ".join(
        f"{n} to {'choose on' if half == 'choice' else 'test on'}" for half, n in summary["n_sets"].items()
    )
    st.markdown(
        f"Sets of {counted(study.sets['n_samples'][0].as_py(), 'sample')}, {sizes}; {summary['metric']} from "
        f"{summary['score_range'][0]:.3f} to {summary['score_range'][1]:.3f}, learned with {study.config.learner} on "
        f"{st_text(study.config.model)}. The definition chosen is **{chosen}**: on sets that "
        f"had no part in choosing it, Pearson {said(on_test['pearson'])}; with text length held fixed "
        f"{said(on_test['partial'])}."
    )
    if agreement := summary.get("agreement"):
        st.markdown(
            f"{st_text(study.config.chosen_by or '')} scored {agreement['n_sets']} of these sets too: Pearson of both "
            f"scores {said(agreement['pearson'])}."
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
        f"95 % intervals, from a bootstrap over kinds of sets. Reliability of the score {summary['score_reliability']:.2f}: "
        f"no metric can be expected to correlate with it by more than {max(0.0, summary['score_reliability']) ** 0.5:.2f}."
    )


def show_sets(study: Study) -> None:
    """Every test set as a point."""
    score, chosen = study.summary["metric"], study.summary["chosen"]
    names = sorted(set(study.findings["metric"].to_pylist()))
    metric = st.selectbox("Metric", names, index=names.index(chosen), key="metric", bind="query-params") or chosen
    test = study.sets.filter(pc.field("half") == "test")
    st.plotly_chart(figures.sets(test, metric, score), key="sets", alt=f"{metric} against {score}, one point a set")
    with st.expander("The same as a table", icon=":material/table:"):
        st.dataframe(
            test.select(
                ["kind", "draw", metric, "score", "score low seed", "score high seed", "n_samples", "n_tokens"]
            ),
            hide_index=True,
            column_config={
                "n_samples": "samples",
                "n_tokens": st.column_config.NumberColumn("tokens", format="localized"),
            },
        )


def show_metrics(study: Study) -> None:
    """Every metric, the best first."""
    st.subheader("Every metric")
    found = study.findings.filter(pc.field("half") == "test").drop_columns(["half"])
    order = np.argsort(-np.nan_to_num(found["pearson"].to_numpy(), nan=-2), kind="stable")
    rounded = st.column_config.NumberColumn(format="%.2f")
    st.dataframe(
        found.take(pa.array(order)),
        hide_index=True,
        column_config={
            **{name: rounded for name in found.column_names if name not in ("metric", "n_sets")},
            "n_sets": "sets",
        },
    )
    st.caption(
        "`partial` is Pearson with log mean length held fixed. Many metrics are shown: the best of them is best by luck too."
    )


place: Workspace = st.session_state["workspace"]
finished = studies(place)
names = sorted({*finished, *compared_studies(place)})
if not names:
    st.info("No study is finished in this workspace. One takes some minutes:", icon=":material/science:")
    st.code("fac lab study CONFIG.toml", language="bash")
    st.stop()
asked = st.query_params.get("study")
if asked is not None and asked not in names:
    st.warning(f"There is no finished study {st_text(asked)} here; showing {names[0]}.", icon=":material/link_off:")
name = st.selectbox("Study", names, key="study", bind="query-params")
try:
    study = read_study(place, name) if name in finished else None
    kept = comparisons(place, name)
except FacError as error:
    st.error(st_text(str(error)), icon=":material/error:")
    st.stop()
if study:
    show_conclusion(study)
    show_sets(study)
    show_metrics(study)
if kept:
    method_comparison.show(kept)
else:
    st.caption("`fac lab baselines CONFIG.toml` compares what to add to a seed, and shows it here.")
