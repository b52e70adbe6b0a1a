"""The way through: targets in, candidates with proof out, one checkpoint a target.

Targets are worked on in groups, so that a local model's batches are full. A step is asked only for targets that are not
done yet. Requests are the same every time: what a cache has paid for already is not paid again after an interruption.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from fac_core.generators.seam import Answer, Generator
from fac_core.progress import Progress, counted, silent
from fac_core.store.measurements import Measurements
from fac_core.synthesis.candidates import Batch, Candidate, Candidates
from fac_core.synthesis.making import Made, Maker
from fac_core.synthesis.prompts import PromptTemplate
from fac_core.synthesis.proof.verdict import Judge
from fac_core.synthesis.spec import ONCE, STEPS, Settings, Step, SynthesisSpec
from fac_core.synthesis.steps import Asked, ask
from fac_core.synthesis.targets import Target


@dataclass(frozen=True)
class Outcome:
    """What came of a synthesis."""

    batch_id: str
    targets: int
    closed: int
    """Targets with at least one passing candidate."""
    untouched: tuple[int, ...]
    """Targets that nothing was generated for: the budget was spent before."""
    candidates: int
    passed: int
    generated: int
    """Tokens, of this and all earlier tries of the batch."""
    budget_spent: bool


@dataclass
class Purse:
    """Tokens that may still be generated; None is no cap."""

    left: int | None
    refused: bool = False

    def afford(self, asked: Sequence[Asked]) -> list[Asked]:
        """The requests that are covered even if every answer is as long as it may be."""
        kept: list[Asked] = []
        promised = 0
        for one in asked:
            cost = one.request.n * one.request.max_tokens
            if self.left is not None and promised + cost > self.left:
                self.refused = True
                continue
            promised += cost
            kept.append(one)
        return kept

    def pay(self, answers: Sequence[Answer]) -> None:
        if self.left is not None:
            self.left -= sum(answer.usage.completion_tokens for answer in answers)


def synthesise(
    settings: Settings,
    targets: Sequence[Target],
    template: PromptTemplate,
    generator: Generator,
    judge: Judge,
    candidates: Candidates,
    measurements: Measurements,
    *,
    author: str,
    on_progress: Progress = silent,
) -> Outcome:
    """Make candidates for targets and keep them. What was made already for a target is left as it is.

    Progress counts targets; a listener that raises `Stopped` loses nothing that is finished.
    """
    spec, batch_id = settings.spec, settings.batch_id
    batch = Batch(
        batch_id,
        settings.anchor_run_id,
        settings.seed_run_id,
        settings.space_id,
        settings.targets,
        {**settings.values, "budget": spec.budget, "generator": generator.name},
    )
    candidates.record_batch(batch, author=author)
    kept = by_target(candidates.of(batch_id).values())
    waiting = [t for t in targets if not _is_finished(kept.get(t.feature_id, []))]
    judge.known.add([one.text for made in kept.values() for one in made])
    purse = Purse(None if spec.budget is None else spec.budget - _generated(kept))
    maker = Maker(batch_id, generator.name, template, spec, judge)
    done = len(targets) - len(waiting)
    on_progress(done, len(targets), "found from an earlier try" if done else "")
    for start in range(0, len(waiting), spec.at_once):
        group = waiting[start : start + spec.at_once]
        for feature, made in _make(group, spec, template, generator, maker, purse).items():
            if made:
                record(made, batch_id, candidates, measurements, author=author)
                kept[feature] = [one.candidate for one in made]
        done += len(group)
        on_progress(done, len(targets), f"{counted(sum(map(is_closed, kept.values())), 'gap')} closed")
    return _outcome(settings, targets, kept, budget_spent=purse.refused)


def _make(
    group: Sequence[Target],
    spec: SynthesisSpec,
    template: PromptTemplate,
    generator: Generator,
    maker: Maker,
    purse: Purse,
) -> dict[int, list[Made]]:
    """All steps for some targets, each step for those that are not done."""
    made: dict[int, list[Made]] = {target.feature_id: [] for target in group}
    for step, attempt in rounds(spec.steps, spec.attempts):
        before = {feature: [one.candidate for one in mine] for feature, mine in made.items()}
        asked = purse.afford(
            [
                one
                for target in group
                if n_passing(before[target.feature_id]) < spec.k
                for one in ask(step, target, before[target.feature_id], attempt, spec, template)
            ]
        )
        if not asked:
            continue
        answers = generator.generate([one.request for one in asked])
        purse.pay(answers)
        for one in maker(asked, answers, before):
            made[one.candidate.feature_id].append(one)
    return made


def rounds(steps: Sequence[Step], attempts: int) -> list[tuple[Step, int]]:
    """The steps in their order, and again those that may be repeated.

    >>> rounds(("one step", "retry", "guided"), 2)
    [('guided', 0), ('one step', 0), ('retry', 0), ('guided', 1), ('retry', 1)]
    """
    chosen: list[Step] = [step for step in STEPS if step in steps]
    return [(step, n) for n in range(attempts) for step in chosen if n == 0 or step not in ONCE]


def record(
    made: Sequence[Made], batch_id: str, candidates: Candidates, measurements: Measurements, *, author: str
) -> None:
    """Keep the candidates of a target with what they fire; the measurement first, so that none lacks it."""
    versions = {one.candidate_id: one.version for one in candidates.of(batch_id).values()}
    measurements.record(
        batch_id,
        [replace(one.measurement, version=versions.get(one.candidate.candidate_id, 0) + 1) for one in made],
    )
    candidates.record([one.candidate for one in made], author=author)


def by_target(candidates: Iterable[Candidate]) -> dict[int, list[Candidate]]:
    """Candidates by their target, in their order."""
    found: dict[int, list[Candidate]] = {}
    for one in candidates:
        found.setdefault(one.feature_id, []).append(one)
    return found


def n_passing(made: Sequence[Candidate]) -> int:
    return sum(one.verdict == "passes" for one in made)


def is_closed(made: Sequence[Candidate]) -> bool:
    return n_passing(made) > 0


def _is_finished(made: Sequence[Candidate]) -> bool:
    """Something was made, and not every request for it failed."""
    return any(one.verdict != "failed" for one in made)


def _generated(kept: dict[int, list[Candidate]]) -> int:
    return sum(one.n_generated for made in kept.values() for one in made)


def _outcome(
    settings: Settings, targets: Sequence[Target], kept: dict[int, list[Candidate]], *, budget_spent: bool
) -> Outcome:
    everything = [one for made in kept.values() for one in made]
    return Outcome(
        batch_id=settings.batch_id,
        targets=len(targets),
        closed=sum(is_closed(kept.get(t.feature_id, [])) for t in targets),
        untouched=tuple(t.feature_id for t in targets if t.feature_id not in kept),
        candidates=len(everything),
        passed=n_passing(everything),
        generated=_generated(kept),
        budget_spent=budget_spent,
    )
