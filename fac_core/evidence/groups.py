"""Which samples are shown for a feature: the strongest, each interval, random positives, near misses, silent ones.

What is chosen is decided on the feature's activations as arrays; texts and tokens are read for the chosen few. So a
feature costs one look-up of its activations, however large the run is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from fac_core.evidence.duplicates import Distinct, fold
from fac_core.evidence.examples import Example, check_feature, examples_of
from fac_core.store.runs.run_file import RunFile
from fac_core.store.runs.schema import INTERVAL, N_INTERVALS, N_PER_INTERVAL, N_RANDOM, N_TOP_EXAMPLES, QUANTILE_LEVELS

Kind = Literal["top", "interval", "random", "near miss", "silent"]

N_NEAR_MISSES = 10
N_SILENT = 5


@dataclass(frozen=True)
class Group:
    """Samples shown together."""

    kind: Kind
    n: int
    """Samples of the run that belong to the group, shown or not."""
    share: float
    """Those of the samples that fire the feature; of all samples for `silent`."""
    low: float | None
    """An interval includes it."""
    high: float | None
    """An interval excludes it, but for the highest, which ends at the maximum."""
    examples: tuple[Distinct, ...]


@dataclass(frozen=True)
class Evidence:
    """What a run shows of a feature."""

    feature_id: int
    run: str
    """Name of the run."""
    run_id: str
    n_samples: int
    n_active: int
    """Samples with any activation."""
    density: float
    """Those of all samples."""
    delta: float
    n_above: int
    """Samples above δ."""
    max: float
    mean: float
    """Of the non-zero activations, as are the quantiles and the histogram."""
    quantiles: dict[float, float]
    """Level to value; empty for a feature that never fires."""
    histogram: tuple[int, ...]
    """Samples in equal bins of 0..max."""
    groups: tuple[Group, ...]

    def group(self, kind: Kind) -> Group:
        """The first group of a kind; every kind but `interval` has one, empty if no sample belongs to it."""
        return next(group for group in self.groups if group.kind == kind)


@dataclass(frozen=True)
class Fired:
    """The samples that fire one feature, the strongest first."""

    sample_ids: np.ndarray
    """uint32 `[n_active]`."""
    activations: np.ndarray
    """float32 `[n_active]`."""
    intervals: np.ndarray
    """`[n_active]`, 0..N_INTERVALS-1 of 0..maximum."""
    drawn: np.ndarray
    """bool `[n_active]`: stored with its tokens because a draw chose it, for its interval or as a random positive."""
    random: np.ndarray
    """bool `[n_active]`: those stored as random positives; none in runs of earlier builds."""


@dataclass(frozen=True)
class Choice:
    """What a group shows."""

    kind: Kind
    n: int
    sample_ids: tuple[int, ...]
    interval: int | None = None


def evidence(run: RunFile, feature_id: int, delta: float = 0.0, *, seed: int = 0) -> Evidence:
    """What a run shows of a feature, without a model. Raises `NotFound` for an id that the SAE has not.

    Args:
        delta: δ of this feature; near misses lie at or below it. With δ = 0 there are none: every activation counts.
        seed: draws silent samples, and what is shown beyond the samples that are stored with their tokens.
    """
    check_feature(run, feature_id)
    stats = run.query("FROM feature_stats WHERE feature_id = ?", [feature_id]).to_pylist()[0]
    every = run.query("SELECT sample_id FROM samples ORDER BY sample_id")["sample_id"].to_numpy()
    fired = fired_samples(run, feature_id)
    choices = choose(fired, every, delta, np.random.default_rng([seed, feature_id]))
    wanted = sorted({sample for choice in choices for sample in choice.sample_ids})
    by_sample = {example.sample_id: example for example in examples_of(run, feature_id, wanted)}
    return Evidence(
        feature_id=feature_id,
        run=run.info.name,
        run_id=run.info.run_id,
        n_samples=len(every),
        n_active=stats["n_active"],
        density=stats["n_active"] / max(1, len(every)),
        delta=float(delta),
        n_above=int((fired.activations > np.float32(delta)).sum()),
        max=stats["max"],
        mean=stats["mean"],
        quantiles=dict(zip(QUANTILE_LEVELS, stats["quantiles"], strict=False)),
        histogram=tuple(stats["histogram"]),
        groups=tuple(_group(choice, by_sample, stats, len(every)) for choice in choices),
    )


def fired_samples(run: RunFile, feature_id: int) -> Fired:
    """Where a feature fires: one zone-map look-up."""
    rows = run.query(
        f"""
        WITH stored AS (
            SELECT sample_id, bool_or(kind <> 'top') AS drawn, bool_or(kind = 'random') AS random
            FROM examples WHERE feature_id = $1 GROUP BY sample_id
        )
        SELECT sample_id, activation, {INTERVAL} AS interval,
            coalesce(drawn, false) AS drawn, coalesce(random, false) AS random
        FROM activations JOIN feature_stats USING (feature_id) LEFT JOIN stored USING (sample_id)
        WHERE feature_id = $1
        ORDER BY activation DESC, sample_id
        """,  # noqa: S608
        [feature_id],
    )
    columns = (rows[name].to_numpy(zero_copy_only=False) for name in rows.column_names)
    return Fired(*columns)


def choose(fired: Fired, every: np.ndarray, delta: float, rng: np.random.Generator) -> list[Choice]:
    """Choose what is shown, in the order in which it is shown: strongest first, silent samples last.

    Args:
        every: ids of all samples of the run, ascending.

    Of an interval, and as random positives, samples that are stored with their tokens are shown first; where there are
    too few, others are drawn.
    """
    ids, n = fired.sample_ids, len(fired.sample_ids)
    choices = [Choice("top", min(n, N_TOP_EXAMPLES), tuple(ids[:N_TOP_EXAMPLES].tolist()))]
    for interval in reversed(range(N_INTERVALS)) if n else ():
        inside = np.flatnonzero(fired.intervals == interval)
        shown = _draw(inside, fired.drawn[inside], N_PER_INTERVAL, rng)
        choices.append(Choice("interval", len(inside), tuple(ids[shown].tolist()), interval))
    shown = _draw(np.arange(n), fired.random, N_RANDOM, rng)
    choices.append(Choice("random", n, tuple(ids[shown].tolist())))
    below = np.flatnonzero(fired.activations <= np.float32(delta))  # the order is that of the activations
    choices.append(Choice("near miss", len(below), tuple(ids[below[:N_NEAR_MISSES]].tolist())))
    silent = np.setdiff1d(every, ids, assume_unique=True)
    shown = np.sort(rng.permutation(len(silent))[:N_SILENT])
    choices.append(Choice("silent", len(silent), tuple(silent[shown].tolist())))
    return choices


def _draw(positions: np.ndarray, preferred: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Up to n positions, at random but the preferred ones before the others; ascending."""
    order = rng.permutation(len(positions))
    order = order[np.argsort(~preferred[order], kind="stable")]
    return np.sort(positions[order[:n]])


def _group(choice: Choice, by_sample: Mapping[int, Example], stats: Mapping[str, Any], n_samples: int) -> Group:
    whole = n_samples if choice.kind == "silent" else stats["n_active"]
    width = stats["max"] / N_INTERVALS
    return Group(
        kind=choice.kind,
        n=choice.n,
        share=choice.n / max(1, whole),
        low=None if choice.interval is None else width * choice.interval,
        high=None if choice.interval is None else width * (choice.interval + 1),
        examples=fold([by_sample[sample] for sample in choice.sample_ids]),
    )
