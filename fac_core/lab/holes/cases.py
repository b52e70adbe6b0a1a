"""Cases: a collection is cut in halves; one half is the anchor, the other one less a group of its texts is the data."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from fac_core.lab.holes.collection import Collection
from fac_core.lab.holes.config import HolesConfig

Kind = Literal["hole", "null", "cut", "joined"]
TRAPS: tuple[Kind, ...] = ("null", "cut", "joined")
"""Kinds of cases in which nothing is missing."""

_LEAST_ANCHOR = 100
_LEAST_MISSING = 4


@dataclass(frozen=True)
class Case:
    """One question: which of the anchor's texts does the data lack?"""

    collection: Collection = field(repr=False)
    kind: Kind
    anchor: np.ndarray = field(repr=False)
    """Rows of the collection."""
    data: np.ndarray = field(repr=False)
    """Rows of the collection; of a length trap, of derived texts."""
    missing: np.ndarray = field(repr=False)
    """bool `[anchor]`: texts of the group that was taken out. Methods never look at this."""
    cut: int
    """Seed of the halves."""
    group: str = ""
    left: float = 0.0
    """Share of the group that stayed in the data."""
    wanted: str = "as it is"
    """Size of the hole that was asked for, as a share of the anchor."""
    size: str = "all"
    """Texts in the data that were asked for."""
    nth: int = 0
    """Of nulls: which one of this cut and size."""

    @property
    def key(self) -> str:
        """The same for the same case in every run of the study."""
        parts = (self.kind, self.group, f"left {self.left:g}", self.wanted, self.size, f"cut {self.cut}", str(self.nth))
        return " | ".join(parts)

    @property
    def for_power(self) -> bool:
        """Whether the hole was brought to a size, or the data: what only the power table needs."""
        return self.kind == "hole" and (self.wanted, self.size) != ("as it is", "all")

    @property
    def share(self) -> float:
        """Of the anchor's texts that are missing."""
        return float(self.missing.mean())


def cases_of(collection: Collection, config: HolesConfig, cuts: Sequence[int]) -> Iterator[Case]:
    """Every case of a collection: holes as large as they are with shares left in, nulls, length traps; then the power table."""
    sizes = (*config.sizes, None)
    for cut in cuts:
        for group in collection.groups:
            for left in config.left:
                yield from _there(hole(collection, group, cut=cut, left=left))
        for size in sizes:
            for nth in range(config.nulls):
                yield from _there(null(collection, cut=cut, n_data=size, nth=nth))
        yield from _there(cut_short(collection, cut=cut))
        yield from _there(joined_up(collection, cut=cut))
    for cut in cuts:
        for group in collection.groups:
            for share in config.shares:
                for size in sizes:
                    yield from _there(hole(collection, group, cut=cut, share=share, n_data=size))


def hole(
    collection: Collection,
    group: str,
    *,
    cut: int = 0,
    left: float = 0.0,
    share: float | None = None,
    n_data: int | None = None,
) -> Case | None:
    """A case with one group missing; None where the collection is too small for it.

    Args:
        cut: seed of the halves; all groups of a cut share them.
        left: share of the group's texts in the other half that stay in the data.
        share: of the anchor that the hole should be; by leaving out texts of the group, or of the rest, in both halves.
        n_data: texts in the data; None for all there are.
    """
    rng = np.random.default_rng([cut, zlib.crc32(group.encode())])
    member = collection.groups[group]
    anchor, other = halves(collection.n_own, cut)
    anchor_in, anchor_out = rng.permutation(anchor[member[anchor]]), rng.permutation(anchor[~member[anchor]])
    other_in, other_out = rng.permutation(other[member[other]]), rng.permutation(other[~member[other]])
    if share is not None:
        natural = len(anchor_in) / len(anchor)
        if share <= natural:
            kept = share / (1 - share) * len(anchor_out) / max(1, len(anchor_in))
            anchor_in, other_in = _first(anchor_in, kept), _first(other_in, kept)
        else:
            kept = (1 - share) / share * len(anchor_in) / max(1, len(anchor_out))
            anchor_out, other_out = _first(anchor_out, kept), _first(other_out, kept)
    anchor = np.sort(np.concatenate([anchor_in, anchor_out]))
    data = np.concatenate([_first(other_in, left), other_out])
    if len(anchor_in) < _LEAST_MISSING or len(anchor) < _LEAST_ANCHOR:
        return None
    if n_data is not None:
        if n_data >= len(data):
            return None
        data = rng.permutation(data)[:n_data]
    return Case(
        collection,
        "hole",
        anchor,
        np.sort(data),
        member[anchor],
        cut,
        group,
        left,
        "as it is" if share is None else f"{share:.0%}",
        "all" if n_data is None else str(n_data),
    )


def null(collection: Collection, *, cut: int = 0, n_data: int | None = None, nth: int = 0) -> Case | None:
    """A case in which nothing is missing: both halves whole. None where the data would be smaller than asked for."""
    rng = np.random.default_rng([cut, nth, 1])
    order = rng.permutation(collection.n_own)
    anchor, data = np.sort(order[: len(order) // 2]), order[len(order) // 2 :]
    if n_data is not None:
        if n_data >= len(data):
            return None
        data = data[:n_data]
    nothing = np.zeros(len(anchor), dtype=bool)
    size = "all" if n_data is None else str(n_data)
    return Case(collection, "null", anchor, np.sort(data), nothing, cut, size=size, nth=nth)


def cut_short(collection: Collection, *, cut: int = 0) -> Case | None:
    """Whole texts as anchor, the first halves of other texts as data. None for a collection without them."""
    if not len(collection.cut):
        return None
    anchor, other = halves(collection.n_own, cut)
    data = collection.cut[np.isin(collection.cut[:, 0], other), 1]
    return Case(collection, "cut", anchor, np.sort(data), np.zeros(len(anchor), dtype=bool), cut)


def joined_up(collection: Collection, *, cut: int = 0) -> Case | None:
    """Single texts as anchor, pairs of other texts as data. None for a collection without them."""
    if not len(collection.joined):
        return None
    ours, theirs = halves(len(collection.joined), cut)
    anchor = np.sort(collection.joined[ours, :2].ravel())
    data = np.sort(collection.joined[theirs, 2])
    return Case(collection, "joined", anchor, data, np.zeros(len(anchor), dtype=bool), cut)


def halves(n: int, cut: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows 0 to n - 1 in two halves, each ascending; the same for the same cut."""
    order = np.random.default_rng(cut).permutation(n)
    return np.sort(order[: n // 2]), np.sort(order[n // 2 :])


def _first(rows: np.ndarray, share: float) -> np.ndarray:
    return rows[: round(min(1.0, share) * len(rows))]


def _there(case: Case | None) -> list[Case]:
    return [] if case is None else [case]
