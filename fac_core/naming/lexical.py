"""Labels without a language model: the words that set a feature apart, and how well they predict it.

For each feature its shown samples are split in two. From the first half come the words on which the feature peaks and
the words around them; class-based TF-IDF (Grootendorst 2022, eq. 3, a feature being a class) picks those that other
features do not share. The second half, with silent samples against it, says how far the label can be trusted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import sparse

from fac_core.evidence.incidence import incidence
from fac_core.evidence.topic_words import is_topic_word, rarity
from fac_core.naming.trust import Trust, halves, negatives, trust
from fac_core.store.by_id import by_id
from fac_core.store.runs.run_file import RunFile

Kind = Literal["on", "near", "form", "none"]

_WORD = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]+")
_AROUND = 40
"""Characters on each side of the peak that count as near it."""
_ON, _NEAR, _FORM = 0.5, 0.5, 0.6
"""Share of the seen samples that a label's words must account for, by kind."""
_MOST_WORDS = 4
_FEWEST_SEEN = 3


@dataclass(frozen=True)
class LexicalLabel:
    """What words say about a feature."""

    kind: Kind
    """`on` its words, `near` them, on a `form` (numbers, punctuation), or `none`: no clear label."""
    text: str
    words: tuple[str, ...]
    seen: tuple[int, ...]
    """Samples that the label was made from."""
    trust: Trust | None
    """None where nothing is held out, or no sample is silent."""


@dataclass(frozen=True)
class _Peak:
    """Where a shown sample fires a feature most."""

    sample: int
    word: str
    context: frozenset[str]
    """The words around it, without it."""


def lexical_labels(
    run: RunFile,
    feature_ids: Collection[int] | None = None,
    *,
    thresholds: np.ndarray | None = None,
    seed: int = 0,
) -> dict[int, LexicalLabel]:
    """Label features by words; None means all. A feature that fires in too few samples gets no clear label.

    Args:
        thresholds: δ_i `[d_sae]`: a feature fires in a sample above it; None means any activation. With calibrated
            thresholds a label has to tell only strong activations.

    Trust is measured on balanced cases: the held-out samples that fire, and as many silent ones, up to half of which hold
    a word of the label. Saying yes to all would score F1 = 0.67.
    """
    delta = np.zeros(run.info.d_sae, dtype=np.float32) if thresholds is None else thresholds
    peaks = _peaks(run, delta)
    drawn = {feature: halves(len(mine), seed + feature) for feature, mine in peaks.items()}
    seen = {feature: [peaks[feature][i] for i in first] for feature, (first, _) in drawn.items()}
    labels = _named(seen)
    held_out = {feature: [peaks[feature][i].sample for i in second] for feature, (_, second) in drawn.items()}
    measured = _trusts(run, labels, held_out, delta, seed)
    result: dict[int, LexicalLabel] = {}
    for feature in range(run.info.d_sae) if feature_ids is None else feature_ids:
        kind, words = labels.get(feature, ("none", ()))
        samples = tuple(peak.sample for peak in seen.get(feature, ()))
        result[feature] = LexicalLabel(kind, _text(kind, words), words, samples, measured.get(feature))
    return result


def trust_of_words(
    run: RunFile, words: Mapping[int, tuple[str, ...]], *, thresholds: np.ndarray | None = None, seed: int = 0
) -> dict[int, Trust | None]:
    """How well labels that were not made from this run predict its features: does a text hold one of their words?

    All shown samples of a feature are cases, since the label has seen none; as many silent ones stand against them.

    Args:
        words: of each label, by feature.
        thresholds: as in `lexical_labels`.
    """
    delta = np.zeros(run.info.d_sae, dtype=np.float32) if thresholds is None else thresholds
    shown = {feature: [peak.sample for peak in mine] for feature, mine in _peaks(run, delta).items()}
    labels: dict[int, tuple[Kind, tuple[str, ...]]] = {feature: ("on", mine) for feature, mine in words.items() if mine}
    return _trusts(run, labels, shown, delta, seed)


def _trusts(
    run: RunFile,
    labels: Mapping[int, tuple[Kind, tuple[str, ...]]],
    held_out: Mapping[int, Sequence[int]],
    delta: np.ndarray,
    seed: int,
) -> dict[int, Trust | None]:
    """The trust of each label, over the samples that are held out for it."""
    texts = run.query("SELECT sample_id, text FROM samples ORDER BY sample_id")
    has_word, column_of = occurrence(texts["text"].to_pylist(), labels)
    row_of = {sample: row for row, sample in enumerate(texts["sample_id"].to_pylist())}
    active = incidence(run, texts["sample_id"].to_numpy(), delta)
    measured: dict[int, Trust | None] = {}
    for feature, (kind, words) in labels.items():
        cases = [row_of[sample] for sample in held_out.get(feature, ())]
        fires = active[:, [feature]].toarray().ravel()
        said = np.asarray(has_word[:, [column_of[w] for w in _tested(kind, words)]].sum(axis=1)).ravel() > 0
        measured[feature] = _scored(said, fires, cases, np.random.default_rng([seed, feature]))
    return measured


def _scored(said: np.ndarray, fires: np.ndarray, held_out: list[int], rng: np.random.Generator) -> Trust | None:
    against = negatives(~fires, said, len(held_out), rng)
    if not held_out or not len(against):
        return None
    cases = np.concatenate([np.array(held_out), against])
    return trust(said[cases], fires[cases], method="words")


def _named(seen: Mapping[int, Sequence[_Peak]]) -> dict[int, tuple[Kind, tuple[str, ...]]]:
    on = {feature: Counter(peak.word for peak in mine) for feature, mine in seen.items()}
    near = {feature: Counter(w for peak in mine for w in peak.context) for feature, mine in seen.items()}
    on_rarity, near_rarity = rarity(on.values()), rarity(near.values())
    labels: dict[int, tuple[Kind, tuple[str, ...]]] = {}
    for feature, mine in seen.items():
        if len(mine) < _FEWEST_SEEN:
            continue
        words = _covering(on[feature], on_rarity, [{peak.word} for peak in mine], _ON)
        if words and all(w.isalpha() or "-" in w or "'" in w for w in words):
            labels[feature] = ("on", words)
        elif form := _form([peak.word for peak in mine]):
            labels[feature] = ("form", (form,))
        elif words:
            labels[feature] = ("on", words)
        elif context := _covering(near[feature], near_rarity, [peak.context for peak in mine], _NEAR):
            labels[feature] = ("near", context)
    return labels


def _covering(
    counts: Counter[str], rarity: Mapping[str, float], cases: Sequence[Collection[str]], share: float
) -> tuple[str, ...]:
    """The few most telling words that account for at least `share` of the cases; none if they cannot.

    Words are taken by c-TF-IDF, and only those that recur: one that occurs once says nothing about the next sample.
    """
    chosen: list[str] = []
    explained = np.zeros(len(cases), dtype=bool)
    recurring = (word for word, n in counts.items() if n >= 2)
    for word in sorted(recurring, key=lambda w: (-counts[w] * rarity[w], w)):
        has = np.array([word in case for case in cases])
        if (has & ~explained).any() and has.mean() >= share / _MOST_WORDS:
            chosen.append(word)
            explained |= has
        if len(chosen) == _MOST_WORDS:
            break
    return tuple(chosen) if len(cases) and explained.mean() >= share else ()


_FORMS: dict[str, re.Pattern[str]] = {
    "numbers": re.compile(r"\d[\d.,-]*"),
    "punctuation": re.compile(r"[^\w\s]+"),
}


def _form(words: Sequence[str]) -> str:
    for name, pattern in _FORMS.items():
        if sum(bool(pattern.fullmatch(w)) for w in words) >= _FORM * len(words):
            return name
    return ""


def _tested(kind: Kind, words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"\x00{w}" for w in words) if kind == "form" else words


def _text(kind: Kind, words: tuple[str, ...]) -> str:
    quoted = ", ".join(words if kind == "form" else (f"“{w}”" for w in words))
    return f"{'on' if kind == 'form' else kind} {quoted}" if words else "no clear label"


def _peaks(run: RunFile, delta: np.ndarray) -> dict[int, list[_Peak]]:
    """Of every feature with shown samples above δ_i, the words at and around their peaks, in the order of their ids."""
    rows = run.query(
        f"""
        SELECT feature_id, sample_id, char_start - greatest(0, char_start::BIGINT - ?) AS at,
            text[greatest(0, char_start::BIGINT - ?) + 1 : char_end + ?] AS snippet
        FROM (SELECT DISTINCT feature_id, sample_id FROM examples)
            JOIN activations USING (feature_id, sample_id)
            JOIN token_activations USING (feature_id, sample_id, token_index)
            JOIN samples USING (sample_id)
            JOIN {by_id("feature_id", "delta", "FLOAT")} USING (feature_id)
        WHERE activations.activation > delta
        ORDER BY feature_id, sample_id
        """,  # noqa: S608
        [_AROUND, _AROUND, _AROUND, delta],
    )
    found: dict[int, list[_Peak]] = {}
    columns = (rows[name].to_pylist() for name in ("feature_id", "sample_id", "at", "snippet"))
    for feature, sample, at, snippet in zip(*columns, strict=True):
        matches = list(_WORD.finditer(snippet))
        peak = next((m for m in matches if m.end() > at), None)
        word = peak[0].lower() if peak else "⏎"
        around = frozenset(m[0].lower() for m in matches if m is not peak and is_topic_word(m[0].lower())) - {word}
        found.setdefault(feature, []).append(_Peak(sample, word, around))
    return found


def occurrence(
    texts: list[str], labels: Mapping[int, tuple[Kind, tuple[str, ...]]]
) -> tuple[sparse.csc_matrix, dict[str, int]]:
    """Which sample has which label word, `[samples, words]`, and the column of each; a form is the word `\\x00form`."""
    vocabulary = sorted({w for kind, words in labels.values() for w in _tested(kind, words)})
    if not vocabulary or not texts:
        return sparse.csc_matrix((len(texts), 0), dtype=np.int64), {}
    from sklearn.feature_extraction.text import CountVectorizer  # here, since who reads labels need not wait for it

    counter = CountVectorizer(analyzer=_analysed, vocabulary=vocabulary, binary=True)  # pyright: ignore[reportArgumentType]
    return sparse.csc_matrix(counter.transform(texts)), {w: i for i, w in enumerate(vocabulary)}


def _analysed(text: str) -> list[str]:
    words = [w.lower() for w in _WORD.findall(text)]
    return words + [f"\x00{name}" for name, pattern in _FORMS.items() if any(pattern.fullmatch(w) for w in words)]
