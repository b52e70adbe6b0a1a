"""The atlas of a feature space: a map, clusters with names, nearest neighbours. Made once from decoder directions.

Clusters and neighbours come from the directions themselves; the map is only a picture of them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from fac_core.errors import MissingExtra
from fac_core.evidence.examples import PeakWord
from fac_core.evidence.topic_words import is_topic_word, rarity
from fac_core.store.runs.info import RunInfo
from fac_core.store.runs.space_file import SpaceFile

CAVEAT = (
    "Near on the map means similar directions for close pairs only: distances between groups, their sizes and the empty"
    " space say nothing. Trust the list of neighbours, which does not use the map."
)

N_NEIGHBOURS = 10
_LAYOUT: dict[str, Any] = {"n_neighbors": 15, "min_dist": 0.1, "metric": "cosine", "random_state": 0}
_FEATURES_A_CLUSTER = 75
_WORDS = 3
_ROWS = 1024


def atlas_tables(
    directions: np.ndarray, logits: pa.Table, words: Mapping[int, Sequence[PeakWord]], info: RunInfo
) -> dict[str, pa.Table]:
    """Everything a space file holds.

    Args:
        directions: float32 `[d_sae, d_model]`, unit rows.
        logits: table `logits` of a space file.
        words: the words at the peaks of every feature, which clusters are named by.
        info: the run that the words come from.
    """
    xy, cluster = layout(directions), clusters(directions)
    names = cluster_names(cluster, words)
    ids = np.arange(len(directions), dtype=np.uint32)
    sizes = np.bincount(cluster, minlength=len(names))
    space = {
        "space_id": info.space_id,
        "model": info.model,
        "sae": info.sae,
        "d_sae": info.d_sae,
        "layout": json.dumps(_LAYOUT),
        "named_from": info.run_id,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return {
        "space": pa.Table.from_pylist([space]),
        "features": pa.table({"feature_id": ids, "x": xy[:, 0], "y": xy[:, 1], "cluster_id": cluster}),
        "clusters": pa.table({"cluster_id": np.arange(len(names)), "name": names, "n_features": sizes}),
        "neighbours": neighbours(directions),
        "logits": logits,
    }


def layout(directions: np.ndarray) -> np.ndarray:
    """float32 `[d_sae, 2]`: UMAP by cosine with a fixed seed, so that a space always has the same map.

    Fewer than three features are laid on a line. Raises `MissingExtra` without umap-learn.
    """
    if len(directions) <= 3:
        return np.stack([np.arange(len(directions)), np.zeros(len(directions))], axis=1).astype(np.float32)
    try:
        from umap import UMAP
    except ImportError as error:
        raise MissingExtra("The map needs umap-learn: pip install 'fac-explorer[atlas]'") from error
    fewer: dict[str, Any] = {**_LAYOUT, "n_neighbors": min(15, len(directions) - 1)}
    if len(directions) < 20:
        fewer["init"] = "random"  # the spectral start needs more points than this
    return np.asarray(UMAP(**fewer, n_jobs=1).fit_transform(directions), dtype=np.float32)


def clusters(directions: np.ndarray) -> np.ndarray:
    """`[d_sae]`: k-means of the directions, about 75 features a cluster.

    Of the directions, not of the map: UMAP tears and joins groups. k-means, because every feature then has a cluster
    (a density-based method leaves most directions of a SAE, which are nearly orthogonal, as noise).
    """
    from sklearn.cluster import MiniBatchKMeans  # here, since whoever reads an atlas need not wait for it

    n = max(1, round(len(directions) / _FEATURES_A_CLUSTER))
    means = MiniBatchKMeans(n_clusters=n, random_state=0, batch_size=4096)
    return np.asarray(means.fit_predict(directions), dtype=np.uint16)


def cluster_names(cluster: np.ndarray, words: Mapping[int, Sequence[PeakWord]]) -> list[str]:
    """For each cluster the words that set it apart (c-TF-IDF over the peak words of its features), comma-separated.

    A word counts as often as features peak on it, and names a cluster only if several do. Where none is left, or nothing
    but punctuation, the name is "mixed".
    """
    counts = [Counter[str]() for _ in range(int(cluster.max()) + 1 if len(cluster) else 0)]
    for feature, peaks in words.items():
        counts[cluster[feature]].update({w.word for w in peaks if w.word.isalpha() and is_topic_word(w.word)})
    telling = rarity(counts)
    names = []
    for one in counts:
        ranked = sorted((w for w in one if one[w] > 1), key=lambda w: (-one[w] * telling[w], w))
        names.append(", ".join(ranked[:_WORDS]) or "mixed")
    return names


def neighbours(directions: np.ndarray, n: int = N_NEIGHBOURS) -> pa.Table:
    """The n nearest features of each by cosine: `feature_id`, `rank` from 1, `neighbour_id`, `cosine`."""
    d_sae = len(directions)
    n = max(0, min(n, d_sae - 1))
    found, cosines = np.zeros((d_sae, n), np.uint32), np.zeros((d_sae, n), np.float32)
    for start in range(0, d_sae, _ROWS):
        rows = slice(start, start + _ROWS)
        similar = directions[rows] @ directions.T
        similar[np.arange(len(similar)), start + np.arange(len(similar))] = -np.inf
        best = np.argsort(-similar, axis=1, kind="stable")[:, :n]
        found[rows], cosines[rows] = best, np.take_along_axis(similar, best, axis=1)
    return pa.table(
        {
            "feature_id": np.repeat(np.arange(d_sae, dtype=np.uint32), n),
            "rank": np.tile(np.arange(1, n + 1, dtype=np.uint8), d_sae),
            "neighbour_id": found.ravel(),
            "cosine": cosines.ravel(),
        }
    )


def clusters_of(space: SpaceFile) -> dict[int, str]:
    """Feature to the name of its cluster; clusters of one name are told apart by their number."""
    rows = space.query("SELECT feature_id, name, cluster_id FROM features JOIN clusters USING (cluster_id)")
    by_name: dict[str, set[int]] = {}
    for row in rows.to_pylist():
        by_name.setdefault(row["name"], set()).add(row["cluster_id"])
    return {
        row["feature_id"]: row["name"] if len(by_name[row["name"]]) == 1 else f"{row['name']} ({row['cluster_id']})"
        for row in rows.to_pylist()
    }


@lru_cache(maxsize=8)
def positions(space: SpaceFile) -> pa.Table:
    """Of every feature its place on the map and the name of its cluster: `feature_id`, `x`, `y`, `cluster`."""
    named = clusters_of(space)
    table = space.query("SELECT feature_id, x, y FROM features ORDER BY feature_id")
    return table.append_column("cluster", pa.array([named[f] for f in table["feature_id"].to_pylist()], pa.string()))


def nearest(space: SpaceFile, feature_id: int) -> pa.Table:
    """The features whose decoder directions are nearest, the nearest first: `neighbour_id`, `cosine`."""
    return space.query("SELECT neighbour_id, cosine FROM neighbours WHERE feature_id = ? ORDER BY rank", [feature_id])


def promoted(space: SpaceFile, feature_id: int) -> pa.Table:
    """The next tokens that a direction promotes (`sign` 1) or suppresses (-1), the strongest first: `sign`, `token`, `logit`."""
    return space.query(
        "SELECT sign, token, logit FROM logits WHERE feature_id = ? ORDER BY sign DESC, rank", [feature_id]
    )
