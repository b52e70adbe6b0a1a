"""What a language model is shown of a feature: excerpts around peaks, the peak token among them, and cases to test a label on.

As for lexical labels, the shown samples of a feature are split in two: a label is made from the first half, and scored on
the second with silent samples against it, half of which hold a word that the feature peaks on.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from fac_core.evidence.examples import word_at
from fac_core.evidence.incidence import incidence
from fac_core.naming.lexical import occurrence
from fac_core.naming.trust import halves, negatives
from fac_core.store.by_id import by_id
from fac_core.store.runs.run_file import RunFile

N_SPANS = 10
"""Excerpts that a label is made from (paper, App. K)."""

N_CASES = 10
"""Held-out samples that fire the feature, and as many silent ones at most."""

_BEFORE, _AFTER = 110, 50
"""Characters around a peak: about 32 tokens with it, most of them before it, where the feature looks."""

_WORD_BEFORE, _WORD_AFTER = re.compile(r"\w*\Z"), re.compile(r"\w*")


@dataclass(frozen=True)
class Span:
    """An excerpt of a sample."""

    sample_id: int
    text: str
    start: int
    """Of the word that matters, in the excerpt."""
    end: int

    @property
    def marked(self) -> str:
        """With the word between « and »."""
        return f"{self.text[: self.start]}«{self.text[self.start : self.end]}»{self.text[self.end :]}"


@dataclass(frozen=True)
class Material:
    """What there is to label a feature with."""

    feature_id: int
    spans: tuple[Span, ...]
    """To make a label from, the strongest first."""
    cases: tuple[Span, ...]
    """To score it on, mixed; none of their samples is among the spans'."""
    fires: tuple[bool, ...]
    """Which of the cases fire the feature."""


def numbered(spans: Collection[Span], *, marked: bool) -> str:
    """The excerpts as a list for a prompt."""
    return "\n".join(f"{i}. {span.marked if marked else span.text}" for i, span in enumerate(spans, start=1))


def materials(
    run: RunFile, feature_ids: Collection[int], *, thresholds: np.ndarray | None = None, seed: int = 0
) -> dict[int, Material]:
    """For each feature its excerpts and cases; a feature that fires above δ_i in no shown sample has none.

    Args:
        thresholds: δ_i `[d_sae]`; None means any activation.
    """
    delta = np.zeros(run.info.d_sae, dtype=np.float32) if thresholds is None else thresholds
    peaks = _peaks(run, feature_ids, delta)
    samples = run.query("SELECT sample_id, text FROM samples ORDER BY sample_id")
    texts, sample_ids = samples["text"].to_pylist(), samples["sample_id"].to_numpy()
    text_of = dict(zip(sample_ids.tolist(), texts, strict=True))
    seen, held_out, words = {}, {}, {}
    for feature, found in peaks.items():
        first, second = halves(len(found), seed + feature)
        seen[feature] = [found[i] for i in first]
        held_out[feature] = [found[i] for i in second]
        words[feature] = tuple(sorted({word_at(text_of[p.sample_id], p.char_start) for p in seen[feature]}))
    has_word, column_of = occurrence(texts, {feature: ("on", chosen) for feature, chosen in words.items()})
    active = incidence(run, sample_ids, delta)
    result: dict[int, Material] = {}
    for feature in feature_ids:
        if feature not in peaks:
            result[feature] = Material(feature, (), (), ())
            continue
        rng = np.random.default_rng([seed, feature])
        silent = ~active[:, [feature]].toarray().ravel()
        columns = [column_of[word] for word in words[feature]]
        tempting = np.asarray(has_word[:, columns].sum(axis=1)).ravel() > 0
        positives = [held_out[feature][i] for i in rng.permutation(len(held_out[feature]))[:N_CASES]]
        against = sample_ids[negatives(silent, tempting, len(positives), rng)].tolist()
        cases = [(_around(p, text_of[p.sample_id]), True) for p in positives]
        cases += [(_around(_place(s, text_of[s], words[feature], rng), text_of[s]), False) for s in against]
        mixed = [cases[i] for i in rng.permutation(len(cases))]
        strongest = sorted(seen[feature], key=lambda p: (-p.activation, p.sample_id))[:N_SPANS]
        result[feature] = Material(
            feature,
            tuple(_around(p, text_of[p.sample_id]) for p in strongest),
            tuple(span for span, _ in mixed),
            tuple(fires for _, fires in mixed),
        )
    return result


@dataclass(frozen=True)
class _Peak:
    """Where a sample fires a feature most, in characters."""

    sample_id: int
    activation: float
    char_start: int
    char_end: int


def _peaks(run: RunFile, feature_ids: Collection[int], delta: np.ndarray) -> Mapping[int, list[_Peak]]:
    rows = run.query(
        f"""
        SELECT feature_id, sample_id, activations.activation, char_start, char_end
        FROM (SELECT DISTINCT feature_id, sample_id FROM examples)
            JOIN activations USING (feature_id, sample_id)
            JOIN token_activations USING (feature_id, sample_id, token_index)
            JOIN {by_id("feature_id", "delta", "FLOAT")} USING (feature_id)
        WHERE list_contains(?::UINTEGER[], feature_id) AND activations.activation > delta AND char_start IS NOT NULL
        ORDER BY feature_id, sample_id
        """,  # noqa: S608
        [delta, np.array(sorted(feature_ids), dtype=np.uint32)],
        features=feature_ids,
    ).to_pylist()
    found: dict[int, list[_Peak]] = {}
    for row in rows:
        found.setdefault(row.pop("feature_id"), []).append(_Peak(**row))
    return found


def _place(sample_id: int, text: str, words: Collection[str], rng: np.random.Generator) -> _Peak:
    """Where a silent sample tempts: at one of the words; anywhere if it has none."""
    found = re.search("|".join(map(re.escape, words)), text.lower()) if words else None
    start = found.start() if found else int(rng.integers(0, max(1, len(text))))
    return _Peak(sample_id, 0.0, start, found.end() if found else start)


def _around(peak: _Peak, text: str) -> Span:
    """The excerpt around a peak, cut between words, on one line; the mark covers whole words."""
    start, end = peak.char_start, peak.char_end
    while start < end and text[start].isspace():
        start += 1
    if re.match(r"\w", text[start:end]):
        start -= len(_WORD_BEFORE.search(text[max(0, start - _BEFORE) : start])[0])  # type: ignore[index]
    if re.search(r"\w\Z", text[start:end]):
        end += len(_WORD_AFTER.match(text[end : end + _AFTER])[0])  # type: ignore[index]
    before, after = text[max(0, start - _BEFORE) : start], text[end : end + _AFTER]
    if start > _BEFORE:
        before = "…" + before[before.find(" ") :]
    if end + _AFTER < len(text):
        after = after[: after.rfind(" ") + 1] + "…"
    before, word, after = (re.sub(r"\s+", " ", part) for part in (before.lstrip(), text[start:end], after.rstrip()))
    return Span(peak.sample_id, before + word + after, len(before), len(before) + len(word))
