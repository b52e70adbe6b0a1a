"""The steps by which candidates are asked for. Each is a function of a target, with the theme that it is asked for, and of
what was made for it before.

one step    label and spans of real texts
two steps   the strongest and the weakest candidate of step 1, as a contrastive pair
retry       the best failure, with what was measured of it
steered     step 1, pushed along the feature; the strength is searched for each feature
guided      the words before a peak in a real text, for the model to go on from
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fac_core.generators.seam import Boost, Request, Steering
from fac_core.synthesis.candidates import Candidate
from fac_core.synthesis.prompts import PromptTemplate, messages
from fac_core.synthesis.spans import Span
from fac_core.synthesis.spec import Step, SynthesisSpec
from fac_core.synthesis.targets import Target

_EXAMPLES = 3
"""Spans shown in a prompt."""
_FROM_ONE_PROMPT = 4
"""Candidates drawn from one prompt before the next one shows other spans."""
_FIRST_STRENGTH = 0.5
"""Of the feature's maximum in the anchor."""
_STRONGER, _WEAKER = 1.6, 0.6
"""What the strength is multiplied by when nothing fires, and when it is no longer language."""
_BOOSTS = (5.0, 7.0, 9.0)
"""Added to the logits of peak words, at one attempt after the other, and from the beginning again."""
_GAIN = 6.0
"""Added to the logits of tokens that would fire the target."""
_LEAD_WORDS = 6
"""Words, at most, that a text is begun with."""
_LABEL_LENGTH = 200


@dataclass(frozen=True)
class Asked:
    """A request, and what its answers will be candidates of."""

    target: Target
    step: Step
    request: Request
    begun: str
    """Words of the sample that the prompt holds already."""
    note: dict[str, Any]
    """Kept among a candidate's parameters."""


def ask(
    step: Step,
    target: Target,
    made: Sequence[Candidate],
    attempt: int,
    spec: SynthesisSpec,
    template: PromptTemplate,
) -> list[Asked]:
    """The requests of one step for one target: the same ones every time, in whatever batch, so that a cache knows them."""
    wanted = spec.n if step == "one step" else spec.m
    parts = [_FROM_ONE_PROMPT] * (wanted // _FROM_ONE_PROMPT) + [wanted % _FROM_ONE_PROMPT]
    asked: list[Asked] = []
    for nth, count in enumerate(filter(None, parts)):
        key = hashlib.sha256(json.dumps([spec.random_seed, target.feature_id, step, attempt, nth]).encode()).digest()
        seed = int.from_bytes(key[:4], "big") >> 1
        with_lead = step == "guided" and (attempt + nth) % 2 == 1
        values, begun, note = _values(step, target, made, spec, np.random.default_rng(seed), with_lead=with_lead)
        request = Request(
            messages(template, step, values),
            n=count,
            max_tokens=spec.max_tokens,
            temperature=spec.temperature,
            top_p=spec.top_p,
            seed=seed,
            json=template.form == "json",
            stop=("\n",) if template.form == "plain" and spec.shape == "text" else (),
            steering=_steering(target, made) if step == "steered" else None,
            boost=_boost(target, attempt, begun) if step == "guided" else None,
        )
        if request.steering:
            note["strength"] = request.steering.strength
        if request.boost:
            note["boost"] = request.boost.logits
        asked.append(Asked(target, step, request, begun, {**note, "attempt": attempt}))
    return asked


def _values(
    step: Step,
    target: Target,
    made: Sequence[Candidate],
    spec: SynthesisSpec,
    rng: np.random.Generator,
    *,
    with_lead: bool,
) -> tuple[dict[str, str], str, dict[str, Any]]:
    """What fills a template in, the words already begun, and what to note about it."""
    spans = _drawn(target.spans, _EXAMPLES, rng)
    note: dict[str, Any] = {}
    # Words of a real text prove nothing: a candidate has to fire on what the model wrote itself.
    leads = [lead for span in target.spans if (lead := _lead(span))] if with_lead else []
    lead = leads[int(rng.integers(len(leads)))] if leads else ""
    if lead:
        note["lead"] = lead
        spans = [one for one in spans if not one.text.startswith(lead)] or spans
    good, bad, note_of_pair = pair(target, made)
    if step == "two steps":
        note["pair"] = note_of_pair
    failed = best_failure(made)
    lines = [one.text for one in spans]
    theme = target.theme
    if theme:
        note["theme"] = theme.name
    return (
        {
            "label": _line(target.label)[:_LABEL_LENGTH],
            "task": _task(spec),
            "examples": "\n".join(f"- {marked(one)}" for one in spans),
            "numbered": _numbered(lines, 1),
            "numbered_after_one": _numbered(lines[:-1], 2),
            "lead": f" {lead}" if lead else "",
            "good": good[0],
            "good_activation": f"{good[1]:.1f}",
            "bad": bad[0],
            "bad_activation": f"{bad[1]:.1f}",
            "attempt": _line(failed.text) if failed else "",
            "feedback": feedback(failed) if failed else "",
            **(theme.values(rng, lines, lead) if theme else {}),
        },
        lead,
        note,
    )


def pair(target: Target, made: Sequence[Candidate]) -> tuple[tuple[str, float], tuple[str, float], str]:
    """The contrastive pair, each with its measured activation, and where the good one is from.

    If no candidate fires, the target's own span stands in, with the activation that it has: none is made up.
    """
    ranked = sorted(made, key=lambda one: one.activation)
    bad = (_line(ranked[0].text), ranked[0].activation) if ranked else ("", 0.0)
    best = ranked[-1] if ranked else None
    if best and best.activation > target.delta and best.verdict not in ("copy", "not fluent"):
        return (_line(best.text), best.activation), bad, "candidates"
    if target.spans:
        return (target.spans[0].text, target.spans[0].activation), bad, "anchor span, since no candidate fired"
    return ("", 0.0), bad, "none"


def best_failure(made: Sequence[Candidate]) -> Candidate | None:
    """The strongest candidate that did not pass."""
    failed = [one for one in made if one.verdict not in ("passes", "malformed", "failed")]
    return max(failed, key=lambda one: one.activation, default=None)


def feedback(failed: Candidate) -> str:
    """What was measured of a failure, in a sentence for the next attempt."""
    if failed.verdict != "does not fire":
        return failed.detail
    if not failed.peak:
        return f"the pattern was nowhere in it; it needs a strength of {failed.delta:.1f}."
    start, end, value = failed.peak
    return f"it peaked at {value:.1f} on '{_line(failed.text[start:end])}' and needs more than {failed.delta:.1f}."


def marked(span: Span) -> str:
    """A span on one line, its peak in double brackets."""
    return _line(f"{span.before}[[{span.peak}]]{span.after}")


def _steering(target: Target, made: Sequence[Candidate]) -> Steering:
    """The next strength to try: stronger while nothing fires, weaker once it stops being language."""
    factor = _FIRST_STRENGTH
    tried = [one for one in made if one.method == "steered"]
    for attempt in sorted({one.parameters["attempt"] for one in tried}):
        verdicts = [one.verdict for one in tried if one.parameters["attempt"] == attempt]
        factor *= _WEAKER if verdicts.count("not fluent") * 2 > len(verdicts) else _STRONGER
    return Steering(target.feature_id, round(factor * target.maximum, 2))


def _boost(target: Target, attempt: int, begun: str) -> Boost:
    logits = _BOOSTS[attempt % len(_BOOSTS)]
    return Boost(peak_words(target), logits, target.feature_id, target.delta, _GAIN, begun)


def _drawn(spans: Sequence[Span], n: int, rng: np.random.Generator) -> list[Span]:
    """Some of the spans; the strongest are the likelier."""
    if len(spans) <= n:
        return [spans[i] for i in rng.permutation(len(spans))]
    weights = np.array([one.activation for one in spans])
    chosen = rng.choice(len(spans), size=n, replace=False, p=weights / weights.sum())
    return [spans[i] for i in chosen]


def _lead(span: Span) -> str:
    """The words from a sentence's beginning to its peak, without what is begun of the peak's word; empty if they are many."""
    begun = span.before.removesuffix(span.word.lstrip().removesuffix(span.peak))
    words = _line(begun).split()
    return " ".join(words) if span.is_whole and len(words) <= _LEAD_WORDS else ""


def peak_words(target: Target) -> tuple[str, ...]:
    """The words on which a target peaks in real texts."""
    return tuple(dict.fromkeys(span.word for span in target.spans))


def _numbered(lines: Sequence[str], first: int) -> str:
    """`1. …`, and the number of the line that is wanted."""
    return "".join(f"{i}. {line}\n" for i, line in enumerate(lines, first)) + f"{first + len(lines)}."


def _task(spec: SynthesisSpec) -> str:
    parts = [
        f"The texts are for: {spec.task}." if spec.task else "",
        f"Every one must be: {spec.label}." if spec.label else "",
    ]
    said = " ".join(filter(None, parts))
    return f" {said}" if said else ""


def _line(text: str) -> str:
    return " ".join(text.split())
