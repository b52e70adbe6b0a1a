"""What the data is short of by a metadata field that both datasets have: where texts bear labels, nothing has to be found.

Values are compared as themes are, at equal length of texts and at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from fac_core.errors import WrongUse
from fac_core.evidence.homes import fields
from fac_core.shortfall.counts import N_STRATA
from fac_core.shortfall.strata import Tally, length_edges, stratum_of, trend
from fac_core.store.runs.homes import json_path
from fac_core.store.runs.run_file import RunFile
from fac_core.themes.theme import Share, deficit_of

MOST_VALUES = 1000
"""A field with more divides the texts into no parts."""


@dataclass(frozen=True)
class Part:
    """The texts with one value of a field."""

    value: str
    anchor_share: Share
    data_share: Share
    deficit: float
    """Samples that the data is short of at its size; negative for an excess. Its 95 % interval:"""
    deficit_low: float
    deficit_high: float
    z: float
    """Of both comparisons, at equal length and at all, the smaller; 0 where they disagree."""
    q: float
    """False discovery rate over the values, two-sided."""


def parts(run: RunFile, anchor: RunFile, field: str) -> tuple[Part, ...]:
    """The values of a metadata field in both datasets, the largest deficit first.

    Raises `WrongUse` for a field that one of them has not, or that has more than `MOST_VALUES` values.

    >>> {(part.deficit, part.q) for part in parts(view.p, view.p, "set")}
    {(0.0, 1.0)}
    """
    from scipy.stats import false_discovery_control, norm  # here, since who reads FAC need not wait for it

    ours, theirs = _read(anchor, field), _read(run, field)
    values = sorted({value for _, said in (ours, theirs) for value in said if value is not None})
    if len(values) > MOST_VALUES:
        raise WrongUse(f"Metadata field {field!r} has {len(values):,} values: no handful of parts. Name another one.")
    edges = length_edges(np.concatenate([ours[0], theirs[0]]), N_STRATA)
    tallies = [
        Tally.of(_members(said, values), stratum_of(lengths, edges), len(edges) + 1) for lengths, said in (ours, theirs)
    ]
    z = trend(*tallies)
    q = false_discovery_control(2 * norm.sf(np.abs(z)))
    found = []
    for place, value in enumerate(values):
        here, there = (Share.counted(sum(one == value for one in said), len(said)) for _, said in (ours, theirs))
        deficit, low, high = deficit_of(here, there, run.info.n_samples)
        found.append(Part(value, here, there, deficit, low, high, float(z[place]), float(q[place])))
    return tuple(sorted(found, key=lambda part: -part.deficit))


def _read(run: RunFile, field: str) -> tuple[np.ndarray, list[str | None]]:
    """Of every sample its length in tokens and its value."""
    rows = run.query("SELECT n_tokens, metadata->>? AS value FROM samples ORDER BY sample_id", [json_path(field)])
    values = rows["value"].to_pylist()
    if not any(value is not None for value in values):
        known = ", ".join(fields(run)) or "none: `fac encode` keeps what --id and --label name"
        raise WrongUse(f"No sample of {run.info.name!r} has metadata {field!r}; there is {known}.")
    return rows["n_tokens"].to_numpy(), values


def _members(said: list[str | None], values: list[str]) -> sparse.csr_matrix:
    column = {value: place for place, value in enumerate(values)}
    at = [(row, column[value]) for row, value in enumerate(said) if value is not None]
    rows, columns = zip(*at, strict=True)
    return sparse.csr_matrix((np.ones(len(at)), (rows, columns)), shape=(len(said), len(values)))
