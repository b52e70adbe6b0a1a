"""How strongly a text fires its target, against δ and the anchor's maximum: one line. Pure; takes numbers only."""

from __future__ import annotations


def strength_bar(activation: float, delta: float, maximum: float) -> str:
    """HTML of a bar from 0 to `maximum`, filled to `activation`, with a mark at `delta`."""
    top = max(maximum, activation, delta)
    share, mark = ((100 * value / top if top > 0 else 0.0) for value in (activation, delta))
    says = f"fires at {activation:.2f}; δ is {delta:.2f}; the strongest in the anchor is {maximum:.2f}"
    return (
        f'<div role="img" aria-label="{says}" title="{says}" style="position:relative;height:14px;border-radius:4px;'
        'background:rgba(134,142,153,.25);overflow:hidden">'
        f'<div style="width:{share:.1f}%;height:100%;background:rgba(217,119,6,.75)"></div>'
        f'<div style="position:absolute;top:0;left:{mark:.1f}%;width:2px;height:100%;background:currentColor"></div></div>'
        f'<div style="font-size:.8em;opacity:.75">{activation:.2f} of the anchor\'s {maximum:.2f}; | marks δ {delta:.2f}</div>'
    )
