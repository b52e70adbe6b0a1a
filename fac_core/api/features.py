"""Verbs about features: what fires them. They read run files and load no model."""

from __future__ import annotations

from fac_core.api.opening import Folder, open_anchor, open_workspace
from fac_core.features import evidence


def top(
    feature_id: int, run: str | None = None, *, workspace: Folder = None, n: int = 10
) -> tuple[evidence.Example, ...]:
    """The samples that fire a feature most; of the anchor unless another run is named."""
    place = open_workspace(workspace)
    with place.run(run) if run else open_anchor(place) as opened:
        return evidence.top_examples(opened, feature_id, n)
