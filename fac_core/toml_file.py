"""TOML files that people may write, as checked values; what is wrong with one is a sentence.

A file that ships may be forked: one of the same name in the workspace's folder `prompts/` holds instead of it.
"""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fac_core.errors import BadInput, NotFound

Model = TypeVar("Model", bound=BaseModel)


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


def read_toml(path: Path, model: type[Model], **more: object) -> Model:
    """The file as a model, with more values than it has itself. Raises `BadInput`, which names the file and the field."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is not TOML in UTF-8: {error}.") from error
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
