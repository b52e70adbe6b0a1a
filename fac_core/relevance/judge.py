"""The judge that reads: a language model sees rubric, label and excerpts of a feature, and says whether it matters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fac_core.generators.json_answers import json_object
from fac_core.generators.seam import Answer, Generator, Request, Usage
from fac_core.naming.explanation import question
from fac_core.naming.level import level_of
from fac_core.naming.prompts import Prompt
from fac_core.naming.spans import Material, numbered
from fac_core.relevance.rubric import Rubric
from fac_core.relevance.verdicts import Verdict

_LONGEST_REASON = 300
"""Characters."""


@dataclass(frozen=True)
class Judged:
    """What came of one feature."""

    feature_id: int
    verdict: Verdict | None
    detail: str
    """Why there is no verdict; empty with one."""
    usage: Usage


def requests(
    materials: Mapping[int, Material], labels: Mapping[int, str], rubric: Rubric, asked: Prompt, answer_tokens: int
) -> dict[int, Request]:
    """The question about each feature that has excerpts; `labels` may lack some."""
    criteria = "\n".join(f"- {one}" for one in rubric.criteria)
    return {
        feature: question(
            asked,
            answer_tokens,
            task=rubric.title,
            question=rubric.question,
            criteria=criteria,
            label=labels.get(feature, "(no name)"),
            spans=numbered(material.spans, marked=True),
        )
        for feature, material in materials.items()
        if material.spans
    }


def judge(generator: Generator, questions: Mapping[int, Request]) -> dict[int, Judged]:
    """Ask about features. One that fails has no verdict; the others go on."""
    answers = generator.generate(list(questions.values()))
    return {
        feature: _judged(feature, answer, generator.name) for feature, answer in zip(questions, answers, strict=True)
    }


def _judged(feature: int, answer: Answer, model: str) -> Judged:
    found = json_object(answer.texts[0]) if answer.texts else None
    level = level_of(found)
    if found is None or level is None:
        said = answer.error or f"The answer has no verdict: {answer.texts[0][:100]!r}"
        return Judged(feature, None, said, answer.usage)
    reason = " ".join(str(found.get("reason", "")).split())[:_LONGEST_REASON]
    return Judged(feature, Verdict(feature, level, "llm", reason, model=model), "", answer.usage)
