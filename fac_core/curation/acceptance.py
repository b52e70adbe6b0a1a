"""Which candidates may be accepted: those that pass, and with a note those whose check a person can overrule."""

from __future__ import annotations

from fac_core.errors import WrongUse
from fac_core.synthesis.candidates import Candidate, Verdict

OVERRIDABLE: tuple[Verdict, ...] = ("duplicate", "not fluent", "wrong label")
"""Failed checks that a person may accept against, with a note that says why."""


def needs_note(candidate: Candidate) -> bool:
    """Whether it is accepted only with a note that says why; its check failed, and a person can judge better."""
    return candidate.verdict in OVERRIDABLE


def may_be_accepted(candidate: Candidate) -> bool:
    """Whether it can be accepted as it is, with a note or without."""
    return candidate.verdict == "passes" or needs_note(candidate)


def check_acceptable(candidate: Candidate, note: str = "") -> None:
    """Raise `WrongUse`, with the mend, for a candidate that may not be accepted."""
    verdict = candidate.verdict
    if may_be_accepted(candidate) and (note.strip() or not needs_note(candidate)):
        return
    if verdict == "not measured":
        mend = "Verify the edits first"
    elif needs_note(candidate):
        mend = "Write a note that says why it is good all the same"
    else:
        mend = "Edit it and verify the edit, or reject it"
    raise WrongUse(f"Candidate {candidate.candidate_id} cannot be accepted: {verdict}. {mend}.")
