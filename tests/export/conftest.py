"""A workspace with a seed that lacks three features, and a batch written for them."""

from __future__ import annotations

import pytest

from fac_core.store.workspace import Workspace
from tests.batches import candidate, make_batch
from tests.export.accepted import HOSTILE
from tests.runs import make_run


@pytest.fixture
def place(tmp_path):
    """Five features occur, the seed fires 0 and 1; a batch for 2, 3 and 4."""
    place = Workspace.create(tmp_path / "w")
    make_run(place.run_path("id-anchor"), "anchor", [(f, s, 1.0 + s) for f in range(5) for s in range(6)], 6, 5).close()
    seed = [(0, s, 2.0) for s in range(3)] + [(1, 0, 1.0)]
    metadata = [{"label": s % 2, "id": f"row {s}"} for s in range(3)]
    texts = [f"seed text {s}" for s in range(3)]
    make_run(place.run_path("id-seed"), "seed", seed, 3, 5, texts=texts, metadata=metadata).close()
    place.set_anchor("anchor")
    return place


@pytest.fixture
def made(place):
    return make_batch(
        place,
        [
            (candidate(feature_id=2, text=HOSTILE, fields={"label": "1"}), {2: 3.0}),
            (candidate(feature_id=3, fields={"label": "0"}), {3: 4.0}),
            (candidate(feature_id=4, fields={"label": "0"}), {4: 4.0}),
            (candidate(feature_id=4, nth=1, verdict="does not fire", activation=0.1), {}),
        ],
    )
