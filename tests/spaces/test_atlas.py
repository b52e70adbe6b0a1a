"""The atlas: the same for the same weights, clusters of directions, neighbours by cosine."""

from __future__ import annotations

import numpy as np
import pytest

from fac_core.errors import NotFound
from fac_core.evidence.examples import PeakWord
from fac_core.spaces.atlas import atlas_tables, cluster_names, clusters, clusters_of, layout, neighbours
from fac_core.store.runs.space_file import TABLES, SpaceFile, write_space_file
from tests.runs import run_info


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def directions() -> np.ndarray:
    """Two tight bundles of 100 directions, at right angles."""
    rng = np.random.default_rng(0)
    centres = np.repeat(np.eye(2, 16), 100, axis=0)
    return unit(centres + 0.05 * rng.normal(size=(200, 16)))


def test_neighbours_are_those_of_largest_cosine(directions):
    found = neighbours(directions, 3)
    cosine = directions @ directions.T
    np.fill_diagonal(cosine, -np.inf)
    for feature in (0, 57, 199):
        rows = [row for row in found.to_pylist() if row["feature_id"] == feature]
        assert [row["rank"] for row in rows] == [1, 2, 3]
        assert [row["neighbour_id"] for row in rows] == np.argsort(-cosine[feature])[:3].tolist()
        assert rows[0]["cosine"] == pytest.approx(cosine[feature].max(), rel=1e-5)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_the_smallest_spaces_have_as_many_neighbours_as_there_are(directions, n):
    assert len(neighbours(directions[:n])) == n * max(0, n - 1)


def test_bundles_of_directions_are_clusters(directions):
    found = clusters(directions)
    assert len(set(found.tolist())) == 3  # 200 / 75
    assert not set(found[:100].tolist()) & set(found[100:].tolist())


def test_a_cluster_is_named_by_the_words_that_its_features_share():
    cluster = np.array([0, 0, 0, 1, 1, 2], dtype=np.uint16)
    words = {
        0: [PeakWord("court", 1.0), PeakWord("the", 0.2)],
        1: [PeakWord("court", 1.0), PeakWord("judge", 0.5)],
        2: [PeakWord("judge", 1.0), PeakWord("once", 1.0)],
        3: [PeakWord("bone", 1.0), PeakWord("court", 0.1)],
        4: [PeakWord("bone", 1.0)],
        5: [PeakWord(").", 1.0)],
    }
    names = cluster_names(cluster, words)
    assert set(names[0].split(", ")) == {"court", "judge"}
    assert names[1:] == ["bone", "mixed"]


def test_the_map_is_the_same_every_time_and_keeps_bundles_apart(directions):
    one = layout(directions)
    assert np.array_equal(one, layout(directions))
    ours, theirs = one[:100].mean(axis=0), one[100:].mean(axis=0)
    assert np.linalg.norm(ours - theirs) > one[:100].std()


@pytest.mark.parametrize("n", [1, 3, 6])
def test_a_handful_of_features_has_a_map(directions, n):
    assert layout(directions[:n]).shape == (n, 2)


def test_a_space_file_gives_back_what_was_written(tmp_path, directions):
    import pyarrow as pa

    logits = pa.table({"feature_id": [0], "sign": [1], "rank": [1], "token": [" the"], "logit": [0.5]})
    words = {feature: [PeakWord("court", 1.0)] for feature in range(200)}
    tables = atlas_tables(directions, logits, words, run_info("anchor", 200))
    path = tmp_path / "spaces" / "space.duckdb"
    with pytest.raises(NotFound, match="fac space atlas"):
        SpaceFile(path)
    write_space_file(path, tables)
    with SpaceFile(path) as space:
        assert {name: len(space.query(f"FROM {name}")) for name in TABLES} == {
            "space": 1,
            "features": 200,
            "clusters": 3,
            "neighbours": 2000,
            "logits": 1,
        }
        named = clusters_of(space)
    assert len(named) == 200
    assert len(set(named.values())) == 3  # of one name, told apart by number
    assert [p.name for p in path.parent.iterdir()] == ["space.duckdb"]
