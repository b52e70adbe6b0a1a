"""Which written text stands for a theme: one that somebody accepted, else one that passes its check."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from dashboard.cached import standing
from fac_core.curation.offered import my_states
from fac_core.curation.review import Reviews, State
from fac_core.curation.standing import Standing
from fac_core.synthesis.batches import batches_of
from fac_core.synthesis.candidates import Candidate
from fac_core.themes.theme import Theme
from fac_core.view import View


class Showpiece(NamedTuple):
    """A written text, and where its batch stands."""

    candidate: Candidate
    found: Standing
    state: State
    """As whoever looks may know it."""


def showpieces(view: View, themes: Sequence[Theme], author: str) -> dict[str, Showpiece]:
    """By the name of each theme for which a text was written that may be shown; of several batches, the newest."""
    shown: dict[str, Showpiece] = {}
    for batch in batches_of(view.workspace, view.run, view.anchor):  # the newest last: it holds
        found = standing(view, batch)
        states = my_states(found, author, Reviews(view.workspace.events(), batch.batch_id).min_reviews())
        for theme in themes:
            best = best_of(found.candidates, states, theme.features)
            if best is not None:
                shown[theme.name] = Showpiece(best, found, states[best.candidate_id])
    return shown


def best_of(
    candidates: Mapping[str, Candidate], states: Mapping[str, State], features: Collection[int]
) -> Candidate | None:
    """What passes and nobody rejected: first what was accepted, then what fires furthest above its δ."""
    fit = [
        one
        for name, one in candidates.items()
        if one.feature_id in features and one.verdict == "passes" and states[name] != "rejected"
    ]
    return max(fit, key=lambda one: (states[one.candidate_id] == "accepted", _times_delta(one)), default=None)


def _times_delta(one: Candidate) -> float:
    return one.activation / one.delta if one.delta else one.activation
