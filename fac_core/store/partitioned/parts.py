"""The activations of a run as Parquet files, each of a range of features: which there are, and reading them.

A run file that was partitioned has a table `parts` in place of `activations`. The files lie in a folder beside it,
`<run>.parquet/feature_bucket=K/<hash>.parquet`, or in one of the same name below `$FAC_PARQUET`. The run file, which may come from
somebody else, does not say where: it names ranges and hashes, and a name is made of these. DuckDB opens none of them. It is
handed an Arrow dataset that knows the range of each file, so a query of one feature opens one file.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as arrow_dataset
import pyarrow.fs as arrow_fs

from fac_core.errors import RunBroken
from fac_core.store.partitioned.address import below, opened, shown
from fac_core.store.runs.shard_schema import ACTIVATIONS

VARIABLE = "FAC_PARQUET"
"""The environment variable with the folder or address of parts that do not lie beside their run file."""

DDL = """
    CREATE TABLE parts (
        first_feature UINTEGER NOT NULL, last_feature UINTEGER NOT NULL, n_rows UBIGINT NOT NULL, n_bytes UBIGINT NOT NULL,
        n_footer_bytes UINTEGER NOT NULL, hash VARCHAR NOT NULL, footer_hash VARCHAR NOT NULL
    )
"""

_AT_ONCE = 16
"""Footers read at the same time: each is two requests of a store."""

_FORMAT = arrow_dataset.ParquetFileFormat(
    default_fragment_scan_options=arrow_dataset.ParquetFragmentScanOptions(
        page_checksum_verification=True, pre_buffer=True
    )
)


@dataclass(frozen=True)
class Part:
    """One file: a row of table `parts`."""

    first_feature: int
    last_feature: int
    n_rows: int
    n_bytes: int
    n_footer_bytes: int
    hash: str
    """SHA-256 of the file, in hexadecimal digits."""
    footer_hash: str
    """The same of its last `n_footer_bytes`, which say what is where; each page has a checksum of its own."""

    def row(self) -> tuple[Any, ...]:
        """Its values in the order of the table's columns."""
        return astuple(self)


COLUMNS = ", ".join(field.name for field in fields(Part))


class Parts:
    """The files of one run, in order of features.

    Raises `RunBroken` for a table that cannot be one of files of ours.
    """

    def __init__(self, run: Path, rows: Sequence[dict[str, Any]]) -> None:
        self.run = run
        self.parts = [Part(**row) for row in rows]
        for part in self.parts:
            if len(part.hash) != 64 or set(part.hash) - set("0123456789abcdef"):
                raise RunBroken(f"{run} names {part.hash!r} as a part, which is no hash. Take the run from elsewhere.")

    @property
    def n_bytes(self) -> int:
        """Of all files together."""
        return sum(part.n_bytes for part in self.parts)

    def dataset(self) -> arrow_dataset.Dataset:
        """The files as one table of schema `ACTIVATIONS`; size and footer of each are held against the run file first.

        Raises `RunBroken` for a file that is missing, cut off or another than was written.
        """
        where = where_of(self.run)
        system, prefix = opened(where)
        paths = [f"{prefix}/{name_of(number, part.hash)}" for number, part in enumerate(self.parts)]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for wrong in pool.map(lambda path, part: _what_is_wrong(system, prefix, path, part), paths, self.parts):
                if wrong:
                    raise RunBroken(f"Activations of {self.run.stem} {wrong} in {shown(where)}. {_MEND}")
        fragments = [
            _FORMAT.make_fragment(path, system, _covers(part), file_size=part.n_bytes)
            for path, part in zip(paths, self.parts, strict=True)
        ]
        kind = _OfPython if isinstance(system, arrow_fs.PyFileSystem) else arrow_dataset.FileSystemDataset
        return kind(fragments, ACTIVATIONS, _FORMAT, system)


class _Scanner:
    """One whose reader can be begun while another thread needs Python: pyarrow's own holds it, waits for that thread where a
    file is missing, and both wait for ever."""

    def __init__(self, scanner: arrow_dataset.Scanner) -> None:
        self._scanner = scanner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._scanner, name)

    def to_reader(self) -> pa.RecordBatchReader:
        return pa.RecordBatchReader.from_batches(self._scanner.projected_schema, self._scanner.to_batches())


class _OfPython(arrow_dataset.FileSystemDataset):
    """Files of a file system that is written in Python (fsspec)."""

    def scanner(self, *args: Any, **options: Any) -> Any:
        return _Scanner(super().scanner(*args, **options))


_MEND = f"Copy them again, or set ${VARIABLE} to the folder or address that `fac merge --parquet` wrote them to."


def folder_of(run: Path) -> str:
    """The name of the folder of a run's parts."""
    return f"{run.stem}.parquet"


def where_of(run: Path, *, to_write: bool = False) -> str:
    """Folder or address of a run's parts: beside the run file if they are there, else below `$FAC_PARQUET`, if it is set."""
    beside, elsewhere = run.parent.absolute() / folder_of(run), os.environ.get(VARIABLE)
    if elsewhere and (to_write or not beside.is_dir()):
        return below(elsewhere if "://" in elsewhere else str(Path(elsewhere).expanduser().absolute()), folder_of(run))
    return str(beside)


def name_of(number: int, content_hash: str) -> str:
    """Where a part lies in that folder: hive-partitioned, and of another name if it had another content."""
    return f"feature_bucket={number}/{content_hash[:16]}.parquet"


def only(found: arrow_dataset.Dataset, features: Collection[int] | np.ndarray) -> arrow_dataset.Dataset:
    """The activations of some features: files without any of them are not opened."""
    wanted = pa.array(np.fromiter(features, np.uint32, len(features)))
    return found.filter(pc.field("feature_id").isin(wanted))


def _covers(part: Part) -> pc.Expression:
    first, last = (pa.scalar(feature, pa.uint32()) for feature in (part.first_feature, part.last_feature))
    return (pc.field("feature_id") >= first) & (pc.field("feature_id") <= last)


def _what_is_wrong(system: arrow_fs.FileSystem, prefix: str, path: str, part: Part) -> str | None:
    if isinstance(system, arrow_fs.LocalFileSystem) and not Path(path).resolve().is_relative_to(Path(prefix).resolve()):
        return f"are a link that leads out of it ({path})"
    try:
        with system.open_input_file(path) as file:
            if (size := file.size()) != part.n_bytes:
                return f"have {size:,} instead of {part.n_bytes:,} bytes ({path})"
            file.seek(size - part.n_footer_bytes)
            found = hashlib.sha256(file.read(part.n_footer_bytes)).hexdigest()
    except FileNotFoundError:
        return f"are missing ({path})"
    except OSError as error:
        return f"cannot be reached ({str(error).splitlines()[0]})"
    return None if found == part.footer_hash else f"are not those that were written ({path})"
