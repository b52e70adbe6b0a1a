"""What is known of a target when texts are written for it: its name, its δ, and where it fires in real texts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from fac_core.coverage.active import thresholds
from fac_core.coverage.definition import Definition
from fac_core.evidence.examples import peak_words, top_examples
from fac_core.store.runs.run_file import RunFile
from fac_core.synthesis.brief import Brief
from fac_core.synthesis.spans import N_SPANS, Span, spans_of


@dataclass(frozen=True)
class Target:
    """A gap that is to be filled."""

    feature_id: int
    label: str
    """What it is called, or the words on which it peaks; untrusted text."""
    delta: float
    maximum: float
    """Strongest activation in the anchor."""
    spans: tuple[Span, ...]
    """Strongest first, no two with the same words."""
    theme: Brief | None = None
    """Of the theme that texts are asked for; None is any."""


def targets(
    anchor: RunFile,
    feature_ids: Collection[int],
    definition: Definition,
    labels: Mapping[int, str],
    theme: Brief | None = None,
) -> list[Target]:
    """Look targets up in the anchor. A target without a label is called by the words on which it peaks."""
    delta = thresholds(anchor, definition)
    words = peak_words(anchor, list(feature_ids), n=4)
    found: list[Target] = []
    for feature in feature_ids:
        examples = top_examples(anchor, feature, N_SPANS)
        called = labels.get(feature) or ", ".join(word.word for word in words[feature])
        strongest = max((e.activation for e in examples), default=0.0)
        found.append(Target(feature, called, float(delta[feature]), strongest, spans_of(examples), theme))
    return found
