"""Verbs about a feature space as a whole: its atlas. Making it reads the weights; afterwards no model is needed."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa

from fac_core.coverage import curves, fac
from fac_core.coverage.definition import PAPER, Definition
from fac_core.evidence.examples import peak_words
from fac_core.progress import Progress, silent
from fac_core.spaces import matching
from fac_core.spaces.atlas import atlas_tables, clusters_of
from fac_core.store.runs.space_file import SpaceFile, write_space_file
from fac_core.workflows.opening import Folder, open_anchor, open_pair, open_workspace


def atlas(run: str | None = None, *, workspace: Folder = None, on_progress: Progress = silent) -> SpaceFile:
    """The atlas of the anchor's (or another run's) feature space; it is made where there is none, which takes a minute.

    Raises `ModelMismatch` if the weights at hand are not those of the run.
    """
    place = open_workspace(workspace)
    with place.run(run) if run else open_anchor(place) as opened:
        path = place.space_path(opened.info.space_id)
        if not path.exists():
            from fac_core.activations.directions import space_weights  # torch: only where weights are read

            on_progress(0, 3, "decoder directions and their tokens")
            directions, logits = space_weights(opened.info)
            on_progress(1, 3, "map and clusters")
            words = peak_words(opened, range(opened.info.d_sae))
            tables = atlas_tables(directions, logits, words, opened.info)
            on_progress(2, 3, "writing")
            write_space_file(path, tables)
            on_progress(3, 3, "done")
        return SpaceFile(path)


def neighbours(feature_id: int, run: str | None = None, *, workspace: Folder = None) -> pa.Table:
    """The features whose decoder directions are nearest: `neighbour_id`, `cosine`."""
    with atlas(run, workspace=workspace) as space:
        return space.query(
            "SELECT neighbour_id, cosine FROM neighbours WHERE feature_id = ? ORDER BY rank", [feature_id]
        )


def promoted(feature_id: int, run: str | None = None, *, workspace: Folder = None) -> pa.Table:
    """The next tokens that a feature's direction promotes (`sign` 1) or suppresses (-1) most: `sign`, `token`, `logit`."""
    with atlas(run, workspace=workspace) as space:
        return space.query(
            "SELECT sign, token, logit FROM logits WHERE feature_id = ? ORDER BY sign DESC, rank", [feature_id]
        )


def has_atlas(run: str | None = None, *, workspace: Folder = None) -> bool:
    """Whether the atlas of the anchor's (or another run's) feature space is made."""
    place = open_workspace(workspace)
    with place.run(run) if run else open_anchor(place) as opened:
        return place.space_path(opened.info.space_id).exists()


def coverage_by_cluster(
    run: str | None = None,
    anchor: str | None = None,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    workspace: Folder = None,
) -> tuple[curves.ClusterCoverage, ...]:
    """FAC by cluster of the atlas, least covered first."""
    with open_pair(workspace, run, anchor) as (q, p), atlas(p.info.run_id, workspace=workspace) as space:
        return curves.cluster_coverage(fac.coverage(q, p, definition, relevant), clusters_of(space))


def match(
    run_a: str,
    run_b: str,
    *,
    workspace: Folder = None,
    workspace_b: Folder = None,
    least_correlation: float = 0.5,
    seed: int = 0,
) -> matching.Matching:
    """Which features of one space are found in another, by two runs of one dataset; run B may be in another workspace."""
    place = open_workspace(workspace)
    other = place if workspace_b is None else open_workspace(workspace_b)
    with place.run(run_a) as a, other.run(run_b) as b:
        return matching.match_spaces(a, b, least_correlation=least_correlation, seed=seed)
