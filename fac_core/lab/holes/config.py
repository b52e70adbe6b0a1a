"""The settings of planted holes: collections of texts, and the groups in them that can be a hole. TOML in, values out."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveInt

from fac_core.errors import BadInput
from fac_core.toml_file import read_toml

Use = Literal["choose", "final"]
_VARIABLE = re.compile(r"\$\{(\w+)\}")


def _expression(given: dict[str, str]) -> dict[str, str]:
    for name, pattern in given.items():
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"topic {name!r} is no regular expression: {error}") from error
    return given


Share = Annotated[float, Field(ge=0, lt=1)]


class CollectionSpec(BaseModel):
    """One `[[collection]]`: a run, and which groups of its texts are taken out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    use: Use
    """Methods are chosen with the ones, and looked at once, at the end, with the others."""
    run: str = Field(min_length=1)
    """Of the workspace; made from `source` where it is absent."""
    source: str | None = None
    """File or mixture, relative to the settings; may hold `${VARIABLE}`s of the environment."""
    text: str | None = None
    label: str | None = None
    """Columns of `source`, as `fac encode` takes them."""
    context: PositiveInt = 256
    """Window of the encoding, in tokens."""
    by: str | None = None
    """Metadata field: each of its values is a group."""
    values: dict[str, str] = {}
    """Only these of its values, and what to call them; all by default."""
    topics: Annotated[dict[str, str], AfterValidator(_expression)] = {}
    """Name and regular expression (no regard to case): the texts that it is found in are a group."""
    least: PositiveInt = 20
    """Groups of fewer texts are left out."""
    length_traps: bool = False
    """Also encode the texts cut to half, and joined two by two: data in which nothing is missing."""


class HolesConfig(BaseModel):
    """A whole file of settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[\w-]+$")
    collections: list[CollectionSpec] = Field(alias="collection", min_length=1)
    cuts: PositiveInt = 4
    """Ways to cut a collection into halves."""
    left: list[Share] = [0.0, 0.25, 0.5]
    """Shares of the group that stay in the data."""
    shares: list[Share] = [0.01, 0.02, 0.05, 0.1, 0.2]
    """Sizes of the hole for the power table, as shares of the anchor."""
    sizes: list[PositiveInt] = [300, 1000, 5000]
    """Texts in the data for the power table; what a collection has not is left out."""
    nulls: PositiveInt = 5
    """Data in which nothing is missing, of each cut and size."""
    resamples: PositiveInt = 1000
    """Of the bootstrap over groups and cuts."""


def read_holes(path: Path) -> HolesConfig:
    """The settings in a TOML file. Raises `BadInput`, which names the file and the field."""
    if not Path(path).is_file():
        raise BadInput(f"There is no file {path}; data/holes.toml is one.")
    found = read_toml(Path(path), HolesConfig)
    names = [one.name for one in found.collections]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadInput(f"{path}: two collections are called {twice[0]!r}.")
    return found


def source_of(spec: CollectionSpec, folder: Path) -> str:
    """The source of a collection with its variables filled in. Raises `BadInput` for one that is not set."""

    def value(match: re.Match[str]) -> str:
        if not (found := os.environ.get(match[1])):
            raise BadInput(f"The environment variable {match[1]} is not set, and collection {spec.name!r} needs it.")
        return found

    return str(folder / _VARIABLE.sub(value, spec.source or ""))
