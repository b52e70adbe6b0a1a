"""What themes are called: names that people and models gave, laid over those that themes have from their texts.

A theme is found anew each time and has no id, so a name is kept with the strongest features of the theme that it was given to.
It goes to the theme whose strongest features are mostly the same. Names are events of the feature space (kind `theme`):
people's are about the item `<features>`, models' about `<features>:llm`, so neither hides the other; a person's holds.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from fac_core.errors import WrongUse
from fac_core.store.events import Event, EventLog
from fac_core.store.log.undo import taken_back
from fac_core.themes.answer import Missing
from fac_core.themes.theme import LEAST_SHARED, TOP, Theme, shared

LONGEST_NAME = 60
"""Characters: three names stand in one sentence."""

_KIND, _BY_MODEL = "theme", ":llm"
_JOINERS = "\u200c\u200d"
"""Invisible, but letters of some scripts are written with them."""


@dataclass(frozen=True)
class GivenName:
    """A name that a person or a model gave a theme."""

    item: str
    """What the log knows the theme by."""
    text: str
    by: Literal["person", "model"]
    author: str
    """A person's name, or the model's."""
    features: tuple[int, ...]
    """The strongest, of the theme that it was given to."""
    formerly: tuple[str, ...]
    """What the theme was called besides; of a theme that bears the name, what its texts say comes first."""
    seq: int
    """Of the event: what is said later has a larger one."""


class ThemeNames:
    """The names of themes in one feature space."""

    def __init__(self, log: EventLog, space_id: str) -> None:
        self._log = log
        self._space = space_id

    def newest(self) -> int:
        """`seq` of the newest name: while it stays, so do all."""
        return self._log.newest(self._space, _KIND)

    def all(self) -> tuple[GivenName, ...]:
        """The names that hold, the oldest first; read anew only after a new event."""
        return _held(self._log.path, self._space, self.newest())

    def over(self, missing: Missing) -> Missing:
        """The answer with its themes called as people and models called them."""
        names = self.all()
        if not names:
            return missing
        given = matched((*missing.themes, *missing.surplus), names)
        n = len(missing.themes)
        surplus = {place - n: name for place, name in given.items() if place >= n}
        return replace(missing, themes=_called(missing.themes, given), surplus=_called(missing.surplus, surplus))

    def rename(self, theme: Theme, text: str, *, author: str, seen: int | None = None) -> Event:
        """A person's name for a theme, which holds over any model's.

        Args:
            seen: the `version` that the author saw; None is the newest.

        Raises `WrongUse` for an empty or an over-long name, `Conflict` if somebody named it after the author looked.
        """
        text = in_one_line(text)
        if not 0 < len(text) <= LONGEST_NAME:
            raise WrongUse(
                f"A theme's name has 1 to {LONGEST_NAME} characters, a letter or a digit among them; this one has"
                f" {len(text)}. Give another one."
            )
        version = self.version(theme) if seen is None else seen
        payload = _payload(theme, text, "person")
        return self._log.append(self._space, _KIND, item_of(theme), payload, author=author, seen=version)

    def record(self, named: Sequence[tuple[Theme, str]], *, model: str, prompt: str) -> int:
        """Keep names that a model gave, cut to their length; returns how many are new."""
        standing = self._log.latest(self._space, _KIND)
        said = {
            f"{item_of(theme)}{_BY_MODEL}": {**_payload(theme, name, "model"), "model": model, "prompt": prompt}
            for theme, text in named
            if (name := in_one_line(text)[:LONGEST_NAME].rstrip())
        }
        new = {i: payload for i, payload in said.items() if i not in standing or standing[i].payload != payload}
        self._log.append_many(self._space, _KIND, new, author=model)
        return len(new)

    def version(self, theme: Theme) -> int:
        """How often people have named a theme or taken a name back: what the next one has seen."""
        return self._log.version(self._space, _KIND, item_of(theme))

    def history(self, theme: Theme) -> tuple[Event, ...]:
        """Every name that a theme was given, and what was taken back, the oldest first."""
        item = item_of(theme)
        found = (one for part in (item, f"{item}{_BY_MODEL}") for one in self._log.history(self._space, _KIND, part))
        return tuple(sorted(found, key=lambda event: event.seq))

    def undo(self, theme: Theme, *, author: str) -> Event:
        """Take the name back that a theme bears; what it was called before comes up.

        Raises `WrongUse` if nobody has named it, `Conflict` if somebody renamed it after the author looked.
        """
        if theme.given is None:
            raise WrongUse(
                f"Nobody has named the theme {theme.name!r}, so there is no name to take back. Rename it instead."
            )
        item = theme.given.item + (_BY_MODEL if theme.given.by == "model" else "")
        # The log undoes decisions: of events, the newest may itself be an undo, and to undo that one would be a redo.
        past = self._log.history(self._space, _KIND, item)
        gone = taken_back(past)
        shown = [one for one in past if one.undoes is None and one.seq not in gone and one.seq <= theme.given.seq]
        if not shown:
            raise WrongUse(f"The name of the theme {theme.name!r} was taken back already. Look again.")
        return self._log.undo(shown[-1], author=author)


def item_of(theme: Theme) -> str:
    """What the log knows a theme by: the item of the name that it bears, or its strongest features.

    >>> item_of(view.missing().themes[0])
    '2,3'
    """
    return theme.given.item if theme.given else ",".join(map(str, sorted(theme.features[:TOP])))


def matched(themes: Sequence[Theme], names: Sequence[GivenName]) -> dict[int, GivenName]:
    """The names that themes get, by the place of the theme: people's first, then what matches best; each name and theme once.

    >>> names = [GivenName("2,3", "sums", "person", "Ann", (2, 3), (), 1)]
    >>> {place: name.text for place, name in matched(view.missing().themes, names).items()}
    {0: 'sums'}
    """
    pairs = [
        (name.by == "person", share, name.seq, place, name)
        for name in names
        for place, theme in enumerate(themes)
        if (share := shared(theme.features, name.features)) >= LEAST_SHARED
    ]
    found: dict[int, GivenName] = {}
    given: set[str] = set()
    for _, _, _, place, name in sorted(pairs, key=lambda pair: pair[:3], reverse=True):
        if place not in found and name.item not in given:
            found[place] = name
            given.add(name.item)
    return found


def in_one_line(text: str) -> str:
    """A text of anybody as a name: one line, without control characters; empty where no letter or digit is left.

    >>> in_one_line("court\\n\\x1b rulings ")
    'court rulings'
    """
    plain = "".join(c if c in _JOINERS or unicodedata.category(c)[0] != "C" else " " for c in text)
    return " ".join(plain.split()) if any(map(str.isalnum, plain)) else ""


def _called(themes: tuple[Theme, ...], given: Mapping[int, GivenName]) -> tuple[Theme, ...]:
    """Themes under the names that they were given. Of two with one name, so that each can be meant, what its texts say stands behind."""
    borne = Counter(given[place].text if place in given else theme.name for place, theme in enumerate(themes))
    return tuple(
        theme
        if (one := given.get(place)) is None
        else replace(
            theme,
            name=one.text if borne[one.text] == 1 else f"{one.text} ({theme.name})",
            named_by=one.by,
            given=replace(one, formerly=(theme.name, *one.formerly)),
        )
        for place, theme in enumerate(themes)
    )


def _payload(theme: Theme, text: str, by: Literal["person", "model"]) -> dict[str, Any]:
    return {"text": text, "by": by, "features": list(theme.features[:TOP])}


@lru_cache(maxsize=8)
def _held(log: Path, space: str, newest: int) -> tuple[GivenName, ...]:  # noqa: ARG001  # newest: part of the key
    said: dict[str, list[Event]] = {}
    for event in EventLog(log).history(space, _KIND):
        said.setdefault(event.item.removesuffix(_BY_MODEL), []).append(event)
    names = [name for item, events in said.items() if (name := _name(item, events))]
    return tuple(sorted(names, key=lambda name: name.seq))


def _name(item: str, events: Sequence[Event]) -> GivenName | None:
    """What holds of all that a theme was called."""
    holding = [event for event in {event.item: event for event in events}.values() if event.payload]
    if not holding:
        return None
    one = max(holding, key=lambda event: (event.payload["by"] == "person", event.seq))
    text, by = one.payload["text"], one.payload["by"]
    formerly = dict.fromkeys(e.payload["text"] for e in events if e.payload and e.payload["text"] != text)
    return GivenName(item, text, by, one.author, tuple(one.payload["features"]), tuple(formerly), one.seq)
