"""Shortfall and themes: what the product answers, on rows of a collection instead of a run file."""

from __future__ import annotations

from typing import cast

import numpy as np
from scipy import sparse

from fac_core.lab.holes.answers import Answer, Theme, share_significant
from fac_core.lab.holes.cases import Case
from fac_core.shortfall.counts import N_STRATA, Counts
from fac_core.shortfall.rates import shortfall as rates
from fac_core.shortfall.scoring import LEVELS, SHOWN, shares_read
from fac_core.shortfall.strata import Tally, length_edges, stratum_of
from fac_core.themes.activity import Activity
from fac_core.themes.lacking import Sides, lacking, lacks


def shortfall(case: Case) -> Answer:
    """The shortfall of the SAE's features."""
    fired, n_tokens = case.collection.activations, case.collection.n_tokens
    levelled = levels(fired[case.anchor])
    ours, theirs = scores(_read(case), levelled), scores(fired[case.data], levelled)
    return of_scores(ours, theirs, n_tokens[case.anchor], n_tokens[case.data], case.collection.marks_place)


def _read(case: Case) -> sparse.csr_matrix:
    """Activations of the anchor, as far as its texts are read beside the data (`scoring.as_far_as`)."""
    fired, peaks, n_tokens = case.collection.activations[case.anchor], case.collection.peaks, case.collection.n_tokens
    shares = shares_read(n_tokens[case.anchor], n_tokens[case.data])
    if peaks is not None and (shares < 1).any():
        until = np.repeat(shares, np.diff(fired.indptr))
        fired.data = np.where(peaks[case.anchor].data < until, fired.data, 0)
    return fired


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
    active_from = min(SHOWN + 1, int(max(part.data.max(initial=1) for part in (ours, theirs))))
    edges = length_edges(np.concatenate([anchor_tokens, data_tokens]), N_STRATA)
    texts = ((ours, anchor_tokens), (theirs, data_tokens))
    anchor, data = (Tally.of(part, stratum_of(n, edges), len(edges) + 1, active_from) for part, n in texts)
    one, other = (Activity(np.arange(len(n)), n, part, np.asarray(part.sum(axis=1)).ravel()) for part, n in texts)
    marks_place = np.zeros(width, dtype=bool) if marks_place is None else marks_place
    counts = Counts(anchor, data, anchor, data, marks_place)
    sides = Sides.of(one, other, counts.z, ~marks_place, active_from)
    themes = tuple(Theme(lack.members, lack.q) for lack in lacks(sides))
    short = counts.z > 0
    q = rates(counts)["q"].to_numpy()[short]
    return Answer(lacking(sides), themes, share_significant(q) if short.any() else 0.0)


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
