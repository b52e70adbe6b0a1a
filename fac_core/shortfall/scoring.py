"""How a sample scores on a feature: how many of the anchor's quantiles of it its activation exceeds.

Where the data's texts are much shorter, the anchor's are read only as far when the question is what the data lacks: what only
the second half of a long text says is not missing in texts that were cut there. So are the data's for what it has in excess.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from fac_core.coverage.active import thresholds
from fac_core.coverage.definition import Definition
from fac_core.store.by_id import by_id
from fac_core.store.runs.run_file import RunFile

LEVELS = (0.25, 0.5, 0.75, 0.9)
"""Quantiles of a feature's non-zero anchor activations: a sample scores one for each that it exceeds."""

SHOWN = LEVELS.index(0.75)
"""Rates are shown above this level: far less a matter of length than any activation at all."""

MUCH_SHORTER = 0.75
"""Of a text's length: where the other dataset's texts of the same rank are shorter, only so much of it is read."""


@dataclass(frozen=True)
class Scoring:
    """What activations of one dataset count."""

    levels: np.ndarray
    """float32 `[levels, d_sae]`, ascending: what an activation has to exceed for each score."""
    until: np.ndarray | None = None
    """uint32, by sample id: peaks at this token and after it do not count; None where every text is read whole."""

    def sql(self, rows: str = "activations") -> str:
        """A query of `feature_id, sample_id, token_index, score`: the rows of table `activations`, or of some of it, that score.
        It takes `parameters`.

        >>> scoring = Scoring(np.zeros((1, 8), np.float32))
        >>> view.q.query(scoring.sql(), scoring.parameters).num_rows == view.q.info.n_activations
        True
        """
        names = [f"level_{n}" for n in range(len(self.levels))]
        score = " + ".join(f"(activation > {name})::UTINYINT" for name in names)
        scored = f"""
            SELECT feature_id, sample_id, token_index, {score} AS score
            FROM {rows} JOIN {by_id("feature_id", names, "FLOAT")} USING (feature_id) WHERE activation > level_0
        """  # noqa: S608
        if self.until is None:
            return scored
        read = f"JOIN {by_id('sample_id', 'until', 'UINTEGER')} USING (sample_id) WHERE token_index < until"
        return f"SELECT feature_id, sample_id, token_index, score FROM ({scored}) {read}"  # noqa: S608

    @property
    def parameters(self) -> list[np.ndarray]:
        return [*self.levels, *([] if self.until is None else [self.until])]

    @property
    def shown(self) -> int:
        """The score from which a sample counts as active.

        >>> Scoring(np.zeros((4, 8))).shown, Scoring(np.zeros((1, 8))).shown
        (3, 1)
        """
        return min(SHOWN + 1, len(self.levels))


def levels(anchor: RunFile, definition: Definition | None = None) -> np.ndarray:
    """float32 `[levels, d_sae]`: quantiles (`LEVELS`); of a definition, its δ alone.

    >>> levels(view.p).shape
    (4, 8)
    """
    if definition is not None:
        return thresholds(anchor, definition)[None]
    return np.stack([thresholds(anchor, Definition(quantile=level)) for level in LEVELS])


def whole(anchor: RunFile, definition: Definition | None = None) -> Scoring:
    """Every text is read to its end."""
    return Scoring(levels(anchor, definition))


def as_far_as(run: RunFile, other: RunFile, scoring: Scoring) -> Scoring:
    """For the samples of `run`: each is read as far as those of `other` go; `scoring` itself if that is to the end.

    >>> as_far_as(view.p, view.q, whole(view.p)).until is None
    True
    """
    ours, theirs = (part.query("SELECT sample_id, n_tokens FROM samples ORDER BY sample_id") for part in (run, other))
    shares = shares_read(ours["n_tokens"].to_numpy(), theirs["n_tokens"].to_numpy())
    if not (shares < 1).any():
        return scoring
    ids = ours["sample_id"].to_numpy()
    until = ends(run).astype(float)
    until[ids] = np.ceil(until[ids] * shares)
    return replace(scoring, until=until.astype(np.uint32))


@lru_cache(maxsize=16)
def ends(run: RunFile) -> np.ndarray:
    """uint32, by sample id: where each text ends, after the last token at which any feature peaks; 0 where none does. A chat's
    template moves the count, so it is not the number of tokens. Every activation is read; remembered, as files never change.

    >>> ends(view.q).shape
    (8,)
    """
    n = run.query("SELECT coalesce(max(sample_id) + 1, 0)::BIGINT AS n FROM samples")["n"][0].as_py()
    rows = run.query("SELECT sample_id, max(token_index)::UINTEGER + 1 AS n FROM activations GROUP BY sample_id")
    found = np.zeros(n, dtype=np.uint32)
    found[rows["sample_id"].to_numpy()] = rows["n"].to_numpy()
    return found


def shares_read(n_tokens: np.ndarray, others: np.ndarray) -> np.ndarray:
    """`[samples]`: how much of each text is read, given the lengths of the other dataset's: 1, or as much as the other's text of
    the same rank has, where that is much shorter.

    >>> shares_read(np.array([10, 20, 100]), np.array([10, 20, 40])).tolist()
    [1.0, 1.0, 0.4]
    """
    if not len(n_tokens) or not len(others):
        return np.ones(len(n_tokens))
    rank = np.searchsorted(np.sort(n_tokens), n_tokens, side="right")
    share = np.sort(others)[-(-rank * len(others) // len(n_tokens)) - 1] / n_tokens
    return np.where(share < MUCH_SHORTER, share, 1.0)
