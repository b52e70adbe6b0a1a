"""What the check says of a candidate: a word, a symbol and a number, in that order."""

from __future__ import annotations

from dashboard.components.examples import st_text
from dashboard.theme import CHECKS, Look
from fac_core.synthesis.candidates import Candidate

_QUOTED = 24
"""Characters of the peak token that are shown."""


def check_words(candidate: Candidate) -> str:
    """`fires ✓ 3.21 at “court” (δ 1.00)`; the token is untrusted and escaped for Markdown."""
    verdict = candidate.verdict
    peak = candidate.peak
    at = f" at “{st_text(candidate.text[peak[0] : peak[1]].strip()[:_QUOTED])}”" if peak else ""
    fires = f"{candidate.activation:.2f}{at} (δ {candidate.delta:.2f})"
    match verdict:
        case "passes":
            return f"fires ✓ {fires}"
        case "does not fire":
            return f"does not fire ✗ {fires}"
        case "duplicate" if candidate.similarity is not None:
            return f"near-duplicate ✗ {candidate.similarity:.2f}"
        case "copy" if candidate.similarity is not None:
            return f"copy ✗ {candidate.similarity:.2f}"
        case "not fluent" if candidate.perplexity is not None:
            return f"not fluent ✗ perplexity {candidate.perplexity:,.0f}; fires {fires}"
        case "not measured":
            return "edited, not measured yet"
        case _:
            return f"{verdict} ✗"


def check_look(candidate: Candidate) -> Look:
    """Icon and colour of the verdict."""
    return CHECKS.get(candidate.verdict, CHECKS["failed"])
