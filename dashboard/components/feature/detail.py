"""One feature: what it is called, whether it matters, what fires it in the anchor and in the data, and how strongly."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.cached import answer, row_of, sides, why
from dashboard.components import examples, tables
from dashboard.components.examples import st_text
from dashboard.components.feature import judging, naming, neighbours, try_text
from dashboard.figures import histogram
from dashboard.theme import STATES, badge
from fac_core.evidence.groups import Evidence
from fac_core.feature import Feature
from fac_core.progress import counted

_SCALES = ("this feature", "this list")


def show(feature: Feature, on_open: Callable[[int], None] | None = None) -> None:
    """The whole of a feature's page.

    Args:
        on_open: opens another feature on this page; without it, neighbours are links to the page of features.
    """
    row = row_of(feature.view, feature.feature_id)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"Feature {feature.feature_id}", width="content")
        badge(STATES[row["state"]])
    show_known(feature, on_open)


def show_known(feature: Feature, on_open: Callable[[int], None] | None = None) -> None:
    """All that is known of a feature, below its name."""
    row = row_of(feature.view, feature.feature_id)
    naming.show(feature)
    st.markdown(f"Peaks on: **{st_text(row['words']) or 'nothing in the anchor'}**")
    if found := why(feature.view, feature.feature_id):
        st.markdown(f"Why it is missing: **{found['cause']}**. {found['remedy']}")
    both = answer(sides, feature, row["delta"])
    judging.show(feature)
    _strengths(*both)
    neighbours.show(feature, on_open)
    try_text.show(feature)
    _evidence(both, row["anchor_max"])
    if address := feature.neuronpedia():
        st.link_button("Neuronpedia", address, icon=":material/open_in_new:", type="tertiary")


def _strengths(anchor: Evidence, run: Evidence) -> None:
    """How often and how strongly it fires: folded, for one decides by the texts below."""
    with st.expander(
        "How often, how strongly",
        icon=":material/bar_chart:",
        key="fd_strengths",
        on_change="rerun",
        bind="query-params",
    ) as box:
        if box.open:
            _numbers(anchor, run)
            _histograms(anchor, run)


def _numbers(anchor: Evidence, run: Evidence) -> None:
    with st.grid(4, min_column_width=140):
        for side, name in ((anchor, "the anchor"), (run, "your data")):
            st.metric(
                f"Density in {name}",
                f"{side.density:.2%}",
                help=f"{side.n_active:,} of {counted(side.n_samples, 'sample')} have any activation; {side.n_above:,} lie above δ.",
            )
            quantiles = ", ".join(f"{level:.0%}: {value:.2f}" for level, value in side.quantiles.items())
            st.metric(
                f"Maximum in {name}",
                f"{side.max:.2f}",
                help=f"δ of this feature is {side.delta:.2f}. Quantiles of its non-zero activations: {quantiles or 'none'}.",
            )


def _histograms(anchor: Evidence, run: Evidence) -> None:
    """The non-zero activations of both sides, on one axis."""
    if not anchor.n_active and not run.n_active:
        return
    is_linear = st.toggle("Linear counts", key="fd_linear", bind="query-params", help="Off: counts on a log axis.")
    for column, side in zip(st.columns(2), (anchor, run), strict=True):
        with column:
            if not side.n_active:
                st.caption(f"{st_text(side.run)}: no activation, so no histogram.")
                continue
            st.caption(f"Non-zero activations in {st_text(side.run)}: density {side.density:.3%}")
            st.plotly_chart(
                histogram.activations(side.histogram, side.max, side.delta, log=not is_linear),
                key=f"histogram-{side.run_id}-{side.feature_id}",
                alt=f"Samples of {side.run} by activation of feature {side.feature_id}, with δ marked",
            )
    with st.popover("As a table", icon=":material/table:"):
        for side in (anchor, run):
            st.caption(f"Samples of {st_text(side.run)} by activation")
            tables.show(histogram.rows(side.histogram, side.max), height=200)


def _evidence(sides: tuple[Evidence, Evidence], anchor_max: float) -> None:
    """The groups of both sides, next to each other."""
    folded = sum(examples.n_folded(side) for side in sides)
    with st.popover("How it is shown", icon=":material/visibility:"):
        around = examples.choose_context()
        scale = st.segmented_control(
            "Heat relative to", _SCALES, default=_SCALES[0], required=True, key="heat", bind="query-params"
        )
        unfolded = bool(folded) and st.toggle(
            f"Show {counted(folded, 'duplicate')}", key="duplicates", bind="query-params"
        )
    of_list = scale == _SCALES[1]
    said = "the strongest sample of each list" if of_list else f"this feature's maximum in the anchor, {anchor_max:.2f}"
    st.caption(
        f"Depth of colour and thickness of the underline: activation relative to {said}. Hover for exact values."
    )
    empty = ("Silent in the anchor: nothing to show.", "Never fires in your data. What would fire it is in the anchor.")
    for column, side, name, message in zip(st.columns(2), sides, ("Anchor", "Your data"), empty, strict=True):
        with column:
            st.markdown(f"##### {name}: {st_text(side.run)}")
            if not side.n_active:
                st.info(message)
            for group in side.groups:
                if not group.examples:
                    continue
                heading = examples.title(side, group)
                st.markdown(heading)
                st.html(
                    examples.group_html(
                        group.examples,
                        f"{side.run}: {heading.replace('**', '')}",
                        maximum=None if of_list else anchor_max or side.max,
                        around=around,
                        unfolded=unfolded,
                    )
                )
