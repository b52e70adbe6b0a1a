"""What is asked of a synthesis, as one frozen value: the flags of `fac synthesise` and the form of the dashboard."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from fac_core.coverage.definition import PAPER, Definition
from fac_core.errors import WrongUse

Shape = Literal["text", "instruction", "pair", "behaviour", "chat"]
"""What one sample is: plain text; instruction and response; a chosen and a rejected response; a question with two
options, one of which shows the behaviour; a free chat."""

Step = Literal["guided", "one step", "two steps", "retry", "steered"]
"""How candidates are made, in the order in which the steps are tried: the one that brings most for its tokens first."""

STEPS: tuple[Step, ...] = get_args(Step)

ONCE: tuple[Step, ...] = ("one step", "two steps")
"""Steps that are not attempted again."""


def possible_steps(generator: str, shape: Shape) -> tuple[Step, ...]:
    """The steps that a generator can take for a shape: to steer is for a steered one, to guide for plain texts on this machine.

    >>> possible_steps("local", "chat")
    ('one step', 'two steps', 'retry')
    """
    cannot = {"local": ("steered",), "steered": ()}.get(generator, ("steered", "guided"))
    return tuple(step for step in STEPS if step not in cannot and (step != "guided" or shape == "text"))


@dataclass(frozen=True)
class SynthesisSpec:
    """What to make for which gaps. Equal values of equal runs are the same batch. Raises `WrongUse`."""

    targets: tuple[int, ...] | None = None
    """Feature ids; None means every gap that somebody approved."""
    seed: str | None = None
    """Run whose gaps are filled; the newest beside the anchor by default."""
    anchor: str | None = None
    """Anchor run; the workspace's by default."""
    definition: Definition = PAPER
    """Says δ of every target."""
    theme: str = ""
    """Theme that the run is short of: without targets, all its features are. Every prompt says what it is about."""
    task: str = ""
    """What the samples are for, in a few words for the prompt."""
    label: str = ""
    """The class that every sample has to have, in a classification task."""
    shape: Shape = "text"
    """What one sample is."""
    prompt: str = ""
    """Name of the prompt template; by default the shape's, in the form that the generator understands."""
    steps: tuple[Step, ...] = ("one step", "two steps")
    """How candidates are made; tried in this order."""
    n: int = 4
    """Candidates of step 1, for a target."""
    m: int = 4
    """Candidates of step 2, and of every later attempt."""
    k: int = 1
    """Passing candidates with which a target is done."""
    attempts: int = 1
    """How often each of `retry`, `steered` and `guided` is tried for a target that is not done."""
    max_tokens: int = 64
    """Longest candidate, in tokens."""
    temperature: float = 0.8
    """Of sampling, 0 to 2."""
    top_p: float = 0.9
    """Of sampling: only tokens within this share of the probability."""
    budget: int | None = None
    """Tokens that may be generated in all: a hard cap."""
    generator: str = "local"
    """`local`, `steered`, or the address of an OpenAI-compatible server."""
    model: str = ""
    """Of the generator; a local one takes the model of the feature space by default."""
    random_seed: int = 0
    """Of sampling; another one is another batch."""
    at_once: int = 16
    """Targets worked on together: a larger number fills the batches of a local model, a smaller one reports sooner."""

    def __post_init__(self) -> None:
        for name in ("n", "m", "k", "attempts", "max_tokens", "at_once"):
            if getattr(self, name) < 1:
                raise WrongUse(f"{name} is {getattr(self, name)}; give 1 or more.")
        if self.shape not in get_args(Shape):
            raise WrongUse(f"shape is {self.shape!r}; choose one of {', '.join(get_args(Shape))}.")
        if not self.steps or not set(self.steps) <= set(STEPS):
            raise WrongUse(f"steps are {', '.join(self.steps) or 'none'}; choose from {', '.join(STEPS)}.")
        if "steered" in self.steps and self.generator != "steered":
            raise WrongUse(
                f"Generator {self.generator!r} cannot steer; take --generator steered, or leave that step out."
            )
        if not (0 <= self.temperature <= 2 and 0 < self.top_p <= 1):
            raise WrongUse(f"temperature is {self.temperature}, top_p {self.top_p}; give 0 to 2, and above 0 up to 1.")
        if self.budget is not None and self.budget < 1:
            raise WrongUse(f"budget is {self.budget}; give 1 token or more, or none for no cap.")


@dataclass(frozen=True)
class Settings:
    """A spec with its runs and targets found: what a batch is made from."""

    spec: SynthesisSpec
    anchor_run_id: str
    seed_run_id: str
    space_id: str
    targets: tuple[int, ...]
    prompt: str
    """Name and version of the template."""

    @property
    def values(self) -> dict[str, Any]:
        """Whatever of the spec makes another batch."""
        kept = {k: v for k, v in asdict(self.spec).items() if k not in ("targets", "seed", "anchor", "budget", "theme")}
        themed = (
            {"theme": self.spec.theme} if self.spec.theme else {}
        )  # batches from before there were themes stay the same
        return {**kept, **themed, "prompt": self.prompt}

    @property
    def batch_id(self) -> str:
        """The same runs, targets, prompt and settings are the same batch. The budget is not part of it: it may be raised."""
        whole = [self.anchor_run_id, self.seed_run_id, self.space_id, self.targets, self.values]
        return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:16]
