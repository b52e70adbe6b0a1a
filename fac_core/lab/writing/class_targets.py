"""Features that texts of a class can be written towards: those at home in it, with spans of its own anchor texts.

So a label comes to a synthetic text without a judge: what its prompt shows was labelled by whoever labelled the anchor.
Nothing of the rows that models are measured on is shown.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from fac_core.coverage.definition import Definition
from fac_core.coverage.effect import Counts
from fac_core.lab.sets.adding import gaps_of
from fac_core.lab.sets.likeness import mean_of, nearest
from fac_core.lab.sets.pickers import largest, shortfall
from fac_core.lab.sets.pool import Pool, Split
from fac_core.lab.sets.variants import Yardstick
from fac_core.models.tokens import SampleTokenizer
from fac_core.store.runs.run_file import RunFile
from fac_core.synthesis.spans import N_SPANS, Span, span
from fac_core.synthesis.targets import Target

Fired = tuple[np.ndarray, np.ndarray]
"""Ids and activations of the active features of a text."""


class ClassTargets:
    """Looks targets up in the anchor rows of a pool that was read from a run.

    Args:
        tokenizer: of the run, to find the words under a peak.
    """

    def __init__(
        self, run: RunFile, pool: Pool, parts: Split, definition: Definition, tokenizer: SampleTokenizer
    ) -> None:
        self.pool, self.definition, self.yardstick = pool, definition, Yardstick(pool, parts.anchor)
        self._tokenizer = tokenizer
        self._delta = self.counts(parts.anchor).thresholds
        active = self.yardstick.incidence(definition)
        self._share = {label: mean_of(active[pool.of(label, parts.anchor)]) for label in (True, False)}
        found = run.query("SELECT feature_id, sample_id, activation, token_index FROM activations")
        row = np.searchsorted(pool.sample_ids, found["sample_id"].to_numpy()).clip(max=len(pool) - 1)
        kept = np.isin(row, parts.anchor) & (pool.sample_ids[row] == found["sample_id"].to_numpy())
        self._feature, self._row = found["feature_id"].to_numpy()[kept], row[kept]
        self._value, self._token = found["activation"].to_numpy()[kept], found["token_index"].to_numpy()[kept]

    def at_home(self, label: bool) -> np.ndarray:
        """bool `[d_sae]`: features of F(P) active in a larger share of the anchor's samples of this class."""
        return self._share[label] > self._share[not label]

    def counts(self, seed: np.ndarray) -> Counts:
        """What the seed has of each feature."""
        return self.yardstick.counts(seed, self.definition)

    def above(self, fired: Sequence[Fired], counts: Counts) -> list[np.ndarray]:
        """Of each text, which need not be of the pool, the ids of the features above the thresholds of `counts`."""
        return [ids[values > counts.thresholds[ids]] for ids, values in fired]

    def likest(self, seed: np.ndarray, label: bool, fired: Sequence[Fired], n: int) -> np.ndarray:
        """Positions of the n texts with which mean activations over a class are those of the anchor."""
        wanted, there = (self.pool.activations[self.pool.of(label, rows)] for rows in (self.yardstick.anchor, seed))
        return nearest(_rows(fired, len(self._share[label])), n, wanted=wanted, there=there)

    def gaps(self, counts: Counts, label: bool, rng: np.random.Generator) -> np.ndarray:
        """Gaps at home in a class, those first that fewest samples fire; ties are drawn.

        Args:
            counts: of the seed, and of what was written for it.
        """
        order = rng.permutation(np.flatnonzero(self.at_home(label) & ~counts.covered))
        return order[np.argsort(counts.samples[order], kind="stable")]

    def shortfalls(self, seed: np.ndarray, label: bool) -> np.ndarray:
        """Features at home in a class that its samples of the seed fire too seldom, the largest shortfall first."""
        mine = self.pool.of(label, seed)
        short = shortfall(self._share[label], self.counts(mine).samples, len(mine))
        return largest(np.where(self.at_home(label), short, 0.0))

    def any(self, label: bool, rng: np.random.Generator) -> np.ndarray:
        """Features at home in a class, covered or not, in random order."""
        return rng.permutation(np.flatnonzero(self.at_home(label)))

    def closed(self, seed: np.ndarray, fired: Sequence[Fired], definition: Definition) -> float:
        """Share of the seed's gaps that texts close by themselves; not a number where it has none."""
        gaps, none = gaps_of(self.yardstick.counts(seed, definition)), self.yardstick.counts(seed[:0], definition)
        texts = none.plus(self.above(fired, none))
        return float(texts.covered[gaps].mean()) if len(gaps) else float("nan")

    def targets(self, features: Sequence[int], label: bool) -> list[Target]:
        """Targets with the spans of the strongest anchor samples of the class; those without any are left out."""
        found: list[Target] = []
        for feature in features:
            here = np.flatnonzero((self._feature == feature) & (self.pool.positive[self._row] == label))
            best = here[np.argsort(-self._value[here], kind="stable")][:N_SPANS]
            spans = tuple(one for i in best if (one := self._span(i)).text)
            if spans:
                strongest = float(self._value[best[0]])
                found.append(Target(int(feature), "", float(self._delta[feature]), strongest, spans))
        return found

    def _span(self, i: int) -> Span:
        row = int(self._row[i])
        text = self.pool.texts[row]
        start, end = self._tokenizer([text], [None])[0].offsets[self._token[i]].tolist()
        return span(text, start, end, float(self._value[i]), int(self.pool.sample_ids[row]))


def _rows(fired: Sequence[Fired], d_sae: int) -> sparse.csr_matrix:
    """float `[texts, d_sae]`: activations, as those of a pool."""
    ids, values = (np.concatenate([one[i] for one in fired]) if fired else np.zeros(0) for i in (0, 1))
    ends = np.cumsum([0, *(len(one[0]) for one in fired)])
    return sparse.csr_matrix((values, ids.astype(np.int64), ends), shape=(len(fired), d_sae))
