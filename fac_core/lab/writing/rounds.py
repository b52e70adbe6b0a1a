"""Rounds of self-improvement: write for the gaps, encode what passes with the seed, find the new gaps, go again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from fac_core.activations.spec import spec_of
from fac_core.coverage.fac import Coverage
from fac_core.curation.standing import accepted_of
from fac_core.errors import WrongUse
from fac_core.export.rows import seed_items
from fac_core.export.shapes import Item, first_fitting, of_candidate, shaped
from fac_core.generators.seam import Generator
from fac_core.lab.markdown import markdown
from fac_core.progress import Progress, silent
from fac_core.report.charts import scatter
from fac_core.store.runs.info import RunInfo
from fac_core.store.workspace import Workspace
from fac_core.synthesis.candidates import Candidate, Candidates
from fac_core.synthesis.spec import SynthesisSpec
from fac_core.view import View
from fac_core.whole import write_whole
from fac_core.workflows.encode import encode
from fac_core.workflows.synthesise import synthesise

_OWN = "its own"
"""The definition that the synthesis follows, beside the presets."""


@dataclass(frozen=True)
class RoundsSpec:
    """What to go round with. Raises `WrongUse`."""

    synthesis: SynthesisSpec = field(default_factory=SynthesisSpec)
    """Of every round: seed and anchor of the first, definition, steps, budget. Its targets are the gaps of each round."""
    n_rounds: int = 3
    only_accepted: bool = False
    """Take what people accepted, not all that passes: the command stops for them and goes on when it is called again."""

    def __post_init__(self) -> None:
        if self.n_rounds < 1:
            raise WrongUse(f"n_rounds is {self.n_rounds}; give 1 or more.")


@dataclass(frozen=True)
class Round:
    """One round: texts for the gaps of a run, and the run that holds them as well."""

    number: int
    """From 1 on."""
    batch_id: str
    run: str
    """Name of the run that holds the texts of this round and of all before."""
    n_gaps: int
    """Open before it, under the definition of the synthesis."""
    n_closed: int
    """Of these, closed in the new run."""
    n_candidates: int
    n_samples: int
    """Texts that were taken."""
    n_tokens: int
    """Generated."""
    fac: dict[str, tuple[float, float]]
    """By preset: before and after."""
    n_extra: int
    """Features that the new run fires and neither the anchor nor the run before has (δ = 0)."""


def rounds(
    spec: RoundsSpec,
    folder: Path,
    workspace: Workspace,
    *,
    generator: Generator | None = None,
    on_progress: Progress = silent,
) -> list[Round]:
    """Go round; returns the rounds that were made. The same call goes on where it was interrupted.

    Ends early when no gap is open, or a round brings no text. Writes into `folder`: `round-N.jsonl`, the texts of a round
    alone (`text` and `label`, for `fac lab baselines --texts`), `merged-N.jsonl`, with the seed and all rounds before,
    `rounds.json`, `rounds.md` and `rounds.svg`.

    Args:
        generator: instead of the one that the spec names.
    """
    begun = View.find(spec.synthesis.seed, spec.synthesis.anchor, spec.synthesis.definition, workspace=workspace)
    seed, anchor = begun.run, begun.anchor
    done: list[Round] = []
    now = seed
    for number in range(1, spec.n_rounds + 1):
        before = _coverage(begun, now)
        if not before[_OWN].missing:
            break
        asked = replace(
            spec.synthesis,
            targets=before[_OWN].missing,
            seed=now.run_id,
            anchor=anchor.run_id,
            random_seed=spec.synthesis.random_seed + number - 1,
        )
        tell = _saying(on_progress, number)
        outcome = synthesise(asked, workspace=workspace, generator=generator, on_progress=tell)
        taken = _taken(workspace, outcome.batch_id, spec)
        if not taken:
            break
        merged = _written(folder, number, workspace, now, taken)
        now = encode(merged, spec_of(seed), workspace=workspace, name=f"{seed.name}+{number}")
        after = _coverage(begun, now)
        open_before, open_after = before.pop(_OWN).missing, after.pop(_OWN).missing
        made = Round(
            number=number,
            batch_id=outcome.batch_id,
            run=now.name,
            n_gaps=len(open_before),
            n_closed=len(set(open_before) - set(open_after)),
            n_candidates=outcome.candidates,
            n_samples=len(taken),
            n_tokens=outcome.generated,
            fac={preset: (before[preset].fac, after[preset].fac) for preset in before},
            n_extra=after["paper"].n_extra - before["paper"].n_extra,
        )
        done.append(made)
        _report(folder, done, seed.name)
    return done


def _coverage(begun: View, run: RunInfo) -> dict[str, Coverage]:
    """FAC at both presets, as far as the anchor has features, and under the definition that the synthesis follows."""
    view = replace(begun, run=run)
    found = {preset: measured for preset, measured in view.presets().items() if isinstance(measured, Coverage)}
    return {**found, _OWN: view.coverage()}


def _taken(workspace: Workspace, batch_id: str, spec: RoundsSpec) -> list[Candidate]:
    """Candidates that go into the next run, no text twice."""
    if spec.only_accepted:
        found = list(accepted_of(workspace, batch_id).values())
        if not found:
            raise WrongUse(
                f"Nothing of batch {batch_id} is accepted yet. Review it (`fac review`), then call this again."
            )
    else:
        made = Candidates(workspace.events()).of(batch_id).values()
        found = [candidate for candidate in made if candidate.verdict == "passes"]
    return list({candidate.text.strip(): candidate for candidate in found}.values())


def _written(folder: Path, number: int, workspace: Workspace, run: RunInfo, taken: Sequence[Candidate]) -> Path:
    """Write the texts of a round, alone and merged with the samples of the run before; returns the merged file."""
    new = [of_candidate(candidate) for candidate in taken]
    with workspace.run(run.run_id) as q:
        merged = [*seed_items(q), *new]
    _write(folder / f"round-{number}.jsonl", new)
    path = folder / f"merged-{number}.jsonl"
    _write(path, merged)
    return path


def _write(path: Path, items: list[Item]) -> None:
    shape = first_fitting(items)
    write_whole(path, "".join(json.dumps(shaped(item, shape), ensure_ascii=False) + "\n" for item in items))


def _report(folder: Path, done: Sequence[Round], name: str) -> None:
    figure = scatter(
        points(done), title=f"{name}: {len(done)} rounds", x_title="thousand tokens generated", y_title="FAC"
    )
    write_whole(folder / "rounds.json", json.dumps([asdict(made) for made in done], indent=1))
    write_whole(folder / "rounds.md", markdown(*as_table(done)))
    write_whole(folder / "rounds.svg", figure)


def as_table(rounds: Sequence[Round]) -> tuple[list[str], list[list[str]]]:
    """Heads and rows for people."""
    presets = list(rounds[0].fac) if rounds else []
    head = ["round", "tokens", "candidates", "samples taken", "gaps closed", *(f"FAC, {preset}" for preset in presets)]
    rows: list[list[str]] = []
    for made in rounds:
        moved = [f"{before:.2%} → {after:.2%}" for before, after in made.fac.values()]
        counts = [f"{n:,}" for n in (made.n_tokens, made.n_candidates, made.n_samples)]
        rows.append([str(made.number), *counts, f"{made.n_closed:,} of {made.n_gaps:,}", *moved, f"{made.n_extra:,}"])
    return [*head, "new extra features"], rows


def points(rounds: Sequence[Round]) -> list[tuple[float, float, str]]:
    """(tokens so far in thousands, FAC, preset), from before the first round on: what the figure shows."""
    found: list[tuple[float, float, str]] = []
    tokens = 0
    for one in rounds:
        if one.number == 1:
            found += [(0.0, before, preset) for preset, (before, _) in one.fac.items()]
        tokens += one.n_tokens
        found += [(tokens / 1000, after, preset) for preset, (_, after) in one.fac.items()]
    return found


def _saying(on_progress: Progress, number: int) -> Progress:
    def tell(done: int, total: int, note: str = "") -> None:
        on_progress(done, total, f"round {number}: {note}")

    return tell
