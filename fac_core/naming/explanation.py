"""Labels by a language model, in three separate conversations: explain a feature, verify the label, detect by it.

1. *Explain*: from the excerpts in which the feature is strongest to a label, or to "cannot tell".
2. *Verify*: somebody who knows only label and excerpts says how well they fit (paper, App. K). A "no" withdraws the label.
3. *Detect*: somebody who knows only the label picks, among unseen excerpts, those that should fire the feature. How often
   that is right is the label's trust (the idea of detection scoring: Paulo et al. 2024).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from fac_core.generators.cache import Cached
from fac_core.generators.estimate import Estimate, estimate
from fac_core.generators.json_answers import json_object
from fac_core.generators.scripted import Scripted
from fac_core.generators.seam import Answer, Generator, Request, Usage
from fac_core.naming.level import Level, level_of
from fac_core.naming.prompts import Prompt, prompt
from fac_core.naming.spans import Material, Span, numbered
from fac_core.naming.trust import Trust, trust
from fac_core.store.answers import Answers

Outcome = Literal["labelled", "contradicted", "cannot tell", "failed"]

ANSWER_TOKENS = 200
"""Of each answer. Models that reason before they answer need more."""

LONGEST_LABEL = 200
"""Characters."""

_FEWEST_SPANS = 2
_CASES_AT_ONCE = 10
"""Excerpts in one question: models lose count in long lists."""


@dataclass(frozen=True)
class Prompts:
    """The three questions."""

    explain: Prompt
    verify: Prompt
    detect: Prompt

    @classmethod
    def of(cls, workspace: Path | None = None) -> Prompts:
        """As they ship, or as the workspace has them."""
        return cls(*(prompt(name, workspace) for name in ("explain", "verify", "detect")))

    @property
    def identity(self) -> str:
        """For the record."""
        return ", ".join(one.identity for one in (self.explain, self.verify, self.detect))


@dataclass(frozen=True)
class Explained:
    """What came of one feature."""

    feature_id: int
    outcome: Outcome
    text: str
    """The label; also one that was contradicted or could not be verified. Empty without."""
    verified: Level | None
    trust: Trust | None
    """None where no case is held out, or no question about them was answered."""
    seen: tuple[int, ...]
    """Samples that the label was made from."""
    detail: str
    """Why there is no label, or what the verification said."""
    model: str
    prompt: str
    usage: Usage


def explain(
    generator: Generator, materials: Mapping[int, Material], prompts: Prompts, *, answer_tokens: int = ANSWER_TOKENS
) -> dict[int, Explained]:
    """Label features. A request that fails makes its own feature `failed`; the others go on."""
    can_be = {feature: one for feature, one in materials.items() if len(one.spans) >= _FEWEST_SPANS}
    asked = [_explanation_request(one, prompts, answer_tokens) for one in can_be.values()]
    first = dict(zip(can_be, generator.generate(asked), strict=True))
    labels = {feature: label for feature, answer in first.items() if (label := _label(answer))}
    follow_ups: list[Request] = []
    places: dict[int, slice] = {}
    for feature, label in labels.items():
        questions = _follow_ups(materials[feature], label, prompts, answer_tokens)
        places[feature] = slice(len(follow_ups), len(follow_ups) + len(questions))
        follow_ups += questions
    second = generator.generate(follow_ups)
    return {
        feature: _explained(one, first.get(feature), second[places.get(feature, slice(0))], generator.name, prompts)
        for feature, one in materials.items()
    }


def expected(
    generator: Generator,
    answers: Answers,
    materials: Mapping[int, Material],
    prompts: Prompts,
    *,
    answer_tokens: int = ANSWER_TOKENS,
) -> Estimate:
    """What `explain` will cost beyond the answers that are kept already. Nothing is sent."""
    unpaid = Scripted(lambda _request: Answer((), error="not asked"), generator.name)
    explain(Cached(unpaid, answers), materials, prompts, answer_tokens=answer_tokens)
    explanations = {_explanation_request(one, prompts, answer_tokens): one for one in materials.values()}
    unnamed = [explanations[request] for request in unpaid.requests if request in explanations]
    for one in unnamed:
        unpaid.requests += _follow_ups(one, "x" * LONGEST_LABEL, prompts, answer_tokens)
    return estimate(unpaid.requests)


def _explanation_request(material: Material, prompts: Prompts, answer_tokens: int) -> Request:
    return question(prompts.explain, answer_tokens, spans=numbered(material.spans, marked=True))


def _follow_ups(material: Material, label: str, prompts: Prompts, answer_tokens: int) -> list[Request]:
    """The verification, then the detections."""
    verification = question(prompts.verify, answer_tokens, label=label, spans=numbered(material.spans, marked=True))
    return [
        verification,
        *(
            question(prompts.detect, answer_tokens, label=label, spans=numbered(part, marked=False))
            for part in _parts(material.cases)
        ),
    ]


def question(asked: Prompt, answer_tokens: int, **values: str) -> Request:
    """A request whose answer should be one JSON object and always the same."""
    return Request(asked.messages(**values), max_tokens=answer_tokens, temperature=0.0, top_p=1.0, json=True)


def _parts(cases: Sequence[Span]) -> list[Sequence[Span]]:
    return [cases[i : i + _CASES_AT_ONCE] for i in range(0, len(cases), _CASES_AT_ONCE)]


def _label(answer: Answer) -> str:
    """The label in an answer; empty if it has none."""
    found = json_object(answer.texts[0]) if answer.texts else None
    said = found.get("label") if found else None
    label = " ".join(said.split())[:LONGEST_LABEL] if isinstance(said, str) else ""
    return "" if label.lower().strip(" .") in ("cannot tell", "null", "none") else label


def _explained(
    material: Material, first: Answer | None, second: Sequence[Answer], model: str, prompts: Prompts
) -> Explained:
    usage = sum((answer.usage for answer in second), first.usage if first else Usage())
    label = _label(first) if first else ""
    outcome, verified, measured, detail = _without_label(first)
    if label:
        outcome, verified, detail = _verified(second[0])
        measured = _detected(material, second[1:], model)
    seen = tuple(span.sample_id for span in material.spans)
    return Explained(
        material.feature_id, outcome, label, verified, measured, seen, detail, model, prompts.identity, usage
    )


def _without_label(first: Answer | None) -> tuple[Outcome, None, None, str]:
    if first is None:
        return "cannot tell", None, None, f"It fires in fewer than {_FEWEST_SPANS} samples that can be shown."
    if first.error or json_object(first.texts[0]) is None:
        return "failed", None, None, first.error or f"The answer has no JSON object: {first.texts[0][:100]!r}"
    return "cannot tell", None, None, "The model sees nothing in common."


def _verified(answer: Answer) -> tuple[Outcome, Level | None, str]:
    found = json_object(answer.texts[0]) if answer.texts else None
    level = level_of(found)
    if level is None:
        return "failed", None, f"The label could not be verified: {answer.error or 'the answer has no verdict'}"
    return (
        ("contradicted" if level == "no" else "labelled"),
        level,
        str((found or {}).get("reason", ""))[:LONGEST_LABEL],
    )


def _detected(material: Material, answers: Sequence[Answer], model: str) -> Trust | None:
    """How well the label predicts, over the cases that were answered about."""
    said: list[bool] = []
    truth: list[bool] = []
    for nth, (part, answer) in enumerate(zip(_parts(material.cases), answers, strict=True)):
        found = json_object(answer.texts[0]) if answer.texts else None
        numbers = found.get("contain") if found else None
        if not isinstance(numbers, list):
            continue
        said += [str(number) in map(str, numbers) for number in range(1, len(part) + 1)]
        truth += material.fires[nth * _CASES_AT_ONCE :][: len(part)]
    fires = np.array(truth, dtype=bool)
    if not fires.any() or fires.all():
        return None
    return trust(np.array(said, dtype=bool), fires, method="detection", model=model)
