"""Every contestant by name. A new one is a function from a case to an answer, and a line here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fac_core.errors import WrongUse
from fac_core.lab.holes.answers import Answer
from fac_core.lab.holes.cases import Case
from fac_core.lab.holes.ours import shortfall
from fac_core.lab.holes.rivals.embeddings import (
    clusters,
    domain_classifier,
    neighbour_distance,
    neighbour_ratio,
    topics,
)
from fac_core.lab.holes.rivals.features import gaps, principal_components, random_dictionary
from fac_core.lab.holes.rivals.words import log_odds, word_shortfall

Method = Callable[[Case], Answer]

OURS = "shortfall"

CONTESTANTS: dict[str, Method] = {
    OURS: shortfall,
    "gaps": gaps,
    "embedding clusters": clusters,
    "embedding neighbours": neighbour_ratio,
    "embedding distance": neighbour_distance,
    "domain classifier": domain_classifier,
    "topics by density": topics,
    "words": log_odds,
    "word shortfall": word_shortfall,
    "random dictionary": random_dictionary,
    "principal components": principal_components,
}

NEED_STATES = frozenset({"random dictionary", "principal components"})
NEED_REDUCED = frozenset({"topics by density"})
"""What takes long to compute, and who looks at it."""

EMBEDDING = (
    "embedding clusters",
    "embedding neighbours",
    "embedding distance",
    "domain classifier",
    "topics by density",
)
"""Methods that see embeddings only: the ones to be ahead of."""


def chosen(names: Sequence[str]) -> dict[str, Method]:
    """The contestants of these names; all without a name. Raises `WrongUse` for a name that is none."""
    if unknown := sorted(set(names) - set(CONTESTANTS)):
        raise WrongUse(f"{unknown[0]!r} is no method; there are {', '.join(CONTESTANTS)}.")
    return {name: method for name, method in CONTESTANTS.items() if not names or name in names}
