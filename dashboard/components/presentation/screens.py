"""What each screen of a presentation shows: parts of the pages, large, and nothing beside them. Texts are untrusted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import streamlit as st

from dashboard.cached import answer, row_of, sides
from dashboard.components.examples import st_text
from dashboard.components.presentation.showpiece import Showpiece
from dashboard.components.presentation.slides import Part, Slide
from dashboard.components.review.check_badge import check_look, check_words, theme_look, theme_words
from dashboard.components.review.strength_bar import strength_bar
from dashboard.figures.theme_bars import longest_of, theme_html
from dashboard.theme import DECISIONS, badge
from fac_core.evidence.examples import TokenValue
from fac_core.feature import Feature
from fac_core.progress import counted
from fac_core.report.token_heat import token_heat
from fac_core.themes.belonging import Belonging
from fac_core.themes.theme import Theme
from fac_core.view import View
from fac_core.workflows.themes import filled_by_batch

_LONGEST = 230
"""Characters of a text beside others."""


def show(view: View, slide: Slide, written: Mapping[str, Showpiece]) -> None:
    """Draw one screen."""
    if slide.theme is None:
        _answer(view)
    elif (shown := written.get(slide.theme.name)) is not None and slide.part in _WRITTEN:
        _WRITTEN[slide.part](view, slide.theme, shown)
    elif slide.part == "texts":
        _texts(view, slide.theme)
    else:
        _theme(view, slide.theme)


def _answer(view: View) -> None:
    missing, result = answer(View.missing, view), answer(View.coverage, view)
    st.header(missing.said(lambda name: f"“*{st_text(name)}*”"), anchor=False)
    st.metric("Feature Activation Coverage", f"{result.fac:.1%}")
    st.caption(
        f"{st_text(missing.run)}, {counted(missing.n_samples, 'sample')}, against {st_text(missing.anchor)},"
        f" {counted(view.anchor.n_samples, 'sample')}, at equal length of texts."
    )


def _theme(view: View, theme: Theme) -> None:
    st.header("Your data is short of this", anchor=False)
    st.html(theme_html(replace(theme, texts=()), longest_of(theme)))
    st.caption(f"Shares of the texts of {st_text(view.anchor.name)} and of {st_text(view.run.name)}, 95 % intervals.")


def _texts(view: View, theme: Theme) -> None:
    st.header(f"Texts of “*{st_text(theme.name)}*”", anchor=False)
    for one in theme.texts:
        st.markdown(f"“{st_text(one.excerpt(_LONGEST))}”")
    st.caption(f"Real texts of {st_text(view.anchor.name)}: what your data would need more of.")


def _sample(view: View, theme: Theme, shown: Showpiece) -> None:
    st.header(f"Written for “*{st_text(theme.name)}*”", anchor=False)
    st.html(token_heat(shown.candidate.text, (), 0.0))
    badge(DECISIONS[shown.state])
    st.caption(
        f"For feature {shown.candidate.feature_id}, {_called(view, shown)}, by {st_text(shown.candidate.generator)}."
    )


def _proof(view: View, theme: Theme, shown: Showpiece) -> None:
    one = shown.candidate
    anchor, _ = answer(sides, Feature(view, one.feature_id), one.delta)
    real = anchor.group("top").examples
    maximum = max((example.example.activation for example in real), default=one.activation)
    st.header("The model fires where it should", anchor=False)
    peak = TokenValue(*one.peak) if one.peak else None
    st.html(token_heat(one.text, [TokenValue(*token) for token in one.tokens], maximum, peak=peak))
    badge(check_look(one), check_words(one))
    if fired := shown.found.measured.get(one.candidate_id):
        times = Belonging.of(theme, view.p).times_least(fired.feature_ids, fired.activations)
        badge(theme_look(times), theme_words(theme.name, times))
    st.html(strength_bar(one.activation, one.delta, maximum))
    st.caption(f"Read plainly, whatever wrote it. The target: feature {one.feature_id}, {_called(view, shown)}.")


def _after(view: View, theme: Theme, shown: Showpiece) -> None:
    filled, found = filled_by_batch(view, theme, shown.found.batch.batch_id), shown.found
    st.header("Before and after", anchor=False)
    with st.container(horizontal=True):
        st.metric(f"“{st_text(theme.name)}” in your data", f"{filled.before.value:.1%}")
        st.metric(f"with {counted(filled.added, 'passing text')}", f"{filled.after.value:.1%}")
        st.metric("in the anchor", f"{filled.anchor.value:.1%}")
    with st.container(horizontal=True):
        st.metric("FAC of your data", f"{found.seed.fac:.2%}")
        st.metric("with what is accepted", f"{found.accepted.fac:.2%}")
        st.metric("if all pending pass", f"{found.if_pending_pass.fac:.2%}")
    st.caption("Counted from the measurement of each text; encoding the exported data gives the same.")


_WRITTEN: Mapping[Part, Callable[[View, Theme, Showpiece], None]] = {
    "sample": _sample,
    "proof": _proof,
    "after": _after,
}
"""The screens of a theme for which something was written."""


def _called(view: View, shown: Showpiece) -> str:
    feature = shown.candidate.feature_id
    called = answer(View.names, view).text.get(feature) or row_of(view, feature)["words"] or "no words at its peaks"
    return f"“{st_text(called)}”"
