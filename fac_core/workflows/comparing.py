"""Verbs about several datasets of one space: overlap, matrix, real texts for gaps, small subsets, likest samples. No model runs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from fac_core.coverage import matrix, subset
from fac_core.coverage import overlap as two_runs
from fac_core.coverage.active import check_same_space, thresholds
from fac_core.coverage.closing import Closing, closing
from fac_core.coverage.definition import PAPER, Definition
from fac_core.errors import NotFound
from fac_core.evidence import examples as evidence
from fac_core.export.shapes import first_fitting, of_sample, shaped
from fac_core.lab.sets.likeness import Picked, likest
from fac_core.relevance import effects as per_feature
from fac_core.store.runs.run_file import RunFile
from fac_core.store.workspace import Workspace
from fac_core.workflows.opening import Folder, open_anchor, open_pair, open_workspace


@dataclass(frozen=True)
class RealText:
    """A text of a run that fires a feature, or nearly."""

    run: str
    example: evidence.Example
    delta: float
    """δ of the feature: an activation above it counts."""

    @property
    def counts(self) -> bool:
        return self.example.activation > self.delta


def overlap(
    run_a: str,
    run_b: str,
    anchor: str | None = None,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    workspace: Folder = None,
    seed: int = 0,
) -> two_runs.Overlap:
    """Which features of the anchor both runs cover, which only one, which neither; with intervals."""
    place = open_workspace(workspace)
    with place.run(run_a) as a, place.run(run_b) as b, open_anchor(place, anchor) as p:
        return two_runs.overlap(a, b, p, definition, relevant, seed=seed)


def effects(
    run_a: str,
    run_b: str,
    anchor: str | None = None,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    workspace: Folder = None,
    hold_length: bool = True,
) -> pa.Table:
    """Feature by feature, how much more common it is in A than in B; the surest differences first, with `words`."""
    place = open_workspace(workspace)
    with place.run(run_a) as a, place.run(run_b) as b, open_anchor(place, anchor) as p:
        table = per_feature.effects(a, b, p, definition, relevant, hold_length=hold_length)
        words = evidence.peak_words(p, table["feature_id"].to_pylist())
        said = [", ".join(w.word for w in words[f]) for f in table["feature_id"].to_pylist()]
        return table.append_column("words", pa.array(said, pa.string()))


def coverage_matrix(
    names: Sequence[str] = (),
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    match: Literal["samples", "tokens"] | None = None,
    workspace: Folder = None,
    seed: int = 0,
) -> matrix.CoverageMatrix:
    """FAC of every run with every run as the anchor; without names, of all runs of the workspace's anchor's space."""
    place = open_workspace(workspace)
    with _opened(place, names or _of_one_space(place, place.anchor().space_id)) as runs:
        return matrix.coverage_matrix(runs, definition, relevant, match=match, seed=seed)


def find_texts(
    feature_id: int,
    names: Sequence[str] = (),
    anchor: str | None = None,
    definition: Definition = PAPER,
    *,
    workspace: Folder = None,
    n: int = 10,
) -> tuple[RealText, ...]:
    """The strongest real texts for a feature, in the named runs or in all of its space, strongest first.

    Raises `NotFound` for an id that the SAE has not.
    """
    place = open_workspace(workspace)
    with open_anchor(place, anchor) as p:
        evidence.check_feature(p, feature_id)
        delta = float(thresholds(p, definition)[feature_id])
        found: list[RealText] = []
        with _opened(place, names or _of_one_space(place, p.info.space_id)) as runs:
            for run in runs:
                check_same_space(run, p)
                found += [RealText(run.info.name, e, delta) for e in evidence.top_examples(run, feature_id, n)]
    return tuple(sorted(found, key=lambda text: -text.example.activation)[:n])


def closable_gaps(
    run: str | None = None,
    names: Sequence[str] = (),
    anchor: str | None = None,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    workspace: Folder = None,
) -> tuple[Closing, ...]:
    """How many gaps of a run real texts would close: of each other run, and of all together.

    Without names all runs of the space are searched, but not the run itself and not the anchor.
    """
    place = open_workspace(workspace)
    with open_pair(workspace, run, anchor) as (q, p):
        own = (q.info.run_id, p.info.run_id)
        others = names or _of_one_space(place, p.info.space_id, besides=own)
        if not others:
            raise NotFound(
                "There is no third run to search. Encode one with `fac encode`, or name the anchor with --in."
            )
        with _opened(place, others) as sources:
            return closing(q, sources, p, definition, relevant)


def small_subset(
    run: str | None = None,
    anchor: str | None = None,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    keep: float = 0.99,
    workspace: Folder = None,
) -> subset.Subset:
    """Few samples of a run that keep a share of its FAC, in the order of choice."""
    with open_pair(workspace, run, anchor) as (q, p):
        return subset.greedy_subset(q, p, definition, relevant, keep=keep)


def pick_likest(
    source: str,
    n: int,
    *,
    seed: str | None = None,
    anchor: str | None = None,
    by: str | None = None,
    workspace: Folder = None,
) -> Picked:
    """Choose samples of a run with which a seed becomes like the anchor, or which are like it by themselves.

    Args:
        by: metadata field whose classes are chosen for themselves, in the anchor's proportions.
    """
    place = open_workspace(workspace)
    with open_anchor(place, anchor) as p, _opened(place, [source, *([seed] if seed else [])]) as runs:
        return likest(runs[0], p, n, seed=runs[1] if seed else None, by=by)


def sample_rows(run: str, sample_ids: Sequence[int], *, workspace: Folder = None) -> list[dict[str, Any]]:
    """Samples of a run as rows of a dataset, in the shape of an export, in the order asked for."""
    with open_workspace(workspace).run(run) as opened:
        found = opened.query("FROM samples WHERE list_contains(?::UINTEGER[], sample_id)", [list(sample_ids)])
    rows = {row["sample_id"]: row for row in found.to_pylist()}
    items = [of_sample(rows[sample_id]) for sample_id in sample_ids]
    shape = first_fitting(items)
    return [shaped(item, shape) for item in items]


def _of_one_space(place: Workspace, space_id: str, besides: Collection[str] = ()) -> list[str]:
    return [i.run_id for i in place.runs() if i.space_id == space_id and i.run_id not in besides]


@contextmanager
def _opened(place: Workspace, names: Sequence[str]) -> Iterator[list[RunFile]]:
    with ExitStack() as stack:
        yield [stack.enter_context(place.run(name)) for name in names]
