"""Which way of writing closes most gaps for the same number of generated tokens?

Every arm has the same tokens for each target. Its candidates are judged as in a synthesis: read plainly, no copies, no
near-duplicates, fluent. A target is closed at δ if a candidate that nothing else speaks against fires above it. The arms
that ask for fixed steps do not know δ; the pooled ones spend where something is still open, so they are run for each δ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fac_core.generators.seam import Generator
from fac_core.lab.tasks.result import half_width
from fac_core.progress import Progress, silent
from fac_core.synthesis.candidates import Candidate
from fac_core.synthesis.making import Maker
from fac_core.synthesis.pipeline import is_closed
from fac_core.synthesis.prompts import PromptTemplate
from fac_core.synthesis.proof.verdict import Judge
from fac_core.synthesis.spec import Step, SynthesisSpec
from fac_core.synthesis.steps import ask
from fac_core.synthesis.targets import Target

ARMS: dict[str, tuple[Step, ...]] = {
    "one step": ("one step",),
    "two steps": ("one step", "two steps"),
    "steered": ("steered",),
    "guided": ("guided",),
    "all together": ("guided", "guided", "guided", "one step", "steered"),
    "one step, pooled": ("one step",),
}
"""Steps of each arm; an arm repeats its last steps until its tokens are spent."""

POOLED = ("all together", "one step, pooled")
"""Arms that write one text at a time, and what a closed target leaves over for the open ones."""


_USED = 0.75
"""Share of `max_tokens` that a candidate is expected to need, until it was seen."""


@dataclass(frozen=True)
class Cell:
    """One arm, one δ, one seed."""

    arm: str
    delta: str
    """Name of the threshold."""
    seed: int
    targets: int
    closed: int
    generated: int
    """Tokens."""
    candidates: int
    passed: int
    verdicts: dict[str, int]
    open: tuple[int, ...]
    """Targets that stay open."""

    @property
    def closure(self) -> float:
        return self.closed / self.targets

    @property
    def per_thousand(self) -> float:
        """Targets closed for every thousand tokens."""
        return 1000 * self.closed / self.generated if self.generated else 0.0


@dataclass(frozen=True)
class ArmSummary:
    """One arm and δ over the seeds."""

    arm: str
    delta: str
    seeds: int
    closure: float
    """Mean share of the targets that are closed."""
    half_width: float | None
    """Of the 95 % interval of the mean over seeds (Student's t); None for a single seed."""
    tokens: float
    """Generated, mean."""
    per_thousand: float
    """Targets closed for every thousand tokens, mean."""
    times: float | None
    """Targets closed, as a multiple of what one step closed with the same seed: mean of the ratios."""
    times_half_width: float | None


def cells(
    targets: Mapping[str, Sequence[Target]],
    spec: SynthesisSpec,
    template: PromptTemplate,
    generator: Generator,
    judge: Judge,
    *,
    tokens: int,
    seeds: Sequence[int],
    arms: Sequence[str] = tuple(ARMS),
    on_progress: Progress = silent,
) -> Iterator[tuple[Cell, list[Candidate]]]:
    """Run every arm at every δ with every seed; each cell comes with its candidates.

    Args:
        targets: by name of δ, the same features with that δ. The first is the lowest.
        tokens: for each target, pooled; an arm may miss that by what a request or two write.
    """
    lowest = next(iter(targets))
    total, done = len(seeds) * sum(len(targets) if arm in POOLED else 1 for arm in arms), 0
    for seed in seeds:
        mine = replace(spec, random_seed=seed)
        for arm in arms:
            made: list[Candidate] = []
            for delta in targets:
                if arm in POOLED or delta == lowest:
                    made = run_arm(arm, targets[delta], mine, template, generator, judge, tokens)
                    done += 1
                yield cell(arm, delta, seed, targets[delta], made), made
                on_progress(done, total, f"{arm}, δ {delta}, seed {seed}")


def run_arm(
    arm: str,
    targets: Sequence[Target],
    spec: SynthesisSpec,
    template: PromptTemplate,
    generator: Generator,
    judge: Judge,
    tokens: int,
) -> list[Candidate]:
    """Write until the tokens of all targets are spent, for those first that had fewest; a pooled arm for open ones only."""
    pooled = arm in POOLED
    if pooled:
        spec = replace(spec, n=1, m=1)
    maker = Maker(arm, generator.name, template, spec, judge.forgetting())
    made: dict[int, list[Candidate]] = {target.feature_id: [] for target in targets}
    spent = dict.fromkeys(made, 0)
    pool, cost = tokens * len(targets), _USED * spec.m * spec.max_tokens
    n_asked = 0
    for step, attempt in _schedule(arm):
        open_targets = [t for t in targets if not (pooled and is_closed(made[t.feature_id]))]
        room = int((pool - sum(spent.values())) / cost)
        waiting = sorted(open_targets, key=lambda t: spent[t.feature_id])[: max(room, 0)]
        if not waiting:
            break
        asked = [a for t in waiting for a in ask(step, t, made[t.feature_id], attempt, spec, template)]
        answers = generator.generate([one.request for one in asked])
        for one, answer in zip(asked, answers, strict=True):
            spent[one.target.feature_id] += answer.usage.completion_tokens
        n_asked += len(waiting)
        cost = max(sum(spent.values()) / n_asked, 1.0)
        for one in maker(asked, answers, made):
            made[one.candidate.feature_id].append(one.candidate)
    return [one for mine in made.values() for one in mine]


def _schedule(arm: str, rounds: int = 40) -> Iterator[tuple[Step, int]]:
    """The steps of an arm in turn; only its first step is not repeated where there is more than one."""
    steps = ARMS[arm]
    if arm == "two steps":
        yield steps[0], 0
        steps = steps[1:]
    attempts: Counter[Step] = Counter()
    for step in steps * rounds:
        yield step, attempts[step]
        attempts[step] += 1


def cell(arm: str, delta: str, seed: int, targets: Sequence[Target], made: Sequence[Candidate]) -> Cell:
    """Count what an arm closed at the targets' δ."""
    at = {target.feature_id: target.delta for target in targets}
    passed = [one for one in made if one.verdict == "passes" and one.activation > at[one.feature_id]]
    closed = {one.feature_id for one in passed}
    return Cell(
        arm=arm,
        delta=delta,
        seed=seed,
        targets=len(targets),
        closed=len(closed),
        generated=sum(one.n_generated for one in made),
        candidates=len(made),
        passed=len(passed),
        verdicts=dict(Counter(one.verdict for one in made)),
        open=tuple(sorted(set(at) - closed)),
    )


def summary(found: Sequence[Cell]) -> list[ArmSummary]:
    """Mean and interval over seeds, by arm and δ, and how many times as many are closed as by one step of the same seed."""
    plain = {(one.delta, one.seed): one.closed for one in found if one.arm == "one step"}
    groups: dict[tuple[str, str], list[Cell]] = {}
    for one in found:
        groups.setdefault((one.arm, one.delta), []).append(one)
    rows: list[ArmSummary] = []
    for (arm, delta), mine in groups.items():
        pairs = [(one.closed, plain.get((delta, one.seed), 0)) for one in mine]
        times = [closed / closed_by_one for closed, closed_by_one in pairs if closed_by_one]
        rows.append(
            ArmSummary(
                arm,
                delta,
                len(mine),
                *_mean([one.closure for one in mine]),
                float(np.mean([one.generated for one in mine])),
                float(np.mean([one.per_thousand for one in mine])),
                *(_mean(times) if len(times) == len(mine) else (None, None)),
            )
        )
    return rows


def _mean(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean, and the half width of its 95 % interval; None for a single value."""
    return float(np.mean(values)), half_width(values) if len(values) > 1 else None


def as_table(rows: Sequence[ArmSummary]) -> tuple[list[str], list[list[str]]]:
    """Heads and rows for people."""
    head = ["arm", "δ", "closed", "tokens", "closed per 1,000 tokens", "times one step", "seeds"]
    return head, [
        [
            row.arm,
            row.delta,
            _with_width(row.closure, row.half_width, ".1%"),
            f"{row.tokens:,.0f}",
            f"{row.per_thousand:.2f}",
            _with_width(row.times, row.times_half_width, ".2f"),
            str(row.seeds),
        ]
        for row in rows
    ]


def _with_width(value: float | None, half_width: float | None, form: str) -> str:
    shown = "" if value is None else f"{value:{form}}"
    return shown if half_width is None else f"{shown} ± {half_width:{form}}"
