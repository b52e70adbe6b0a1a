"""What a reasoning model writes before its answer: it is nobody's text, and drafts in it are no answers."""

from __future__ import annotations

import re

_NAMES = r"think|thinking|thought|thoughts|reasoning|reflection|seed:think"
_OPENING = re.compile(rf"\s*(?:<({_NAMES})>|\[(THINK)\]|(◁think▷))", re.IGNORECASE)
_CLOSING = re.compile(rf"</(?:{_NAMES})>|\[/THINK\]|◁/think▷", re.IGNORECASE)
_CHANNEL = re.compile(r"\s*<\|channel\|>analysis.*?<\|channel\|>final<\|message\|>", re.DOTALL)
"""The harmony format: an analysis, and then what is final."""


def without_thoughts(answer: str) -> str:
    """An answer from behind its thoughts on; empty where it was cut off within them.

    Many templates begin the thoughts themselves, so that an answer holds only their end. A tag within what is answered, as in
    a text about such tags, stays: thoughts come first.

    >>> without_thoughts("<think>Maybe yes.</think> No."), without_thoughts("Maybe yes.</think> No.")
    (' No.', ' No.')
    >>> without_thoughts("<think>Maybe ye"), without_thoughts("Write <think> here.")
    ('', 'Write <think> here.')
    """
    if channel := _CHANNEL.match(answer):
        return answer[channel.end() :]
    closing = _CLOSING.search(answer)
    if _OPENING.match(answer):
        return without_thoughts(answer[closing.end() :]) if closing else ""
    begun = closing and re.search(rf"<(?:{_NAMES})>", answer[: closing.start()], re.IGNORECASE)
    return answer[closing.end() :] if closing and not begun else answer
