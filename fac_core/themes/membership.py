"""Which theme a feature belongs to, and a text that was written for it."""

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


def theme_called(missing: Missing, name: str) -> Theme | None:
    """A theme that the data lacks, by the name that it bears, or else by one that it bore."""
    bears = (theme for theme in missing.themes if theme.name == name)
    bore = (theme for theme in missing.themes if name in theme.names)
    return next(bears, None) or next(bore, None)


def theme_wanted(missing: Missing, feature_id: int, asked: str = "") -> Theme | None:
    """What a text that was written for a feature should be of: the theme that was asked for, else the feature's own; None without either.

    Args:
        asked: the theme's name, as a batch keeps it; empty is none.

    >>> theme_wanted(view.missing(), 2).name
    'sums'
    """
    if asked:
        return theme_called(missing, asked)
    return next((theme for theme in missing.themes if feature_id in theme.features), None)
