"""TOML files that people may write, as checked values; what is wrong with one is a sentence.

A file that ships may be forked: one of the same name in the workspace's folder `prompts/` holds instead of it.
"""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fac_core.errors import BadInput, NotFound

Model = TypeVar("Model", bound=BaseModel)
_LARGEST = 4 << 20
"""Bytes. What people write has some thousands."""


class PromptFile(BaseModel):
    """What every prompt file says of itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    version: int = Field(ge=1)
    fork: str = ""
    """Of a user's own file: a hash of it."""

    @property
    def identity(self) -> str:
        """For the record: `explain@1`, and for a fork `explain@1+0a1b2c3d`."""
        return f"{self.name}@{self.version}" + (f"+{self.fork}" if self.fork else "")


AnyPrompt = TypeVar("AnyPrompt", bound=PromptFile)


def toml_values(path: Path) -> dict[str, Any]:
    """What a file says, as it says it. Raises `BadInput`, which names the file and where TOML knows it the line."""
    try:
        if path.exists() and not path.is_file():
            raise BadInput(f"{path} is no file. Copy what it gives into one.")
        if path.stat().st_size > _LARGEST:
            raise BadInput(f"{path} is larger than {_LARGEST >> 20} MB, which no person wrote. Name another file.")
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}.") from error
    except RecursionError as error:
        raise BadInput(f"{path} is nested too deeply. Write it flatter.") from error
    except ValueError as error:  # no TOML, no UTF-8, a number of thousands of digits
        raise BadInput(f"{path} is not TOML in UTF-8: {error}.") from error


def read_toml(path: Path, model: type[Model], **more: object) -> Model:
    """The file as a model, with more values than it has itself. Raises `BadInput`, which names the file and the field."""
    values = toml_values(path)
    try:
        return model(**{**values, **more})
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(f"{path}: field {'.'.join(map(str, first['loc']))!r}: {first['msg']}.") from error


def read_prompt(name: str, model: type[AnyPrompt], shipped: Path, workspace: Path | None) -> AnyPrompt:
    """The user's fork of a prompt, or the one in the folder `shipped`.

    Raises `NotFound`, listing those that ship, and `BadInput`, which names the file and the field.
    """
    own = workspace / "prompts" / f"{name}.toml" if workspace else None
    path = own if own and own.is_file() else shipped / f"{name}.toml"
    if not path.is_file() or Path(name).name != name:
        known = ", ".join(sorted(path.stem for path in shipped.glob("*.toml")))
        raise NotFound(
            f"There is no prompt {name!r}. Put {name}.toml into the workspace's prompts/, or take one of: {known}."
        )
    fork = hashlib.sha256(path.read_bytes()).hexdigest()[:8] if path == own else ""
    return read_toml(path, model, fork=fork)
