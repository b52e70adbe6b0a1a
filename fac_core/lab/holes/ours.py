"""Shortfall and themes: what the product answers, on rows of a collection instead of a run file."""

from __future__ import annotations

from typing import cast

import numpy as np
from scipy import sparse

from fac_core.lab.holes.answers import Answer, Theme, share_significant
from fac_core.lab.holes.cases import Case
from fac_core.shortfall.counts import LEVELS, N_HALVES, N_STRATA, SHOWN, Counts, halves_of
from fac_core.shortfall.rates import shortfall as rates
from fac_core.shortfall.strata import Tally, length_edges, stratum_of
from fac_core.themes.activity import Activity, dampened
from fac_core.themes.factors import LEAST_Z, factors


def shortfall(case: Case) -> Answer:
    """The shortfall of the SAE's features."""
    fired, n_tokens = case.collection.activations, case.collection.n_tokens
    levelled = levels(fired[case.anchor])
    ours, theirs = scores(fired[case.anchor], levelled), scores(fired[case.data], levelled)
    return of_scores(ours, theirs, n_tokens[case.anchor], n_tokens[case.data], case.collection.marks_place)


def of_features(
    anchor: sparse.csr_matrix, data: sparse.csr_matrix, anchor_tokens: np.ndarray, data_tokens: np.ndarray
) -> Answer:
    """An answer from any features: how strongly each fires in each text, `[texts, features]`, and lengths `[texts]`."""
    levelled = levels(anchor)
    return of_scores(scores(anchor, levelled), scores(data, levelled), anchor_tokens, data_tokens)


def of_scores(
    ours: sparse.csr_matrix,
    theirs: sparse.csr_matrix,
    anchor_tokens: np.ndarray,
    data_tokens: np.ndarray,
    marks_place: np.ndarray | None = None,
) -> Answer:
    """An answer from scores of texts, `[texts, features]`: 0, or how many levels an activation exceeds."""
    width = cast(tuple[int, int], ours.shape)[1]
    edges = length_edges(np.concatenate([anchor_tokens, data_tokens]), N_STRATA)
    tallies, parts = [], []
    for part, n_tokens in ((ours, anchor_tokens), (theirs, data_tokens)):
        strata, halves = stratum_of(n_tokens, edges), halves_of(len(n_tokens))
        members = [np.flatnonzero(halves == half) for half in range(N_HALVES)]
        active_from = min(SHOWN + 1, int(part.data.max(initial=1)))
        tallies.append(tuple(Tally.of(part[m], strata[m], len(edges) + 1, active_from) for m in members))
        totals = np.asarray(part.sum(axis=1)).ravel()
        parts.append(Activity(np.arange(len(n_tokens)), n_tokens, halves, part, totals))
    counts = Counts(tallies[0], tallies[1], np.zeros(width, dtype=bool) if marks_place is None else marks_place)
    z = counts.z()
    weights = np.where(z > LEAST_Z, np.maximum(z, 0) ** 3, 0)
    lacking = np.asarray(ours @ weights).ravel() * dampened(parts[0].totals)
    themes = []
    for factor in factors(counts, *parts):
        members = np.argsort(-factor.belonging, kind="stable")
        themes.append(Theme(members[factor.belonging[members] > 0], factor.q))
    q = rates(counts)["q"].to_numpy()
    return Answer(lacking, tuple(themes), share_significant(q[z > 0]) if (z > 0).any() else 0.0)


def levels(anchor: sparse.csr_matrix) -> np.ndarray:
    """float32 `[levels, features]`: quantiles of each feature's non-zero activations in the anchor; 0 where it has none."""
    by_feature = anchor.tocsc()
    found = np.zeros((len(LEVELS), cast(tuple[int, int], anchor.shape)[1]), dtype=np.float32)
    for feature, (start, end) in enumerate(zip(by_feature.indptr[:-1], by_feature.indptr[1:], strict=True)):
        if end > start:
            found[:, feature] = np.quantile(by_feature.data[start:end], LEVELS)
    return found


def scores(values: sparse.csr_matrix, levelled: np.ndarray) -> sparse.csr_matrix:
    """float64 `[texts, features]`: how many levels of its feature each activation exceeds."""
    kept = values.copy()
    kept.data = (values.data > levelled[:, values.indices]).sum(axis=0).astype(np.float64)
    kept.eliminate_zeros()
    return kept
