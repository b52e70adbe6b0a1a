"""Token heat: a sample's text with the strength of one feature on its tokens. Pure; the text is untrusted.

Strength is shown twice: by the depth of the orange and by the thickness of the underline, so that it can be read
without colour; the exact value is in the tooltip. Only active tokens are marked up, which keeps the page small.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

from fac_core.evidence.examples import TokenValue

_STYLE = "background:rgba(217,119,6,{alpha:.2f});border-bottom:{line:.1f}px solid currentColor;border-radius:3px"
_WEAKEST, _DEEPEST, _LINE = 0.08, 0.65, 3.0

CONTEXTS = {"stacked": 30, "snippet": 120, "full": None}
"""Characters shown on each side of the peak."""


def token_heat(
    text: str,
    tokens: Sequence[TokenValue],
    maximum: float,
    *,
    around: int | None = None,
    peak: TokenValue | None = None,
) -> str:
    """HTML of a text, its active tokens marked.

    Args:
        tokens: active tokens in reading order; offsets are in characters of `text`.
        maximum: activation of full strength: of this list, or of the feature.
        around: characters shown on each side of `peak`; None shows all.
    """
    low, high = _window(text, peak, around)
    parts: list[str] = ["…" if low else ""]
    position = low
    for token in tokens:
        if token.char_start < position or token.char_end > high:
            continue
        parts += [_plain(text[position : token.char_start]), _marked(text, token, maximum, token == peak)]
        position = token.char_end
    parts += [_plain(text[position:high]), "…" if high < len(text) else ""]
    # dir=auto: right-to-left text reads as it should.
    return f'<div dir="auto" style="line-height:1.9;overflow-wrap:anywhere">{"".join(parts)}</div>'


def _alpha(ratio: float) -> float:
    depth = math.log10(1 + 9 * ratio)  # 0..1, steep at first: weak activations stay visible
    return _WEAKEST + (_DEEPEST - _WEAKEST) * depth


def _window(text: str, peak: TokenValue | None, around: int | None) -> tuple[int, int]:
    if around is None:
        return 0, len(text)
    at = peak or TokenValue(0, 0, 0.0)
    return max(0, at.char_start - around), min(len(text), at.char_end + around)


def _marked(text: str, token: TokenValue, maximum: float, is_peak: bool) -> str:
    ratio = min(1.0, max(0.0, token.activation / maximum)) if maximum > 0 else 0.0
    style = _STYLE.format(alpha=_alpha(ratio), line=max(0.5, _LINE * ratio))
    shown = _plain(text[token.char_start : token.char_end]) or "·"
    shown = f"<b>{shown}</b>" if is_peak else shown
    return f'<span style="{style}" title="activation {token.activation:.3f}">{shown}</span>'


def _plain(text: str) -> str:
    return html.escape(text).replace("\n", "↵ ")
