"""Whether a feature matters for a task: what person, LLM and statistic say, side by side, and a way to say it oneself."""

from __future__ import annotations

from typing import get_args

import streamlit as st

from dashboard.components.examples import st_text
from dashboard.components.told import told
from dashboard.sign_in import barred, who
from fac_core.feature import Feature
from fac_core.naming.level import Level
from fac_core.relevance.rubric import built_in, rubric
from fac_core.relevance.verdicts import Relevance, Source, Verdict

_COLOURS: dict[Level, str] = {"yes": "green", "probably": "blue", "maybe": "orange", "no": "gray"}
_ICONS: dict[Source, str] = {
    "person": ":material/person:",
    "llm": ":material/smart_toy:",
    "statistic": ":material/functions:",
}
_SILENT: dict[Source, str] = {
    "person": "Nobody has judged it.",
    "llm": "No LLM has judged it.",
    "statistic": "`fac relevance TASK` asks the statistic.",
}


def _choose_task() -> str | None:
    """The task that the whole page is about (`?task=`), else one chosen here; None without either."""
    shared = st.query_params.get("task")
    if shared in built_in():
        return shared
    return st.selectbox(
        "Task", built_in(), index=None, key="judge_task", bind="query-params", placeholder="no task", width=260
    )


def show(feature: Feature) -> None:
    """The three sources' verdicts for the chosen task; the first that there is holds, in the order in which they stand."""
    opened = st.expander(
        "Relevance for a task",
        icon=":material/gavel:",
        expanded=bool({"task", "judge_task"} & set(st.query_params)),
        key="fd_relevance",
        on_change="rerun",
    )
    if not opened.open:
        return
    with opened:
        task = _choose_task()
        if task is None:
            st.caption("Choose a task to see whether this feature matters for it.")
            return
        asked = rubric(task)
        st.caption(f"{st_text(asked.question)} ({st_text(asked.title)})")
        judged = Relevance(feature.view.workspace.events(), feature.view.anchor.space_id, asked.task)
        said = {verdict.source: verdict for verdict in judged.of(feature.feature_id)}
        holding = next(iter(said), None)
        for column, source in zip(st.columns(3), _ICONS, strict=True):
            with column:
                _verdict(source, said.get(source), holds=source == holding)
        _judge(judged, feature.feature_id)


def _verdict(source: Source, verdict: Verdict | None, *, holds: bool) -> None:
    st.markdown(f"{_ICONS[source]} {source.capitalize() if source != 'llm' else 'LLM'}{' · holds' if holds else ''}")
    if verdict is None:
        st.caption(_SILENT[source])
        return
    st.badge(verdict.level, color=_COLOURS[verdict.level])  # type: ignore[arg-type]
    by = verdict.model or verdict.author
    st.caption(f"{st_text(verdict.reason) or 'no reason given'} ({st_text(by)}, {verdict.at[:10]})")


def _judge(judged: Relevance, feature_id: int) -> None:
    """One's own verdict, with a reason. It holds over the others'."""

    def judge() -> None:
        if level := st.session_state["own_level"]:
            verdict = Verdict(feature_id, level, "person", st.session_state["own_reason"].strip())
            done = f"Feature {feature_id}: {level}, says {st_text(who())}."
            told(lambda: judged.record({feature_id: verdict}, author=who()), done, ":material/gavel:")
        else:
            st.toast("Choose a level first.", icon=":material/error:")

    with (
        st.form(f"judge-{feature_id}", clear_on_submit=True, border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        st.segmented_control("Your verdict", list(get_args(Level)), key="own_level")
        st.text_input("Why", key="own_reason", placeholder="in a few words")
        st.form_submit_button("Judge", on_click=judge, **barred("relevance"))
