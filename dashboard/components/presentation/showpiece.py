"""Which written text stands for a theme: one that somebody accepted, else one that passes its check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from dashboard.cached import standing
from fac_core.curation.offered import my_states
from fac_core.curation.review import Reviews, State
from fac_core.curation.standing import Standing
from fac_core.synthesis.batches import batches_of
from fac_core.synthesis.candidates import Batch, Candidate
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
            if is_for(batch, theme) and (best := best_of(found, states, theme)):
                shown[theme.name] = Showpiece(best, found, states[best.candidate_id])
    return shown


def is_for(batch: Batch, theme: Theme) -> bool:
    """Whether a batch was written for a theme; one that was written for single gaps is for every theme that holds them."""
    return (batch.settings.get("theme") or theme.name) in theme.names


def best_of(found: Standing, states: Mapping[str, State], theme: Theme) -> Candidate | None:
    """What passes and nobody rejected: first what was accepted, then what fires its target above δ, and most of the theme."""

    def merit(one: Candidate) -> tuple[bool, bool, int, float]:
        fired = found.fires.get(one.candidate_id, np.zeros(0, np.int64))
        is_accepted, is_above = states[one.candidate_id] == "accepted", one.feature_id in fired
        return is_accepted, is_above, int(np.isin(fired, theme.features).sum()), one.activation

    fit = [
        one
        for name, one in found.candidates.items()
        if one.feature_id in theme.features and one.verdict == "passes" and states[name] != "rejected"
    ]
    return max(fit, key=merit, default=None)
