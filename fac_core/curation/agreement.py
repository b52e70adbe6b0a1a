"""How far reviewers agree, with each other and with what is known: agreement, kappa, noise floor, progress."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from fac_core.curation.review import Opinion

_VOTES = ("accepted", "rejected")


@dataclass(frozen=True)
class Agreement:
    """Of two reviewers, over the candidates that both accepted or rejected."""

    reviewers: tuple[str, str]
    n: int
    """Candidates that both voted on."""
    share: float
    """Of them, those with equal votes."""
    kappa: float | None
    """Cohen's: the share beyond what their rates of acceptance give by chance, 1 at most. None where chance gives all."""


@dataclass(frozen=True)
class NoiseFloor:
    """A reviewer's votes on controls, which are real texts that fire their target."""

    reviewer: str
    n: int
    n_rejected: int

    @property
    def rate(self) -> float:
        """Share of real texts that were rejected."""
        return self.n_rejected / self.n


@dataclass(frozen=True)
class Progress:
    """How far a batch has been reviewed."""

    mine: int
    """Candidates that this reviewer has voted on or skipped."""
    team: int
    """Candidates that anybody has."""
    total: int


def agreement(opinions: Mapping[str, Sequence[Opinion]]) -> tuple[Agreement, ...]:
    """Of every pair of reviewers who share candidates, the largest overlap first."""
    votes: dict[str, dict[str, str]] = {}
    for candidate, said in opinions.items():
        for one in said:
            if one.choice in _VOTES:
                votes.setdefault(one.reviewer, {})[candidate] = one.choice
    found = [
        _of_pair(a, b, votes[a], votes[b]) for a, b in combinations(sorted(votes), 2) if votes[a].keys() & votes[b]
    ]
    return tuple(sorted(found, key=lambda one: -one.n))


def noise_floors(opinions: Mapping[str, Sequence[Opinion]], controls: Collection[str]) -> tuple[NoiseFloor, ...]:
    """Of every reviewer who voted on controls."""
    n, rejected = Counter[str](), Counter[str]()
    for control in controls:
        for one in opinions.get(control, ()):
            n[one.reviewer] += one.choice in _VOTES
            rejected[one.reviewer] += one.choice == "rejected"
    return tuple(NoiseFloor(reviewer, n[reviewer], rejected[reviewer]) for reviewer in sorted(n) if n[reviewer])


def progress(opinions: Mapping[str, Sequence[Opinion]], candidates: Collection[str], reviewer: str) -> Progress:
    """Own and team progress over some candidates; opinions about versions that are gone must be left out."""
    by_candidate = {one: {said.reviewer for said in opinions.get(one, ())} for one in candidates}
    mine = sum(reviewer in reviewers for reviewers in by_candidate.values())
    return Progress(mine, sum(map(bool, by_candidate.values())), len(candidates))


def _of_pair(a: str, b: str, mine: Mapping[str, str], theirs: Mapping[str, str]) -> Agreement:
    from sklearn.metrics import cohen_kappa_score  # here, since most pages need not wait for it

    shared = sorted(mine.keys() & theirs)
    pairs = [(mine[candidate], theirs[candidate]) for candidate in shared]
    equal = sum(ours == other for ours, other in pairs) / len(pairs)
    is_certain = len({vote for pair in pairs for vote in pair}) == 1
    kappa = None if is_certain else float(cohen_kappa_score(*zip(*pairs, strict=True)))
    return Agreement((a, b), len(shared), equal, kappa)
