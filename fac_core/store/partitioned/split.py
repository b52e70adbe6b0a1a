"""From a run file to a partitioned run: its activations move to Parquet files, everything else stays in the run file.

The run keeps its id and answers as before. Files are written one after the other, so beside the run there is room for one of
them here, whatever the run's size. They are read back and compared before the run file is replaced; who is interrupted before
has the run as it was, and a process that has it open reads the earlier file until it ends.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.fs as arrow_fs
import pyarrow.parquet as pq

from fac_core.errors import RunBroken, StoreBusy, WrongUse
from fac_core.progress import Progress, silent
from fac_core.store.duckdb_config import NO_EXTENSIONS
from fac_core.store.partitioned.address import opened, shown
from fac_core.store.partitioned.parts import COLUMNS, DDL, Part, Parts, name_of, where_of
from fac_core.store.process_lock import held
from fac_core.store.runs.feature_stats import feature_ranges
from fac_core.store.runs.run_file import RunFile
from fac_core.store.runs.schema import BLOCK_SIZE
from fac_core.store.runs.shard_schema import ACTIVATIONS

_PART_ROWS = 20_000_000
"""Activations a file, or those of one feature if it has more: some 100 MB, 50 files for a billion."""

_GROUP_ROWS = 65_536
"""Rows a row group, the least that is read of a file: some 400 KB."""

_SUM = "SELECT count(*), bit_xor(hash(feature_id, sample_id, activation, token_index)) FROM {}"

_CONFIG = {**NO_EXTENSIONS, "default_block_size": BLOCK_SIZE, "memory_limit": "1GB"}


def partition(path: Path, on_progress: Progress = silent) -> str:
    """Move the activations of a run file to Parquet files; returns the folder or address, without keys, where they are.

    It is the folder `<run>.parquet` below `$FAC_PARQUET`, or beside the run file where that is not set.

    Raises:
        WrongUse: the run is partitioned already, or nothing can be written there.
        StoreBusy: somebody else does the same at this moment, or has the run open on Windows.
        RunBroken: what was written reads back otherwise; the run is left as it was.
    """
    where = where_of(path, to_write=True)
    building = path.with_name(path.name + ".building")
    with RunFile(path) as run:  # which is refused if it holds anything but tables
        info, partitioned = run.info, run.parts
    if partitioned:
        raise WrongUse(f"The activations of {info.name} are in Parquet files already.")
    with held(path.with_name(path.name + ".lock"), f"Another process is building {path.name}. Wait for it to end."):
        building.unlink(missing_ok=True)
        try:
            with duckdb.connect(str(building), config=_CONFIG) as db:
                db.execute(f"ATTACH '{str(path).replace(chr(39), chr(39) * 2)}' AS whole (READ_ONLY)")
                parts = _written(db, info.d_sae, path, where, on_progress)
                _copy_all_else(db, parts)
                db.register("moved", Parts(path, [vars(part) for part in parts]).dataset())
                if db.sql(_SUM.format("moved")).fetchall() != db.sql(_SUM.format("whole.activations")).fetchall():
                    raise RunBroken(f"What was written to {shown(where)} reads back otherwise. Try again.")
                db.execute("DETACH whole")
                db.execute("CHECKPOINT")
            building.replace(path)
        except PermissionError as error:
            raise StoreBusy(f"{path.name} is open in another program. Close it, then try again.") from error
        finally:
            building.unlink(missing_ok=True)
    return shown(where)


def _written(db: duckdb.DuckDBPyConnection, d_sae: int, run: Path, where: str, on_progress: Progress) -> list[Part]:
    counts = dict(db.sql("SELECT feature_id, n_active FROM whole.feature_stats WHERE n_active > 0").fetchall())
    ranges = list(feature_ranges(counts, d_sae, _PART_ROWS))
    parts = []
    with tempfile.TemporaryDirectory(prefix=".parts-", dir=run.parent) as folder:
        here = Path(folder) / "part.parquet"
        for number, (first, last) in enumerate(ranges):
            on_progress(number, len(ranges), "files written")
            parts.append(_write(db, first, last, here))
            _put(here, where, name_of(number, parts[-1].hash))
    on_progress(len(ranges), len(ranges))
    return parts


def _write(db: duckdb.DuckDBPyConnection, first: int, last: int, path: Path) -> Part:
    # The order of the table is kept: strongest first. Ids of samples are as good as random, a dictionary of them is no gain.
    rows = db.sql("FROM whole.activations WHERE feature_id BETWEEN ? AND ?", params=[first, last]).to_arrow_table()
    few: Any = ["feature_id", "activation", "token_index"]
    pq.write_table(
        rows.cast(ACTIVATIONS),
        path,
        row_group_size=_GROUP_ROWS,
        compression="zstd",
        use_dictionary=few,
        write_page_checksum=True,
    )
    with path.open("rb") as file:
        content_hash = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.seek(-8, 2) + 8
        n_footer = int.from_bytes(file.read(4), "little") + 8  # its length and the mark PAR1
        file.seek(size - n_footer)
        return Part(
            first, last, len(rows), size, n_footer, content_hash, hashlib.sha256(file.read(n_footer)).hexdigest()
        )


def _put(path: Path, where: str, name: str) -> None:
    system, prefix = opened(where)
    to = f"{prefix}/{name}"
    try:
        if isinstance(system, arrow_fs.LocalFileSystem):  # stores have no folders
            Path(to).parent.mkdir(parents=True, exist_ok=True)
        arrow_fs.copy_files(str(path), to, source_filesystem=arrow_fs.LocalFileSystem(), destination_filesystem=system)
    except OSError as error:
        raise WrongUse(f"Activations cannot lie in {shown(where)}: {error}. Check address and keys.") from error


def _copy_all_else(db: duckdb.DuckDBPyConnection, parts: list[Part]) -> None:
    tables = db.sql("SELECT table_name, sql FROM duckdb_tables() WHERE database_name = 'whole'").fetchall()
    for table, ddl in tables:
        if table != "activations":
            db.execute(ddl)
            db.execute(f'INSERT INTO "{table}" FROM whole."{table}"')
    db.execute(DDL)
    db.executemany(f"INSERT INTO parts ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", [part.row() for part in parts])  # noqa: S608
