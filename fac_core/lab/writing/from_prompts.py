"""Synthetic texts by what a prompt shows alone: nothing, texts of the seed or of the anchor, or an empty turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from fac_core.datasets.chats import Message
from fac_core.generators.seam import Request
from fac_core.lab.writing.scene import (
    FROM_ONE_PROMPT,
    MIN_WORDS,
    ROUNDS,
    SURPLUS,
    Scene,
    WritingSpec,
    Written,
    number_of,
)
from fac_core.synthesis.parsing import Malformed, parse, whole
from fac_core.synthesis.proof.similarity import Known
from fac_core.synthesis.proof.verdict import Classify
from fac_core.synthesis.spans import Span
from fac_core.synthesis.steps import ask
from fac_core.synthesis.targets import Target

_SHOWN_WORDS = 40
"""Of a text that is shown in a prompt."""


def from_prompts(method: str, scene: Scene, spec: WritingSpec) -> list[Written]:
    """As many texts of each class as are wanted; fewer only where the generator fails at it again and again."""
    known = scene.judge.known.forgetting()
    kept: dict[bool, list[Written]] = {True: [], False: []}
    for attempt in range(ROUNDS):
        asked: list[tuple[bool, Request, str]] = []
        for label, made in kept.items():
            missing = spec.wanted(label) - len(made)
            n_prompts = -(-int(SURPLUS * missing) // FROM_ONE_PROMPT) if missing > 0 else 0
            write = _empty_turn if method == "Magpie" else partial(_list, method)
            asked += [(label, *write(scene, spec, label, attempt, nth)) for nth in range(n_prompts)]
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


_SHOWN: Mapping[str, tuple[str, Callable[[Scene], np.ndarray]]] = {
    "unguided": ("unguided", lambda _scene: np.zeros(0, dtype=np.int64)),
    "Self-Instruct": ("seed", lambda scene: scene.seed),
    "anchor few-shot": ("anchor", lambda scene: scene.anchor),
}
"""Method -> what its random numbers are known by, and the rows that a list begins with."""


def _list(method: str, scene: Scene, spec: WritingSpec, label: bool, attempt: int, nth: int) -> tuple[Request, str]:
    """A list to go on with, which begins with some texts of the class."""
    source, rows_of = _SHOWN[method]
    pool, names = scene.features.pool, (source, label, attempt, nth)
    mine = pool.of(label, rows_of(scene))
    shown = scene.rng(*names).choice(mine, min(3, len(mine)), replace=False) if len(mine) else mine
    spans = tuple(Span("", _clipped(pool.texts[row]), "", 1.0, int(row), True) for row in shown)
    target = Target(number_of(*names), "", 0.0, 1.0, spans)  # of no feature: its number makes the random seed its own
    [asked] = ask("one step", target, [], 0, spec.synthesis(label, scene.draw), scene.template)
    return asked.request, f"rows {', '.join(str(int(row)) for row in shown)}" if spans else "nothing"


def _empty_turn(scene: Scene, spec: WritingSpec, label: bool, attempt: int, nth: int) -> tuple[Request, str]:
    told = f"This is a collection of {spec.task}. Every one is: {spec.names[0 if label else 1]}."
    request = Request(
        (Message("system", told), Message("user", "")),
        n=FROM_ONE_PROMPT,
        max_tokens=spec.max_tokens,
        temperature=spec.temperature,
        top_p=spec.top_p,
        seed=number_of(scene.draw, "empty turn", label, attempt, nth),
        stop=("\n",),
    )
    return request, "an empty turn"


def _clipped(text: str) -> str:
    """The first words of a text, up to the end of a sentence where there is one."""
    words = text.split()
    return " ".join(words) if len(words) <= _SHOWN_WORDS else whole(" ".join(words[:_SHOWN_WORDS]))
