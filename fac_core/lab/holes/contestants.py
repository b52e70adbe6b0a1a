"""Every contestant by name. A new one is a function from a case to an answer, and a line here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from fac_core.errors import WrongUse
from fac_core.lab.holes.answers import Answer
from fac_core.lab.holes.cases import Case
from fac_core.lab.holes.collection import Need
from fac_core.lab.holes.ours import shortfall
from fac_core.lab.holes.rivals.embeddings import (
    clusters,
    domain_classifier,
    neighbour_distance,
    neighbour_ratio,
    topics,
)
from fac_core.lab.holes.rivals.features import gaps, principal_components, random_dictionary
from fac_core.lab.holes.rivals.words import log_odds, other_words, word_shortfall

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
    "other words": other_words,
    "random dictionary": random_dictionary,
    "principal components": principal_components,
}

EMBEDDING = (
    "embedding clusters",
    "embedding neighbours",
    "embedding distance",
    "domain classifier",
    "topics by density",
)
"""Methods that see embeddings only: the ones to be ahead of."""

STATES = ("random dictionary", "principal components")
"""Methods that see mean-pooled states."""


def needs(names: Iterable[str]) -> frozenset[Need]:
    """What methods look at beside texts and activations."""
    found: set[Need] = set()
    for name in names:
        if name in EMBEDDING:
            found.add("reduced" if name == "topics by density" else "embeddings")
        elif name in STATES:
            found.add("states")
    return frozenset(found)


def chosen(names: Sequence[str]) -> dict[str, Method]:
    """The contestants of these names; all without a name. Raises `WrongUse` for a name that is none."""
    if unknown := sorted(set(names) - set(CONTESTANTS)):
        raise WrongUse(f"{unknown[0]!r} is no method; there are {', '.join(CONTESTANTS)}.")
    return {name: method for name, method in CONTESTANTS.items() if not names or name in names}
