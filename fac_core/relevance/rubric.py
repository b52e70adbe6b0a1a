"""Rubrics: what a task asks of a feature, as a file that people can read and write."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from fac_core.errors import NotFound
from fac_core.toml_file import read_toml

BUILT_IN = Path(__file__).parent / "rubrics"


class Rubric(BaseModel):
    """A task, in words that a judge can apply to a feature."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str = Field(min_length=1)
    """Short name; verdicts are kept under it."""
    title: str
    question: str
    """Answered with yes, probably, maybe or no."""
    criteria: tuple[str, ...] = Field(min_length=1)
    """A feature is relevant if it fits one of them; it need not fit all."""
    source: str
    """Where the criteria come from."""


def rubric(name: str | Path) -> Rubric:
    """A built-in rubric by name, or the user's own from a `.toml` file.

    Raises `NotFound`, listing the built-in ones, and `BadInput`, which names the file and the field.
    """
    path = BUILT_IN / f"{name}.toml"
    if not path.is_file():
        path = Path(name)
    if path.suffix != ".toml" or not path.is_file():
        raise NotFound(f"There is no rubric {str(name)!r}. Give a .toml file or one of: {', '.join(built_in())}.")
    return read_toml(path, Rubric)


def built_in() -> list[str]:
    """Names of the rubrics that ship."""
    return sorted(path.stem for path in BUILT_IN.glob("*.toml"))
