"""A batch whose candidates are reviewed."""

from __future__ import annotations

import pytest

from fac_core.curation.review import Reviews
from fac_core.synthesis.candidates import Candidates
from tests.batches import candidate, make_batch
from tests.dashboard.conftest import HOSTILE


@pytest.fixture
def made(workspace):
    """Three that pass, one that does not fire, one that is a near-duplicate; their texts are hostile."""
    return make_batch(
        workspace,
        [
            (candidate(feature_id=2, text=f"{HOSTILE} two"), {2: 5.0}),
            (candidate(feature_id=3, text=f"{HOSTILE} three"), {3: 5.0}),
            (candidate(feature_id=4, text=f"{HOSTILE} four"), {4: 6.0}),
            (candidate(feature_id=4, nth=1, verdict="does not fire", activation=0.2, text="weak"), {4: 0.2}),
            (candidate(feature_id=4, nth=2, verdict="duplicate", similarity=0.97, text="again"), {4: 6.0}),
        ],
    )


def held(workspace, one):
    return Reviews(workspace.events(), "b").states(Candidates(workspace.events()).of("b"))[one.candidate_id]


def open_review(page, one, **params):
    return page("review", preset="paper", candidate=one.candidate_id, **params)
