"""A TOML file that people may write, as a checked value; what is wrong with it is one sentence."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from fac_core.errors import BadInput

Model = TypeVar("Model", bound=BaseModel)


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


def fork_mark(path: Path) -> str:
    """What tells a user's version of a file from the one that ships: the beginning of its hash."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]
