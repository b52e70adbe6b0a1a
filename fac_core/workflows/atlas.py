"""What is made once of a whole feature space: its atlas; and two spaces matched."""

from __future__ import annotations

from fac_core.evidence.examples import peak_words
from fac_core.progress import Progress, silent
from fac_core.spaces import matching
from fac_core.spaces.atlas import atlas_tables
from fac_core.store.runs.space_file import SpaceFile, write_space_file
from fac_core.store.workspace import Where, Workspace


def make_atlas(run: str | None = None, *, workspace: Where = None, on_progress: Progress = silent) -> SpaceFile:
    """Map, clusters and neighbours of the anchor's (or another run's) space; made where there is none, which takes a minute.

    Reads the weights; afterwards no model is needed. Raises `ModelMismatch` if the weights at hand are not those of the run.
    """
    workspace = Workspace.at(workspace)
    opened = workspace.opened(run)
    space_id = opened.info.space_id
    if not workspace.space_path(space_id).exists():
        from fac_core.activations.directions import space_weights  # torch: only where weights are read

        on_progress(0, 3, "decoder directions and their tokens")
        directions, logits = space_weights(opened.info)
        on_progress(1, 3, "map and clusters")
        words = peak_words(opened, range(opened.info.d_sae))
        tables = atlas_tables(directions, logits, words, opened.info)
        on_progress(2, 3, "writing")
        write_space_file(workspace.space_path(space_id), tables)
        on_progress(3, 3, "done")
    return workspace.opened_space(space_id)


def match_spaces(
    run_a: str,
    run_b: str,
    *,
    workspace: Where = None,
    workspace_b: Where = None,
    least_correlation: float = 0.5,
    seed: int = 0,
) -> matching.Matching:
    """Which features of one space are found in another, by two runs of one dataset; run B may be in another workspace.

    Raises `WrongUse` for runs of different datasets or of one space.
    """
    workspace = Workspace.at(workspace)
    other = workspace if workspace_b is None else Workspace.at(workspace_b)
    a, b = workspace.opened(run_a), other.opened(run_b)
    return matching.match_spaces(a, b, least_correlation=least_correlation, seed=seed)
