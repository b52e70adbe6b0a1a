"""The answer to "what is my data missing?": a sentence, the themes that it lacks, and those that it has more of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fac_core.coverage.definition import Definition
from fac_core.html_table import escaped
from fac_core.progress import counted
from fac_core.shortfall.counts import count
from fac_core.shortfall.rates import MAX_Q, State, shortfall
from fac_core.shortfall.scoring import as_far_as, whole
from fac_core.store.runs.run_file import RunFile
from fac_core.themes.activity import activity
from fac_core.themes.in_notebooks import themes_as_html
from fac_core.themes.lacking import Sides, lacks
from fac_core.themes.theme import LEAST_SHARED, Theme, described, shared, together

_IN_SENTENCE = 3

_NEARLY_ALL = 0.98
_WORTH_SAYING = 0.05


@dataclass(frozen=True)
class Missing:
    """What a dataset lacks against an anchor."""

    run: str
    anchor: str
    n_samples: int
    """Of the run."""
    themes: tuple[Theme, ...]
    """That the data is short of, the largest deficit first."""
    surplus: tuple[Theme, ...]
    """That it has more of than the anchor."""
    states: dict[State, int]
    """Features by what their rates say."""
    of_other_length: float = 0.0
    """The share of the anchor's texts that nearly all of the data's are longer than, or shorter: there is nothing to compare those with."""

    @property
    def sentence(self) -> str:
        """The answer in one sentence, names in asterisks."""
        return self.said("*{}*".format)

    def said(self, emphasised: Callable[[str], str]) -> str:
        """The sentence with its names as `emphasised` writes them: they are words of the datasets, and may hold markup.

        >>> view.missing().said(str.upper)
        'Your data lacks SUMS; it has more W000, W001, W002 than the anchor.'
        """
        lacks, more = (_listed(part, emphasised) for part in (self.themes, self.surplus))
        if lacks and more:
            return f"Your data lacks {lacks}; it has more {more} than the anchor."
        if lacks:
            return f"Your data lacks {lacks}."
        if more:
            return f"Your data lacks nothing that shows at this size; it has more {more} than the anchor."
        return "Nothing is missing that shows at this size, and nothing is there in excess."

    @property
    def seen_from(self) -> float:
        """The share of the anchor from which a kind of text that is wholly missing would have shown, roughly.

        In the power table of docs/missing.md, of sets whose share was 30 / n or more 53 of 54 were reported; of topics within
        one source 14 of 40.
        """
        return min(1.0, 30 / max(1, self.n_samples))

    @property
    def not_seen(self) -> str:
        """What could have been seen: an answer of nothing is only worth that."""
        return (
            f"With {counted(self.n_samples, 'sample')}, a kind of text that your data lacks altogether would have shown if about"
            f" {self.seen_from:.1%} of the anchor's texts or more were of it; smaller ones, and topics within one kind, can hide."
        )

    @property
    def not_compared(self) -> str:
        """What was left out of all comparison, in a sentence; empty where that is little."""
        if self.of_other_length < _WORTH_SAYING:
            return ""
        return (
            f"{self.of_other_length:.0%} of the anchor's texts are longer or shorter than nearly all of yours:"
            " what only such texts are about does not show here."
        )

    def _repr_html_(self) -> str:
        """As a notebook shows it: the sentence, the themes that are short, then what there is more of."""
        said = escaped(self.sentence if self.themes or self.surplus else f"{self.sentence} {self.not_seen}")
        return f"<p>{said}</p>" + "".join(themes_as_html(part) for part in (self.themes, self.surplus) if part)


def _listed(themes: tuple[Theme, ...], emphasised: Callable[[str], str]) -> str:
    names = list(dict.fromkeys(emphasised(theme.name) for theme in themes))[:_IN_SENTENCE]
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


@lru_cache(maxsize=16)
def missing(
    run: RunFile, anchor: RunFile, relevant: frozenset[int] | None = None, definition: Definition | None = None
) -> Missing:
    """What the run lacks, in themes; remembered, since files that are kept open never change. Raises `ModelMismatch` for runs of different spaces.

    Args:
        relevant: features that themes may be made of; None means all.
        definition: δ of it decides what is active; None compares scores over `scoring.LEVELS`, which finds more.

    >>> [theme.name for theme in missing(view.q, view.p).themes]
    ['sums']
    """
    counts = count(run, anchor, definition)
    usable = ~counts.marks_place
    if relevant is not None:
        usable &= np.isin(np.arange(run.info.d_sae), sorted(relevant))
    scoring = whole(anchor, definition)
    ours, theirs = activity(anchor, scoring), activity(run, scoring)
    ours_read, theirs_read = (
        part if (read := as_far_as(one, other, scoring)) is scoring else activity(one, read)
        for one, other, part in ((anchor, run, ours), (run, anchor, theirs))
    )
    short = Sides.of(ours_read, theirs, counts.z, usable, scoring.shown)
    whole_texts = ours_read is ours and theirs_read is theirs
    excess = short.swapped if whole_texts else Sides.of(theirs_read, ours, -counts.z, usable, scoring.shown)
    themes, surplus = _themes(short, (anchor, run), run), _themes(excess, (run, anchor), run)
    states = Counter(shortfall(counts)["state"].to_pylist())
    other_length = _of_other_length(ours.n_tokens, theirs.n_tokens)
    return Missing(run.info.name, anchor.info.name, run.info.n_samples, themes, surplus, dict(states), other_length)


def _of_other_length(anchor: np.ndarray, data: np.ndarray) -> float:
    if not len(anchor) or not len(data):
        return 0.0
    shortest, longest = np.quantile(data, [1 - _NEARLY_ALL, _NEARLY_ALL])
    return float(np.mean((anchor < shortest) | (anchor > longest)))


def _themes(sides: Sides, runs: tuple[RunFile, RunFile], data: RunFile) -> tuple[Theme, ...]:
    """What holds, in words; the largest deficit first."""
    held = [one for one in lacks(sides) if one.q <= MAX_Q]
    themes = [described(one, runs, sides.activity, surplus=runs[0] is data) for one in held]
    sure = [one for one in merged(themes, data.info.n_samples) if one.deficit_low * one.deficit_high > 0]
    return tuple(sorted(sure, key=lambda theme: -abs(theme.deficit)))


def merged(themes: list[Theme], n_samples: int) -> list[Theme]:
    """Themes of one name, or mostly of the same features, as one: what remains of a group often is a theme once more.

    What the surest says of itself stands, before it what one says that has the name of a part of the anchor.
    """
    kept: list[Theme] = []
    for theme in themes:
        same = (i for i, one in enumerate(kept) if one.name == theme.name or _alike(one, theme))
        if (place := next(same, None)) is None:
            kept.append(theme)
        else:
            first, second = kept[place], theme
            if second.named_by == "home" != first.named_by:  # a part of the anchor says more than words
                first, second = second, first
            kept[place] = together(first, second, n_samples)
    return kept


def _alike(one: Theme, other: Theme) -> bool:
    return shared(one.features, other.features) >= LEAST_SHARED
