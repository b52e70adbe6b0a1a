"""One table: every measure of diversity, and FAC, of several datasets, at a size that is equal for all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fac_core.coverage.compare import compare, draws
from fac_core.coverage.definition import PRESETS, Preset
from fac_core.diversity.vectors import (
    cluster_entropy,
    clusters,
    pairwise_cosine_distance,
    trace_covariance,
    vendi_score,
)
from fac_core.diversity.words import distinct, ngram_entropy, numbered, self_bleu, words
from fac_core.errors import EmptyAnchor, WrongUse
from fac_core.progress import Progress, silent
from fac_core.store.runs.run_file import RunFile

N_CLUSTERS = 50
"""Of the embeddings of all datasets together, so that the entropies of several datasets are of the same clusters."""

SELF_BLEU_TEXTS = 200
"""Texts of a draw that self-BLEU looks at: it would cost the square of their number."""


@dataclass(frozen=True)
class Metric:
    """What a column says."""

    title: str
    level: Literal["words", "grammar", "meaning", "features"]
    more_is: Literal["more diverse", "less diverse"]


METRICS: dict[str, Metric] = {
    "fac_paper": Metric("FAC, paper", "features", "more diverse"),
    "fac_calibrated": Metric("FAC, calibrated", "features", "more diverse"),
    "distinct_1": Metric("distinct-1", "words", "more diverse"),
    "distinct_2": Metric("distinct-2", "words", "more diverse"),
    "bigram_entropy": Metric("bigram entropy (bits)", "words", "more diverse"),
    "self_bleu_4": Metric("self-BLEU-4", "words", "less diverse"),
    "pos_distinct_2": Metric("POS distinct-2", "grammar", "more diverse"),
    "cosine_distance": Metric("pairwise cosine distance", "meaning", "more diverse"),
    "trace_covariance": Metric("trace of the covariance", "meaning", "more diverse"),
    "cluster_entropy": Metric("cluster entropy (bits)", "meaning", "more diverse"),
    "vendi": Metric("Vendi score", "meaning", "more diverse"),
}


@dataclass(frozen=True)
class Texts:
    """The texts of one run, as the measures read them; rows are samples in order."""

    words: list[np.ndarray]
    tags: list[np.ndarray] | None
    """None without a tagger."""
    vectors: np.ndarray | None
    """None without a sentence model."""
    labels: np.ndarray | None
    """Cluster of each vector, common to all runs of the table."""


@dataclass(frozen=True)
class Measured:
    """A measure over draws. Without matching there is one draw, the whole set, and no band."""

    mean: float
    low: float
    """5 % of the draws lie below."""
    high: float


@dataclass(frozen=True)
class RunDiversity:
    """One dataset."""

    run: str
    n_samples: int
    n_tokens: int
    mean_length: float
    """Content tokens a sample."""
    metrics: dict[str, Measured | None]
    """By the keys of `METRICS`; None where a part is not installed or the anchor leaves nothing to cover."""


@dataclass(frozen=True)
class Diversity:
    """The table."""

    rows: tuple[RunDiversity, ...]
    matched: tuple[Literal["samples", "tokens"], int] | None
    """What sets were matched by, and the size of the smallest; None: each has its own."""
    n_draws: int


def diversity(
    runs: Sequence[RunFile],
    anchor: RunFile,
    *,
    tags: Callable[[RunFile, list[str]], list[list[str]]] | None = None,
    embed: Callable[[RunFile, list[str]], np.ndarray] | None = None,
    relevant: Collection[int] | None = None,
    match: Literal["samples", "tokens"] | None = "samples",
    n_draws: int = 10,
    seed: int = 0,
    on_progress: Progress = silent,
) -> Diversity:
    """Measure each run. FAC and the other measures are of the same draws.

    Args:
        tags, embed: make tags and vectors of a run's texts; their measures are None without them.
        match: draw samples as `compare` does, so that all sets are as large as the smallest.

    Raises `ModelMismatch` as `coverage` does, `WrongUse` without runs.
    """
    if not runs:
        raise WrongUse("There is no run to measure. Name one at least.")
    prepared = _prepared(runs, tags, embed)
    sizes = [run.info.n_samples if match == "samples" else run.info.n_tokens for run in runs]
    facs = {f"fac_{name}": _facs(runs, anchor, name, relevant, match, n_draws, seed) for name in PRESETS}
    rows = []
    on_progress(0, len(runs), "measuring")
    for i, (run, texts) in enumerate(zip(runs, prepared, strict=True)):
        n_tokens = run.query("SELECT n_tokens FROM samples ORDER BY sample_id")["n_tokens"].to_numpy()
        rng = np.random.default_rng(seed)
        drawn = [np.arange(len(n_tokens))] if match is None else draws(n_tokens, match, min(sizes), n_draws, rng)
        own = np.random.default_rng(seed)
        values = [_text_metrics(texts, np.sort(rows), own) for rows in drawn]
        measured = {name: _over_draws([v[name] for v in values]) for name in values[0]}
        rows.append(
            RunDiversity(
                run=run.info.name,
                n_samples=run.info.n_samples,
                n_tokens=run.info.n_tokens,
                mean_length=run.info.n_tokens / max(1, run.info.n_samples),
                metrics={**{name: column[i] for name, column in facs.items()}, **measured},
            )
        )
        on_progress(i + 1, len(runs), "measuring")
    return Diversity(tuple(rows), None if match is None else (match, min(sizes)), 1 if match is None else n_draws)


def _text_metrics(texts: Texts, rows: np.ndarray, rng: np.random.Generator) -> dict[str, float | None]:
    """Every measure but FAC, of some samples."""
    chosen = [texts.words[row] for row in rows]
    sampled = rng.permutation(len(chosen))[:SELF_BLEU_TEXTS]
    vectors = None if texts.vectors is None else texts.vectors[rows]
    return {
        "distinct_1": distinct(chosen, 1),
        "distinct_2": distinct(chosen, 2),
        "bigram_entropy": ngram_entropy(chosen, 2),
        "self_bleu_4": self_bleu([chosen[i] for i in sampled]),
        "pos_distinct_2": None if texts.tags is None else distinct([texts.tags[row] for row in rows], 2),
        "cosine_distance": None if vectors is None else pairwise_cosine_distance(vectors),
        "trace_covariance": None if vectors is None else trace_covariance(vectors),
        "cluster_entropy": None if texts.labels is None else cluster_entropy(texts.labels[rows]),
        "vendi": None if vectors is None else vendi_score(vectors),
    }


def _prepared(
    runs: Sequence[RunFile],
    tags: Callable[[RunFile, list[str]], list[list[str]]] | None,
    embed: Callable[[RunFile, list[str]], np.ndarray] | None,
) -> list[Texts]:
    texts = [run.query("SELECT coalesce(text, '') AS text FROM samples ORDER BY sample_id") for run in runs]
    plain: list[list[str]] = [table["text"].to_pylist() for table in texts]
    vectors = [embed(run, own) for run, own in zip(runs, plain, strict=True)] if embed else [None] * len(runs)
    ends = np.cumsum([len(own) for own in plain])
    labels = np.split(clusters(np.concatenate(vectors), N_CLUSTERS), ends[:-1]) if embed else [None] * len(runs)  # type: ignore[arg-type]
    return [
        Texts(numbered(map(words, own)), numbered(tags(run, own)) if tags else None, v, c)
        for run, own, v, c in zip(runs, plain, vectors, labels, strict=True)
    ]


def _facs(
    runs: Sequence[RunFile],
    anchor: RunFile,
    preset: Preset,
    relevant: Collection[int] | None,
    match: Literal["samples", "tokens"] | None,
    n_draws: int,
    seed: int,
) -> list[Measured | None]:
    """FAC of each run; None for all where the preset leaves nothing of a small anchor."""
    try:
        found = compare(runs, anchor, PRESETS[preset], relevant, match=match, n_draws=n_draws, seed=seed)
    except EmptyAnchor:
        return [None] * len(runs)
    return [
        Measured(c.coverage.fac, c.coverage.fac, c.coverage.fac)
        if c.matched is None
        else Measured(c.matched.mean, c.matched.low, c.matched.high)
        for c in found
    ]


def _over_draws(values: Sequence[float | None]) -> Measured | None:
    known = np.array([v for v in values if v is not None])
    if not len(known):
        return None
    return Measured(float(known.mean()), *np.quantile(known, [0.05, 0.95]).tolist())
