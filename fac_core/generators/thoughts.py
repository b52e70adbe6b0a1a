"""What a reasoning model writes before its answer: it is nobody's text, and drafts in it are no answers."""

from __future__ import annotations

import re

_NAMES = r"think|thinking|thought|thoughts|reasoning|reflection|seed:think"
_OPENING = re.compile(rf"\s*(?:<({_NAMES})>|\[(THINK)\]|(◁think▷)|<\|START_THINKING\|>)", re.IGNORECASE)
_CLOSING = re.compile(rf"</(?:{_NAMES})>|\[/THINK\]|◁/think▷|<\|END_THINKING\|>", re.IGNORECASE)
_WRAPPED = re.compile(r"\s*<\|START_(RESPONSE|TEXT)\|>(.*?)(?:<\|END_\1\|>|\Z)", re.DOTALL)
"""Cohere's: what is said, behind what is thought."""
_IN_CHANNELS = re.compile(r"\s*(?:<\|start\|>assistant)?<\|channel\|>")
_CHANNEL = re.compile(
    r"<\|channel\|>(\w+)[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>(.*?)(?=<\|(?:end|return|call|start|channel)\|>|\Z)",
    re.DOTALL,
)
"""The harmony format: an analysis, comments, and then what is final."""
_CHANNELS_AS_WORDS = re.compile(r"\s*analysis.*?assistantfinal", re.DOTALL)
"""The same from a server that leaves its marks out; where that was cut off, nothing tells it from a text."""


def without_thoughts(answer: str) -> str:
    """An answer from behind its thoughts on; empty where it was cut off within them.

    Many templates begin the thoughts themselves, so that an answer holds only their end. A tag within what is answered, as in
    a text about such tags, stays: thoughts come first.

    >>> without_thoughts("<think>Maybe yes.</think> No."), without_thoughts("Maybe yes.</think> No.")
    (' No.', ' No.')
    >>> without_thoughts("<think>Maybe ye"), without_thoughts("Write <think> here.")
    ('', 'Write <think> here.')
    """
    begin = 0
    while True:  # thoughts may follow each other
        if _IN_CHANNELS.match(answer, begin):
            return next((said for name, said in reversed(_CHANNEL.findall(answer, begin)) if name == "final"), "")
        if thought := _CHANNELS_AS_WORDS.match(answer, begin):
            return answer[thought.end() :]
        if wrapped := _WRAPPED.match(answer, begin):
            return wrapped[2]
        closing = _CLOSING.search(answer, begin)
        if not _OPENING.match(answer, begin):
            break
        if closing is None:
            return ""
        begin = closing.end()
    answer = answer[begin:]
    closing = _CLOSING.search(answer)
    begun = closing and re.search(rf"<(?:{_NAMES})>", answer[: closing.start()], re.IGNORECASE)
    if closing is None or begun:
        return answer
    wrapped = _WRAPPED.match(answer, closing.end())
    return wrapped[2] if wrapped else answer[closing.end() :]
