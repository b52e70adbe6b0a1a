"""A collection in memory: texts with everything that a method may look at, and the groups that can be missing.

Rows are the texts, then the same texts cut short, then joined ones; the last two are there only for length traps.
"""

from __future__ import annotations

import json
import re
from collections.abc import Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pyarrow as pa
from scipy import sparse

from fac_core.activations.spec import EncodeSpec
from fac_core.coverage.active import marks_position
from fac_core.datasets.layouts import ColumnMapping
from fac_core.diversity.sentences import cached, embed
from fac_core.errors import NotFound
from fac_core.lab.holes.config import CollectionSpec, source_of
from fac_core.lab.holes.length_traps import CUT, JOINED, derived_run
from fac_core.lab.tasks.hidden_states import Passage, States
from fac_core.progress import Progress, silent
from fac_core.shortfall.counts import marks_end
from fac_core.store.runs.run_file import RunFile
from fac_core.store.workspace import Workspace
from fac_core.workflows.encode import encode

Need = Literal["embeddings", "states", "reduced"]
ALL: Set[Need] = frozenset(get_args(Need))


@dataclass(frozen=True)
class Collection:
    """Texts of one source; one row each in every array."""

    name: str
    texts: tuple[str, ...]
    n_tokens: np.ndarray
    """int64 `[rows]`: content tokens that were read."""
    groups: dict[str, np.ndarray]
    """Name -> bool `[rows]`: what can be a hole."""
    activations: sparse.csr_matrix
    """float32 `[rows, d_sae]`: g_i(x)."""
    embeddings: np.ndarray
    """float32 `[rows, 384]`: sentence embeddings, of unit length; like the next two without rows where nobody asked for it."""
    states: np.ndarray
    """float32 `[n_own, d_model]`: mean residual stream where the SAE reads."""
    reduced: np.ndarray = field(default_factory=lambda: np.zeros((0, 5), dtype=np.float32))
    """float32 `[rows, 5]`: UMAP of the embeddings."""
    n_own: int = 0
    """The first rows: the texts themselves. The others are derived from them."""
    cut: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int64))
    """`[n, 2]`: row of a text, and row of its first half."""
    joined: np.ndarray = field(default_factory=lambda: np.zeros((0, 3), dtype=np.int64))
    """`[n, 3]`: rows of two texts, and of both in one."""
    peaks: sparse.csr_matrix | None = None
    """float32, cells as in `activations`: where in its text each has its peak, from 0 to below 1; None: unknown."""
    marks_place: np.ndarray | None = None
    """bool `[d_sae]`: features that mark a text's first or last token; None: none."""
    patterns: dict[str, str] = field(default_factory=dict)
    """Of groups that are texts with a word: the regular expression that finds it."""


def load(
    spec: CollectionSpec,
    workspace: Workspace,
    folder: Path = Path(),
    *,
    needs: Set[Need] = ALL,
    on_progress: Progress = silent,
) -> Collection:
    """A collection from its run, which is encoded where it is absent; what is computed is kept in the workspace's cache.

    Args:
        folder: of the settings; sources are relative to it.
        needs: what methods look at beside texts and activations. All of it takes about as long as encoding.
    """
    with _run_of(spec, workspace, folder, on_progress) as run:
        runs = {"": run}
        if spec.length_traps:
            for kind in (CUT, JOINED):
                runs[kind] = derived_run(run, kind, workspace, on_progress=on_progress)
        tables = {
            kind: one.query("SELECT sample_id, text, n_tokens, metadata FROM samples ORDER BY sample_id")
            for kind, one in runs.items()
        }
        texts = tuple(text for table in tables.values() for text in table["text"].to_pylist())
        ids = [table["sample_id"].to_numpy() for table in tables.values()]
        fired, peaks = zip(*(_fired(one, known) for one, known in zip(runs.values(), ids, strict=True)), strict=True)
        vectors = np.zeros((0, 384), dtype=np.float32)
        if needs & {"embeddings", "reduced"}:
            vectors = np.concatenate([_embeddings(one, workspace, on_progress) for one in runs.values()])
        info, marks_place = run.info, marks_position(run) | marks_end(run)
        n_own = len(ids[0])
        points = np.zeros((0, info.d_model or 0), dtype=np.float32)
        if "states" in needs:
            reader = States(
                info.model, info.n_blocks or 1, workspace.folder / "cache", context=spec.context, dtype="bfloat16"
            )
            points = reader.of([Passage(text) for text in texts[:n_own]], on_progress=on_progress)
        starts = np.cumsum([0, *(len(known) for known in ids)])
        pairs = {
            kind: _aligned(table, ids[0], start)
            for (kind, table), start in zip(tables.items(), starts, strict=False)
            if kind
        }
        for one in list(runs.values())[1:]:
            one.close()
    layout = workspace.folder / "cache" / "holes" / f"{info.run_id}-{len(texts)}-umap.npy"
    groups = {
        name: np.concatenate([members, np.zeros(len(texts) - n_own, dtype=bool)])
        for name, members in groups_of(spec, texts[:n_own], tables[""]["metadata"].to_pylist()).items()
    }
    return Collection(
        name=spec.name,
        texts=texts,
        n_tokens=np.concatenate([table["n_tokens"].to_numpy() for table in tables.values()]).astype(np.int64),
        groups=groups,
        activations=sparse.csr_matrix(sparse.vstack(fired)),
        peaks=sparse.csr_matrix(sparse.vstack(peaks)),
        embeddings=vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9),
        states=points,
        reduced=_reduced(vectors, n_own, layout) if "reduced" in needs else np.zeros((0, 5), dtype=np.float32),
        marks_place=marks_place,
        patterns=spec.topics,
        n_own=n_own,
        cut=pairs.get(CUT, np.zeros((0, 2), dtype=np.int64)),
        joined=pairs.get(JOINED, np.zeros((0, 3), dtype=np.int64)),
    )


def groups_of(spec: CollectionSpec, texts: tuple[str, ...], metadata: list[str | None]) -> dict[str, np.ndarray]:
    """Name -> bool `[texts]`, of the groups that a collection names and that have texts enough.

    Raises `NotFound` if none is left.
    """
    found: dict[str, np.ndarray] = {}
    if spec.by:
        said = np.array([str(json.loads(one or "{}").get(spec.by, "")) for one in metadata], dtype=object)
        names = spec.values or {one: one for one in sorted({one for one in said if one})}
        found |= {name: said == value for value, name in names.items()}
    for name, pattern in spec.topics.items():
        searched = re.compile(pattern, re.IGNORECASE)
        found[name] = np.array([searched.search(text) is not None for text in texts], dtype=bool)
    kept = {name: members for name, members in found.items() if members.sum() >= spec.least}
    if not kept:
        raise NotFound(f"Collection {spec.name!r} has no group of {spec.least} texts or more.")
    return kept


def _run_of(spec: CollectionSpec, workspace: Workspace, folder: Path, on_progress: Progress) -> RunFile:
    try:
        return workspace.run(spec.run)
    except NotFound:
        if not spec.source:
            raise
    encode(
        source_of(spec, folder),
        EncodeSpec(context=spec.context),
        workspace=workspace,
        name=spec.run,
        mapping=ColumnMapping(text=spec.text, label=spec.label),
        on_progress=on_progress,
    )
    return workspace.run(spec.run)


def _fired(run: RunFile, ids: np.ndarray) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """`[samples, d_sae]`: activations, and where in the text each has its peak."""
    found = run.query(
        "SELECT feature_id, sample_id, activation, token_index FROM activations ORDER BY sample_id, feature_id"
    )
    rows, columns = np.searchsorted(ids, found["sample_id"].to_numpy()), found["feature_id"].to_numpy()
    starts = np.searchsorted(rows, np.arange(len(ids) + 1))
    place = found["token_index"].to_numpy().astype(np.float32)
    ends = np.maximum.reduceat(np.append(place, 0), np.minimum(starts[:-1], len(place))) + 1
    cells = found["activation"].to_numpy(), place / np.repeat(ends, np.diff(starts))
    fired, peaks = (sparse.csr_matrix((one, columns, starts), shape=(len(ids), run.info.d_sae)) for one in cells)
    return fired, peaks


def _aligned(table: pa.Table, ids: np.ndarray, start: int) -> np.ndarray:
    """Rows of the texts that derived ones are made of, and their own."""
    made_of = [[int(i) for i in json.loads(one)["id"].split()] for one in table["metadata"].to_pylist()]
    rows = np.searchsorted(ids, np.array(made_of, dtype=np.int64))
    return np.column_stack([rows, start + np.arange(len(rows))])


def _embeddings(run: RunFile, workspace: Workspace, on_progress: Progress) -> np.ndarray:
    texts = run.query("SELECT text FROM samples ORDER BY sample_id")["text"].to_pylist()
    path = workspace.folder / "cache" / "holes" / f"{run.info.run_id}-minilm.npy"
    return cached(path, len(texts), lambda: embed(texts, on_progress=on_progress))


def _reduced(vectors: np.ndarray, n_own: int, path: Path) -> np.ndarray:
    """Five dimensions, as topic models on embeddings take them: made from all texts of the collection, with no regard to any
    group; derived texts are laid among them."""

    def make() -> np.ndarray:
        from umap import UMAP

        layout = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=0, n_jobs=1)
        parts = [layout.fit_transform(vectors[:n_own])]
        if n_own < len(vectors):
            parts.append(layout.transform(vectors[n_own:]))
        return np.concatenate(parts).astype(np.float32)

    return cached(path, len(vectors), make)
