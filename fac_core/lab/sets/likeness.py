"""Texts that make a dataset like the anchor: chosen one by one, so that mean activations become the anchor's.

Coverage asks that a feature fires at all. This asks how much of it there is: what there is too little of counts for a text,
what there is too much of against it, so a long text that fires everything is worth no more than others. Whether a model
learns more from such texts than from a random draw differs from data to data (docs/results.md).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from scipy import sparse

from fac_core.coverage.active import check_same_space
from fac_core.errors import NotFound, WrongUse
from fac_core.export.shapes import first_fitting, of_sample, shaped
from fac_core.store.runs.run_file import RunFile

POWER = 0.5
"""Squared differences of means are weighted by mean ** -POWER, so that what is common does not drown what is rare. Chosen on
one cut of ToxicChat and of tweets, tested on others."""


@dataclass(frozen=True)
class Picked:
    """Samples of a source, to be added to a seed."""

    source: str
    seed: str | None
    anchor: str
    sample_ids: tuple[int, ...]
    """Class by class, each in the order of choice."""
    classes: tuple[str | None, ...]
    """Of each sample; None without classes."""
    n_tokens: int
    """Content tokens of all."""
    distance: tuple[float, float]
    """Of the seed from the anchor, and with the samples: weighted squared differences of mean activations, mean over classes."""

    @property
    def moved(self) -> str:
        """What becomes of the distance, in words."""
        before, after = self.distance
        change = 1 - after / before if before else 0.0
        return f"{abs(change):.0%} {'nearer to' if change >= 0 else 'farther from'} {self.anchor}"


def sample_rows(run: RunFile, sample_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Samples of a run as rows of a dataset, in the shape of an export, in the order asked for."""
    found = run.query("FROM samples WHERE list_contains(?::UINTEGER[], sample_id)", [list(sample_ids)])
    rows = {row["sample_id"]: row for row in found.to_pylist()}
    items = [of_sample(rows[sample_id]) for sample_id in sample_ids]
    shape = first_fitting(items)
    return [shaped(item, shape) for item in items]


def likest(source: RunFile, anchor: RunFile, n: int, *, seed: RunFile | None = None, by: str | None = None) -> Picked:
    """Choose n samples of a run.

    Args:
        seed: what is there already; without one the samples stand alone.
        by: metadata field. Then each class is chosen for itself, as many of each as its share of the anchor asks for;
            samples without the field are left out.

    Raises `ModelMismatch` for runs of different spaces, `NotFound` if the anchor has no sample with the field, `WrongUse` if
    a class of the source has too few samples.
    """
    for run in (source, seed or anchor):
        check_same_space(run, anchor)
    (offered, theirs, tokens), (wanted, wanted_of, _) = _read(source, by), _read(anchor, by)
    there, mine, _ = _read(seed, by) if seed else (wanted[:0], wanted_of[:0], None)
    names = sorted({name for name in wanted_of if name}) if by else [None]
    if not names:
        raise NotFound(f"No sample of the anchor {anchor.info.name!r} has the field {by!r}.")
    picked: list[tuple[int, str | None]] = []
    distances: list[tuple[float, float]] = []
    for name, count in zip(names, _shares(n, [int((wanted_of == name).sum()) for name in names]), strict=True):
        rows, here = np.flatnonzero(theirs == name), there[mine == name]
        if len(rows) < count:
            which = f" with {by} = {name}" if by else ""
            raise WrongUse(f"{source.info.name!r} has {len(rows)} samples{which}; {count} are asked for.")
        of_class = wanted[wanted_of == name]
        order = rows[nearest(offered[rows], count, wanted=of_class, there=here)]
        picked += [(int(row), name) for row in order]
        both = cast(sparse.csr_matrix, sparse.vstack([here, offered[order]]).tocsr())
        distances.append((_distance(here, of_class), _distance(both, of_class)))
    ids = source.query("SELECT sample_id FROM samples ORDER BY sample_id")["sample_id"].to_numpy()
    return Picked(
        source=source.info.name,
        seed=seed.info.name if seed else None,
        anchor=anchor.info.name,
        sample_ids=tuple(int(ids[row]) for row, _ in picked),
        classes=tuple(name for _, name in picked),
        n_tokens=int(tokens[[row for row, _ in picked]].sum()),
        distance=cast(tuple[float, float], tuple(np.mean(distances, axis=0).tolist())),
    )


def nearest(
    values: sparse.csr_matrix, n: int, *, wanted: sparse.csr_matrix, there: sparse.csr_matrix, power: float = POWER
) -> np.ndarray:
    """Positions of the samples with which means become those of wanted ones, in the order of choice.

    Args:
        values, wanted, there: `[samples, d]`, not negative; what is offered, what it should be like, what is there already.
        power: squared differences are weighted by the wanted mean to minus this.
    """
    mean = mean_of(wanted)
    return by_mean(values, n, mean=mean, there=there, weight=inverse(mean, power))


def by_mean(
    values: sparse.csr_matrix, n: int, *, mean: np.ndarray, there: sparse.csr_matrix, weight: np.ndarray
) -> np.ndarray:
    """Positions, greedily: the sample after which the mean of all is nearest to where it should be (herding, Welling 2009).

    Args:
        values: `[samples, d]`; mean: `[d]`.
        there: `[samples, d]`: those that are there already.
        weight: `[d]`, of squared differences.
    """
    total = np.asarray(there.sum(axis=0), dtype=np.float64).ravel()
    n_there, n_rows = cast(tuple[int, int], there.shape)[0], cast(tuple[int, int], values.shape)[0]
    squares, free = values.multiply(values) @ weight, np.ones(n_rows, dtype=bool)
    picked: list[int] = []
    for size in range(n_there + 1, n_there + 1 + min(n, n_rows)):
        loss = squares + 2 * values @ (weight * (total - size * mean))
        best = int(np.argmin(np.where(free, loss, np.inf)))
        free[best] = False
        picked.append(best)
        total += np.asarray(values[best].todense()).ravel()
    return np.array(picked, dtype=np.int64)


def mean_of(values: sparse.csr_matrix) -> np.ndarray:
    """float64 `[d]`, of `[samples, d]`."""
    return np.asarray(values.mean(axis=0), dtype=np.float64).ravel()


def inverse(mean: np.ndarray, power: float) -> np.ndarray:
    """`mean ** -power`, 0 where the mean is."""
    return np.power(mean, -power, out=np.zeros(len(mean)), where=mean > 0)


def pooled_activations(run: RunFile, sample_ids: np.ndarray) -> sparse.csr_matrix:
    """float32 `[samples, d_sae]`: g_i(x) of all samples of a run. `sample_ids`: all of its ids, ascending."""
    found = run.query("SELECT feature_id, sample_id, activation FROM activations")
    rows = np.searchsorted(sample_ids, found["sample_id"].to_numpy())
    cells = (found["activation"].to_numpy(), (rows, found["feature_id"].to_numpy()))
    return sparse.csr_matrix(cells, shape=(len(sample_ids), run.info.d_sae))


def _read(run: RunFile, by: str | None) -> tuple[sparse.csr_matrix, np.ndarray, np.ndarray]:
    """Activations, class and content tokens of every sample. Without a field all are of the class None."""
    rows = run.query("SELECT sample_id, n_tokens, metadata FROM samples ORDER BY sample_id")
    known = [json.loads(one or "{}") for one in rows["metadata"].to_pylist()]
    classes = np.array([str(one.get(by, "")) if by else None for one in known], dtype=object)
    return pooled_activations(run, rows["sample_id"].to_numpy()), classes, rows["n_tokens"].to_numpy()


def _shares(n: int, sizes: list[int]) -> list[int]:
    """n in the proportions of the sizes, whole numbers (largest remainders)."""
    exact = n * np.array(sizes) / sum(sizes)
    counts = np.floor(exact).astype(int)
    counts[np.argsort(counts - exact, kind="stable")[: n - counts.sum()]] += 1
    return counts.tolist()


def _distance(values: sparse.csr_matrix, wanted: sparse.csr_matrix) -> float:
    mean = mean_of(wanted)
    here = mean_of(values) if cast(tuple[int, int], values.shape)[0] else np.zeros(len(mean))
    return float((inverse(mean, POWER) * (here - mean) ** 2).sum())
