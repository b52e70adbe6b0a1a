"""A theme as a person reads it: a name, texts, shares, and how many samples the data is short of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from fac_core.evidence.homes import fields
from fac_core.evidence.topic_words import is_topic_word, rarity
from fac_core.store.runs.homes import OTHER, json_path
from fac_core.store.runs.run_file import RunFile
from fac_core.themes.activity import Activity
from fac_core.themes.in_notebooks import texts_as_html, themes_as_html
from fac_core.themes.lacking import Lack

if TYPE_CHECKING:
    from fac_core.themes.names import GivenName

N_TEXTS = 3
N_WORDS = 5
_N_READ = 20
"""Texts that a name is made from."""
_MOST_AT_HOME = 0.6
"""A theme is called as a part of the anchor where so many of those texts come from it."""
_LEAST_LIFT = 1.5
"""And these are so many times as frequent there as in the whole dataset."""
TOP = 10
"""Features that a theme is known by, the strongest."""
LEAST_SHARED = 0.5
"""Of those of the larger side: from there on two themes are the same."""
LEAST_WEIGHT = 0.1
"""Of the strongest feature's: below it a feature is not listed."""


@dataclass(frozen=True)
class ThemeText:
    """A text that is of a theme."""

    sample_id: int
    text: str
    belonging: float
    """1 for a text as strong as the strongest of its dataset."""

    def excerpt(self, most: int = 140) -> str:
        """Its beginning in one line, of at most so many characters.

        >>> ThemeText(0, "two   words and more", 1.0).excerpt(9)
        'two words…'
        """
        line = " ".join(self.text.split())
        return line if len(line) <= most else f"{line[:most].rstrip()}…"


@dataclass(frozen=True)
class Share:
    """How many texts are of the theme."""

    n: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """From 0 to 1; `low` and `high` are its 95 % interval (Wilson)."""
        return self.n / max(1, self.of)

    @property
    def said(self) -> str:
        """With its interval.

        >>> Share.counted(5, 10).said
        '50.0% (23.7% to 76.3%)'
        """
        return f"{self.value:.1%} ({self.low:.1%} to {self.high:.1%})"

    @classmethod
    def counted(cls, n: int, of: int) -> Share:
        """
        >>> Share.counted(5, 10).value
        0.5
        """
        z, p = 1.96, n / max(1, of)
        middle, scale = p + z * z / (2 * max(1, of)), 1 + z * z / max(1, of)
        reach = z * np.sqrt(p * (1 - p) / max(1, of) + z * z / (4 * max(1, of) ** 2))
        return cls(n, of, max(0.0, float((middle - reach) / scale)), min(1.0, float((middle + reach) / scale)))


@dataclass(frozen=True)
class Theme:
    """What the data lacks, or has more of. Its groups of texts were formed before anybody asked which data lacks them."""

    name: str
    named_by: Literal["home", "words", "person", "model"]
    """`home`: the part of the anchor that most of its texts come from. Who found it knows these two; the others are laid over."""
    words: tuple[str, ...]
    """That set its texts apart from the others, the most telling first."""
    features: tuple[int, ...]
    """The strongest first."""
    texts: tuple[ThemeText, ...]
    """The strongest of the anchor; for a surplus, of the data."""
    nearest: tuple[ThemeText, ...]
    """The strongest of the other dataset."""
    anchor_share: Share
    data_share: Share
    deficit: float
    """Samples that the data is short of at its size; negative for a surplus."""
    deficit_low: float
    deficit_high: float
    """95 % interval of the deficit (Newcombe's for a difference of shares)."""
    z: float
    q: float
    """False discovery rate."""
    belonging: tuple[tuple[int, float], ...]
    """Anchor samples that belong to it, each with how much: what targeting and the map need."""
    given: GivenName | None = None
    """The name that it bears, where a person or a model gave it one (`themes.names`)."""

    @property
    def names(self) -> tuple[str, ...]:
        """All that it is or was called, the name that holds first: what was written under another one is found again."""
        return self.name, *(self.given.formerly if self.given else ())

    def _repr_html_(self) -> str:
        """As a notebook shows it: its line, and its texts."""
        return themes_as_html([self]) + texts_as_html(self.texts)


def described(
    lack: Lack, runs: tuple[RunFile, RunFile], activity: tuple[Activity, Activity], *, surplus: bool = False
) -> Theme:
    """A theme in words.

    Args:
        runs, activity: the side that has it, and the one that is short of it: anchor and data, or for a surplus data and anchor.
    """
    shares = [Share.counted(n, len(part)) for n, part in zip(lack.n, activity, strict=True)]
    ours, theirs = shares[::-1] if surplus else shares
    data, (home, other), (here, there) = runs[0 if surplus else 1], runs, activity
    n, low, high = deficit_of(ours, theirs, data.info.n_samples)
    strength, weaker = lack.belonging
    top = float(strength.max(initial=0.0)) or 1.0
    read = _texts(home, here, lack.members, strength / top, _N_READ)
    words = telling_words([one.text for one in read], _others(home, {one.sample_id for one in read}))
    part = _home(home, [one.sample_id for one in read])
    order = np.argsort(-lack.weights, kind="stable")
    features = [int(f) for f in order if lack.weights[f] >= LEAST_WEIGHT * lack.weights[order[0]] > 0]
    in_anchor = np.argsort(-lack.belonging[1], kind="stable")[: lack.n[1]] if surplus else lack.members
    anchor, belonging = activity[1 if surplus else 0], lack.belonging[1 if surplus else 0]
    return Theme(
        name=part or ", ".join(words[:3]) or f"feature {features[0]}",
        named_by="home" if part else "words",
        words=words,
        features=tuple(features),
        texts=read[:N_TEXTS],
        nearest=_texts(other, there, np.argsort(-weaker, kind="stable"), weaker / top, N_TEXTS),
        anchor_share=ours,
        data_share=theirs,
        deficit=n,
        deficit_low=low,
        deficit_high=high,
        z=lack.z,
        q=lack.q,
        belonging=tuple((int(anchor.sample_ids[i]), float(belonging[i] / top)) for i in in_anchor),
    )


def shared(features: tuple[int, ...], others: tuple[int, ...]) -> float:
    """How much two themes have in common, by their strongest features.

    >>> shared((1, 2), (2, 3, 4, 5))
    0.25
    """
    ours, theirs = features[:TOP], others[:TOP]
    return len(set(ours) & set(theirs)) / max(1, len(ours), len(theirs))


def together(first: Theme, second: Theme, n_samples: int) -> Theme:
    """Two themes as one, by the first's name: the second counts texts that the first does not, so shares add up."""
    anchor, data = (
        Share.counted(round((a.value + b.value) * a.of), a.of)
        for a, b in ((first.anchor_share, second.anchor_share), (first.data_share, second.data_share))
    )
    n, low, high = deficit_of(anchor, data, n_samples)
    belonging = dict(second.belonging) | dict(first.belonging)
    return replace(
        first,
        features=tuple(dict.fromkeys([*first.features, *second.features])),
        anchor_share=anchor,
        data_share=data,
        deficit=n,
        deficit_low=low,
        deficit_high=high,
        belonging=tuple(sorted(belonging.items(), key=lambda item: -item[1])),
    )


def deficit_of(anchor: Share, data: Share, n_samples: int) -> tuple[float, float, float]:
    """How many of `n_samples` the data is short of, with the ends of its 95 % interval (Newcombe's).

    >>> [round(n) for n in deficit_of(Share.counted(10, 100), Share.counted(2, 100), 100)]
    [8, 1, 16]
    """
    difference = anchor.value - data.value
    below = np.hypot(anchor.value - anchor.low, data.high - data.value)
    above = np.hypot(anchor.high - anchor.value, data.value - data.low)
    return tuple(n_samples * part for part in (difference, float(difference - below), float(difference + above)))  # type: ignore[return-value]


def _texts(run: RunFile, part: Activity, order: np.ndarray, strength: np.ndarray, n: int) -> tuple[ThemeText, ...]:
    """The first distinct texts of an order."""
    first = [i for i in order[: 3 * n] if strength[i] > 0]
    said = texts_of(run, part.sample_ids[first])
    found: dict[str, ThemeText] = {}
    for i, text in zip(first, said, strict=True):
        found.setdefault(text.strip().lower(), ThemeText(int(part.sample_ids[i]), text, float(strength[i])))
    return tuple(found.values())[:n]


def texts_of(run: RunFile, sample_ids: np.ndarray) -> list[str]:
    """The texts of some samples, in this order.

    >>> len(texts_of(view.p, np.array([1, 0])))
    2
    """
    rows = run.query(
        "SELECT sample_id, text FROM samples WHERE sample_id IN (SELECT unnest(?::UINTEGER[]))",
        [np.asarray(sample_ids, dtype=np.uint32)],
    ).to_pylist()
    known = {row["sample_id"]: row["text"] or "" for row in rows}
    return [known[int(one)] for one in sample_ids]


def _others(run: RunFile, besides: set[int], n: int = 500) -> list[str]:
    ids = run.query("SELECT sample_id FROM samples ORDER BY sample_id")["sample_id"].to_numpy()
    drawn = np.random.default_rng(0).permutation(ids)[:n]
    return texts_of(run, np.array([one for one in drawn.tolist() if one not in besides], dtype=np.uint32))


def telling_words(texts: Sequence[str], others: Sequence[str], n: int = N_WORDS) -> tuple[str, ...]:
    """Words that set texts apart from others, by c-TF-IDF; a word counts once a text, so no long text speaks for all.

    >>> telling_words(["the court ruled", "a court sat"], ["the sea rose", "a boat sat"], 1)
    ('court',)
    """
    classes = [_document_frequencies(texts), _document_frequencies(others)]
    rare = rarity(classes)
    here, there = classes
    weight = {
        word: n_texts
        / max(1, len(texts))
        * rare[word]
        * (1 - min(1.0, there[word] / max(1, len(others)) * max(1, len(texts)) / n_texts))
        for word, n_texts in here.items()
        if n_texts > 1 or len(texts) == 1
    }
    return tuple(sorted(weight, key=lambda word: (-weight[word], word))[:n])


def _document_frequencies(texts: Sequence[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for text in texts:
        words = {word.strip(".,;:!?()[]{}\"'`*#<>=/\\|_-").lower() for word in text.split()}
        found.update(word for word in words if is_topic_word(word) and len(word) < 20)
    return found


def _home(run: RunFile, sample_ids: Sequence[int]) -> str | None:
    """The value of the coarsest metadata field that most of the samples share and most of the others do not."""
    for field in fields(run)[:1]:
        rows = run.query(
            f"""
            SELECT coalesce(nullif(metadata->>?, ''), '{OTHER}') AS value, count(*) AS everywhere,
                count(*) FILTER (sample_id IN (SELECT unnest(?::UINTEGER[]))) AS n
            FROM samples GROUP BY value ORDER BY n DESC, value
            """,  # noqa: S608
            [json_path(field), np.asarray(sample_ids, dtype=np.uint32)],
        )
        value, n = rows["value"][0].as_py(), rows["n"][0].as_py()
        share, everywhere = n / len(sample_ids), rows["everywhere"][0].as_py() / run.info.n_samples
        if share >= max(_MOST_AT_HOME, _LEAST_LIFT * everywhere) and value != OTHER and not value.isdigit():
            return value
    return None
