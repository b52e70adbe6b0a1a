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
agree (`label_check.py`), for every method alike.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from fac_core.datasets.chats import Message
from fac_core.errors import WrongUse
from fac_core.generators.seam import Answer, Generator, Request
from fac_core.lab.writing.class_targets import ClassTargets
from fac_core.synthesis.answers import Malformed, Sample, parse, whole
from fac_core.synthesis.prompts import PromptTemplate
from fac_core.synthesis.proof.similarity import Known
from fac_core.synthesis.proof.verdict import Classify, Judge
from fac_core.synthesis.proof.verification import Reading, read
from fac_core.synthesis.spec import Step, SynthesisSpec
from fac_core.synthesis.steps import ask
from fac_core.synthesis.targets import Span, Target

IN_ROUNDS = "FAC in rounds"
FROM_PROMPTS = ("unguided", "Self-Instruct", "anchor few-shot", "Magpie")
METHODS = (*FROM_PROMPTS, "random features", "FAC Synthesis", IN_ROUNDS, "shortfalls")
"""Those that do not go by their prompts alone have to fire a feature (`writing_toward.py`)."""
PER_FEATURE = "FAC per feature"
"""A fifth of the targets of FAC Synthesis, several texts each: the other way to spend a budget."""
LIKEST = "likest written"
"""Picked from the sets of all other methods, so it costs more answers than any of them."""

_FROM_ONE_PROMPT = 4
ROUNDS = 24
"""So often is more asked for while texts are missing."""
SURPLUS = 1.25
"""Asked for in one round, of what is missing: some answers will not do."""
MIN_WORDS = 3
_SHOWN_WORDS = 40
"""Of a text that is shown in a prompt."""


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
            n=_FROM_ONE_PROMPT,
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
        return np.random.default_rng(_number(self.draw, *names))

    def read(self, texts: Sequence[Written]) -> list[Reading]:
        """What texts fire; each is read once."""
        new = list(dict.fromkeys(one.text for one in texts if one.text not in self._readings))
        samples = [Sample(text, None, {}) for text in new]
        self._readings.update(zip(new, read(self.judge.reader, samples, [0] * len(new)), strict=True))
        return [self._readings[one.text] for one in texts]

    def generate(self, method: str, requests: Sequence[Request]) -> list[Answer]:
        self.n_asked[method] = self.n_asked.get(method, 0) + sum(one.n for one in requests)
        return self.generator.generate(requests)


def from_prompts(method: str, scene: Scene, spec: WritingSpec) -> list[Written]:
    """As many texts of each class as are wanted; fewer only where the generator fails at it again and again."""
    known = scene.judge.known.forgetting()
    kept: dict[bool, list[Written]] = {True: [], False: []}
    for attempt in range(ROUNDS):
        asked: list[tuple[bool, Request, str]] = []
        for label, made in kept.items():
            missing = spec.wanted(label) - len(made)
            n_prompts = -(-int(SURPLUS * missing) // _FROM_ONE_PROMPT) if missing > 0 else 0
            asked += [(label, *_REQUESTS[method](scene, spec, label, attempt, nth)) for nth in range(n_prompts)]
        if not asked:
            break
        answers = scene.generate(method, [request for _, request, _ in asked])
        for (label, _, origin), answer in zip(asked, answers, strict=True):
            for text in _of_class(_new(answer.texts, known), spec.names[0 if label else 1], scene.judge.classify):
                if len(kept[label]) < spec.wanted(label):
                    kept[label].append(Written(text, label, method, origin))
    return kept[True] + kept[False]


def _new(answers: Sequence[str], known: Known) -> list[str]:
    """The answers that are texts, no copies and no near-duplicates."""
    texts = []
    for answer in answers:
        try:
            text = parse(answer, "text", "plain").text
        except Malformed:
            continue
        if len(text.split()) >= MIN_WORDS:
            texts.append(text)
    fresh = [t for t, like in zip(texts, known.likeness(texts), strict=True) if not (like.is_copy or like.is_duplicate)]
    known.add(fresh)
    return fresh


def _of_class(texts: Sequence[str], name: str, classify: Classify | None) -> Sequence[str]:
    if classify is None or not texts:
        return texts
    return [text for text, found in zip(texts, classify(texts), strict=True) if found == name]


def _list(scene: Scene, spec: WritingSpec, label: bool, rows: np.ndarray, *names: object) -> tuple[Request, str]:
    """A list to go on with, which begins with some of these rows."""
    pool = scene.features.pool
    mine = rows[pool.positive[rows] == label]
    shown = scene.rng(*names).choice(mine, min(3, len(mine)), replace=False) if len(mine) else mine
    spans = tuple(Span("", _clipped(pool.texts[row]), "", 1.0, int(row), True) for row in shown)
    [asked] = ask("one step", _target(spans, *names), [], 0, spec.synthesis(label, scene.draw), scene.template)
    return asked.request, f"rows {', '.join(str(int(row)) for row in shown)}" if spans else "nothing"


def _unguided(scene: Scene, spec: WritingSpec, label: bool, attempt: int, nth: int) -> tuple[Request, str]:
    return _list(scene, spec, label, np.zeros(0, dtype=np.int64), "unguided", label, attempt, nth)


def _self_instruct(scene: Scene, spec: WritingSpec, label: bool, attempt: int, nth: int) -> tuple[Request, str]:
    return _list(scene, spec, label, scene.seed, "seed", label, attempt, nth)


def _anchor_few_shot(scene: Scene, spec: WritingSpec, label: bool, attempt: int, nth: int) -> tuple[Request, str]:
    return _list(scene, spec, label, scene.anchor, "anchor", label, attempt, nth)


def _magpie(scene: Scene, spec: WritingSpec, label: bool, attempt: int, nth: int) -> tuple[Request, str]:
    told = f"This is a collection of {spec.task}. Every one is: {spec.names[0 if label else 1]}."
    request = Request(
        (Message("system", told), Message("user", "")),
        n=_FROM_ONE_PROMPT,
        max_tokens=spec.max_tokens,
        temperature=spec.temperature,
        top_p=spec.top_p,
        seed=_number(scene.draw, "empty turn", label, attempt, nth),
        stop=("\n",),
    )
    return request, "an empty turn"


_REQUESTS: Mapping[str, Callable[[Scene, WritingSpec, bool, int, int], tuple[Request, str]]] = {
    "unguided": _unguided,
    "Self-Instruct": _self_instruct,
    "anchor few-shot": _anchor_few_shot,
    "Magpie": _magpie,
}


def _target(spans: tuple[Span, ...], *names: object) -> Target:
    """What a list shows, for prompts that are about no feature; its number only makes the random seed its own."""
    return Target(_number(*names), "", 0.0, 1.0, spans)


def _clipped(text: str) -> str:
    """The first words of a text, up to the end of a sentence where there is one."""
    words = text.split()
    return " ".join(words) if len(words) <= _SHOWN_WORDS else whole(" ".join(words[:_SHOWN_WORDS]))


def _number(*names: object) -> int:
    return int.from_bytes(hashlib.sha256(json.dumps(names, default=str).encode()).digest()[:4], "big") >> 1
