"""Which theme a feature belongs to."""

from __future__ import annotations

from fac_core.themes.answer import Missing
from fac_core.themes.theme import Theme


def theme_of(missing: Missing) -> dict[int, Theme]:
    """Feature -> the first theme that holds it: what the data lacks most before what it lacks less, and a surplus last.

    >>> {feature: theme.name for feature, theme in theme_of(view.missing()).items()}
    {2: 'sums', 3: 'sums', 1: 'w000, w001, w002'}
    """
    found: dict[int, Theme] = {}
    for theme in (*missing.themes, *missing.surplus):
        for feature in theme.features:
            found.setdefault(feature, theme)
    return found
