"""What the large workspace says of its feature space: words, topics, labels and an atlas, all made up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from fac_core.naming.labels import Labels
from fac_core.naming.lexical import LexicalLabel
from fac_core.naming.trust import Trust
from fac_core.store.events import EventLog
from fac_core.store.runs.space_file import write_space_file

TOPICS = (
    *("law", "medicine", "cooking", "sports", "music", "travel", "finance", "physics", "biology", "history", "poetry"),
    *("politics", "gardening", "software", "chemistry", "film", "religion", "weather", "shopping", "schooling"),
    *("building", "sailing", "farming", "astronomy"),
)
_SYLLABLES = [c + v for c in ("b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z") for v in "aeiou"]
_A_CLUSTER = 75
_N_NEIGHBOURS, _N_TOKENS = 10, 10


def words_of(n: int) -> list[str]:
    """A word of its own for each feature; frequent features, which come first, have short ones."""
    return [_word(f + len(_SYLLABLES)) for f in range(n)]


def _word(number: int) -> str:
    word = ""
    while number:
        number, digit = divmod(number, len(_SYLLABLES))
        word = _SYLLABLES[digit] + word
    return word


def write_labels(log: EventLog, space_id: str, d_sae: int) -> None:
    """A lexical label with a score for each feature."""
    rng = np.random.default_rng(2)
    labels = {
        feature: LexicalLabel(
            kind="on", text=f"the word {word}", words=(word,), seen=(), trust=Trust("words", f1, f1, f1, 20, 20)
        )
        for feature, (word, f1) in enumerate(
            zip(words_of(d_sae), rng.uniform(0.4, 1.0, d_sae).round(3).tolist(), strict=True)
        )
    }
    Labels(log, space_id).record(labels, run_id="anchor")


def write_space(path: Path, space_id: str, d_sae: int) -> None:
    """An atlas: clusters are groups of features that are scattered around one place; neighbours are of one cluster."""
    rng = np.random.default_rng(3)
    n_clusters = max(1, round(d_sae / _A_CLUSTER))
    cluster = rng.permutation(np.arange(d_sae) % n_clusters)
    xy = rng.uniform(-10, 10, (n_clusters, 2))[cluster] + rng.normal(0, 0.4, (d_sae, 2))
    words = words_of(d_sae)
    names = [", ".join(words[f] for f in np.flatnonzero(cluster == c)[:3]) for c in range(n_clusters)]
    by_cluster = np.argsort(cluster, kind="stable")
    position = np.argsort(by_cluster, kind="stable")
    nearest = by_cluster[(position[:, None] + np.arange(1, _N_NEIGHBOURS + 1)) % d_sae]
    ids = np.arange(d_sae, dtype=np.uint32)
    write_space_file(
        path,
        {
            "space": pa.Table.from_pylist([_about(space_id, d_sae)]),
            "features": pa.table({"feature_id": ids, "x": xy[:, 0], "y": xy[:, 1], "cluster_id": cluster}),
            "clusters": pa.table(
                {
                    "cluster_id": np.arange(n_clusters),
                    "name": names,
                    "n_features": np.bincount(cluster, minlength=n_clusters),
                }
            ),
            "neighbours": pa.table(
                {
                    "feature_id": np.repeat(ids, _N_NEIGHBOURS),
                    "rank": np.tile(np.arange(1, _N_NEIGHBOURS + 1), d_sae),
                    "neighbour_id": nearest.ravel(),
                    "cosine": np.tile(np.linspace(0.7, 0.3, _N_NEIGHBOURS, dtype=np.float32), d_sae),
                }
            ),
            "logits": pa.table(
                {
                    "feature_id": np.repeat(ids, 2 * _N_TOKENS),
                    "sign": np.tile(np.repeat([1, -1], _N_TOKENS), d_sae),
                    "rank": np.tile(np.arange(1, _N_TOKENS + 1), 2 * d_sae),
                    "token": pa.array(words).take(pa.array(rng.integers(0, d_sae, d_sae * 2 * _N_TOKENS))),
                    "logit": np.tile(np.linspace(1, 0.1, 2 * _N_TOKENS, dtype=np.float32), d_sae),
                }
            ),
        },
    )


def _about(space_id: str, d_sae: int) -> dict[str, object]:
    made_up = {"model": "made-up-model", "sae": "made-up-sae", "layout": "made up", "named_from": "anchor"}
    return {"space_id": space_id, "d_sae": d_sae, **made_up, "created_at": "2026-01-01T00:00:00+00:00"}
