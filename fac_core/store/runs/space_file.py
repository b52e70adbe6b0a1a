"""What is known of a feature space as such, whatever the dataset: one immutable file, `spaces/<space_id>.duckdb`.

It is made once, from the weights, published by one replace, and read as run files are.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from fac_core.store.duckdb_config import NO_EXTENSIONS
from fac_core.store.runs.read_only import ReadOnlyFile
from fac_core.whole import whole

TABLES: dict[str, str] = {
    "space": "space_id VARCHAR, model VARCHAR, sae VARCHAR, d_sae INTEGER, layout VARCHAR, named_from VARCHAR, created_at VARCHAR",
    # Place on the map, and cluster.
    "features": "feature_id UINTEGER, x FLOAT, y FLOAT, cluster_id USMALLINT",
    # Names are made by a machine from the words at the peaks of the run `named_from`.
    "clusters": "cluster_id USMALLINT, name VARCHAR, n_features UINTEGER",
    # Nearest by cosine of decoder directions, rank 1 first; the feature itself is left out.
    "neighbours": "feature_id UINTEGER, rank UTINYINT, neighbour_id UINTEGER, cosine FLOAT",
    # Next tokens that the direction promotes (sign 1) or suppresses (-1) most.
    "logits": "feature_id UINTEGER, sign TINYINT, rank UTINYINT, token VARCHAR, logit FLOAT",
}
"""Table -> columns."""


def write_space_file(path: Path, tables: Mapping[str, pa.Table]) -> None:
    """Build the file and publish it. `tables` has every table of `TABLES`, with at least its columns."""
    with whole(path) as building, duckdb.connect(str(building), config=NO_EXTENSIONS) as db:
        for name, columns in TABLES.items():
            db.register("new", tables[name])
            names = ", ".join(column.split()[0] for column in columns.split(", "))
            db.execute(f"CREATE TABLE {name} ({columns})")
            db.execute(f"INSERT INTO {name} SELECT {names} FROM new")  # noqa: S608
            db.unregister("new")
        db.execute("CHECKPOINT")


class SpaceFile(ReadOnlyFile):
    """A space file, read-only. Raises `NotFound` without one, `RunBroken` for a file that is none."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            path,
            absent=f"There is no atlas {Path(path).name}. `fac space atlas` makes it.",
            broken=f"{path} cannot be read ({{}}). Remove it and run `fac space atlas`.",
        )
