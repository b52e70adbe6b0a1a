"""What each method brings for what it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from fac_core.synthesis.candidates import Candidate


@dataclass(frozen=True)
class Yield:
    """One method of a batch."""

    method: str
    candidates: int
    generated: int
    """Tokens."""
    passed: int
    """The check."""
    accepted: int
    """By people."""
    closed: int
    """Targets with a passing candidate of this method."""
    first_closed: int
    """Targets that this method was the first to close."""
    verdicts: dict[str, int]

    @property
    def tokens_per_pass(self) -> float | None:
        """Tokens generated for each passing candidate."""
        return self.generated / self.passed if self.passed else None


def yields(candidates: Iterable[Candidate], accepted: Collection[str] = ()) -> tuple[Yield, ...]:
    """By method, in the order in which the methods were used; `accepted` are ids of candidates."""
    by_method: dict[str, list[Candidate]] = {}
    first: dict[int, str] = {}
    for one in candidates:
        by_method.setdefault(one.method, []).append(one)
        if one.verdict == "passes":
            first.setdefault(one.feature_id, one.method)
    return tuple(
        Yield(
            method=method,
            candidates=len(made),
            generated=sum(one.n_generated for one in made),
            passed=sum(one.verdict == "passes" for one in made),
            accepted=sum(one.candidate_id in accepted for one in made),
            closed=len({one.feature_id for one in made if one.verdict == "passes"}),
            first_closed=sum(by == method for by in first.values()),
            verdicts=dict(Counter(one.verdict for one in made)),
        )
        for method, made in by_method.items()
    )
