"""The words of a candidate that a person can edit, by the parts of its shape, and the text that they make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fac_core.datasets.chats import Message, transcript
from fac_core.synthesis.candidates import Candidate
from fac_core.synthesis.parsing import FIELDS, put_together

_PARTS: Mapping[str, tuple[str, ...]] = {shape: FIELDS[shape] for shape in ("instruction", "pair", "behaviour")}


def parts(candidate: Candidate) -> dict[str, str]:
    """By name what can be edited; of a chat the messages, as `1 user`, `2 assistant` …"""
    if messages := candidate.fields.get("messages"):
        return {f"{i} {turn['role']}": turn["content"] for i, turn in enumerate(messages, 1)}
    names = _PARTS.get(candidate.shape, ())
    return {name: str(candidate.fields.get(name, "")) for name in names} or {"text": candidate.text}


def reworded(candidate: Candidate, edited: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """The text that is encoded, and the fields, with other words in the parts."""
    fields = dict(candidate.fields)
    if messages := fields.get("messages"):
        turns = [{**turn, "content": words} for turn, words in zip(messages, edited.values(), strict=True)]
        chat = [Message(turn["role"], turn["content"]) for turn in turns]
        return transcript(chat)[0], {**fields, "messages": turns}
    if candidate.shape not in _PARTS:
        return edited["text"], fields
    return put_together(edited, candidate.shape)[0], {**fields, **edited}
