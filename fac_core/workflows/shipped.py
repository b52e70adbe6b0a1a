"""Names and atlas that come with a SAE: made once by whoever ships it, taken up by the first run of its space in a workspace."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from fac_core.coverage.active import thresholds
from fac_core.coverage.definition import CALIBRATED
from fac_core.errors import BadInput, NotFound
from fac_core.naming.labels import Labels
from fac_core.naming.lexical import LexicalLabel, lexical_labels
from fac_core.progress import Progress, silent
from fac_core.store.runs.info import RunInfo
from fac_core.store.runs.shipped_space import LABELS, read_shipped, write_shipped
from fac_core.store.runs.space_file import write_space_file
from fac_core.store.workspace import Where, Workspace
from fac_core.workflows.atlas import tables_of

logger = logging.getLogger(__name__)


def ship_space(
    run: str | None = None,
    folder: Path | str | None = None,
    *,
    workspace: Where = None,
    on_progress: Progress = silent,
) -> Path:
    """Write names in words and the atlas of the anchor's, or another run's, space beside the weights of its SAE.

    Both are made from this run alone, whatever the workspace has already. Of its texts nothing goes along but single words.

    Args:
        folder: of the SAE; by default where the run found it.

    Returns the folder that was written. Raises `NotFound` for a SAE that lies in no folder, and what `make_atlas` raises.
    """
    from fac_core.activations.saes.named import sae_folder  # torch: only where weights are read

    workspace = Workspace.at(workspace)
    opened = workspace.opened(run)
    target = Path(folder) if folder is not None else sae_folder(opened.info.sae)
    if target is None or not (target / "cfg.json").is_file():
        raise NotFound(f"{target or opened.info.sae} is no folder of a SAE. Say which with --output.")
    atlas = tables_of(opened, on_progress)
    on_progress(2, 3, "names")
    labels = _table(lexical_labels(opened, thresholds=thresholds(opened, CALIBRATED)))
    written = write_shipped(target, atlas, labels)
    on_progress(3, 3, "done")
    return written


def take_up(workspace: Workspace, info: RunInfo) -> None:
    """Give a workspace what ships with the SAE of a run, unless it has its own: the atlas, and names where there are none.

    What cannot be read is left alone, with a warning: the run is worth more.
    """
    from fac_core.activations.saes.named import sae_folder

    folder = sae_folder(info.sae)
    try:
        found = None if folder is None else read_shipped(folder, info.space_id)
    except BadInput as error:
        logger.warning("%s", error)
        return
    if found is None:
        return
    path = workspace.space_path(info.space_id)
    if not path.exists():
        write_space_file(path, found.atlas)
    source = f"shipped with {Path(info.sae).name}"
    Labels(workspace.events(), info.space_id).record_shipped(found.labels, source=source)


def _table(labels: Mapping[int, LexicalLabel]) -> pa.Table:
    """Schema `LABELS`, without the features that have no clear label."""
    rows = (
        {"feature_id": feature, "text": label.text, **(vars(label.trust) if label.trust else {})}
        for feature, label in sorted(labels.items())
        if label.kind != "none"
    )
    return pa.Table.from_pylist([{name: row.get(name) for name in LABELS.names} for row in rows], LABELS)
