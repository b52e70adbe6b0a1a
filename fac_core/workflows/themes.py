"""Act on a whole theme: find it by name, decide about all of it, look for real texts of it, count written ones. No model runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from fac_core.coverage.active import check_same_space
from fac_core.curation.standing import accepted_of, measurements_of
from fac_core.curation.triage import NEEDS_REASON, Decision, State, Triage
from fac_core.errors import FacError, NotFound
from fac_core.store.events import Event
from fac_core.store.measurements import Measurement
from fac_core.store.workspace import Workspace
from fac_core.synthesis.batches import batches_of
from fac_core.synthesis.candidates import Candidates
from fac_core.themes.belonging import Belonging
from fac_core.themes.theme import Share, Theme, texts_of
from fac_core.view import View


@dataclass(frozen=True)
class TextOfTheme:
    """A real text of a run that is of a theme."""

    run: str
    sample_id: int
    text: str
    belonging: float
    """1 for a text as strong as the strongest of the anchor."""
    belongs: bool


@dataclass(frozen=True)
class Filled:
    """A theme's share of the data, before and after texts are added."""

    theme: str
    anchor: Share
    before: Share
    after: Share
    added: int
    belong: int
    """Of those added, so many are of the theme."""

    def said(self, emphasised: Callable[[str], str] = repr) -> str:
        """The shares in a sentence, with the theme's name as `emphasised` writes it: it is of words of the data."""
        return (
            f"Theme {emphasised(self.theme)}: {self.before.said} of the data before, {self.after.said} with these {self.added:,},"
            f" of which {self.belong:,} belong to it; {self.anchor.said} of the anchor."
        )


def keep_answer(run: str, workspace: Workspace) -> None:
    """Find what a run lacks beside the anchor, so that whoever looks at it next has the answer at once.

    Where there is no anchor, or one of another space, nothing is found, and nobody is told: the run is there.

    >>> keep_answer("seed", view.workspace)
    """
    with suppress(FacError):
        View.find(run, workspace=workspace).missing()


def triage_of(view: View) -> Triage:
    """The decisions about the gaps of the view's anchor.

    >>> triage_of(view).targets()
    ()
    """
    return Triage.of(view.workspace, view.anchor)


def theme_named(view: View, name: str) -> Theme:
    """The theme that the run is short of, by its name, the beginning of it, or a former name. Raises `NotFound`, listing all.

    >>> theme_named(view, "su").name
    'sums'
    """
    themes, wanted = view.missing().themes, name.strip().lower()
    same = [theme for theme in themes if theme.name.lower() == wanted]
    found = same or [theme for theme in themes if wanted and theme.name.lower().startswith(wanted)]
    found = found or [theme for theme in themes if wanted in map(str.lower, theme.names)]
    if len(found) != 1:
        known = "; ".join(repr(theme.name) for theme in themes) or "none"
        raise NotFound(f"There is no theme {name!r} that {view.run.name} is short of; there are: {known}.")
    return found[0]


def open_features(theme: Theme, decisions: Mapping[int, Decision]) -> tuple[int, ...]:
    """The features that a decision about the theme is about: not those that somebody took away from synthesis for a reason."""
    return tuple(f for f in theme.features if f not in decisions or decisions[f].state not in NEEDS_REASON)


def approved_features(theme: Theme, decisions: Mapping[int, Decision]) -> tuple[int, ...]:
    """Those of a theme that somebody approved, the strongest first; all open ones while nobody has: who asks for a theme means them.

    >>> approved_features(theme_named(view, "sums"), {})
    (2, 3)
    """
    still_open = open_features(theme, decisions)
    approved = tuple(f for f in still_open if f in decisions and decisions[f].state == "target")
    return approved or still_open


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


def find_texts(view: View, theme: Theme, names: Sequence[str] = (), n: int = 10) -> tuple[TextOfTheme, ...]:
    """Real texts of a theme in the named runs, or in all others of the space, the strongest first; each text once.

    >>> [text.run for text in find_texts(view, theme_named(view, "sums"), n=2)]
    ['anchor']
    """
    measure = Belonging.of(theme, view.p)
    others = [info for info in view.workspace.peers(view.anchor.space_id) if info.run_id != view.run.run_id]
    found: dict[str, TextOfTheme] = {}
    for info in [view.workspace.info(name) for name in names] or others:
        run = view.workspace.opened_run(info)
        check_same_space(run, view.p)
        ids, strength = measure.of_run(run)
        order = [i for i in np.argsort(-strength, kind="stable")[: 3 * n] if strength[i] > 0]
        for i, text in zip(order, texts_of(run, ids[order]), strict=True):
            value, is_of_it = float(strength[i]), bool(strength[i] >= measure.least)
            one = TextOfTheme(info.name, int(ids[i]), text, value / measure.top, is_of_it)
            held = found.get(text.strip().lower())
            if held is None or held.belonging < one.belonging:
                found[text.strip().lower()] = one
    return tuple(sorted(found.values(), key=lambda text: -text.belonging)[:n])


def filled_by(view: View, theme: Theme, texts: Sequence[TextOfTheme]) -> Filled:
    """What real texts (`find_texts`) would do for a theme's share.

    >>> filled_by(view, theme_named(view, "sums"), ()).after.n
    0
    """
    return _filled(view, theme, Belonging.of(theme, view.p), len(texts), sum(text.belongs for text in texts))


def filled_by_batch(view: View, theme: Theme, batch_id: str) -> Filled:
    """What the passing candidates of a batch do for a theme's share.

    >>> filled_by_batch(view, theme_named(view, "sums"), "no batch").after.n
    0
    """
    measure, workspace = Belonging.of(theme, view.p), view.workspace
    passing = [one for one in Candidates(workspace.events()).of(batch_id).values() if one.verdict == "passes"]
    return _filled(view, theme, measure, len(passing), _belong(measure, measurements_of(workspace, passing)))


def accepted_by_theme(view: View) -> dict[str, int]:
    """How many accepted texts, of all batches for the view's run and anchor, are of each theme that the run is short of.

    Each text counts once, as it does in a dataset. Empty while nothing is accepted.

    >>> accepted_by_theme(view)
    {}
    """
    fired: dict[str, Measurement] = {}
    for batch in batches_of(view.workspace, view.run, view.anchor):
        accepted = accepted_of(view.workspace, batch.batch_id)
        measured = measurements_of(view.workspace, accepted.values())
        fired |= {accepted[one].text.strip(): measurement for one, measurement in measured.items()}
    if not fired:
        return {}
    return {theme.name: _belong(Belonging.of(theme, view.p), fired) for theme in view.missing().themes}


def _belong(measure: Belonging, fired: Mapping[str, Measurement]) -> int:
    """So many of these texts are of the theme."""
    return sum(measure.times_least(one.feature_ids, one.activations) >= 1 for one in fired.values())


def _filled(view: View, theme: Theme, measure: Belonging, added: int, belong: int) -> Filled:
    """All three shares by one measure (`themes.belonging`)."""
    (anchor, n_anchor), (data, n_data) = (
        (int((measure.of_run(run)[1] >= measure.least).sum()), run.info.n_samples) for run in (view.p, view.q)
    )
    before, after = Share.counted(data, n_data), Share.counted(data + belong, n_data + added)
    return Filled(theme.name, Share.counted(anchor, n_anchor), before, after, added, belong)
