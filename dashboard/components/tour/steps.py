"""The steps of the tour: which page, what to look at there, and what to know of it. They follow what the workspace holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dashboard.components.examples import st_text
from fac_core.synthesis.candidates import Candidate
from fac_core.themes.theme import Theme

_VERDICT = "[data-testid=stHeading]"
_THEME = "[data-testid=stHtml]:has([role=img])"
_EVIDENCE = "[data-testid=stHtml] ul"
_TARGET = "[class*='st-key-decide-target']"
_PROOF = "[data-testid=stHtml] [dir=auto]"
_ACCEPT = "[class*='st-key-rv_accepted']"
_NUMBERS = ":has(> [data-testid=stElementContainer] > [data-testid=stMetric])"
_EMPTY = "[data-testid=stAlert]"


@dataclass(frozen=True)
class Step:
    """One stop of the tour."""

    page: str
    about: str
    says: str
    """Markdown, a sentence or two."""
    at: str
    """CSS selector of what it is about: the first that it finds."""
    asks: Mapping[str, str] = field(default_factory=dict)
    """Of the page's URL, beside what all pages share."""


def steps(theme: Theme | None, sample: Candidate | None, *, is_accepted: bool) -> tuple[Step, ...]:
    """The tour through a workspace, seven or eight steps.

    Args:
        theme: what the data lacks first, with a gap among its features; None where no theme has one.
        sample: a written text that passes its check; None while nothing was written.
        is_accepted: whether anything was accepted, so that it can be exported.
    """
    about = f" of “{st_text(theme.name)}”" if theme else ""
    in_theme = {"gq_theme": theme.name} if theme else {}
    return (
        Step(
            "overview",
            "The answer",
            "One sentence says what your data lacks, compared with a broad dataset at equal length of texts.",
            _VERDICT,
        ),
        Step(
            "overview",
            "A theme, with its texts",
            "Each theme is a kind of text: the bars are its share in both datasets, the text beside them is a real one.",
            _THEME if theme else _VERDICT,
        ),
        Step(
            "gaps",
            "A gap",
            f"This is one missing feature{about}: the texts that fire it most, with the words that do so marked.",
            _EVIDENCE,
            in_theme,
        ),
        Step(
            "gaps",
            "Make it a target",
            "**Target** approves the gap, and texts are only written for approved ones. Your name, asked for on the left,"
            " goes into the log; *Undo* takes it back.",
            _TARGET,
            in_theme,
        ),
        *(_with(sample) if sample else _without()),
        Step(
            "export",
            "Take it along",
            "The accepted texts become a dataset with its card, and each row knows its gap. Encode it, and the loop begins anew."
            if is_accepted
            else "What a person accepted is written here as a dataset with its card. Nothing is accepted yet, so nothing can be exported.",
            _NUMBERS if is_accepted else _EMPTY,
        ),
    )


def _with(sample: Candidate) -> tuple[Step, ...]:
    """Review, where there is something to review."""
    asked = {"batch": sample.batch_id, "candidate": sample.candidate_id}
    return (
        Step(
            "review",
            "A sample and its proof",
            "A model wrote this text for a gap. It was then read like any other: marked is where it fires the gap's feature.",
            _PROOF,
            asked,
        ),
        Step(
            "review",
            "Your decision",
            "Accept, reject or edit. Only what passed its check can be accepted, and what accepting does is said beside the text.",
            _ACCEPT,
            asked,
        ),
        Step(
            "review",
            "Before and after",
            "Coverage of your data now, with what is accepted, and if all that waits were accepted: counted, not estimated.",
            _NUMBERS,
            asked,
        ),
    )


def _without() -> tuple[Step, ...]:
    """Where nothing was written yet, the pages say what comes first."""
    return (
        Step(
            "synthesis",
            "Have samples written",
            "For the targets a model writes texts here, after a preview and an estimate; each text is then read like any other,"
            " to prove that it fires its gap.",
            f"{_EMPTY}, [data-testid=stDataFrame]",
        ),
        Step(
            "review",
            "Review, before and after",
            "Written texts come here with their proof, to be accepted, rejected or edited; coverage before and after stands below them.",
            _EMPTY,
        ),
    )
