"""Addresses of object stores: `s3://bucket/prefix?region=eu-west-1`, or any scheme that fsspec has a package for.

Keys come from the environment of each machine. pyarrow speaks to S3, GCS and Azure itself; what it does not know goes to fsspec.
"""

from __future__ import annotations

from functools import lru_cache

import pyarrow as pa
import pyarrow.fs as arrow_fs

from fac_core.errors import WrongUse


@lru_cache(maxsize=8)
def opened(uri: str) -> tuple[arrow_fs.FileSystem, str]:
    """The file system of an address, or of a path here, and the path in it. Raises `WrongUse` for a scheme that nothing reads."""
    if "://" not in uri:
        return arrow_fs.LocalFileSystem(), uri
    small = ("&" if "?" in uri else "?") + "allow_delayed_open=true" if uri.startswith("s3://") else ""
    try:
        return arrow_fs.FileSystem.from_uri(uri + small)  # one request for a small file, not the three of a large one
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        import fsspec

        try:
            system, prefix = fsspec.core.url_to_fs(uri)
        except (ImportError, ValueError) as error:
            raise WrongUse(f"Nothing can lie in {shown(uri)}: {error}.") from error
        return arrow_fs.PyFileSystem(arrow_fs.FSSpecHandler(system)), prefix


def below(uri: str, name: str) -> str:
    """The address of a name below another; its query (`?endpoint_override=…`) is kept.

    >>> below("s3://bucket/fac?region=eu-west-1", "run-1")
    's3://bucket/fac/run-1?region=eu-west-1'
    """
    address, mark, query = uri.partition("?")
    return f"{address.rstrip('/')}/{name}{mark}{query}"


def shown(uri: str) -> str:
    """The address without keys that somebody wrote into it.

    >>> shown("s3://key:secret@bucket/fac?region=eu-west-1"), shown("/data/fac")
    ('s3://bucket/fac', '/data/fac')
    """
    scheme, mark, rest = uri.rpartition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2].partition('?')[0]}" if mark else uri
