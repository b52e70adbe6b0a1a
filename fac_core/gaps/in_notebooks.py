"""The list of gaps as a notebook shows it. It is an Arrow table, which shows its columns one after the other by itself."""

from __future__ import annotations

import sys

import pyarrow as pa

from fac_core.html_table import escaped, table

_SHOWN = 10
_OURS = {"feature_id", "label", "words", "theme", "priority", "n_active", "cause"}


def gaps_as_html(gaps: pa.Table) -> str | None:
    """The first gaps in a table; None for an Arrow table that is no list of gaps.

    >>> gaps_as_html(view.gaps(1)).count("<tr>")
    2
    """
    if not set(gaps.column_names) >= _OURS:
        return None
    rows = (
        (
            row["feature_id"],
            row["label"] or row["words"] or "",
            row["theme"] or "",
            f"{row['priority']:.2f}",
            row["n_active"],
            row["cause"],
        )
        for row in gaps.slice(0, _SHOWN).to_pylist()
    )
    shown = table(["feature", "fires on", "theme", "priority", "samples in the anchor", "why"], rows)
    more = gaps.num_rows - _SHOWN
    return shown + (f"<p>{escaped(f'{more:,} more')}</p>" if more > 0 else "")


def show_in_notebooks() -> None:
    """Let a notebook show lists of gaps so; nothing where no notebook runs."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is not None:
        shell.display_formatter.formatters["text/html"].for_type(pa.Table, gaps_as_html)
