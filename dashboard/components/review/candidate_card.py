"""One candidate as its reviewer sees it: the text with its heat, the check, the effect, real examples beside it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.cached import answer, row_of, sides
from dashboard.components.examples import group_html, st_text
from dashboard.components.review.check_badge import check_look, check_words, theme_look, theme_words
from dashboard.components.review.strength_bar import strength_bar
from dashboard.components.review.word_diff import word_diff
from dashboard.theme import DECISIONS, badge
from fac_core.curation.offered import NEAR
from fac_core.curation.review import Opinion, State
from fac_core.curation.standing import Effect
from fac_core.evidence.duplicates import Distinct
from fac_core.evidence.examples import TokenValue
from fac_core.feature import Feature
from fac_core.report.token_heat import token_heat
from fac_core.synthesis.candidates import Candidate
from fac_core.view import View

_N_REAL = 4
_AROUND = 120
"""Characters of a real example on each side of its peak."""


def show(
    view: View,
    candidate: Candidate,
    history: Sequence[Candidate],
    effect: Effect,
    held: State,
    opinions: Sequence[Opinion],
    of_theme: tuple[str, float] | None = None,
) -> None:
    """The card, without its buttons.

    Args:
        history: all versions, the oldest first.
        opinions: those that this reviewer may see.
        of_theme: the theme that it was written for, or that its target is of, and how many times as strong as it has to be; None without one.
    """
    anchor, run = answer(sides, Feature(view, candidate.feature_id), candidate.delta)
    real = anchor.group("top").examples[:_N_REAL]
    maximum = max((one.example.activation for one in real), default=candidate.activation)
    left, right = st.columns(2)
    with left:
        _badges(candidate, held, of_theme)
        tokens = [TokenValue(*token) for token in candidate.tokens]
        peak = TokenValue(*candidate.peak) if candidate.peak else None
        st.html(token_heat(candidate.text, tokens, maximum, peak=peak))
        if candidate.fields.get("label") is not None:
            st.markdown(f"Label: **{st_text(str(candidate.fields['label']))}**")
        if candidate.fields.get("rejected"):
            st.markdown("Rejected answer of the pair:")
            st.html(token_heat(str(candidate.fields["rejected"]), (), 0.0))
        if effect.is_measured:
            st.html(strength_bar(candidate.activation, candidate.delta, maximum))
        st.markdown(f"Accepting it: **{effect.in_words()}**")
        if candidate.detail and candidate.verdict != "passes":  # else the badge says it all
            st.caption(st_text(candidate.detail))
        if (candidate.similarity or 0.0) >= NEAR:
            st.warning(
                f"Similarity {candidate.similarity:.2f} to another text. See whether it says anything new.",
                icon=":material/content_copy:",
            )
        _diff(history)
        _said(opinions)
        st.caption(
            f"{st_text(candidate.method)} · {st_text(candidate.prompt)} · {st_text(candidate.generator)} · {st_text(candidate.candidate_id)}"
            f" · version {candidate.version}"
        )
    with right:
        _target(view, candidate)
        if real:
            st.html(group_html(real, "Real texts that fire the feature most", maximum=maximum, around=_AROUND))
        else:
            st.info("The anchor has no example of this feature.")
        _near_miss(run.group("near miss").examples, maximum)


def _badges(candidate: Candidate, held: State, of_theme: tuple[str, float] | None) -> None:
    with st.container(horizontal=True):
        badge(check_look(candidate), check_words(candidate))
        if of_theme:
            badge(theme_look(of_theme[1]), theme_words(*of_theme))
        badge(DECISIONS[held])


def _target(view: View, candidate: Candidate) -> None:
    label, words = answer(View.names, view).text.get(candidate.feature_id), row_of(view, candidate.feature_id)["words"]
    called = label or words or "no words at its peaks"
    st.markdown(f"**Written for feature {candidate.feature_id}**: {st_text(called)}")
    st.caption("Real texts that fire it most:")


def _near_miss(found: Sequence[Distinct], maximum: float) -> None:
    if not found:
        st.caption("Your data has no near miss: no text that fires it at or below δ.")
        return
    st.caption("The nearest miss in your data:")
    st.html(group_html(found[:1], "Nearest miss in your data", maximum=maximum, around=_AROUND))


def _diff(history: Sequence[Candidate]) -> None:
    if len(history) > 1 and history[0].text != history[-1].text:
        st.markdown("**Edited**, against the first version:")
        st.html(word_diff(history[0].text, history[-1].text))


def _said(opinions: Sequence[Opinion]) -> None:
    for one in opinions:
        reason = f", {one.reason}" if one.reason else ""
        note = f": {st_text(one.note)}" if one.note else ""
        st.caption(
            f"{st_text(one.reviewer)} decided **{one.choice}**{reason} on {one.at[:16].replace('T', ' ')} UTC{note}"
        )
