"""The verdict on a text: what it fires, read plainly, and what speaks against it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from fac_core.activations.reopen import Reader
from fac_core.synthesis.candidates import Candidate, Verdict
from fac_core.synthesis.parsing import Sample
from fac_core.synthesis.proof.fluency import LEAST_PLAIN, Fluency
from fac_core.synthesis.proof.similarity import COPY_WORDS, Known, Likeness
from fac_core.synthesis.proof.verification import Reading, read

Classify = Callable[[Sequence[str]], Sequence[str]]
"""Texts in, the class of each out: whatever checks labels."""


@dataclass(frozen=True)
class Wanted:
    """What a text has to be."""

    feature_id: int
    delta: float
    """It has to fire the feature above this."""
    label: str = ""
    """Its class, where the task has one."""
    given: int = 0
    """Characters at its beginning that the prompt gave: what fires there is not the text's own."""
    least_plain: float = LEAST_PLAIN
    """Share of its words that have to be plain ones."""


@dataclass(frozen=True)
class Judgement:
    """What was found of a text."""

    reading: Reading
    verdict: Verdict
    detail: str
    perplexity: float | None
    similarity: float

    def of(self, candidate: Candidate) -> Candidate:
        """The candidate with what was found of its text."""
        return replace(
            candidate,
            activation=self.reading.of(candidate.feature_id),
            tokens=self.reading.tokens[candidate.feature_id],
            verdict=self.verdict,
            detail=self.detail,
            perplexity=self.perplexity,
            similarity=self.similarity,
        )


@dataclass(frozen=True)
class Judge:
    """Measures texts in the feature space of a run and says which pass. Remembers them: the same text passes once."""

    reader: Reader
    known: Known
    fluency: Fluency | None = None
    """None leaves the check out, where no language model is at hand."""
    classify: Classify | None = None
    """None leaves the label check out."""

    def forgetting(self) -> Judge:
        """The same judge, who has seen none of the texts yet."""
        return replace(self, known=self.known.forgetting())

    def __call__(self, samples: Sequence[Sample], wanted: Sequence[Wanted]) -> list[Judgement]:
        """Judge texts, the earlier ones before the later ones."""
        readings = read(self.reader, samples, [one.feature_id for one in wanted])
        texts = [sample.text for sample in samples]
        likeness = self.known.likeness(texts)
        self.known.add(texts)
        new = [
            i
            for i, (reading, like, want) in enumerate(zip(readings, likeness, wanted, strict=True))
            if reading.of(want.feature_id) > want.delta and not (like.is_copy or like.is_duplicate)
        ]
        perplexity = self._perplexities(texts, new)
        labels = self._labels(texts, [i for i in new if wanted[i].label])
        judgements: list[Judgement] = []
        for i, (reading, like, want) in enumerate(zip(readings, likeness, wanted, strict=True)):
            verdict, detail = self._verdict(texts[i], reading, like, want, perplexity.get(i), labels.get(i, want.label))
            similarity = round(max(like.near, like.verbatim / max(like.words, 1)), 3)
            judgements.append(Judgement(reading, verdict, detail, perplexity.get(i), similarity))
        return judgements

    def _perplexities(self, texts: Sequence[str], which: Sequence[int]) -> dict[int, float]:
        """Only of those that nothing else speaks against: it costs a pass of the whole model."""
        if self.fluency is None or not which:
            return {}
        values = self.fluency.perplexity([texts[i] for i in which])
        return {i: round(float(value), 2) for i, value in zip(which, values, strict=True)}

    def _labels(self, texts: Sequence[str], which: Sequence[int]) -> dict[int, str]:
        if self.classify is None or not which:
            return {}
        return dict(zip(which, self.classify([texts[i] for i in which]), strict=True))

    def _verdict(
        self, text: str, reading: Reading, like: Likeness, want: Wanted, perplexity: float | None, label: str
    ) -> tuple[Verdict, str]:
        g, delta = reading.of(want.feature_id), want.delta
        if not g > delta:
            return "does not fire", f"Its strongest activation is {g:.4g}; it needs more than {delta:.4g}."
        own = max((value for _, end, value in reading.tokens[want.feature_id] if end > want.given), default=0.0)
        if not own > delta:
            return "copy", f"It fires on the words that it was begun with; on its own ones at {own:.4g}."
        if like.is_copy:
            words = f"{like.verbatim} of its {like.words} words in a row stand in a real text"
            return "copy", f"{words}; {COPY_WORDS} are a copy, or most of a short text."
        if like.is_duplicate:
            return "duplicate", f"There is a text like it already (similarity {like.near:.2f})."
        if self.fluency and perplexity is not None:
            fault = self.fluency.fault(text, perplexity, reading.n_tokens, want.least_plain)
            if fault:
                return "not fluent", fault
        if label != want.label:
            return "wrong label", f"It was judged {label!r}, not {want.label!r}."
        return "passes", f"It fires the target at {g:.4g}, above {delta:.4g}."
