"""FAC beside the older measures of diversity, for all runs of the space: a job, since it reads and embeds all texts."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.components import tables
from dashboard.components.examples import st_text
from dashboard.components.jobs.asking import ask, newest
from dashboard.sign_in import barred
from fac_core.diversity.table import METRICS
from fac_core.progress import counted
from fac_core.view import View


def show(view: View) -> None:
    """The table, once a job has measured it; until then what there is to do, or how far it is."""
    peers = [info.run_id for info in view.workspace.peers(view.anchor.space_id)]
    params = {"runs": peers, "anchor": view.anchor.run_id}
    job = newest(view.workspace, "diversity", params)
    if job is None or job.state in ("failed", "cancelled"):
        st.button(
            f"Measure {counted(len(peers), 'dataset')} at equal size",
            icon=":material/straighten:",
            on_click=ask,  # the worker: it embeds every text, with a model that the page never loads
            args=(view.workspace, "diversity", params, "Measuring", "straighten"),
            **barred("job", "diversity"),
        )
        st.caption("Words, grammar and meaning, by the measures that papers print. The first time takes minutes.")
        if job is not None and job.error:
            st.error(st_text(job.error), icon=":material/error:")
    elif job.result is None:
        st.caption(
            f"Job {job.job_id} measures {counted(len(peers), 'dataset')}; the strip at the top says how far it is."
        )
    else:
        _show_table(job.result)


def _show_table(found: dict[str, Any]) -> None:
    tables.show(table_rows(found))
    by, size = found["matched"]
    st.caption(
        f"Mean over {found['n_draws']} random draws of {size:,} {by} from each, with the 5 % and 95 % quantiles. A dash is a"
        " measure whose package is not installed (extras `embeddings`, `tags`)."
    )


def table_rows(found: dict[str, Any]) -> list[dict[str, str]]:
    """One row a measure, one column a dataset: mean and band as text, since units differ from row to row."""
    sizes = [
        {"measure": title, "more is": "", **{row["run"]: f"{row[field]:,.0f}" for row in found["rows"]}}
        for title, field in (("samples", "n_samples"), ("tokens a sample", "mean_length"))
    ]
    measures = [
        {
            "measure": metric.title,
            "more is": metric.more_is,
            **{row["run"]: _said(row["metrics"][key], key.startswith("fac")) for row in found["rows"]},
        }
        for key, metric in METRICS.items()
    ]
    return [*sizes, *measures]


def _said(value: dict[str, float] | None, is_share: bool) -> str:
    if value is None:
        return "–"
    mean, low, high = (f"{value[k]:.1%}" if is_share else f"{value[k]:.3g}" for k in ("mean", "low", "high"))
    return mean if low == high else f"{mean} ({low} – {high})"
