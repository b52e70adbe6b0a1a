"""How two runs score on every feature, by stratum of length. All that follows is arithmetic on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fac_core.coverage.active import check_same_space, marks_position
from fac_core.coverage.definition import Definition
from fac_core.shortfall.scoring import Scoring, as_far_as, whole
from fac_core.shortfall.strata import Tally, length_edges, stratum_of, trend
from fac_core.store.by_id import by_id
from fac_core.store.runs.run_file import RunFile

N_STRATA = 5
"""Strata of token counts."""

LEAST_SCORE = 10
"""Sum of scores, over both datasets, below which a feature's rates say nothing."""

_END_SHARE, _END_LIFT = 0.3, 3.0


@dataclass(frozen=True)
class Counts:
    """What both datasets show of every feature; each tally `[strata, d_sae]`."""

    anchor: Tally
    data: Tally
    anchor_read: Tally
    """Its texts as far as those of the data go, where those are much shorter (`scoring`)."""
    data_read: Tally
    marks_place: np.ndarray
    """bool `[d_sae]`: peaks at the first or the last token of texts, so it says how they are cut, and is left out."""

    @property
    def z(self) -> np.ndarray:
        """`[d_sae]`: positive where the data is short, negative where it has more (`strata.trend`).

        Of features that mark places, and of those in too few samples, it is 0.
        """
        few = self.anchor.sums.sum(axis=0) + self.data.sums.sum(axis=0) < LEAST_SCORE
        short, more = trend(self.anchor_read, self.data), trend(self.anchor, self.data_read)
        return np.where(self.marks_place | few, 0.0, np.where(short > 0, short, np.minimum(more, 0)))


@lru_cache(maxsize=16)
def count(run: RunFile, anchor: RunFile, definition: Definition | None = None) -> Counts:
    """Count both datasets: one grouped query each, and one more where lengths differ much; remembered, as files never change.

    Raises `ModelMismatch` for runs of different spaces.

    >>> count(view.q, view.p).z.shape
    (8,)
    """
    check_same_space(run, anchor)
    lengths = {part: part.query("SELECT n_tokens FROM samples")["n_tokens"].to_numpy() for part in (anchor, run)}
    edges = length_edges(np.concatenate(list(lengths.values())), N_STRATA)
    scoring = whole(anchor, definition)
    tallies = []
    for part, other in ((anchor, run), (run, anchor)):
        read = as_far_as(part, other, scoring)
        tallied = _tally(part, edges, scoring)
        tallies.append((tallied, tallied if read is scoring else _tally(part, edges, read)))
    (ours, ours_read), (theirs, theirs_read) = tallies
    return Counts(ours, theirs, ours_read, theirs_read, marks_position(anchor) | marks_end(anchor))


def _tally(run: RunFile, edges: np.ndarray, scoring: Scoring) -> Tally:
    samples = run.query("SELECT sample_id, n_tokens FROM samples")
    sample_ids, strata = samples["sample_id"].to_numpy(), stratum_of(samples["n_tokens"].to_numpy(), edges)
    of_sample = np.zeros(int(sample_ids.max(initial=0)) + 1, dtype=np.uint8)
    of_sample[sample_ids] = strata
    rows = run.query(
        f"""
        SELECT feature_id, stratum, sum(score)::BIGINT AS sums, sum(score * score)::BIGINT AS squares,
            count(*) FILTER (score >= ?) AS above
        FROM ({scoring.sql()}) JOIN {by_id("sample_id", "stratum", "UTINYINT")} USING (sample_id)
        GROUP BY feature_id, stratum
        """,  # noqa: S608
        [scoring.shown, *scoring.parameters, of_sample],
    )
    at = (rows["stratum"].to_numpy(), rows["feature_id"].to_numpy())
    sums, squares, above = (np.zeros((len(edges) + 1, run.info.d_sae), dtype=np.int64) for _ in range(3))
    for name, part in (("sums", sums), ("squares", squares), ("above", above)):
        part[at] = rows[name].to_numpy()
    return Tally(sums, squares, above, np.bincount(strata, minlength=len(edges) + 1))


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
