"""FAC and gap closure: two numbers, two functions, two types.

    FAC         = |F(Q) ∩ F(P)| / |F(P)|
    gap closure = |F_miss ∩ F(S)| / |F_miss|,  F_miss = F(P) \\ F(seed)

The paper defines the first (without the intersection, so that it can exceed 1) and prints the second in its tables.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from fac_core.coverage.active import Excluded, active, anchor_features, check_same_space, ids
from fac_core.coverage.definition import PAPER, PRESETS, Definition
from fac_core.errors import EmptyAnchor, WrongUse
from fac_core.html_table import table
from fac_core.store.runs.run_file import RunFile


@dataclass(frozen=True)
class Coverage:
    """FAC of one run against one anchor."""

    run: str
    """Name of the run Q."""
    anchor: str
    """Name of the anchor P."""
    fac: float
    """numerator / denominator, from 0 to 1."""
    numerator: int
    """|F(Q) ∩ F(P)|."""
    denominator: int
    """|F(P)|."""
    delta: float
    """Global threshold, or the least one if `quantile` is given."""
    quantile: float | None
    """Of the non-zero anchor activations, where thresholds are per feature."""
    min_count: int
    """Samples that a feature must be active in, in the anchor as in the run."""
    n_extra: int
    """Relevant features of Q that the anchor does not have. They do not enter FAC."""
    excluded: Excluded
    """Features outside F(P), by reason."""
    covered: tuple[int, ...]
    """F(Q) ∩ F(P), ascending."""
    missing: tuple[int, ...]
    """F(P) \\ F(Q), ascending: the gaps."""
    n_samples: int
    """Of the run."""
    n_tokens: int
    """Of the run."""
    anchor_n_samples: int
    anchor_n_tokens: int

    def _repr_html_(self) -> str:
        """As a notebook shows it."""
        counts = (self.numerator, self.denominator, len(self.missing), self.n_extra)
        row = (f"{self.fac:.1%}", *(f"{n:,}" for n in counts), self.run, self.anchor)
        return table(["FAC", "covered", "of", "missing", "extra", "run", "anchor"], [row])


@dataclass(frozen=True)
class GapClosure:
    """How many of the seed's gaps synthetic samples close."""

    synthetic: str
    """Name of the run S."""
    seed: str
    """Name of the run that the gaps were found in."""
    anchor: str
    """Name of the anchor P."""
    closure: float
    """n_closed / n_gaps, from 0 to 1."""
    n_closed: int
    """|F_miss ∩ F(S)|."""
    n_gaps: int
    """|F_miss|, F_miss = F(P) \\ F(seed)."""
    closed: tuple[int, ...]
    """F_miss ∩ F(S), ascending."""
    still_open: tuple[int, ...]
    """F_miss \\ F(S), ascending."""
    delta: float
    quantile: float | None
    min_count: int


def coverage(
    run: RunFile, anchor: RunFile, definition: Definition = PAPER, relevant: Collection[int] | None = None
) -> Coverage:
    """FAC of `run` (method of the paper, after eq. 5, with the intersection that keeps it from exceeding 1).

    Args:
        relevant: ids of the task-relevant features; None means all.

    Raises:
        ModelMismatch: the runs are of different feature spaces.
        EmptyAnchor: F(P) is empty.
    """
    check_same_space(run, anchor)
    features = anchor_features(anchor, definition, relevant)
    in_run = active(run, features.thresholds, definition.min_count)
    covered = ids(features.can_occur & in_run)
    missing = ids(features.can_occur & ~in_run)
    denominator = len(covered) + len(missing)
    return Coverage(
        run=run.info.name,
        anchor=anchor.info.name,
        fac=len(covered) / denominator,
        numerator=len(covered),
        denominator=denominator,
        delta=definition.delta,
        quantile=definition.quantile,
        min_count=definition.min_count,
        n_extra=int((features.would_be_extra & in_run).sum()),
        excluded=features.excluded,
        covered=covered,
        missing=missing,
        n_samples=run.info.n_samples,
        n_tokens=run.info.n_tokens,
        anchor_n_samples=anchor.info.n_samples,
        anchor_n_tokens=anchor.info.n_tokens,
    )


def by_preset(run: RunFile, anchor: RunFile, relevant: Collection[int] | None = None) -> dict[str, Coverage | str]:
    """FAC by every preset; where an anchor has no feature by one, the reason."""
    found: dict[str, Coverage | str] = {}
    for name, preset in PRESETS.items():
        try:
            found[name] = coverage(run, anchor, preset, relevant)
        except EmptyAnchor as error:
            found[name] = str(error)
    return found


def gap_closure(
    synthetic: RunFile,
    seed: RunFile,
    anchor: RunFile,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
) -> GapClosure:
    """The share of the seed's gaps that `synthetic` alone closes (what the paper's Tables 6, 10 and 11 print).

    Raises:
        ModelMismatch: the runs are of different feature spaces.
        EmptyAnchor: F(P) is empty.
        WrongUse: the seed has no gap, so there is nothing to close.
    """
    check_same_space(synthetic, anchor)
    check_same_space(seed, anchor)
    features = anchor_features(anchor, definition, relevant)
    gaps = features.can_occur & ~active(seed, features.thresholds, definition.min_count)
    if not gaps.any():
        raise WrongUse(f"{seed.info.name!r} covers all features of {anchor.info.name!r}: there is no gap to close.")
    in_synthetic = active(synthetic, features.thresholds, definition.min_count)
    closed, still_open = ids(gaps & in_synthetic), ids(gaps & ~in_synthetic)
    return GapClosure(
        synthetic=synthetic.info.name,
        seed=seed.info.name,
        anchor=anchor.info.name,
        closure=len(closed) / (len(closed) + len(still_open)),
        n_closed=len(closed),
        n_gaps=len(closed) + len(still_open),
        closed=closed,
        still_open=still_open,
        delta=definition.delta,
        quantile=definition.quantile,
        min_count=definition.min_count,
    )
