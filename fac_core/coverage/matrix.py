"""Datasets by datasets: how much of one another covers, and how much a dataset adds to the rest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fac_core.coverage.active import active, anchor_features
from fac_core.coverage.compare import Compared, compare
from fac_core.coverage.definition import PAPER, Definition
from fac_core.errors import EmptyAnchor, WrongUse
from fac_core.store.runs.run_file import RunFile


@dataclass(frozen=True)
class CoverageMatrix:
    """FAC of every run with every run as the anchor. Asymmetric: a small set may lie wholly within a large one."""

    names: tuple[str, ...]
    n_samples: tuple[int, ...]
    n_tokens: tuple[int, ...]
    fac: np.ndarray
    """float64 `[runs, runs]`: of the row's features, by the column as anchor; 1 on the diagonal unless matched. NaN in the column
    of a run that can be no anchor."""
    denominator: np.ndarray
    """int64 `[runs]`: |F(P)| of each column."""
    redundancy: np.ndarray
    """float64 `[runs]`: share of a run's features that the other runs together cover; the rest is its own. NaN where it has none."""
    n_own: np.ndarray
    """int64 `[runs]`: features of a run that no other run covers."""
    matched: tuple[Literal["samples", "tokens"], int] | None
    """What rows were matched by, and the size; None: each row has its own size."""
    no_anchor: tuple[str | None, ...]
    """Why a run can be no anchor: it is too small for the definition, say. As a row it is there like any other."""

    @property
    def mean(self) -> float:
        """Mean over the pairs of different runs: how alike the sets are as a whole."""
        others = ~np.eye(len(self.names), dtype=bool) & ~np.isnan(self.fac)
        return float(self.fac[others].mean())


def coverage_matrix(
    runs: Sequence[RunFile],
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    match: Literal["samples", "tokens"] | None = None,
    n_draws: int = 10,
    seed: int = 0,
) -> CoverageMatrix:
    """Take each run as the anchor in turn. Thresholds are those of the column, so a cell is a FAC like any other.

    Args:
        match: draw each row at the size of the smallest run, as `compare` does. Redundancy stays that of whole runs.

    Raises `ModelMismatch` as `coverage` does, `EmptyAnchor` if all runs are, `WrongUse` for fewer than two runs.
    """
    if len(runs) < 2:
        raise WrongUse("A matrix needs two runs of one feature space at least; `fac encode` makes another.")
    columns: list[Sequence[Compared]] = []
    own: list[tuple[int, int]] = []
    no_anchor: list[str | None] = []
    for i, anchor in enumerate(runs):
        try:
            columns.append(compare(runs, anchor, definition, relevant, match=match, n_draws=n_draws, seed=seed))
            own.append(_own(i, runs, definition, relevant))
            no_anchor.append(None)
        except EmptyAnchor as error:  # the others answer all the same
            columns.append(())
            own.append((0, 0))
            no_anchor.append(str(error))
    if not any(columns):
        raise EmptyAnchor(no_anchor[0])
    n_own, denominator = np.array(own).T
    first = next(column for column in columns if column)[0].matched
    return CoverageMatrix(
        names=tuple(run.info.name for run in runs),
        n_samples=tuple(run.info.n_samples for run in runs),
        n_tokens=tuple(run.info.n_tokens for run in runs),
        fac=np.array(
            [
                [row.matched.mean if row.matched else row.coverage.fac for row in column] or [np.nan] * len(runs)
                for column in columns
            ]
        ).T,
        denominator=denominator,
        redundancy=np.where(denominator, 1 - n_own / np.maximum(1, denominator), np.nan),
        n_own=n_own,
        matched=None if first is None else (first.by, first.size),
        no_anchor=tuple(no_anchor),
    )


def _own(i: int, runs: Sequence[RunFile], definition: Definition, relevant: Collection[int] | None) -> tuple[int, int]:
    """Features of run i that no other run covers, and all its features, under its own thresholds."""
    features = anchor_features(runs[i], definition, relevant)
    elsewhere = np.zeros_like(features.can_occur)
    for j, run in enumerate(runs):
        if j != i:
            elsewhere |= active(run, features.thresholds, definition.min_count)
    return int((features.can_occur & ~elsewhere).sum()), int(features.can_occur.sum())
