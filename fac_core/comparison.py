"""Several datasets of one space: how they cover each other, what only one has, which real texts close gaps.

Each takes a view, whose run is the dataset in question, and names of other runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pyarrow as pa

from fac_core.coverage import closing as real_texts
from fac_core.coverage import compare as side_by_side
from fac_core.coverage import matrix as all_with_all
from fac_core.coverage import overlap as two_runs
from fac_core.errors import NotFound
from fac_core.evidence.examples import peak_words
from fac_core.relevance import effects as per_feature
from fac_core.store.runs.info import RunInfo
from fac_core.store.runs.run_file import RunFile
from fac_core.view import View

Match = Literal["samples", "tokens"] | None
"""What datasets are drawn down to, that of the smallest; None: each as it is."""


def overlap(view: View, other: str, *, seed: int = 0) -> two_runs.Overlap:
    """Which features of the anchor both runs cover, which only one, which neither; with intervals.

    >>> overlap(view, "anchor").only_b.n
    3
    """
    return two_runs.overlap(view.q, view.workspace.opened(other), view.p, view.definition, view.relevant, seed=seed)


def effects(view: View, other: str, *, hold_length: bool = True) -> pa.Table:
    """Feature by feature, how much more common it is in the run than in the other; the surest first, with `words`.

    >>> effects(view, "anchor").num_rows
    5
    """
    theirs = view.workspace.opened(other)
    table = per_feature.effects(view.q, theirs, view.p, view.definition, view.relevant, hold_length=hold_length)
    ids = table["feature_id"].to_pylist()
    words = peak_words(view.p, ids)
    said = [", ".join(peak.word for peak in words[feature]) for feature in ids]
    return table.append_column("words", pa.array(said, pa.string()))


def compare(
    view: View, names: Sequence[str], *, match: Match = None, seed: int = 0
) -> tuple[side_by_side.Compared, ...]:
    """The run and others side by side, with their sizes; with `match`, also at the smallest one's size.

    >>> [one.coverage.run for one in compare(view, ["anchor"])]
    ['seed', 'anchor']
    """
    runs = [view.q, *_opened(view, names)]
    return side_by_side.compare(runs, view.p, view.definition, view.relevant, match=match, seed=seed)


def matrix(view: View, names: Sequence[str] = (), *, match: Match = None, seed: int = 0) -> all_with_all.CoverageMatrix:
    """FAC of every run with every run as the anchor; without names, of all runs of the space.

    >>> matrix(view).fac.shape
    (2, 2)
    """
    runs = _opened(view, names or [info.run_id for info in view.workspace.peers(view.anchor.space_id)])
    return all_with_all.coverage_matrix(runs, view.definition, view.relevant, match=match, seed=seed)


def closing(view: View, names: Sequence[str] = ()) -> tuple[real_texts.Closing, ...]:
    """How many gaps of the run real texts would close: of each other run, and of all together.

    Without names all runs of the space are searched, but not the run itself and not the anchor. Raises `NotFound` if
    then none is left.

    >>> closing(view, ["anchor"])[0].n_gaps
    3
    """
    own = (view.run.run_id, view.anchor.run_id)
    others = names or [info.run_id for info in view.workspace.peers(view.anchor.space_id, besides=own)]
    if not others:
        raise NotFound("There is no third run to search. Encode one with `fac encode`, or name the anchor with --in.")
    return real_texts.closing(view.q, _opened(view, others), view.p, view.definition, view.relevant)


def likely_synthetic(view: View) -> RunInfo | None:
    """The first other run of the space whose name says that it was written for gaps.

    >>> likely_synthetic(view) is None
    True
    """
    own = (view.run.run_id, view.anchor.run_id)
    for info in view.workspace.peers(view.anchor.space_id, besides=own):
        if any("synth" in said.lower() for said in (info.name, info.source, info.dataset_name)):
            return info
    return None


def _opened(view: View, names: Sequence[str]) -> list[RunFile]:
    return [view.workspace.opened(name) for name in names]
