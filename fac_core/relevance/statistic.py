"""The judge that needs no opinion: is a feature associated with a label, text length held fixed?

Toxic texts are longer, and a longer text fires more features, so without care nearly every feature "predicts" toxicity.
Here samples are compared only with samples of like length (`shortfall.strata`), with Benjamini-Hochberg over features.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy import sparse

from fac_core.coverage.active import check_same_space
from fac_core.errors import WrongUse
from fac_core.evidence.incidence import incidence
from fac_core.naming.level import Level
from fac_core.shortfall.strata import Tally, length_edges, log_odds, stratum_of
from fac_core.store.runs.run_file import RunFile

N_STRATA = 10
"""Strata of token counts, as many samples in each."""

MAX_Q = 0.05
"""False discovery rate up to which an association counts at all."""

LEAST_ODDS: dict[Level, float] = {"yes": 3.0, "probably": 1.5, "maybe": 1.0}
"""A level needs the lower end of the 95 % interval of the odds ratio above this."""


@dataclass(frozen=True)
class Cases:
    """Samples to compare: which features are active in them, and which are positive."""

    active: sparse.csc_matrix
    """bool `[samples, d_sae]`."""
    positive: np.ndarray
    """bool `[samples]`."""
    n_tokens: np.ndarray
    """`[samples]`."""


def association(cases: Cases, *, n_strata: int = N_STRATA) -> pa.Table:
    """How strongly each feature goes with the positive samples.

    Args:
        n_strata: strata of length; 1 compares without regard to it.

    Returns:
        One row a feature: `feature_id`, `n_positive`, `n_negative` (active samples), `odds_ratio`, `low`, `high` (95 %),
        `q` (two-sided, Benjamini-Hochberg over the features that fire at all; 1 for the others) and `level`.

    Raises `WrongUse` unless there are positive and negative samples, of like length somewhere.
    """
    from scipy.stats import false_discovery_control, norm  # here, since who reads verdicts need not wait for it

    if cases.positive.all() or not cases.positive.any():
        raise WrongUse("An association needs samples with the label and samples without it; here all are of one kind.")
    log_odds, error = _mantel_haenszel(cases, length_strata(cases.n_tokens, n_strata))
    n_positive = _count(cases.active, cases.positive)
    n_negative = _count(cases.active, ~cases.positive)
    fires = n_positive + n_negative > 0
    q = np.ones(len(fires))
    if fires.any():
        q[fires] = false_discovery_control(2 * norm.sf(np.abs(log_odds[fires] / error[fires])))
    low, high = np.exp(log_odds - 1.96 * error), np.exp(log_odds + 1.96 * error)
    return pa.table(
        {
            "feature_id": np.arange(len(fires), dtype=np.uint32),
            "n_positive": n_positive,
            "n_negative": n_negative,
            "odds_ratio": np.exp(log_odds),
            "low": low,
            "high": high,
            "q": q,
            "level": pa.array(_levels(low, q), pa.string()),
        }
    )


def length_strata(n_tokens: np.ndarray, n: int) -> np.ndarray:
    """`[samples]` int: strata 0.. of like length; samples of equal length share one."""
    return stratum_of(n_tokens, length_edges(n_tokens, n))


def by_label(run: RunFile, field: str, value: str, *, thresholds: np.ndarray | None = None) -> Cases:
    """Samples of a run, positive where a metadata field has a value. Raises `WrongUse` if no sample has the field."""
    rows = run.query(
        "SELECT sample_id, n_tokens, metadata->>? AS value FROM samples ORDER BY sample_id", [f"$.{json.dumps(field)}"]
    )
    values = np.array(rows["value"].to_pylist(), dtype=object)
    known = np.array([v is not None for v in values], dtype=bool)
    if not known.any():
        raise WrongUse(f"No sample of {run.info.name!r} has a metadata field {field!r}.")
    active = incidence(run, rows["sample_id"].to_numpy(), thresholds)
    return Cases(active[known], values[known] == value, rows["n_tokens"].to_numpy()[known])


def against_background(anchor: RunFile, background: RunFile, *, thresholds: np.ndarray | None = None) -> Cases:
    """Samples of two runs of one space; those of the anchor are positive."""
    check_same_space(background, anchor)
    parts = []
    for run in (anchor, background):
        rows = run.query("SELECT sample_id, n_tokens FROM samples ORDER BY sample_id")
        parts.append((incidence(run, rows["sample_id"].to_numpy(), thresholds), rows["n_tokens"].to_numpy()))
    (ours, our_tokens), (theirs, their_tokens) = parts
    return Cases(
        sparse.csc_matrix(sparse.vstack([ours, theirs])),
        np.arange(len(our_tokens) + len(their_tokens)) < len(our_tokens),
        np.concatenate([our_tokens, their_tokens]),
    )


def _mantel_haenszel(cases: Cases, strata: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log odds ratio and its standard error for each feature, over strata."""
    n = int(strata.max(initial=0)) + 1
    with_label, without = (
        Tally.of(sparse.csr_matrix(cases.active[members], dtype=np.int64), strata[members], n)
        for members in (np.flatnonzero(cases.positive), np.flatnonzero(~cases.positive))
    )
    if not ((with_label.sizes > 0) & (without.sizes > 0)).any():
        raise WrongUse(
            "Samples with the label and samples without it never have like lengths, so length cannot be held fixed. "
            "Take texts of like length, or compare with n_strata=1."
        )
    return log_odds(with_label.above, with_label.sizes, without.above, without.sizes)


def _count(active: sparse.csc_matrix, members: np.ndarray) -> np.ndarray:
    return np.asarray(members.astype(np.int64) @ active, dtype=np.int64).ravel()


def _levels(low: np.ndarray, q: np.ndarray) -> list[Level]:
    holds = [(q <= MAX_Q) & (low > odds) for odds in LEAST_ODDS.values()]
    return np.select(holds, list(LEAST_ODDS), "no").tolist()
