"""Act on a whole theme at once: find it by name, decide about all its features, look for real texts of it. No model runs."""

from __future__ import annotations

from collections.abc import Mapping

from fac_core.curation.triage import NEEDS_REASON, Decision, State, Triage
from fac_core.errors import NotFound
from fac_core.store.events import Event
from fac_core.themes.theme import Theme
from fac_core.view import View


def triage_of(view: View) -> Triage:
    """The decisions about the gaps of the view's anchor.

    >>> triage_of(view).targets()
    ()
    """
    return Triage(view.workspace.events(), view.anchor.run_id)


def theme_named(view: View, name: str) -> Theme:
    """The theme that the run is short of, by its name or the beginning of it. Raises `NotFound`, listing all.

    >>> theme_named(view, "su").name
    'sums'
    """
    themes, wanted = view.missing().themes, name.strip().lower()
    same = [theme for theme in themes if theme.name.lower() == wanted]
    found = same or [theme for theme in themes if wanted and theme.name.lower().startswith(wanted)]
    if len(found) != 1:
        known = "; ".join(repr(theme.name) for theme in themes) or "none"
        raise NotFound(f"There is no theme {name!r} that {view.run.name} is short of; there are: {known}.")
    return found[0]


def open_features(theme: Theme, decisions: Mapping[int, Decision]) -> tuple[int, ...]:
    """The features that a decision about the theme is about: not those that somebody took away from synthesis for a reason."""
    return tuple(f for f in theme.features if f not in decisions or decisions[f].state not in NEEDS_REASON)


def triage_theme(
    view: View,
    theme: Theme,
    state: State,
    *,
    author: str,
    reason: str = "",
    note: str = "",
    seen: Mapping[int, int] | None = None,
) -> list[Event]:
    """One decision about all `open_features` of a theme, gaps and those that fire too rarely; the events are one undo.

    Args:
        seen: the versions that the author saw, by feature; what somebody has decided since is left.

    Raises `WrongUse` for a state or a reason that there is not, or without a reason where one is needed.

    >>> scratched = fac.View.find("seed", workspace=scratch)
    >>> len(triage_theme(scratched, theme_named(scratched, "sums"), "target", author="Ann"))
    2
    """
    triage = triage_of(view)
    features = open_features(theme, triage.decisions())
    return triage.decide_many(features, state, author=author, reason=reason, note=note, seen=seen)
