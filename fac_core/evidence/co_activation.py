"""Which features fire together: neighbours by what a run's samples do, beside those by the directions of the weights.

Two features whose directions are orthogonal may still always occur together, and the other way round; so the lists differ,
and both are shown.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from fac_core.evidence.examples import check_feature
from fac_core.store.by_id import by_id
from fac_core.store.runs.run_file import RunFile

N_NEIGHBOURS = 10
FEWEST_TOGETHER = 3
"""Samples that two features must share: below, chance alone makes pairs."""


def co_activation(
    run: RunFile, feature_id: int, thresholds: np.ndarray | None = None, n: int = N_NEIGHBOURS
) -> pa.Table:
    """The features that are active in the same samples as this one, by Jaccard index.

    Args:
        thresholds: δ_i `[d_sae]`; None means any activation.

    Returns:
        `neighbour_id`; `jaccard` (samples of both over samples of either); `lift` (how much more often they meet than if
        they were independent); `n_both`, `n_neighbour` (samples). The closest first; pairs that meet in fewer than
        `FEWEST_TOGETHER` samples are left out. Reads the whole table of activations once.

    Raises `NotFound` for an id that the SAE has not.
    """
    check_feature(run, feature_id)
    delta = np.zeros(run.info.d_sae, dtype=np.float32) if thresholds is None else thresholds
    return run.query(
        f"""
        WITH mine AS (
            SELECT sample_id, true AS here FROM activations WHERE feature_id = $1 AND activation > $2
        ),
        counted AS (
            SELECT feature_id, count(*) AS n_neighbour, count(here) AS n_both
            FROM activations JOIN {by_id("feature_id", "delta", "FLOAT", "$3")} USING (feature_id)
                LEFT JOIN mine USING (sample_id)
            WHERE activation > delta AND feature_id <> $1
            GROUP BY feature_id
        )
        SELECT feature_id AS neighbour_id, n_both / (n_mine + n_neighbour - n_both) AS jaccard,
            n_both * $4 / (n_mine * n_neighbour) AS lift, n_both, n_neighbour
        FROM counted, (SELECT count(*) AS n_mine FROM mine)
        WHERE n_both >= $5 ORDER BY jaccard DESC, n_both DESC, feature_id LIMIT $6
        """,  # noqa: S608
        [feature_id, float(delta[feature_id]), delta, run.info.n_samples, FEWEST_TOGETHER, n],
    )
