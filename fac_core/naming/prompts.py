"""What a language model is asked about features: versioned files, which people can read and fork.

A prompt ships with the project (`prompts/*.toml`); one of the same name in the workspace's folder `prompts/` holds instead
of it. `$name` is filled in; the examples are earlier turns of the conversation.
"""

from __future__ import annotations

from pathlib import Path
from string import Template

from pydantic import BaseModel, ConfigDict, Field

from fac_core.errors import WrongUse
from fac_core.generators.seam import Message
from fac_core.toml_file import PromptFile, read_prompt

BUILT_IN = Path(__file__).parent / "prompts"


class Example(BaseModel):
    """A question with its right answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: str
    assistant: str


class Prompt(PromptFile):
    """A question that can be asked about any feature."""

    system: str
    user: str = Field(min_length=1)
    example: tuple[Example, ...] = ()

    def messages(self, **values: str) -> tuple[Message, ...]:
        """The conversation, filled in. Raises `WrongUse` for a `$name` that there is not."""
        try:
            question = Template(self.user).substitute(values)
        except (KeyError, ValueError) as error:
            raise WrongUse(
                f"The prompt {self.name!r} has {error}; there are: {', '.join(sorted(values))}. Write $$ for a dollar."
            ) from error
        shown = [
            Message(role, text.strip())
            for one in self.example
            for role, text in (("user", one.user), ("assistant", one.assistant))
        ]
        return (Message("system", self.system.strip()), *shown, Message("user", question.strip()))


def prompt(name: str, workspace: Path | None = None) -> Prompt:
    """The user's fork of a prompt, or the built-in one. Raises `BadInput`, which names the file and the field."""
    return read_prompt(name, Prompt, BUILT_IN, workspace)
