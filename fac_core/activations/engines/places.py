"""Where the files of shards lie: a folder, or an object store that every node of a cluster reaches.

Stores are those of pyarrow (`s3://`, `gs://`, `abfs://`), which come with it, and through fsspec every other scheme
that has a package. A folder that nodes share, over NFS for example, is a folder.
"""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.fs as arrow_fs
import pyarrow.parquet as pq

from fac_core.errors import WrongUse
from fac_core.scratch import sweep
from fac_core.store.partitioned.address import below, opened, shown
from fac_core.whole import BUILDING, whole, write_whole

logger = logging.getLogger(__name__)

_MARK = "place"
"""An object that says that a store can be written, and by which a node sees that it has the keys."""


class Place(Protocol):
    """Where the files of the shards of one run lie."""

    def make(self) -> None:
        """Let it be there. Raises `WrongUse` where it cannot be."""
        ...

    @property
    def is_there(self) -> bool:
        """Whether it is seen from this machine."""
        ...

    def has(self, name: str) -> bool:
        """Whether there is a file of this name, which then is whole."""
        ...

    def write(self, name: str, table: pa.Table) -> None:
        """Write a Parquet file, whole or not at all."""
        ...

    def local(self, name: str) -> Path:
        """A file of this machine with the content of one that is there."""
        ...

    def mend(self) -> None:
        """Take what an earlier try left and what was damaged since for not written."""
        ...

    def remove(self) -> None:
        """Remove the files that were written here, and nothing that others put beside them."""
        ...


@dataclass(frozen=True)
class Folder:
    """A folder of this machine, or one that machines share."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def make(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)

    @property
    def is_there(self) -> bool:
        return self.path.is_dir()

    def has(self, name: str) -> bool:
        return (self.path / name).exists()

    def write(self, name: str, table: pa.Table) -> None:
        with whole(self.path / name) as building:
            pq.write_table(table, building, compression="zstd", write_page_checksum=True)

    def local(self, name: str) -> Path:
        return self.path / name

    def mend(self) -> None:
        sweep(self.path, BUILDING)
        for file in sorted(self.path.glob("*")):
            if _is_ours(file.name) and not _is_intact(file):
                logger.warning("%s is damaged; its samples are encoded again.", file)
                for part in self.path.glob(f"{file.name.partition('.')[0]}.*.parquet"):
                    part.unlink(missing_ok=True)

    def remove(self) -> None:
        for file in self.path.glob("*"):
            if _is_ours(file.name):
                file.unlink(missing_ok=True)
        with suppress(OSError):  # not empty, or not there
            self.path.rmdir()


@dataclass(frozen=True)
class Store:
    """A prefix of an object store. Only its address travels to other processes: keys are those of each machine."""

    uri: str
    near: Path
    """A folder of this machine for what is fetched."""

    def __str__(self) -> str:
        return shown(self.uri)

    def make(self) -> None:
        try:
            self._put(_MARK, b"shards")
        except OSError as error:
            raise WrongUse(f"Shards cannot lie in {self}: {error}. Check bucket, address and keys.") from error

    @property
    def is_there(self) -> bool:
        try:
            return self.has(_MARK)
        except OSError:  # no keys, or no way there
            return False

    def has(self, name: str) -> bool:
        system, prefix = opened(self.uri)
        return system.get_file_info(f"{prefix}/{name}").type == arrow_fs.FileType.File

    def write(self, name: str, table: pa.Table) -> None:
        # An object appears when its upload ends: whoever is killed before leaves none.
        content = pa.BufferOutputStream()
        pq.write_table(table, content, compression="zstd")
        self._put(name, content.getvalue())

    def local(self, name: str) -> Path:
        fetched = self.near / name
        if not fetched.exists():
            system, prefix = opened(self.uri)
            with system.open_input_stream(f"{prefix}/{name}") as stream:
                write_whole(fetched, stream.read_buffer())
        return fetched

    def mend(self) -> None:
        """Stores keep checksums of their own, and show an object only when it is whole."""

    def remove(self) -> None:
        system, prefix = opened(self.uri)
        selector = arrow_fs.FileSelector(prefix, allow_not_found=True, recursive=True)
        for found in system.get_file_info(selector):
            if found.type == arrow_fs.FileType.File and (found.base_name == _MARK or _is_ours(found.base_name)):
                system.delete_file(found.path)

    def _put(self, name: str, content: bytes | pa.Buffer) -> None:
        system, prefix = opened(self.uri)
        with system.open_output_stream(f"{prefix}/{name}") as stream:
            stream.write(content)


def _is_ours(name: str) -> bool:
    """Whether a file is named as those of shards are, by a hash of 16 digits and the part."""
    return re.fullmatch(r"[0-9a-f]{16}\.[a-z]+\.parquet", name) is not None


def _is_intact(file: Path) -> bool:
    """Whether every page of a Parquet file is as it was written."""
    try:
        with pq.ParquetFile(file, page_checksum_verification=True) as parquet:
            for i in range(parquet.num_row_groups):
                parquet.read_row_group(i)
    except (OSError, pa.ArrowException):
        return not file.exists()  # somebody removed it meanwhile, with its whole shard
    return True


def place_in(where: str, name: str, near: Path) -> Place:
    """A place of its own below a folder or a store.

    Args:
        where: a folder, or an address `scheme://…`; its query (`?endpoint_override=…`) is kept.
        near: a folder of this machine for what is fetched from a store.

    >>> place_in("s3://bucket/fac?region=eu-west-1", "run-1", Path("here")).uri
    's3://bucket/fac/run-1?region=eu-west-1'
    """
    if "://" not in where:
        return Folder(Path(where).expanduser().absolute() / name)
    if where.startswith("file://"):
        return Folder(Path(arrow_fs.FileSystem.from_uri(where)[1]) / name)
    return Store(below(where, name), near)
