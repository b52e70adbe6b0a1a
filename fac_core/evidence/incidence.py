"""Which feature is active in which sample, as a sparse matrix."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from fac_core.store.by_id import by_id
from fac_core.store.runs.run_file import RunFile


def incidence(run: RunFile, sample_ids: np.ndarray, thresholds: np.ndarray | None = None) -> sparse.csc_matrix:
    """bool `[samples, d_sae]`: `g_i(x) > δ_i`, any activation without thresholds `[d_sae]`.

    Args:
        sample_ids: all ids of the run, ascending: what the rows are.
    """
    delta = np.zeros(run.info.d_sae, dtype=np.float32) if thresholds is None else thresholds
    found = run.query(
        f"""
        SELECT feature_id, sample_id FROM activations JOIN {by_id("feature_id", "delta", "FLOAT")} USING (feature_id)
        WHERE activation > delta
        """,  # noqa: S608
        [delta],
    )
    cells = (np.searchsorted(sample_ids, found["sample_id"].to_numpy()), found["feature_id"].to_numpy())
    return sparse.csc_matrix((np.ones(len(found), dtype=bool), cells), shape=(len(sample_ids), run.info.d_sae))
