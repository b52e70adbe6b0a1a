"""Verbs that make runs, and SAEs for them: encode a dataset, merge runs, measure whether a SAE fits a model, train a SAE."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fac_core.activations.engines.spec import EngineSpec
from fac_core.activations.saes.bounds import N_TEXTS
from fac_core.activations.spec import EncodeSpec
from fac_core.datasets.layouts import AUTOMATIC, ColumnMapping
from fac_core.datasets.texts import iter_texts
from fac_core.errors import NotFound
from fac_core.progress import Progress, silent
from fac_core.store.marker import is_workspace, remove_if_empty
from fac_core.store.merging import merge
from fac_core.store.partitioned.split import partition
from fac_core.store.runs.info import RunInfo
from fac_core.store.workspace import Where, Workspace
from fac_core.training.config import TrainConfig
from fac_core.workflows.shipped import take_up

if TYPE_CHECKING:
    from fac_core.activations.saes.fit import Fit


def encode(
    source: str | Path,
    spec: EncodeSpec = EncodeSpec(),
    *,
    workspace: Workspace | Path | str = "workspace",
    name: str | None = None,
    mapping: ColumnMapping = AUTOMATIC,
    anchor: bool = False,
    engine: EngineSpec = EngineSpec(),
    on_progress: Progress = silent,
) -> RunInfo:
    """Encode a dataset into a run of the workspace, which is made where needed. Resumes; a run that exists is returned.

    What ships with the SAE, names and atlas of its space, comes into the workspace with the first run.

    Args:
        anchor: remember the run as the workspace's anchor.
        engine: who encodes, this process or a Ray cluster, and where the files of the encoding lie meanwhile.
    """
    return encode_with_saes(
        source,
        spec,
        [spec.sae],
        workspace=workspace,
        name=name,
        mapping=mapping,
        anchor=anchor,
        engine=engine,
        on_progress=on_progress,
    )[0]


def encode_with_saes(
    source: str | Path,
    spec: EncodeSpec,
    saes: Sequence[str],
    *,
    workspace: Workspace | Path | str = "workspace",
    name: str | None = None,
    mapping: ColumnMapping = AUTOMATIC,
    anchor: bool = False,
    engine: EngineSpec = EngineSpec(),
    on_progress: Progress = silent,
) -> list[RunInfo]:
    """Encode a dataset with several SAEs of one model, into a run each, for the price of one forward pass.

    Each run is what `encode` with that SAE gives, under the same id. Arguments as there; with `anchor`, the first is it.
    """
    from fac_core.activations import pipeline  # torch: only where a model runs

    with _workspace_at(workspace) as place:
        unsaid = "" if anchor else _sae_of_anchor(place, spec.model)
        specs = [replace(spec, sae=sae or unsaid) for sae in dict.fromkeys(saes)]
        runs = pipeline.encode_together(
            source, place, specs, name=name, mapping=mapping, engine=engine, on_progress=on_progress
        )
        for info in runs:
            take_up(place, info)
        return [place.set_anchor(runs[0].run_id), *runs[1:]] if anchor else runs


@contextmanager
def _workspace_at(where: Workspace | Path | str) -> Iterator[Workspace]:
    """The workspace of a folder, made where there is none; one that was made for nothing is gone again, or later commands find it."""
    if isinstance(where, Workspace):
        yield where
        return
    folder = Path(where)
    was_folder, was_workspace = folder.exists(), is_workspace(folder)
    place = Workspace.create(folder)
    try:
        yield place
    except BaseException:
        if not was_workspace:
            remove_if_empty(place.folder, with_folder=not was_folder)
        raise


def _sae_of_anchor(workspace: Workspace, model: str) -> str:
    """What is encoded is to be compared: with the SAE of the anchor, also where another one ships by now."""
    try:
        anchor = workspace.anchor()
    except NotFound:
        return ""
    return anchor.sae if anchor.model == model else ""


def merge_runs(
    references: Sequence[str], name: str, *, keep_duplicates: bool = False, workspace: Where = None
) -> RunInfo:
    """Merge runs of one feature space and the same settings into a new one, as if their datasets had been one.

    Samples keep their order, run after run, and are numbered anew; nothing is encoded. A run of the same runs that exists is
    returned.

    Args:
        references: names or ids, two at least.
        name: of the merged run.
        keep_duplicates: keep also samples that an earlier one of the runs has; without, they are failures `duplicate`.

    Raises `NotFound` for a run that there is not, `WrongUse` for runs that cannot be one.

    >>> merged = fac.merge_runs(["anchor", "seed"], "both", keep_duplicates=True, workspace=scratch)
    >>> merged.name, merged.n_samples
    ('both', 24)
    """
    workspace = Workspace.at(workspace)
    return merge(
        workspace, [workspace.info(reference) for reference in references], name, keep_duplicates=keep_duplicates
    )


def move_to_parquet(reference: str, *, workspace: Where = None, on_progress: Progress = silent) -> str:
    """Move a run's activations to Parquet files in a folder or an object store; it keeps its id and answers as before.

    Returns the folder or address: beside the run file, or below `$FAC_PARQUET`, which whoever reads the run then has to set, too.

    Raises `NotFound` for a run that there is not, `WrongUse` for one that lies there already, or where nothing can be written.

    >>> where = move_to_parquet("seed", workspace=scratch)
    >>> Path(where).name, scratch.opened("seed").query("SELECT count(*) AS n FROM activations")["n"].to_pylist()
    ('id-seed.parquet', [16])
    """
    workspace = Workspace.at(workspace)
    return partition(workspace.run_path(workspace.info(reference).run_id), on_progress)


def fit(
    model: str,
    sae: str = "",
    texts: str | Path | None = None,
    *,
    workspace: Where = None,
    n: int = N_TEXTS,
    hook: str | None = None,
    device: str = "auto",
    on_progress: Progress = silent,
) -> Fit:
    """Measure whether a SAE fits a model, on some texts drawn from a dataset; see `measure_fit`.

    Args:
        sae, device: as in `EncodeSpec`.
        texts: any source of texts; by default the samples of the workspace's anchor.
        n: texts to draw.
    """
    import numpy as np

    from fac_core.activations.saes.fit import measure_fit
    from fac_core.activations.saes.named import chosen_sae

    if texts is None:
        query = "SELECT text FROM samples ORDER BY hash(sample_id) LIMIT ?"
        drawn = Workspace.at(workspace).opened().query(query, [n])["text"].to_pylist()
    else:
        found = list(iter_texts([texts], ColumnMapping(take=n)))  # of a mixture, as many of each set
        drawn = [found[i] for i in np.random.default_rng(0).permutation(len(found))[:n]]
    return measure_fit(model, chosen_sae(model, sae), drawn, hook=hook, device=device, on_progress=on_progress)


def train_sae(
    sources: Sequence[str | Path], output: Path | str, config: TrainConfig, *, on_progress: Progress = silent
) -> Path:
    """Train a SAE on the texts of some datasets. Resumes. Returns the folder, which sae-lens and `encode` read."""
    from fac_core.training.train import train_from_texts

    return train_from_texts(iter_texts(sources), config, Path(output), on_progress=on_progress)
