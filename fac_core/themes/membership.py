"""Which theme a feature belongs to, and which of a theme's features are still to be decided."""

from __future__ import annotations

from collections.abc import Collection

from fac_core.themes.answer import Missing
from fac_core.themes.theme import Theme


def theme_of(missing: Missing) -> dict[int, Theme]:
    """Feature -> the first theme that holds it: what the data lacks most before what it lacks less, and a surplus last.

    >>> {feature: theme.name for feature, theme in theme_of(view.missing()).items()}
    {2: 'sums', 3: 'sums'}
    """
    found: dict[int, Theme] = {}
    for theme in (*missing.themes, *missing.surplus):
        for feature in theme.features:
            found.setdefault(feature, theme)
    return found


def gaps_of(theme: Theme, gaps: Collection[int]) -> tuple[int, ...]:
    """A theme's features that are gaps, the strongest first.

    Args:
        gaps: `feature_id` of `View.gaps`: another definition has others.

    >>> theme = view.missing().themes[0]
    >>> gaps_of(theme, {3, 4})
    (3,)
    """
    held = set(gaps)
    return tuple(feature for feature in theme.features if feature in held)
