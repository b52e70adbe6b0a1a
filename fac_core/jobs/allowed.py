"""Addresses that jobs may reach, as the owner of this machine says: whoever can ask for a job is not always its owner.

A job asked for from a page, or that came with somebody's workspace, runs with the owner's network and environment. So it
names no address and no variable that the owner did not: they stand in a file outside of every workspace, which
`fac jobs allow` writes. Commands in a terminal and Python are the owner's own, and are not held to it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from fac_core.errors import NotFound, WrongUse
from fac_core.people.place import config_folder
from fac_core.toml_file import read_toml
from fac_core.whole import write_whole


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    address: str
    key: str | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    allowed: dict[str, _Entry] = {}


@dataclass(frozen=True)
class Allowed:
    """An address that jobs may reach."""

    name: str
    address: str
    """Of a server as in `--generator`, of a Ray cluster as in `--address`, or of a store as in `--shards`."""
    key_variable: str | None = None
    """The environment variable, of the worker, that holds a server's key."""


def allowed_file() -> Path:
    """`$FAC_CONFIG/allowed.toml`, or where the platform keeps a user's settings."""
    return config_folder() / "allowed.toml"


def all_allowed() -> list[Allowed]:
    """What the file says, in its order; nothing without a file. Raises `BadInput` for one that cannot be read."""
    path = allowed_file()
    if not path.is_file():
        return []
    return [Allowed(name, one.address, one.key) for name, one in read_toml(path, _File).allowed.items()]


def allow(name: str, address: str, key_variable: str | None = None) -> None:
    """Let jobs reach an address; one of the same name is replaced."""
    kept = [one for one in all_allowed() if one.name != name]
    _write([*kept, Allowed(name, address, key_variable)])


def forbid(name: str) -> None:
    """Take a name off the list. Raises `NotFound`."""
    kept = [one for one in all_allowed() if one.name != name]
    if len(kept) == len(all_allowed()):
        raise NotFound(f"No address is called {name!r}. `fac jobs allowed` lists them.")
    _write(kept)


def check_allowed(address: str) -> Allowed:
    """What the list says of an address. Raises `WrongUse`, with the command that allows it, where it says nothing.

    An address stands for all below it: `s3://bucket/fac` for `s3://bucket/fac/run-1`.
    """
    for one in all_allowed():
        if address == one.address or address.startswith(one.address.rstrip("/") + "/"):
            return one
    raise WrongUse(
        f"Jobs may not reach {address}. Whoever owns the machine of the worker can allow it: fac jobs allow NAME {address}"
    )


def _write(entries: list[Allowed]) -> None:
    lines = []
    for one in entries:
        lines += [f"[allowed.{json.dumps(one.name)}]", f"address = {json.dumps(one.address)}"]
        lines += [f"key = {json.dumps(one.key_variable)}"] if one.key_variable else []
    write_whole(allowed_file(), "\n".join([*lines, ""]))
