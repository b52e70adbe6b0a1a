"""What texts fire, as a sparse matrix of scores: what themes are found in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from fac_core.shortfall.scoring import Scoring
from fac_core.store.runs.run_file import RunFile

MOST_TEXTS = 4000
"""Of each dataset, drawn at random: themes are found in these, and shares are estimated from them."""

FLOOR = 10.0
"""Added to a text's total: a text of three words is not all theme because of one of them."""


@dataclass(frozen=True)
class Activity:
    """Some texts of a dataset."""

    sample_ids: np.ndarray
    """`[texts]`, ascending."""
    n_tokens: np.ndarray
    """`[texts]`."""
    scores: sparse.csr_matrix
    """`[texts, d_sae]`: how many levels each activation exceeds."""
    totals: np.ndarray
    """`[texts]`: sum of the scores of all features."""

    def __len__(self) -> int:
        return len(self.sample_ids)

    @property
    def dampened(self) -> sparse.csr_matrix:
        """Scores over the square root of the text's total, so that length alone makes no theme."""
        return sparse.csr_matrix(sparse.diags_array(dampened(self.totals)) @ self.scores)


def dampened(totals: np.ndarray) -> np.ndarray:
    """What the scores of texts are multiplied by, for the sums of their scores.

    >>> float(dampened(np.array(90.0)))
    0.1
    """
    return 1 / np.sqrt(totals + FLOOR)


def activity(run: RunFile, scoring: Scoring, features: np.ndarray | None = None, *, most: int = MOST_TEXTS) -> Activity:
    """Texts of a run, at most `most`, drawn by a fixed seed, and their scores.

    Args:
        features: the only ones to score, for who needs few of very many texts; totals are of all anyhow.

    >>> from fac_core.shortfall.scoring import levels
    >>> activity(view.q, Scoring(levels(view.p))).scores.shape
    (8, 8)
    """
    rows = run.query("SELECT sample_id, n_tokens FROM samples ORDER BY sample_id")
    ids, n_tokens = rows["sample_id"].to_numpy(), rows["n_tokens"].to_numpy()
    drawn = np.sort(np.random.default_rng(1).permutation(len(ids))[:most])
    kept = ids[drawn]
    given: list[np.ndarray] = [*scoring.parameters]
    scored = f"WITH scored AS ({scoring.sql()})"
    if len(kept) < len(ids):  # materialised: levels are looked up for what is kept, not for every row there is
        held = "held AS MATERIALIZED (SELECT * FROM activations JOIN (SELECT unnest(?::UINTEGER[]) AS sample_id) USING (sample_id))"
        scored, given = f"WITH {held}, scored AS ({scoring.sql('held')})", [kept, *given]
    wanted = "" if features is None else "WHERE feature_id IN (SELECT unnest(?::UINTEGER[]))"
    cells = run.query(
        f"{scored} SELECT * FROM scored {wanted} ORDER BY sample_id, feature_id",  # noqa: S608
        [*given, *([] if features is None else [features.astype(np.uint32)])],
    )
    at = (np.searchsorted(kept, cells["sample_id"].to_numpy()), cells["feature_id"].to_numpy())
    scores = sparse.csr_matrix((cells["score"].to_numpy().astype(float), at), shape=(len(kept), run.info.d_sae))
    if features is None:
        totals = np.asarray(scores.sum(axis=1)).ravel()
    else:
        of_all = f"{scored} SELECT sample_id, sum(score)::DOUBLE AS total FROM scored GROUP BY sample_id"  # noqa: S608
        sums = run.query(of_all, given)
        totals = np.zeros(len(kept))
        totals[np.searchsorted(kept, sums["sample_id"].to_numpy())] = sums["total"].to_numpy()
    return Activity(kept, n_tokens[drawn], scores, totals)
