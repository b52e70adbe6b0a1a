"""Compare: how datasets cover each other, what only one has, which real texts fill gaps, how few samples suffice."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from dashboard.cached import answer, matched
from dashboard.components import tables
from dashboard.components.examples import st_text
from dashboard.components.tables import numbers, opens, percent
from dashboard.figures import comparison as figures
from dashboard.links import kept, link, wrong_feature
from dashboard.pickers.feature import choose_feature
from dashboard.pickers.runs import pick_run, told_apart
from dashboard.selection import chosen
from fac_core import comparison
from fac_core.errors import FacError
from fac_core.evidence.examples import words_in_short
from fac_core.feature import Feature
from fac_core.progress import counted
from fac_core.report.token_heat import token_heat
from fac_core.store.runs.info import RunInfo
from fac_core.view import View

_LISTED = 500
"""Features in the list of effects: the surest."""
_SIZES: dict[str, comparison.Match] = {"own size": None, "equal samples": "samples", "equal tokens": "tokens"}

view, _ = chosen()
keep = kept(view)
peers = told_apart(view.workspace.peers(view.anchor.space_id))


def show_matrix() -> None:
    st.subheader("How much of each dataset each other one covers")
    drawn_at = st.segmented_control(
        "Rows are drawn at", list(_SIZES), default="own size", required=True, key="cm_size", bind="query-params"
    )
    ids = tuple(info.run_id for info in peers)
    found = answer(comparison.matrix, view, ids, match=_SIZES[drawn_at])
    found = replace(found, names=tuple(info.name for info in peers))
    st.plotly_chart(
        figures.matrix(found),
        key="matrix",
        alt="FAC of every dataset (rows) with every dataset as the anchor (columns); the table below has the numbers",
    )
    for name, why in zip(found.names, found.no_anchor, strict=True):
        if why:
            st.caption(f":material/error: {st_text(name)} has no column. {st_text(why)}")
    size = f"{found.matched[1]:,} {found.matched[0]}" if found.matched else "its own size, so large sets look better"
    st.caption(
        f"Each row is a dataset at {size}; each column takes one as the anchor. On average {found.mean:.0%} of a dataset"
        " is found in another. *Redundant* is the share that all others together cover."
    )
    rows = [
        {
            "dataset": name,
            **{f"covers {other}": found.fac[i, j] for j, other in enumerate(found.names)},
            "samples": found.n_samples[i],
            "tokens": found.n_tokens[i],
            "features": int(found.denominator[i]),
            "redundant": found.redundancy[i],
            "its own": int(found.n_own[i]),
        }
        for i, name in enumerate(found.names)
    ]
    shares = [name for name in rows[0] if name.startswith("covers")]
    tables.show(rows, percent(*shares, "redundant"))


def show_pair(a: RunInfo, b: RunInfo) -> None:
    found = answer(comparison.overlap, about(a), b.run_id)
    found = replace(found, run_a=a.name, run_b=b.name)
    st.plotly_chart(
        figures.overlap(found), key="overlap", alt="Features that both cover, only A, only B, neither; table below"
    )
    parts = {"both": found.both, f"only {a.name}": found.only_a, f"only {b.name}": found.only_b}
    rows = [
        {"covered by": name, "features": part.n, "from": part.low, "to": part.high, "share": part.n / found.n_features}
        for name, part in {**parts, "neither": found.neither}.items()
    ]
    tables.show(rows, percent("share"))
    st.caption(
        f"From and to: {found.level:.0%} bootstrap interval over the samples of both. {st_text(a.name)} has"
        f" {counted(a.n_samples, 'sample')} of {a.n_tokens / max(1, a.n_samples):.0f} tokens, {st_text(b.name)} {b.n_samples:,} of"
        f" {b.n_tokens / max(1, b.n_samples):.0f}: the larger covers more for its size alone."
    )
    before, after = found.both.n + found.only_a.n, found.both.n + found.only_b.n
    gaps = found.only_b.n + found.neither.n
    st.markdown(f"**If {st_text(a.name)} is before and {st_text(b.name)} after**")
    with st.container(horizontal=True):
        change = (after - before) / found.n_features
        st.metric("FAC before", f"{before / found.n_features:.1%}")
        st.metric("FAC after", f"{after / found.n_features:.1%}", f"{change:+.1%}")
        closure = f"{found.only_b.n / gaps:.1%}" if gaps else "no gap"
        st.metric(
            "Gap closure", closure, help=f"Of the {counted(gaps, 'gap')} before, the share that fires after. Not FAC."
        )
        st.metric("Lost", f"{found.only_a.n:,}", help="Features that were covered before and are not any more.")


def show_effects(a: RunInfo, b: RunInfo) -> None:
    st.markdown("**Feature by feature: which one has it more often**")
    any_length = st.toggle(
        "Compare texts of any length",
        key="cm_any_length",
        bind="query-params",
        help="By default odds ratios compare samples of like length: longer texts fire more of everything.",
    )
    table = answer(comparison.effects, about(a), b.run_id, hold_length=not any_length)
    sure = [row for row in table.to_pylist() if row["q"] <= 0.05]
    more_a = sum(row["odds_ratio"] > 1 for row in sure)
    st.caption(
        f"More common in {st_text(a.name)}: {counted(more_a, 'feature')}; in {st_text(b.name)}: {len(sure) - more_a:,} (false"
        f" discovery rate 5 %), of {len(table):,}."
        + (f" The surest {_LISTED:,} are listed." if len(sure) > _LISTED else "")
    )
    rows = [
        {
            "feature": link("features", keep, feature=str(row["feature_id"])),
            "peaks on": row["words"],
            "in A": row["share_a"],
            "in B": row["share_b"],
            "difference": row["difference"],
            "from": row["difference_low"],
            "to": row["difference_high"],
            "odds ratio": row["odds_ratio"],
            "odds from": row["odds_low"],
            "odds to": row["odds_high"],
            "q": row["q"],
        }
        for row in sure[:_LISTED]
    ]
    columns = {
        "feature": opens("feature", r"feature=(\d+)"),
        **percent("in A", "in B", "difference", "from", "to"),
        **numbers("%.2f", "odds ratio", "odds from", "odds to"),
        **numbers("scientific", "q"),
    }
    tables.show(rows, columns, height=360)


def show_real_texts() -> None:
    st.subheader("Real texts for the gaps, before anything is written")
    own = (view.run.run_id, view.anchor.run_id)
    others = tuple(info.run_id for info in peers if info.run_id not in own)
    if others:
        found = answer(comparison.closing, view, others)
        rows = [
            {
                "texts of": " + ".join(part.sources),
                "gaps closed": len(part.closed),
                "of": part.n_gaps,
                "share": len(part.closed) / max(1, part.n_gaps),
                "with texts": len(part.samples),
                "90 % of them with": part.n_for_90,
            }
            for part in found
        ]
        tables.show(rows, percent("share"))
        st.caption(f"Texts that, added to {st_text(view.run.name)}, would close its gaps; chosen greedily.")
    else:
        st.info("A third run of this space would be searched here.", icon=":material/search_off:")
    wrong_feature("cm_feature", view.anchor.d_sae)
    feature = choose_feature(view, "For one feature", "cm_feature", placeholder="id", width=200)
    if feature is None:
        return
    elsewhere = tuple(info.run_id for info in peers if info.run_id != view.run.run_id)
    texts = answer(Feature.texts, Feature(view, feature), elsewhere)
    if not texts:
        st.info("No text of the other runs fires it.", icon=":material/search_off:")
    for text in texts:
        sign = ":material/check: above" if text.counts else ":material/remove: not above"
        st.markdown(f"`{text.example.activation:.2f}` {sign} δ {text.delta:.2f} · {st_text(text.run)}")
        strongest = texts[0].example.activation
        st.html(token_heat(text.example.text, text.example.tokens, strongest, around=120, peak=text.example.peak))


def show_subset() -> None:
    st.subheader(f"How few samples of {st_text(view.run.name)} suffice")
    found, random = answer(View.subset, view), answer(View.growth_curve, view)
    st.plotly_chart(
        figures.subset(found, random),
        key="subset",
        alt="FAC against samples: chosen greedily it rises far faster than in random order; table below",
    )
    shares = (0.5, 0.8, 0.9, 0.95, 0.99, 1.0)
    sizes = {share: found.size_for(share) for share in shares}
    rows = [{"of the FAC": s, "samples": n, "of all": n / found.full_n_samples} for s, n in sizes.items() if n]
    tables.show(rows, percent("of the FAC", "of all"))
    n = sizes[0.99] or 0
    st.markdown(
        f"These **{n:,}** of {counted(found.full_n_samples, 'sample')} keep 99 % of the FAC of {found.full_fac:.1%}."
    )
    first = [{"sample_id": s, "fac": fac} for s, fac in zip(found.sample_ids[:n], found.fac[:n], strict=True)]
    st.download_button(
        f"Their ids ({n:,})",
        "".join(json.dumps(one) + "\n" for one in first),
        f"{view.run.run_id}-subset.jsonl",
        "application/jsonl",
        icon=":material/download:",
        disabled=not n,
    )


def show_other_spaces() -> None:
    st.subheader("Across feature spaces")
    mine = {info.dataset_id: info for info in peers}
    others = [i for i in view.workspace.runs() if i.space_id != view.anchor.space_id and i.dataset_id in mine]
    if not others:
        st.caption("Encode a dataset of this workspace with another model or SAE, and their features can be matched.")
        return
    other = pick_run("Run of another space", others, others[0], "cm_other", "A run of the same dataset.")
    here = mine[other.dataset_id]
    key = f"matched-{here.run_id}-{other.run_id}"
    st.button(
        f"Match {st_text(here.name)} with {st_text(other.model)}",
        icon=":material/hub:",
        on_click=lambda: st.session_state.update({key: True}),
    )
    if not st.session_state.get(key):
        return
    found = answer(matched, view, here.run_id, other.run_id)
    st.markdown(
        f"**{found.share:.1%}** of {counted(found.n_tried, 'feature')} have a match (correlation from {found.least_correlation:g}); with"
        f" the texts paired at random {found.null_share:.1%}. {found.n_left_out:,} fire too rarely to be tried."
    )
    ours, theirs = (words_in_short(view.workspace.opened_run(info)) for info in (here, other))
    rows = [
        {
            "feature": link("features", keep, feature=str(row["feature_a"])),
            "peaks on": ours[row["feature_a"]],
            "there": row["feature_b"],
            "there peaks on": theirs[row["feature_b"]],
            "correlation": row["correlation"],
            "same top samples": row["shared_top"],
        }
        for row in found.pairs.slice(0, _LISTED).to_pylist()
    ]
    shared = "Of the samples that fire one of the two most strongly, the share of both."
    columns = {
        "feature": opens("feature", r"feature=(\d+)"),
        "there": st.column_config.NumberColumn(help=f"Feature of {st_text(other.model)}."),
        **numbers("%.2f", "correlation"),
        "same top samples": st.column_config.NumberColumn(format="percent", help=shared),
    }
    tables.show(rows, columns)


def about(run: RunInfo) -> View:
    return replace(view, run=run)


def section(show: Callable[..., None], *runs: RunInfo) -> None:
    """What one part of the page cannot say leaves the others standing."""
    try:
        show(*runs)
    except FacError as error:
        st.error(st_text(str(error)), icon=":material/error:")


section(show_matrix)
st.subheader("Two datasets")
with st.container(horizontal=True):
    first = pick_run("A", peers, view.run, "cm_a", "The dataset in question, or the one before.")
    other = next(info for info in reversed(peers) if info.run_id != first.run_id)
    second = pick_run("B", peers, other, "cm_b", "The one to compare with, or the one after.")
if first.run_id == second.run_id:
    st.info("Choose two different datasets.", icon=":material/compare_arrows:")
else:
    section(show_pair, first, second)
    section(show_effects, first, second)
section(show_real_texts)
section(show_subset)
section(show_other_spaces)
