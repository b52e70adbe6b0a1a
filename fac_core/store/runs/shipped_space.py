"""What the folder of a SAE holds beside its weights: the names and the atlas of its feature space, `<SAE folder>/space/*.parquet`.

One small file a table: those of a space file, and `labels`. Column `space_id` of table `space` says which space they are of, by
content; beside other weights, or for another model, they are as if not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fac_core.errors import BadInput, WrongUse
from fac_core.store.runs import space_file
from fac_core.whole import whole

LABELS = pa.schema(
    {
        "feature_id": pa.uint32(),
        "text": pa.string(),
        # How well the label predicts its feature, as `naming/trust.py` measures it; null where nothing was held out.
        "method": pa.string(),
        "f1": pa.float64(),
        "precision": pa.float64(),
        "recall": pa.float64(),
        "n_positive": pa.uint32(),
        "n_negative": pa.uint32(),
    }
)
"""A label in words of a feature. The samples that it was made from are not named: they are in no workspace but its maker's."""

_FOLDER = "space"
_DECIMALS = {"x": 3, "y": 3, "cosine": 4, "logit": 3, "f1": 4, "precision": 4, "recall": 4}
"""More than anybody sees; rounded, the files of 16,384 features take 3 MB instead of 5."""


@dataclass(frozen=True)
class ShippedSpace:
    """What came with a SAE."""

    atlas: Mapping[str, pa.Table]
    """The tables of a space file."""
    labels: pa.Table
    """Schema `LABELS`."""


def write_shipped(sae_folder: Path, atlas: Mapping[str, pa.Table], labels: pa.Table) -> Path:
    """Put atlas and labels beside the weights of a SAE, in place of what was there; returns their folder.

    Raises `WrongUse` where that folder holds anything else.
    """
    folder = sae_folder / _FOLDER
    ours = {f"{name}.parquet" for name in (*atlas, "labels")}
    if others := sorted(path.name for path in folder.glob("*") if path.name not in ours):
        raise WrongUse(f"{folder} holds {others[0]}, which is neither atlas nor labels. Move it elsewhere.")
    with whole(folder, replaces_folder=True) as building:
        building.mkdir()
        for name, table in {**atlas, "labels": labels.cast(LABELS)}.items():
            pq.write_table(_rounded(table), building / f"{name}.parquet", compression="zstd", compression_level=19)
    return folder


def read_shipped(sae_folder: Path, space_id: str) -> ShippedSpace | None:
    """What ships for a feature space; None where nothing does, or for another space.

    Raises `BadInput` for files that are damaged or lack a table.
    """
    folder = sae_folder / _FOLDER
    if not folder.is_dir():
        return None
    try:
        if pq.read_table(folder / "space.parquet")["space_id"].to_pylist() != [space_id]:
            return None
        atlas = {name: pq.read_table(folder / f"{name}.parquet") for name in space_file.TABLES}
        return ShippedSpace(atlas, pq.read_table(folder / "labels.parquet").select(LABELS.names).cast(LABELS))
    except (OSError, KeyError, pa.ArrowException) as error:
        raise BadInput(
            f"{folder} cannot be read ({error}). Remove it, or make it anew with `fac space ship`."
        ) from error


def _rounded(table: pa.Table) -> pa.Table:
    for at, name in enumerate(table.column_names):
        if name in _DECIMALS:
            options = pc.RoundOptions(ndigits=_DECIMALS[name])
            exact = table[name].cast(pa.float64())
            rounded = pc.call_function("round", [exact], options).cast(table.schema.field(name).type)
            table = table.set_column(at, name, rounded)
    return table
