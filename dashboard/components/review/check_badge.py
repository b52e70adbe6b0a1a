"""What the check says of a candidate, and what its theme does: a word, a symbol and a number, in that order."""

from __future__ import annotations

from dashboard.components.examples import st_text
from dashboard.theme import BELONGS, CHECKS, Look
from fac_core.synthesis.candidates import Candidate

_QUOTED = 24
"""Characters of the peak token that are shown."""
_MOST = 99.0
"""Of its theme: where the weakest of the anchor's texts have next to nothing of it, any text is far above."""


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


def theme_words(name: str, times: float) -> str:
    """`of “contracts” ✓ 1.70`: how many times as strong as the weakest of the anchor's texts that are of it; the name is untrusted.

    >>> theme_words("contracts", 0.4)
    'not of “contracts” ✗ 0.40'
    """
    if times >= 1:
        return f"of “{st_text(name)}” ✓ {min(times, _MOST):.2f}"
    return f"not of “{st_text(name)}” ✗ {min(times, 0.99):.2f}"


def theme_look(times: float) -> Look:
    """Icon and colour of whether a text is of its theme."""
    return BELONGS[times >= 1]
