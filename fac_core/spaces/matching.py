"""Two spaces, one dataset: which features of A does B have too?

Features of different models share no ids and no directions; what they share is when they fire. So two features are
matched by the correlation of their pooled activations over the same texts, each being the other's best. What chance would
give is measured by pairing the texts at random. "No match" is an answer: similar is not the same, and a SAE may split
what another joins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy import sparse

from fac_core.errors import ModelMismatch, WrongUse
from fac_core.store.runs.run_file import RunFile

_TOP = 20
"""Strongest samples of each feature that are compared."""


@dataclass(frozen=True)
class Matching:
    """How far the features of space A are found in space B."""

    run_a: str
    run_b: str
    pairs: pa.Table
    """`feature_a`, `feature_b`, `correlation`, `shared_top` (Jaccard of the strongest samples), best first."""
    share: float
    """Matched features of A over those tried."""
    null_share: float
    """The same where the texts of B are paired at random: what chance gives."""
    null_sd: float
    n_tried: int
    """Features of A that fire in enough samples."""
    n_left_out: int
    """Features of A that fire in too few of them, but in some."""
    n_samples: int
    """Samples encoded in both runs."""
    least_correlation: float
    best_correlation: float
    """Median over A of the correlation with its best feature of B, matched or not."""


def match_spaces(
    a: RunFile,
    b: RunFile,
    *,
    least_correlation: float = 0.5,
    min_count: int = 5,
    hold_length: bool = True,
    repeats: int = 5,
    seed: int = 0,
) -> Matching:
    """Match features over the samples that both runs encoded.

    Args:
        least_correlation: a mutually best pair below it is no match.
        min_count: samples in which a feature must fire to be tried.
        hold_length: correlate what is left once the logarithm of the token count is taken out: activations of both
            spaces grow with length, which alone would make everything alike.
        repeats: random pairings for the null.

    Raises `ModelMismatch` unless both runs are of one dataset, `WrongUse` if they are of one space or share under 20 samples.
    """
    if a.info.space_id == b.info.space_id:
        raise WrongUse(f"{a.info.name!r} and {b.info.name!r} are of one feature space: their ids match already.")
    if a.info.dataset_id != b.info.dataset_id:
        raise ModelMismatch(
            f"{a.info.name!r} is of dataset {a.info.dataset_name!r} and {b.info.name!r} of {b.info.dataset_name!r}."
            " Encode the same dataset in both spaces."
        )
    ids = np.intersect1d(_sample_ids(a), _sample_ids(b))
    if len(ids) < 20:
        raise WrongUse(f"The runs share {len(ids)} samples; a correlation needs 20 or more.")
    (g_a, features_a, out_a), (g_b, features_b, _) = (_dense(run, ids, min_count) for run in (a, b))
    z_a, z_b = (_standardised(g, _log_lengths(run, ids) if hold_length else None) for g, run in ((g_a, a), (g_b, b)))
    correlation = z_a.T @ z_b
    mutual = _mutual(correlation, least_correlation)
    rng = np.random.default_rng(seed)
    null = [
        len(_mutual(z_a.T @ z_b[rng.permutation(len(ids))], least_correlation)) / max(1, len(features_a))
        for _ in range(repeats)
    ]
    rows, columns = mutual[:, 0], mutual[:, 1]
    top_a, top_b = _strongest(g_a), _strongest(g_b)
    pairs = pa.table(
        {
            "feature_a": features_a[rows].astype(np.uint32),
            "feature_b": features_b[columns].astype(np.uint32),
            "correlation": correlation[rows, columns],
            "shared_top": np.array([_jaccard(top_a[i], top_b[j]) for i, j in mutual.tolist()], dtype=np.float64),
        }
    ).sort_by([("correlation", "descending"), ("feature_a", "ascending")])
    return Matching(
        run_a=a.info.name,
        run_b=b.info.name,
        pairs=pairs,
        share=len(mutual) / max(1, len(features_a)),
        null_share=float(np.mean(null)),
        null_sd=float(np.std(null)),
        n_tried=len(features_a),
        n_left_out=out_a,
        n_samples=len(ids),
        least_correlation=least_correlation,
        best_correlation=float(np.median(correlation.max(axis=1))) if correlation.size else 0.0,
    )


def _mutual(correlation: np.ndarray, least: float) -> np.ndarray:
    """`[pairs, 2]`: rows and columns that are each other's best, at `least` or above."""
    if not correlation.size:
        return np.zeros((0, 2), dtype=np.int64)
    best_b, best_a = correlation.argmax(axis=1), correlation.argmax(axis=0)
    rows = np.arange(len(best_b))
    good = (best_a[best_b] == rows) & (correlation[rows, best_b] >= least)
    return np.stack([rows[good], best_b[good]], axis=1)


def _standardised(g: np.ndarray, log_length: np.ndarray | None) -> np.ndarray:
    """Columns of mean 0 and length 1, after taking out their regression on log length: their products are correlations."""
    z = g - g.mean(axis=0)
    if log_length is not None:
        x = log_length - log_length.mean()
        if (x**2).sum() > 0:
            z -= np.outer(x, x @ z / (x**2).sum())
    norms = np.linalg.norm(z, axis=0)
    return z / np.where(norms > 1e-6 * np.maximum(1, np.linalg.norm(g, axis=0)), norms, np.inf)


def _dense(run: RunFile, ids: np.ndarray, min_count: int) -> tuple[np.ndarray, np.ndarray, int]:
    """float32 `[samples, kept features]`, the ids of the kept features, and how many fire in too few samples."""
    found = run.query(
        "SELECT feature_id, sample_id, activation FROM activations WHERE list_contains(?::UINTEGER[], sample_id)",
        [ids.astype(np.uint32)],
    )
    cells = (np.searchsorted(ids, found["sample_id"].to_numpy()), found["feature_id"].to_numpy())
    g = sparse.csc_matrix((found["activation"].to_numpy(), cells), shape=(len(ids), run.info.d_sae))
    counts = np.diff(g.indptr)
    kept = np.flatnonzero(counts >= min_count)
    return g[:, kept].toarray(order="C"), kept, int(((counts > 0) & (counts < min_count)).sum())


def _strongest(g: np.ndarray) -> list[frozenset[int]]:
    """For each column the rows of its strongest values, at most `_TOP`, zeros left out."""
    order = np.argsort(-g, axis=0, kind="stable")[:_TOP]
    return [frozenset(int(i) for i in order[:, j] if g[i, j] > 0) for j in range(g.shape[1])]


def _jaccard(one: frozenset[int], other: frozenset[int]) -> float:
    return len(one & other) / max(1, len(one | other))


def _sample_ids(run: RunFile) -> np.ndarray:
    return run.query("SELECT sample_id FROM samples ORDER BY sample_id")["sample_id"].to_numpy()


def _log_lengths(run: RunFile, ids: np.ndarray) -> np.ndarray:
    rows = run.query("SELECT sample_id, n_tokens FROM samples ORDER BY sample_id")
    at = np.searchsorted(rows["sample_id"].to_numpy(), ids)
    return np.log1p(rows["n_tokens"].to_numpy()[at]).astype(np.float32)
