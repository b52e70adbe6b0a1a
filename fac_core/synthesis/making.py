"""From answers to candidates: each text is parsed, judged and numbered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fac_core.generators.seam import Answer
from fac_core.store.measurements import Measurement
from fac_core.synthesis.candidates import Candidate, candidate_id
from fac_core.synthesis.parsing import Malformed, Sample, parse
from fac_core.synthesis.prompts import PromptTemplate
from fac_core.synthesis.proof.fluency import least_plain
from fac_core.synthesis.proof.verdict import Judge, Judgement, Wanted
from fac_core.synthesis.spec import SynthesisSpec
from fac_core.synthesis.steps import Asked


@dataclass(frozen=True)
class Made:
    """A candidate with what it fires."""

    candidate: Candidate
    measurement: Measurement


@dataclass(frozen=True)
class Maker:
    """Makes the candidates of one batch."""

    batch_id: str
    generator: str
    template: PromptTemplate
    spec: SynthesisSpec
    judge: Judge

    def __call__(
        self, asked: Sequence[Asked], answers: Sequence[Answer], before: Mapping[int, Sequence[Candidate]]
    ) -> list[Made]:
        """A candidate for every text, and one `failed` for every request without an answer.

        Args:
            before: what was made of each target already; candidates are numbered from there on.
        """
        drafts = self._drafts(asked, answers, before)
        samples = [self._parsed(one) for one in drafts]
        good = [(draft, sample) for draft, sample in zip(drafts, samples, strict=True) if isinstance(sample, Sample)]
        asks = {t.feature_id: least_plain([span.text for span in t.spans]) for t in (one.target for one in asked)}
        wanted = [
            Wanted(d.feature_id, d.delta, self.spec.label, len(d.parameters.get("lead", "")), asks[d.feature_id])
            for d, _ in good
        ]
        judgements = iter(self.judge([sample for _, sample in good], wanted))
        return [
            _judged(draft, sample, next(judgements)) if isinstance(sample, Sample) else _unreadable(draft, sample)
            for draft, sample in zip(drafts, samples, strict=True)
        ]

    def _drafts(
        self, asked: Sequence[Asked], answers: Sequence[Answer], before: Mapping[int, Sequence[Candidate]]
    ) -> list[Candidate]:
        """Candidates that nothing is known of yet, with the answers as their texts."""
        drafts: list[Candidate] = []
        counts: dict[tuple[int, str], int] = {}
        for one, answer in zip(asked, answers, strict=True):
            feature, request = one.target.feature_id, one.request
            texts = answer.texts or ("",)
            key = (feature, one.step)
            first = counts.setdefault(key, sum(c.method == one.step for c in before.get(feature, ())))
            counts[key] += len(texts)
            for nth, (text, paid) in enumerate(zip(texts, _shares(answer, len(texts)), strict=True), first):
                drafts.append(
                    Candidate(
                        candidate_id=candidate_id(self.batch_id, feature, one.step, nth),
                        batch_id=self.batch_id,
                        feature_id=feature,
                        text=one.begun + text,
                        fields={"label": self.spec.label} if self.spec.label else {},
                        shape=self.spec.shape,
                        method=one.step,
                        prompt=self.template.identity,
                        generator=self.generator,
                        parameters={
                            "temperature": request.temperature,
                            "top_p": request.top_p,
                            "seed": request.seed,
                            **one.note,
                        },
                        activation=0.0,
                        delta=one.target.delta,
                        tokens=(),
                        verdict="failed" if answer.error else "malformed",
                        detail=answer.error or "",
                        n_generated=paid,
                    )
                )
        return drafts

    def _parsed(self, draft: Candidate) -> Sample | str:
        """The sample in an answer, or what is wrong with it."""
        if draft.verdict == "failed":
            return draft.detail
        try:
            return parse(draft.text, self.spec.shape, self.template.form)
        except Malformed as error:
            return f"The answer is no sample: {error}."


def _judged(draft: Candidate, sample: Sample, judgement: Judgement) -> Made:
    one = judgement.of(replace(draft, text=sample.text, fields={**draft.fields, **sample.fields}))
    return Made(one, Measurement(one.candidate_id, 1, judgement.reading.feature_ids, judgement.reading.activations))


def _unreadable(draft: Candidate, fault: str) -> Made:
    nothing = Measurement(draft.candidate_id, 1, np.zeros(0, np.uint32), np.zeros(0, np.float32))
    return Made(replace(draft, detail=fault), nothing)


def _shares(answer: Answer, n: int) -> list[int]:
    """The generated tokens of an answer, spread over its texts so that they add up."""
    each, rest = divmod(answer.usage.completion_tokens, n)
    return [each + (i < rest) for i in range(n)]
