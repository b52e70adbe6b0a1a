"""Groups of examples as HTML: strength at the left, the text with its heat at the right. Pure; sample text is untrusted."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

import streamlit as st

from fac_core.evidence.duplicates import Distinct
from fac_core.evidence.examples import Example
from fac_core.evidence.groups import Evidence, Group
from fac_core.html_table import TURNING
from fac_core.report.token_heat import CONTEXTS, token_heat

_ROW = (
    '<li style="display:flex;gap:0.75rem;padding:0.3rem 0;border-bottom:1px solid rgba(128,128,128,0.2)">'
    '<span style="flex:0 0 3.4rem;text-align:right;font-variant-numeric:tabular-nums;line-height:1.9">{value}</span>'
    '<div style="flex:1;min-width:0">{text}{notes}</div></li>'
)
_LIST = '<ul style="list-style:none;margin:0;padding:0" aria-label="{label}">{rows}</ul>'
_NOTES = '<div style="font-size:0.8rem;opacity:0.7">{notes}</div>'


def choose_context() -> int | None:
    """How much text is shown around a peak."""
    chosen = st.segmented_control(
        "Context",
        list(CONTEXTS),
        default="snippet",
        required=True,
        key="context",
        bind="query-params",
        help="Characters on each side of the peak: "
        + ", ".join(f"{name} {around or 'all'}" for name, around in CONTEXTS.items()),
    )
    return CONTEXTS[chosen]


def title(evidence: Evidence, group: Group) -> str:
    """A group's heading, as Markdown: what its samples have in common, and how many there are."""
    words: dict[str, Any] = {
        "top": f"**Top activations** · {group.n:,} of {evidence.n_active:,}",
        "interval": f"**Interval {group.low or 0:.2f} – {group.high or 0:.2f}** · contains {group.share:.1%}",
        "random": f"**Random positives** · of {group.n:,}",
        "near miss": f"**Near misses** · {group.n:,} at or below δ {evidence.delta:.2f}, the highest first",
        "silent": f"**Silent** · {group.n:,} of {evidence.n_samples:,} ({group.share:.1%}), some at random",
    }
    return words[group.kind]


def group_html(
    distinct: Sequence[Distinct], label: str, *, maximum: float | None, around: int | None, unfolded: bool = False
) -> str:
    """A group as an HTML list.

    Args:
        label: what assistive technology calls the list.
        maximum: activation of full heat; None takes that of the list.
        around: characters shown on each side of a peak; None shows all.
        unfolded: show the duplicates too.
    """
    strongest = max((one.example.activation for one in distinct), default=0.0) if maximum is None else maximum
    rows: list[str] = []
    for one in distinct:
        count = f"{len(one.duplicates):,} more like it" if one.duplicates and not unfolded else ""
        rows.append(_row(one.example, strongest, around, count))
        rows += [_row(other, strongest, around, "duplicate of the one above") for other in one.duplicates if unfolded]
    return _LIST.format(label=html.escape(label, quote=True), rows="".join(rows))


def n_folded(evidence: Evidence) -> int:
    """Duplicates that are folded away in all groups."""
    return sum(len(one.duplicates) for group in evidence.groups for one in group.examples)


def _row(example: Example, maximum: float, around: int | None, note: str) -> str:
    fires = example.activation > 0
    without_tokens = "token values are not stored for this sample" if fires and not example.tokens else ""
    source = str(example.metadata.get("set") or "")
    notes = " · ".join(html.escape(said) for said in (source, without_tokens, note) if said)
    return _ROW.format(
        value=f"{example.activation:.2f}" if fires else "–",
        text=token_heat(example.text, example.tokens, maximum, around=around, peak=example.peak),
        notes=_NOTES.format(notes=notes) if notes else "",
    )


_JOINED = "\u2060"
"""Has no width and no break: between its two halves nobody finds an address, an icon or an emoji."""
_FOUND_LATER = re.compile(r":(?=//|[\w+-]+[:/])|(?<=www)(?=\.)|@(?=[-\w])", re.IGNORECASE)
"""What Streamlit looks for in words that are no markup any more: addresses, `:material/home:`, `:smile:`."""


def st_text(text: str) -> str:
    """Untrusted text for a Markdown slot: nothing in it acts as markup, becomes a link or an icon, or turns the line's direction."""
    whole = _FOUND_LATER.sub(lambda found: found[0] + _JOINED, " ".join(text.splitlines()).translate(TURNING))
    return "".join(f"\\{c}" if c in r"\`*_{}[]()<>#+-.!|~:$&" else c for c in whole)
