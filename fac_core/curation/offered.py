"""Which candidates a reviewer is shown, and in which order: pure, so that every filter can be tested."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping

from fac_core.curation.review import State, state
from fac_core.curation.standing import Standing

NEAR = 0.8
"""Similarity from which a candidate is warned about as a near-duplicate."""

Check = Callable[[Standing, str, State], bool]


def _failed(found: Standing, one: str) -> bool:
    return found.shown[one].verdict != "passes"


PASSING = "passes the check"
PRESETS: Mapping[str, Check] = {
    PASSING: lambda found, one, _state: not _failed(found, one),
    "failed the check": lambda found, one, _state: _failed(found, one),
    "failed, but accepted": lambda found, one, held: _failed(found, one) and held == "accepted",
    "passes, but rejected": lambda found, one, held: not _failed(found, one) and held == "rejected",
    "reviewers differ": lambda _found, _one, held: held == "reviewers differ",
    "near-duplicates": lambda found, one, _state: (found.shown[one].similarity or 0.0) >= NEAR,
    "edited": lambda found, one, _state: found.shown[one].method == "edited",
}
"""Filters that look at one candidate, by name."""

SMALLEST = "smallest set"
"""The filter that looks at all: a few candidates that keep 98 % of what all of them cover anew."""


def my_states(found: Standing, author: str, min_reviews: int) -> dict[str, State]:
    """The states as a reviewer sees them: where several must speak, nobody sees the others before having spoken."""
    if min_reviews == 1:
        return dict(found.states)
    spoke = {one for one, said in found.opinions.items() if any(o.reviewer == author for o in said)}
    return {one: held if one in spoke else state(()) for one, held in found.states.items()}


def queue(
    found: Standing,
    states: Mapping[str, State],
    *,
    wanted: Collection[State] = (),
    preset: str | None = None,
    feature_id: int | None = None,
) -> list[str]:
    """Ids of candidates and controls that the filters leave: what passes its check first, else in an order that tells
    nothing of where they come from."""
    check = PRESETS.get(preset or "", lambda *_: True)
    kept = set(found.smallest() if preset == SMALLEST else found.shown)
    left = [
        one
        for one, candidate in found.shown.items()
        if (not wanted or states[one] in wanted)
        and (feature_id is None or candidate.feature_id == feature_id)
        and one in kept
        and check(found, one, states[one])
    ]
    return sorted(left, key=lambda one: _failed(found, one))


def how_many(states: Mapping[str, State]) -> Counter[State]:
    """How many are in each state."""
    return Counter(states.values())


def neighbours(ids: list[str], current: str) -> tuple[str | None, str | None]:
    """The ids before and after the current one, by id: the list may have changed since it was drawn."""
    if current not in ids:
        return None, ids[0] if ids else None
    at = ids.index(current)
    return (ids[at - 1] if at else None), (ids[at + 1] if at + 1 < len(ids) else None)
