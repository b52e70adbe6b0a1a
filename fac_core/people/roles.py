"""Roles, and what each may write. What is not named here is an owner's: a new kind of event is closed until somebody opens it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

Role = Literal["viewer", "reviewer", "owner"]
"""A viewer looks at everything; a reviewer decides and edits; an owner also asks for jobs that cost, exports, and says how
many must agree."""

ROLES: tuple[Role, ...] = get_args(Role)
"""From the least on: who has one may do what those before it may."""

_REVIEWERS = frozenset({"triage", "review", "candidate", "label", "theme", "relevance", "view", "favourite"})
"""Kinds of events that are decisions."""
REVIEWERS_JOBS = frozenset({"probe", "verify_edits"})
"""Jobs that belong to reviewing: a moment each."""

_WORDS: Mapping[str, str] = {
    "triage": "deciding about gaps",
    "review": "deciding about candidates",
    "candidate": "editing a candidate",
    "label": "naming a feature",
    "theme": "naming a theme",
    "relevance": "judging relevance",
    "view": "saving filters",
    "favourite": "keeping favourites",
    "review rules": "saying how many must agree",
    "control": "mixing in real texts",
    "export": "exporting",
    "anchor": "choosing the anchor",
    "upload": "uploading data",
    "prompt": "changing a prompt",
    "workspace": "making a workspace",
}


def least_role(kind: str, payload: Mapping[str, Any]) -> Role:
    """The least role that may write an event, or do what has no event (`upload`, `anchor`).

    >>> least_role("triage", {}), least_role("job", {"kind": "encode"}), least_role("job", {"kind": "probe"})
    ('reviewer', 'owner', 'reviewer')
    """
    mine = payload.get("kind") in REVIEWERS_JOBS if kind == "job" else kind in _REVIEWERS
    return "reviewer" if mine else "owner"


def refusal(role: Role, kind: str, payload: Mapping[str, Any]) -> str:
    """Why a role may not do something, in a sentence; empty where it may.

    >>> refusal("viewer", "triage", {})
    'You are a viewer here: deciding about gaps takes a reviewer.'
    >>> refusal("owner", "export", {})
    ''
    """
    least = least_role(kind, payload)
    if ROLES.index(role) >= ROLES.index(least):
        return ""
    what = "running this job" if kind == "job" else _WORDS.get(kind, f"writing {kind!r}")
    return f"You are {'an' if role == 'owner' else 'a'} {role} here: {what} takes {'an' if least == 'owner' else 'a'} {least}."
