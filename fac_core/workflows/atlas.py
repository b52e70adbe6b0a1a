"""What is made once of a whole feature space: its atlas; and two spaces matched."""

from __future__ import annotations

import pyarrow as pa

from fac_core.evidence.examples import peak_words
from fac_core.progress import Progress, silent
from fac_core.spaces import matching
from fac_core.spaces.atlas import atlas_tables
from fac_core.store.runs.run_file import RunFile
from fac_core.store.runs.space_file import SpaceFile, write_space_file
from fac_core.store.workspace import Where, Workspace


def make_atlas(
    run: str | None = None, *, workspace: Where = None, anew: bool = False, on_progress: Progress = silent
) -> SpaceFile:
    """Map, clusters and neighbours of the anchor's (or another run's) space; made where there is none, which takes a minute.

    Args:
        anew: make it also where there is one, such as the one that ships with the SAE; clusters are then named by this run.

    Reads the weights; afterwards no model is needed. Raises `ModelMismatch` if the weights at hand are not those of the run.
    """
    workspace = Workspace.at(workspace)
    opened = workspace.opened(run)
    path = workspace.space_path(opened.info.space_id)
    if anew or not path.exists():
        tables = tables_of(opened, on_progress)
        on_progress(2, 3, "writing")
        write_space_file(path, tables)
        on_progress(3, 3, "done")
    return workspace.opened_space(opened.info.space_id)


def tables_of(run: RunFile, on_progress: Progress = silent) -> dict[str, pa.Table]:
    """The atlas of a run's space as tables, its clusters named by the run's words. Raises as `make_atlas` does."""
    from fac_core.activations.directions import space_weights  # torch: only where weights are read

    on_progress(0, 3, "decoder directions and their tokens")
    directions, logits = space_weights(run.info)
    on_progress(1, 3, "map and clusters")
    return atlas_tables(directions, logits, peak_words(run, range(run.info.d_sae)), run.info)


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
