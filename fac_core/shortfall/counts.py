"""How two runs score on every feature, by stratum of length. All that follows is arithmetic on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fac_core.coverage.active import check_same_space, marks_position
from fac_core.coverage.definition import Definition
from fac_core.shortfall.scoring import Scoring, as_far_as, ends, whole
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
    """Count both datasets: each is read once to score it, and once to see where its texts end; remembered, as files never change.

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
        tallies.append(_tallies(part, edges, scoring, as_far_as(part, other, scoring).until))
    (ours, ours_read), (theirs, theirs_read) = tallies
    return Counts(ours, theirs, ours_read, theirs_read, marks_position(anchor) | marks_end(anchor))


def _tallies(run: RunFile, edges: np.ndarray, scoring: Scoring, until: np.ndarray | None) -> tuple[Tally, Tally]:
    """Of texts read whole, and of texts read `until` a token (`Scoring.until`), in one pass: it takes seconds at 10^8 activations."""
    samples = run.query("SELECT sample_id, n_tokens FROM samples")
    sample_ids, strata = samples["sample_id"].to_numpy(), stratum_of(samples["n_tokens"].to_numpy(), edges)
    of_sample = {"stratum": np.zeros(int(sample_ids.max(initial=0)) + 1, dtype=np.uint32)}
    of_sample["stratum"][sample_ids] = strata
    counted = ["true"]
    if until is not None:
        of_sample["until"] = until
        counted.append("token_index < until")
    tallied = ", ".join(
        f"""
        coalesce(sum(score) FILTER ({which}), 0)::BIGINT AS sums_{n},
        coalesce(sum(score * score) FILTER ({which}), 0)::BIGINT AS squares_{n},
        count(*) FILTER (score >= {scoring.shown} AND {which}) AS above_{n}
        """
        for n, which in enumerate(counted)
    )
    rows = run.query(
        f"""
        SELECT feature_id, stratum, {tallied}
        FROM ({scoring.sql()}) JOIN {by_id("sample_id", list(of_sample), "UINTEGER")} USING (sample_id)
        GROUP BY feature_id, stratum
        """,  # noqa: S608
        [*scoring.parameters, *of_sample.values()],
    )
    at = (rows["stratum"].to_numpy(), rows["feature_id"].to_numpy())
    sizes = np.bincount(strata, minlength=len(edges) + 1)
    tallies = []
    for n in range(len(counted)):
        sums, squares, above = np.zeros((3, len(sizes), run.info.d_sae), dtype=np.int64)
        for name, part in (("sums", sums), ("squares", squares), ("above", above)):
            part[at] = rows[f"{name}_{n}"].to_numpy()
        tallies.append(Tally(sums, squares, above, sizes))
    return tallies[0], tallies[-1]


def marks_end(run: RunFile) -> np.ndarray:
    """bool `[d_sae]`: features that peak on a text's last token, thrice as often as a token drawn at random would be.

    They fire where a text ends (`scoring.ends`), whatever it says.
    """
    samples = run.query("SELECT sample_id, n_tokens FROM samples")
    n_tokens = np.ones_like(ends(run))
    n_tokens[samples["sample_id"].to_numpy()] = samples["n_tokens"].to_numpy()
    last = np.where(ends(run) >= n_tokens, ends(run), 0)  # 0: of a text that is silent at its end, no token is the last
    rows = run.query(
        f"""
        SELECT feature_id, avg((token_index + 1 = last)::INT) AS share, avg(1.0 / n_tokens) AS chance
        FROM activations JOIN {by_id("sample_id", ["last", "n_tokens"], "UINTEGER")} USING (sample_id) GROUP BY feature_id
        """,  # noqa: S608
        [last, n_tokens],
    )
    marks = np.zeros(run.info.d_sae, dtype=bool)
    share, chance = (rows[name].to_numpy().astype(float) for name in ("share", "chance"))
    marks[rows["feature_id"].to_numpy()] = (share >= _END_SHARE) & (share >= _END_LIFT * chance)
    return marks
