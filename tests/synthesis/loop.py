"""A small closed loop: an anchor and a seed in the space of a tiny model, and a generator whose answers are known."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fac_core.activations.pipeline import encode
from fac_core.activations.reopen import Reader, reopen
from fac_core.activations.spec import EncodeSpec
from fac_core.coverage.active import count_above
from fac_core.coverage.fac import coverage
from fac_core.generators.seam import Answer, Request, Usage
from fac_core.store.runs.run_file import RunFile
from fac_core.store.workspace import Workspace
from fac_core.synthesis.candidates import Candidate, Candidates
from fac_core.synthesis.pipeline import Outcome, synthesise
from fac_core.synthesis.proof.similarity import Known
from fac_core.synthesis.proof.verdict import Judge
from fac_core.synthesis.spec import SynthesisSpec
from fac_core.workflows.synthesise import prepared
from tests import tiny

WORDS = 8
"""Tokens that every scripted answer says it cost."""


@dataclass
class Scripted:
    """Answers by a function of the request and of how many requests there were before."""

    answer: Callable[[Request, int], Sequence[str] | str | None]
    name: str = "scripted"
    asked: list[Request] = field(default_factory=list)

    def generate(
        self, requests: Sequence[Request], *, on_answer: Callable[[int, Answer], None] = lambda _i, _a: None
    ) -> list[Answer]:
        answers: list[Answer] = []
        for request in requests:
            texts = self.answer(request, len(self.asked))
            self.asked.append(request)
            texts = [texts] * request.n if isinstance(texts, str) else texts
            usage = Usage(10, WORDS * request.n, n_paid=1)
            answers.append(Answer((), error="the server is away") if texts is None else Answer(tuple(texts), usage))
            on_answer(len(answers) - 1, answers[-1])
        return answers


@dataclass
class Loop:
    """The workspace, with its gaps."""

    place: Workspace
    reader: Reader
    targets: tuple[int, ...]
    real: list[str]

    def run(self, writer: Any, on_progress: Any = None, **options: Any) -> Outcome:
        """Synthesise for the gaps with a judge that checks no fluency; the spec allows every step."""
        spec = self.spec(**options)
        found = prepared(spec, self.place)
        more = {} if on_progress is None else {"on_progress": on_progress}
        judge = Judge(self.reader, Known(self.real))
        log = Candidates(self.place.events())
        measured = self.place.measurements()
        return synthesise(
            found.settings, found.targets, found.template, writer, judge, log, measured, author="Ann", **more
        )

    def spec(self, **options: Any) -> SynthesisSpec:
        options = {
            "targets": self.targets,
            "steps": ("one step",),
            "n": 2,
            "max_tokens": WORDS,
            "at_once": 1,
            "generator": "steered",
            **options,
        }
        return SynthesisSpec(seed="seed", anchor="anchor", **options)

    def made(self, batch_id: str) -> list[Candidate]:
        return list(Candidates(self.place.events()).of(batch_id).values())


def closed_loop(folder: Path, model: Path, sae: Path) -> Loop:
    """Seven texts as the anchor, two of them as the seed."""
    place = Workspace.create(folder / "w")
    spec = EncodeSpec(model=str(model), sae=str(sae), context=64, dtype="float32")
    for name, texts in (("anchor", tiny.TEXTS), ("seed", tiny.TEXTS[4:5])):
        path = folder / f"{name}.jsonl"
        path.write_text("\n".join(json.dumps({"text": text}) for text in texts), encoding="utf-8")
        encode(path, place, spec, name=name)
    place.set_anchor("anchor")
    with place.run("anchor") as p, place.run("seed") as q:
        return Loop(place, reopen(p.info), common_gaps(q, p)[:4], list(tiny.TEXTS))


def common_gaps(run: RunFile, anchor: RunFile) -> tuple[int, ...]:
    """The gaps of a run, those that most samples of the anchor fire first."""
    n_active = count_above(anchor)
    return tuple(sorted(coverage(run, anchor).missing, key=lambda feature: -n_active[feature]))
