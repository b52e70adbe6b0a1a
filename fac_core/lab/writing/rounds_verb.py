"""The verb that goes round the loop: write for the gaps, encode what passes with the seed, find the new gaps, go again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from fac_core.activations.spec import spec_of
from fac_core.coverage.definition import PRESETS
from fac_core.coverage.fac import Coverage, coverage
from fac_core.curation.standing import accepted_of
from fac_core.errors import EmptyAnchor, WrongUse
from fac_core.export.rows import seed_items
from fac_core.export.shapes import Item, first_fitting, of_candidate, shaped
from fac_core.generators.seam import Generator
from fac_core.lab.writing.rounds import Round, compared, markdown, points
from fac_core.progress import Progress, silent
from fac_core.store.runs.info import RunInfo
from fac_core.store.workspace import Workspace
from fac_core.synthesis.candidates import Candidate
from fac_core.synthesis.spec import SynthesisSpec
from fac_core.workflows import synthesise as verbs
from fac_core.workflows.encode import encode
from fac_core.workflows.opening import Folder, open_pair, open_workspace


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


def rounds(
    spec: RoundsSpec,
    folder: Path | str,
    *,
    workspace: Folder = None,
    generator: Generator | None = None,
    on_progress: Progress = silent,
) -> list[Round]:
    """Go round; returns the rounds that were made. The same call goes on where it was interrupted.

    Ends early when no gap is open, or a round brings no text. Writes into `folder`: `round-N.jsonl`, the texts of a round
    alone (`text` and `label`, for `fac baselines --texts`), `merged-N.jsonl`, with the seed and all rounds before,
    `rounds.json`, `rounds.md` and `rounds.svg`.

    Args:
        generator: instead of the one that the spec names.
    """
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    place = open_workspace(workspace)
    with open_pair(workspace, spec.synthesis.seed, spec.synthesis.anchor) as (q, p):
        seed, anchor = q.info, p.info
    done: list[Round] = []
    now = seed
    for number in range(1, spec.n_rounds + 1):
        before = _coverage(place, now, anchor, spec)
        if not before["its own"].missing:
            break
        asked = replace(
            spec.synthesis,
            targets=before["its own"].missing,
            seed=now.run_id,
            anchor=anchor.run_id,
            random_seed=spec.synthesis.random_seed + number - 1,
        )
        tell = _saying(on_progress, number)
        outcome = verbs.synthesise(asked, workspace=workspace, generator=generator, on_progress=tell)
        taken = _taken(place, outcome.batch_id, spec)
        if not taken:
            break
        merged = _written(out, number, place, now, taken)
        now = encode(merged, spec_of(seed), workspace=place.folder, name=f"{seed.name}+{number}")
        after = _coverage(place, now, anchor, spec)
        made = (outcome.candidates, len(taken), outcome.generated)
        gaps = (before.pop("its own").missing, after.pop("its own").missing)
        done.append(compared(number, outcome.batch_id, made, gaps, {k: (before[k], after[k]) for k in before}))
        _report(out, done, seed.name)
    return done


def _coverage(place: Workspace, run: RunInfo, anchor: RunInfo, spec: RoundsSpec) -> dict[str, Coverage]:
    """FAC at both presets, as far as the anchor has features, and under the definition that the synthesis follows."""
    found: dict[str, Coverage] = {}
    with place.run(run.run_id) as q, place.run(anchor.run_id) as p:
        for preset, definition in PRESETS.items():
            try:
                found[preset] = coverage(q, p, definition)
            except EmptyAnchor:
                continue
        found["its own"] = coverage(q, p, spec.synthesis.definition)
    return found


def _taken(place: Workspace, batch_id: str, spec: RoundsSpec) -> list[Candidate]:
    """Candidates that go into the next run, no text twice."""
    if spec.only_accepted:
        found = list(accepted_of(place, batch_id).values())
        if not found:
            raise WrongUse(
                f"Nothing of batch {batch_id} is accepted yet. Review it (`fac review`), then call this again."
            )
    else:
        found = [one for one in verbs.candidates(batch_id, workspace=place.folder) if one.verdict == "passes"]
    return list({one.text.strip(): one for one in found}.values())


def _written(out: Path, number: int, place: Workspace, run: RunInfo, taken: Sequence[Candidate]) -> Path:
    """Write the texts of a round, alone and merged with the samples of the run before; returns the merged file."""
    new = [of_candidate(one) for one in taken]
    with place.run(run.run_id) as q:
        merged = [*seed_items(q), *new]
    _write(out / f"round-{number}.jsonl", new)
    path = out / f"merged-{number}.jsonl"
    _write(path, merged)
    return path


def _write(path: Path, items: list[Item]) -> None:
    shape = first_fitting(items)
    rows = (json.dumps(shaped(item, shape), ensure_ascii=False) for item in items)
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def _report(out: Path, done: Sequence[Round], name: str) -> None:
    from fac_core.lab.study.scatter import scatter

    (out / "rounds.json").write_text(json.dumps([asdict(one) for one in done], indent=1), encoding="utf-8")
    (out / "rounds.md").write_text(markdown(done), encoding="utf-8")
    title = f"{name}: {len(done)} rounds"
    figure = scatter(points(done), title=title, x="thousand tokens generated", y="FAC")
    (out / "rounds.svg").write_text(figure, encoding="utf-8")


def _saying(on_progress: Progress, number: int) -> Progress:
    def tell(done: int, total: int, note: str = "") -> None:
        on_progress(done, total, f"round {number}: {note}")

    return tell
