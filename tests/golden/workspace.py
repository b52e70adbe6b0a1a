"""A small workspace of real activations: twenty and ten sentences of our own, read by SmolLM2-135M and its SAE in float32.

The two Parquet files hold what the encoder found (`feature_id, sample_id, activation, token_index`), so that no model and no
processor has a say in the numbers that follow from it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from fac_core.store.workspace import Workspace
from tests.batches import candidate, make_batch
from tests.runs import make_run

HERE = Path(__file__).parent
D_SAE = 4608
SETS = ("law",) * 5 + ("medicine",) * 5 + ("sums",) * 4 + ("sport",) * 3 + ("story",) * 3
N_TOKENS = 30
"""Of every sentence: above the largest token index."""


def golden_workspace(folder: Path) -> Workspace:
    """The workspace with its two runs and one batch `b` of two candidates."""
    workspace = Workspace.create(folder)
    for name, n in (("anchor", 20), ("seed", 10)):
        table = pq.read_table(HERE / f"{name}.parquet")
        rows = list(zip(*(table[c].to_pylist() for c in ("feature_id", "sample_id", "activation")), strict=True))
        metadata = [{"set": value} for value in SETS] if name == "anchor" else None
        lengths = (N_TOKENS + np.arange(n) % 3).tolist()  # of unlike length, so that strata have something to hold
        make_run(
            workspace.run_path(f"id-{name}"), name, rows, n, D_SAE, token_index=table["token_index"].to_pylist(),
            n_tokens=lengths, metadata=metadata,
        ).close()  # fmt: skip
    workspace.set_anchor("anchor")
    fires = {1: 9.5, 40: 30.0, 77: 12.25, 300: 8.0, 4000: 21.5}
    make_batch(
        workspace,
        [(candidate(feature_id=f, text=f"text {f}"), {**fires, f: 40.0}) for f in (11, 12)],
        anchor_run_id="id-anchor",
        seed_run_id="id-seed",
    )
    return workspace
