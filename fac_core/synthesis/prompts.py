"""Prompt templates: files that people can read and fork, and how they are filled in for a target.

A template ships with the project (`prompts/*.toml`); one of the same name in the workspace's folder `prompts/` holds
instead of it. It has a section for each step that it can ask for; `$name` is filled in. Form `json` asks for one JSON
object with the shape's fields; form `plain` is for small models, which rather go on writing a list that was begun.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import Template

from pydantic import BaseModel, ConfigDict, Field

from fac_core.datasets.chats import Message
from fac_core.errors import WrongUse
from fac_core.synthesis.spec import Shape, Step
from fac_core.toml_file import PromptFile, read_prompt
from fac_core.whole import write_whole

BUILT_IN = Path(__file__).parent / "prompts"

OF_THEME = """
A dataset has too few texts of one theme. The theme is called: $theme
Words that set its texts apart: $theme_words
Patterns that its texts show together, with the words that show each most:
$theme_features
Passages of real texts of the theme:
$theme_passages
Whatever you write has to be of this theme and, at the same time, do what is asked for next. Do not repeat the passages.

"""
"""What a template says of a theme that says nothing else. Names and texts come in quotes (`Brief.values`)."""


class Section(BaseModel):
    """The messages of one step."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: str = ""
    user: str = Field(min_length=1)
    assistant: str = ""
    """How the answer begins; the model continues it."""


class PromptTemplate(PromptFile):
    """A template, by steps."""

    shape: Shape
    form: str = Field(pattern="^(json|plain)$")
    theme: str = OF_THEME
    """Said before what a section asks for, where texts are wanted of a theme."""
    one_step: Section
    two_steps: Section | None = None
    retry: Section | None = None
    steered: Section | None = None
    guided: Section | None = None

    def section(self, step: Step) -> Section:
        """Raises `WrongUse` where the template cannot ask for this step."""
        found = getattr(self, step.replace(" ", "_"))
        if found is None:
            raise WrongUse(f"The prompt {self.name!r} has no section for {step!r}. Add one, or leave the step out.")
        return found


def prompt_template(name: str, workspace: Path | None = None) -> PromptTemplate:
    """The user's fork of a template, or the built-in one.

    Raises `NotFound`, listing the built-in ones, and `BadInput`, which names the file and the field.
    """
    return read_prompt(name, PromptTemplate, BUILT_IN, workspace)


def built_in() -> list[str]:
    """Names of the templates that ship."""
    return sorted(path.stem for path in BUILT_IN.glob("*.toml"))


def messages(template: PromptTemplate, step: Step, values: Mapping[str, str]) -> tuple[Message, ...]:
    """A conversation with everything filled in, a theme first if there is one. Raises `WrongUse` for a `$name` that there is not."""
    section = template.section(step)
    asked = template.theme + section.user if "theme" in values else section.user
    parts = (("system", section.system), ("user", asked), ("assistant", section.assistant))
    try:
        filled = [Message(role, Template(text).substitute(values).strip()) for role, text in parts if text]
    except (KeyError, ValueError) as error:
        raise WrongUse(
            f"The prompt {template.name!r}, section {step!r}, has {error}; there are: {', '.join(sorted(values))}."
            " Write $$ for a dollar sign."
        ) from error
    return tuple(filled)


def prompts(folder: Path) -> dict[str, str]:
    """By name the text of every prompt template, the workspace's forks before those that ship."""
    files = {path.stem: path for place in (BUILT_IN, folder / "prompts") for path in sorted(place.glob("*.toml"))}
    return {name: path.read_text(encoding="utf-8") for name, path in files.items()}


def fork_prompt(folder: Path, name: str, text: str) -> Path:
    """Keep a changed template in the workspace, whole or not at all; it holds instead of the one that ships.

    Raises `WrongUse` for a name that is no file name.
    """
    if not name or Path(name).name != name or name.startswith("."):
        raise WrongUse(f"{name!r} is no name for a prompt: write letters, digits and hyphens.")
    own = folder / "prompts" / f"{name}.toml"
    own.parent.mkdir(exist_ok=True)
    write_whole(own, text)
    return own
