"""What an export will hold, before anything is written: rows, counts, coverage before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from fac_core.coverage.definition import PRESETS, Definition
from fac_core.curation.standing import standing
from fac_core.errors import EmptyAnchor, WrongUse
from fac_core.export.rows import seed_items, seed_rows, synthetic_row, table, without_repeats
from fac_core.export.shapes import Shape, first_fitting, of_candidate
from fac_core.naming.labels import Labels
from fac_core.store.runs.info import RunInfo
from fac_core.store.runs.run_file import RunFile
from fac_core.store.workspace import Workspace
from fac_core.synthesis.candidates import Batch
from fac_core.synthesis.yields import Yield, yields


@dataclass(frozen=True)
class BeforeAfter:
    """FAC of the seed, and of seed and accepted candidates together, under one definition."""

    preset: str
    definition: Definition
    before: float
    after: float
    n_before: int
    n_after: int
    n_features: int


@dataclass(frozen=True)
class ExportPlan:
    """A dataset that can be written."""

    batches: tuple[Batch, ...]
    seed: RunInfo
    anchor: RunInfo
    shape: Shape
    merged: bool
    """With the seed's samples before the accepted ones."""
    rows: pa.Table
    n_seed: int
    n_accepted: int
    """Rows of accepted candidates."""
    n_repeated: int
    """Rows left out because their text was there before, word for word."""
    n_overruled: int
    """Accepted against the check, with a note."""
    coverage: tuple[BeforeAfter, ...]
    """Measured, by preset; one whose anchor has no feature is left out."""
    yields: tuple[Yield, ...]
    rejections: Mapping[str, int]
    """By reason."""
    failures: Mapping[str, int]
    """Verdicts of the check other than `passes`."""
    generators: tuple[str, ...]
    prompts: tuple[str, ...]


def plan_export(
    workspace: Workspace,
    batches: Sequence[Batch],
    seed: RunFile,
    anchor: RunFile,
    *,
    shape: Shape | None = None,
    merged: bool = False,
) -> ExportPlan:
    """Gather the accepted candidates of some batches of one seed and anchor.

    Args:
        shape: None takes the first that all rows fit (`shapes.first_fitting`).

    Raises:
        WrongUse: nothing was accepted, the batches are of different seeds or anchors, or a row does not fit the shape.
    """
    if len({(batch.seed_run_id, batch.anchor_run_id) for batch in batches}) != 1:
        raise WrongUse("Choose batches of one seed and one anchor: FAC before and after is about one seed.")
    stands = [standing(workspace, batch, seed, anchor) for batch in batches]
    accepted = [(s, c) for s in stands for one, c in s.candidates.items() if s.states[one] == "accepted"]
    if not accepted:
        raise WrongUse("Nothing is accepted yet in these batches. Review them first: `fac review`, or the Review page.")
    items = seed_items(seed) if merged else []
    shape = shape or first_fitting([*(of_candidate(c) for _, c in accepted), *items])
    labels = Labels(workspace.events(), anchor.info.space_id).names().text
    old = seed_rows(seed, shape) if merged else []
    new = [synthetic_row(c, s.opinions[c.candidate_id], s.batch, labels.get(c.feature_id), shape) for s, c in accepted]
    texts = [item.text for item in items] + [c.text for _, c in accepted]
    kept, repeated = without_repeats([*old, *new], texts)
    n_new = sum(row["fac_origin"] == "synthetic" for row in kept)
    candidates = [c for s in stands for c in s.candidates.values()]
    opinions = [o for s in stands for one in s.candidates for o in s.opinions.get(one, ())]
    return ExportPlan(
        batches=tuple(batches),
        seed=seed.info,
        anchor=anchor.info,
        shape=shape,
        merged=merged,
        rows=table(kept),
        n_seed=len(kept) - n_new,
        n_accepted=n_new,
        n_repeated=len(repeated),
        n_overruled=sum(c.verdict != "passes" for _, c in accepted),
        coverage=_coverage(workspace, batches, seed, anchor),
        yields=yields(candidates, {c.candidate_id for _, c in accepted}),
        rejections=Counter(o.reason for o in opinions if o.choice == "rejected"),
        failures=Counter(c.verdict for c in candidates if c.verdict != "passes"),
        generators=tuple(sorted({c.generator for _, c in accepted})),
        prompts=tuple(sorted({c.prompt for _, c in accepted})),
    )


def _coverage(
    workspace: Workspace, batches: Sequence[Batch], seed: RunFile, anchor: RunFile
) -> tuple[BeforeAfter, ...]:
    found: list[BeforeAfter] = []
    for preset, definition in PRESETS.items():
        try:
            stands = [standing(workspace, batch, seed, anchor, definition) for batch in batches]
        except EmptyAnchor:
            continue
        before = stands[0].seed
        accepted = {  # distinct texts, as they are distinct rows
            c.text.strip(): s.fires[one]
            for s in stands
            for one, c in s.candidates.items()
            if s.states[one] == "accepted" and one in s.fires
        }
        after = before.plus(accepted.values())
        counts = (before.numerator, after.numerator, before.denominator)
        found.append(BeforeAfter(preset, definition, before.fac, after.fac, *counts))
    return tuple(found)
