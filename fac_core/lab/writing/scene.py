"""Synthetic sets for one seed, method by method: the same generator, prompt, label words and checks for all of them.

Methods differ in what their prompt shows, and in nothing else:

unguided          task and label, no text
Self-Instruct     three of the seed's own texts of the class
anchor few-shot   three texts of the class from the anchor: what its texts are worth without any features
Magpie            no list: the model writes the message of a user, knowing task and label
random features   spans of a feature at home in the class, covered or not; the text has to fire it
FAC Synthesis     the same for gaps of the seed
FAC in rounds     the same in three parts, the gaps counted anew with what was written before each
shortfalls        the same for features that the seed's texts of the class fire too seldom, by the anchor's share
likest written    of all that the others wrote, the texts with which mean activations over a class are the anchor's

A label is the class of the texts that were shown. With `check_labels` a classifier that learned from the anchor has to
agree (`label_check.py`), for every method alike. Here stand what all of them share: the settings, and the seed that is written for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from fac_core.errors import WrongUse
from fac_core.generators.seam import Answer, Generator, Request
from fac_core.lab.writing.class_targets import ClassTargets, Fired
from fac_core.synthesis.parsing import Sample
from fac_core.synthesis.prompts import PromptTemplate
from fac_core.synthesis.proof.verdict import Judge
from fac_core.synthesis.proof.verification import Reading, read
from fac_core.synthesis.spec import Step, SynthesisSpec

IN_ROUNDS = "FAC in rounds"
FROM_PROMPTS = ("unguided", "Self-Instruct", "anchor few-shot", "Magpie")
METHODS = (*FROM_PROMPTS, "random features", "FAC Synthesis", IN_ROUNDS, "shortfalls")
"""Those that do not go by their prompts alone have to fire a feature (`toward_features.py`)."""
PER_FEATURE = "FAC per feature"
"""A fifth of the targets of FAC Synthesis, several texts each: the other way to spend a budget."""
LIKEST = "likest written"
"""Picked from the sets of all other methods, so it costs more answers than any of them."""

FROM_ONE_PROMPT = 4
"""Texts that one prompt asks for."""
ROUNDS = 24
"""So often is more asked for while texts are missing."""
SURPLUS = 1.25
"""Asked for in one round, of what is missing: some answers will not do."""
MIN_WORDS = 3


@dataclass(frozen=True, kw_only=True)
class WritingSpec:
    """What is written. Raises `WrongUse` for values that make no sense."""

    task: str = "messages that people send to a chat assistant"
    names: tuple[str, str] = ("toxic", "harmless")
    """What positive and negative texts are called in prompts."""
    n_seed: tuple[int, int] = (15, 60)
    """Positive and negative texts of a seed."""
    n_added: tuple[int, int] = (8, 24)
    """Those written for it, by every method."""
    draws: int = 3
    """Seeds."""
    methods: tuple[str, ...] = METHODS
    per_feature: int = 5
    """Texts of a target in the set `FAC per feature`; 0 leaves it out."""
    check_labels: bool = False
    """Keep only texts that a classifier finds to be of their class."""
    hole: bool = False
    """Seeds that lack a topic (`seeds.py`)."""
    step: Step = "guided"
    """How texts are made to fire a feature."""
    candidates: int = 2
    """Of a target, the strongest of which is kept."""
    max_tokens: int = 48
    temperature: float = 0.8
    top_p: float = 0.9

    def __post_init__(self) -> None:
        if unknown := [one for one in self.methods if one not in METHODS]:
            raise WrongUse(f"There is no method {unknown[0]!r}; choose from {', '.join(METHODS)}.")
        if min(*self.n_added, *self.n_seed, self.draws, self.candidates, self.max_tokens) < 1:
            raise WrongUse("Sizes, draws, candidates and max_tokens have to be 1 or more.")

    def wanted(self, label: bool) -> int:
        """Texts of a class."""
        return self.n_added[0 if label else 1]

    def synthesis(self, label: bool, draw: int) -> SynthesisSpec:
        """The same for the engine of synthesis."""
        return SynthesisSpec(
            task=self.task,
            label=self.names[0 if label else 1],
            steps=(self.step,),
            n=FROM_ONE_PROMPT,
            m=self.candidates,
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            top_p=self.top_p,
            random_seed=draw,
        )


@dataclass(frozen=True)
class Written:
    """One synthetic text."""

    text: str
    positive: bool
    method: str
    origin: str
    """What its prompt showed, in words."""
    feature: int | None = None
    """That it was written towards, and fires."""
    nth: int = 0
    """Of the texts of its feature, or of the rounds."""


@dataclass
class Scene:
    """One seed, and what texts for it are written with."""

    draw: int
    seed: np.ndarray
    """Rows of the pool."""
    anchor: np.ndarray
    features: ClassTargets
    template: PromptTemplate
    generator: Generator
    judge: Judge
    """Who has seen no text yet, but knows seed and anchor."""
    n_asked: dict[str, int] = field(default_factory=dict)
    """Answers that were drawn, by method."""
    _readings: dict[str, Reading] = field(default_factory=dict)

    def rng(self, *names: object) -> np.random.Generator:
        """Random numbers of their own for every purpose, so that no method depends on those before it."""
        return np.random.default_rng(number_of(self.draw, *names))

    def read(self, texts: Sequence[Written]) -> list[Reading]:
        """What texts fire; each is read once."""
        new = list(dict.fromkeys(one.text for one in texts if one.text not in self._readings))
        samples = [Sample(text, None, {}) for text in new]
        self._readings.update(zip(new, read(self.judge.reader, samples, [0] * len(new)), strict=True))
        return [self._readings[one.text] for one in texts]

    def fired(self, texts: Sequence[Written]) -> list[Fired]:
        """Which features they fire, and how strongly."""
        return [(reading.feature_ids, reading.activations) for reading in self.read(texts)]

    def generate(self, method: str, requests: Sequence[Request]) -> list[Answer]:
        self.n_asked[method] = self.n_asked.get(method, 0) + sum(one.n for one in requests)
        return self.generator.generate(requests)


def number_of(*names: object) -> int:
    """A random seed that is the names' own: 31 bits, the same on every machine."""
    return int.from_bytes(hashlib.sha256(json.dumps(names, default=str).encode()).digest()[:4], "big") >> 1
