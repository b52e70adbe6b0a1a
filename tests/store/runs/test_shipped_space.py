"""What ships beside a SAE comes back as it was written, for its own space alone."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fac_core.errors import BadInput, WrongUse
from fac_core.store.runs import space_file
from fac_core.store.runs.shipped_space import LABELS, read_shipped, write_shipped

FEATURES = 4_608


@pytest.fixture
def atlas() -> dict[str, pa.Table]:
    """As large as that of the default SAE, of numbers that do not compress."""
    rng = np.random.default_rng(0)
    many, ids = 10 * FEATURES, np.arange(FEATURES, dtype=np.uint32)
    floats = {name: rng.normal(size=many).astype(np.float32) for name in ("x", "y", "cosine", "logit")}
    return {
        "space": pa.table({"space_id": ["s1"], "model": ["m"], "sae": ["sae"], "d_sae": [FEATURES], "layout": ["{}"],
                           "named_from": ["r"], "created_at": ["2026-01-01"]}),
        "features": pa.table({"feature_id": ids, "x": floats["x"][:FEATURES], "y": floats["y"][:FEATURES],
                              "cluster_id": (ids % 60).astype(np.uint16)}),
        "clusters": pa.table({"cluster_id": [0], "name": ["court"], "n_features": [FEATURES]}),
        "neighbours": pa.table({"feature_id": np.repeat(ids, 10), "rank": np.tile(np.arange(10, dtype=np.uint8), FEATURES),
                                "neighbour_id": rng.integers(0, FEATURES, many).astype(np.uint32), "cosine": floats["cosine"]}),
        "logits": pa.table({"feature_id": np.repeat(ids, 10), "sign": np.ones(many, np.int8), "rank": np.ones(many, np.uint8),
                            "token": [" the"] * many, "logit": floats["logit"]}),
    }  # fmt: skip


@pytest.fixture
def labels() -> pa.Table:
    rows = [
        {"feature_id": 7, "text": "“court”", "method": "words", "f1": 2 / 3, "precision": 0.5, "recall": 1.0, "n_positive": 5,
         "n_negative": 5},
        {"feature_id": 9, "text": "numbers"},
    ]  # fmt: skip
    return pa.Table.from_pylist([{name: row.get(name) for name in LABELS.names} for row in rows], LABELS)


def test_what_ships_is_read_back_rounded_to_what_people_see(tmp_path, atlas, labels):
    write_shipped(tmp_path, atlas, labels)
    found = read_shipped(tmp_path, "s1")
    assert found is not None
    assert set(found.atlas) == set(space_file.TABLES)
    for name, table in atlas.items():
        there = found.atlas[name]
        assert there.schema == table.schema
        for column in table.column_names:
            if pa.types.is_floating(table.schema.field(column).type):
                assert np.allclose(there[column].to_numpy(), table[column].to_numpy(), atol=1e-3)
            else:
                assert there[column].to_pylist() == table[column].to_pylist()
    assert found.labels["text"].to_pylist() == ["“court”", "numbers"]
    assert found.labels["f1"].to_pylist() == [0.6667, None]
    space_file.write_space_file(tmp_path / "a.duckdb", found.atlas)  # every column is there


def test_the_files_are_small(tmp_path, atlas, labels):
    folder = write_shipped(tmp_path, atlas, labels)
    assert sum(file.stat().st_size for file in folder.iterdir()) < 1_000_000


def test_beside_other_weights_it_is_as_if_nothing_shipped(tmp_path, atlas, labels):
    assert read_shipped(tmp_path, "s1") is None
    write_shipped(tmp_path, atlas, labels)
    assert read_shipped(tmp_path, "s2") is None


def test_shipping_again_takes_the_place_of_what_was_there(tmp_path, atlas, labels):
    folder = write_shipped(tmp_path, atlas, labels)
    write_shipped(tmp_path, atlas, labels.slice(1))
    found = read_shipped(tmp_path, "s1")
    assert found is not None
    assert found.labels["feature_id"].to_pylist() == [9]
    assert sorted(file.stem for file in folder.iterdir()) == sorted([*space_file.TABLES, "labels"])


@pytest.mark.parametrize("table", ["space", "logits", "labels"])
def test_damaged_files_are_said_in_one_sentence(tmp_path, atlas, labels, table):
    folder = write_shipped(tmp_path, atlas, labels)
    (folder / f"{table}.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(BadInput, match="fac space ship"):
        read_shipped(tmp_path, "s1")
    (folder / f"{table}.parquet").unlink()
    with pytest.raises(BadInput, match="fac space ship"):
        read_shipped(tmp_path, "s1")
    pq.write_table(pa.table({"nothing": [1]}), folder / f"{table}.parquet")
    if table != "logits":
        with pytest.raises(BadInput, match="fac space ship"):
            read_shipped(tmp_path, "s1")


def test_what_is_no_table_of_ours_is_not_replaced(tmp_path, atlas):
    labels = LABELS.empty_table()
    folder = write_shipped(tmp_path, atlas, labels)
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(WrongUse, match=r"holds notes\.txt, which is neither atlas nor labels"):
        write_shipped(tmp_path, atlas, labels)
    assert (folder / "notes.txt").read_text() == "mine"
