"""How two runs score on every feature, by half of the samples and stratum of length. All that follows is arithmetic on it.

A sample's score for a feature is how many of the anchor's quantiles of it (`LEVELS`) its activation exceeds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fac_core.coverage.active import check_same_space, marks_position, thresholds
from fac_core.coverage.definition import Definition
from fac_core.shortfall.strata import Tally, length_edges, stratum_of, trend
from fac_core.store.runs.run_file import RunFile

LEVELS = (0.25, 0.5, 0.75, 0.9)
"""Quantiles of a feature's non-zero anchor activations: a sample scores one for each that it exceeds."""

SHOWN = LEVELS.index(0.75)
"""Rates are shown above this level: far less a matter of length than any activation at all."""

N_STRATA = 5
"""Strata of token counts."""

N_HALVES = 2
"""Samples are drawn into halves, so that what was found on one can be tested on the other (`themes`)."""

LEAST_SCORE = 10
"""Sum of scores, over both datasets, below which a feature's rates say nothing."""

_END_SHARE, _END_LIFT = 0.3, 3.0


@dataclass(frozen=True)
class Counts:
    """What both datasets show of every feature, by half and stratum. All that follows is arithmetic on it."""

    anchor: tuple[Tally, ...]
    """One a half; each `[strata, d_sae]`."""
    data: tuple[Tally, ...]
    marks_place: np.ndarray
    """bool `[d_sae]`: peaks at the first or the last token of texts, so it says how they are cut, and is left out."""

    def z(self, half: int | None = None) -> np.ndarray:
        """`[d_sae]`: positive where the data is short (`strata.trend`); of all samples, or of one half.

        Places that features mark, and features in too few samples, are 0.
        """
        anchor, data = (total(part, half) for part in (self.anchor, self.data))
        few = anchor.sums.sum(axis=0) + data.sums.sum(axis=0) < LEAST_SCORE
        return np.where(self.marks_place | few, 0.0, trend(anchor, data))


def total(halves: tuple[Tally, ...], half: int | None = None) -> Tally:
    """The tally of all samples, or of one half."""
    return halves[0] + halves[1] if half is None else halves[half]


def levels(anchor: RunFile, definition: Definition | None = None) -> np.ndarray:
    """float32 `[levels, d_sae]`: what an activation has to exceed for each score; of a definition, its δ alone.

    >>> levels(view.p).shape
    (4, 8)
    """
    if definition is not None:
        return thresholds(anchor, definition)[None]
    return np.stack([thresholds(anchor, Definition(quantile=level)) for level in LEVELS])


def shown_level(scores: np.ndarray) -> int:
    """The score from which a sample counts as active, of these levels."""
    return min(SHOWN + 1, len(scores))


def score_sql(scores: np.ndarray) -> str:
    """SQL: the score of an activation; takes the levels as parameters, one a `?`.

    >>> score_sql(np.zeros((1, 8)))
    '(activation > (?::FLOAT[])[feature_id + 1])::UTINYINT'
    """
    return " + ".join(["(activation > (?::FLOAT[])[feature_id + 1])::UTINYINT"] * len(scores))


def count(run: RunFile, anchor: RunFile, definition: Definition | None = None) -> Counts:
    """Count both datasets: one grouped query each. Raises `ModelMismatch` for runs of different spaces.

    >>> count(view.q, view.p).z().shape
    (8,)
    """
    check_same_space(run, anchor)
    scores = levels(anchor, definition)
    tokens = {part: part.query("SELECT sample_id, n_tokens FROM samples ORDER BY sample_id") for part in (anchor, run)}
    edges = length_edges(np.concatenate([rows["n_tokens"].to_numpy() for rows in tokens.values()]), N_STRATA)
    tallies = []
    for part, rows in tokens.items():
        strata = stratum_of(rows["n_tokens"].to_numpy(), edges)
        tallies.append(_tallies(part, rows["sample_id"].to_numpy(), strata, len(edges) + 1, scores))
    ours, theirs = tallies if run is not anchor else tallies * 2
    return Counts(ours, theirs, marks_position(anchor) | marks_end(anchor))


def halves_of(n: int) -> np.ndarray:
    """`[samples]`: the half of each, drawn by its place: the same at every call.

    >>> halves_of(3).shape
    (3,)
    """
    return np.random.default_rng(0).permutation(n) % N_HALVES


def _tallies(
    run: RunFile, sample_ids: np.ndarray, strata: np.ndarray, n_strata: int, scores: np.ndarray
) -> tuple[Tally, ...]:
    groups = halves_of(len(sample_ids)) * n_strata + strata
    by_id = np.zeros(int(sample_ids.max(initial=0)) + 1, dtype=np.uint8)
    by_id[sample_ids] = groups
    rows = run.query(
        f"""
        WITH scored AS (
            SELECT feature_id, (?::UTINYINT[])[sample_id + 1] AS part, {score_sql(scores)} AS score FROM activations
        )
        SELECT feature_id, part, sum(score)::BIGINT AS sums, sum(score * score)::BIGINT AS squares,
            count(*) FILTER (score >= ?) AS above
        FROM scored WHERE score > 0 GROUP BY feature_id, part
        """,  # noqa: S608
        [by_id, *scores, shown_level(scores)],
    )
    at = (rows["part"].to_numpy(), rows["feature_id"].to_numpy())
    shape = (N_HALVES, n_strata, run.info.d_sae)
    parts = []
    for name in ("sums", "squares", "above"):
        part = np.zeros((N_HALVES * n_strata, run.info.d_sae), dtype=np.int64)
        part[at] = rows[name].to_numpy()
        parts.append(part.reshape(shape))
    sizes = np.bincount(groups, minlength=N_HALVES * n_strata).reshape(N_HALVES, n_strata)
    sums, squares, above = parts
    return tuple(Tally(sums[half], squares[half], above[half], sizes[half]) for half in range(N_HALVES))


def marks_end(run: RunFile) -> np.ndarray:
    """bool `[d_sae]`: features that peak on a text's last token, thrice as often as a token drawn at random would be.

    They fire where a text ends, whatever it says. The last token is the last at which any feature peaks: a chat's template
    moves the count.
    """
    rows = run.query(
        """
        WITH ends AS (SELECT sample_id, max(token_index) AS last FROM activations GROUP BY sample_id)
        SELECT feature_id, avg((token_index = last AND last + 1 >= n_tokens)::INT) AS share, avg(1.0 / n_tokens) AS chance
        FROM activations JOIN ends USING (sample_id) JOIN samples USING (sample_id) GROUP BY feature_id
        """
    )
    ends = np.zeros(run.info.d_sae, dtype=bool)
    share, chance = (rows[name].to_numpy().astype(float) for name in ("share", "chance"))
    ends[rows["feature_id"].to_numpy()] = (share >= _END_SHARE) & (share >= _END_LIFT * chance)
    return ends
