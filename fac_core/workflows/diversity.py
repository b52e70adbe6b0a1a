"""The verb about diversity: FAC beside the older measures. It runs a small sentence model where one is installed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from fac_core.diversity import sentences, table
from fac_core.diversity.tagger import part_of_speech_tags
from fac_core.errors import MissingExtra
from fac_core.progress import Progress, silent
from fac_core.store.runs.run_file import RunFile
from fac_core.store.workspace import Where, Workspace


def measure_diversity(
    names: Sequence[str],
    anchor: str | None = None,
    *,
    match: Literal["samples", "tokens"] | None = "samples",
    n_draws: int = 10,
    seed: int = 0,
    workspace: Where = None,
    on_progress: Progress = silent,
) -> table.Diversity:
    """Every measure of diversity of the named runs, beside FAC, at equal size.

    Embeddings are kept in the workspace's cache, by dataset. Without the extra `embeddings` or `tags` the measures
    that need it are None. Raises `WrongUse` without a run.

    >>> fac.measure_diversity(["seed", "anchor"], n_draws=2, workspace=scratch).rows[0].run
    'seed'
    """
    workspace = Workspace.at(workspace)
    kept = workspace.folder / "cache" / "embeddings"

    def embed(run: RunFile, texts: list[str]) -> np.ndarray:
        # The run, not only the dataset: samples that could not be encoded are in no run.
        def progress(done: int, total: int, note: str = "") -> None:
            on_progress(done, total, f"{note} of {run.info.name}")

        path = kept / f"{run.info.dataset_id}-{run.info.run_id}-{sentences.MODEL_SHA256[:12]}.npy"
        return sentences.cached(path, len(texts), lambda: sentences.embed(texts, on_progress=progress))

    return table.diversity(
        [workspace.opened(name) for name in names],
        workspace.opened(anchor),
        tags=(lambda _, texts: part_of_speech_tags(texts)) if _works(lambda: part_of_speech_tags([])) else None,
        embed=embed if _works(sentences.model_folder) else None,
        match=match,
        n_draws=n_draws,
        seed=seed,
        on_progress=on_progress,
    )


def _works(call: Callable[[], object]) -> bool:
    try:
        call()
    except MissingExtra:
        return False
    return True
