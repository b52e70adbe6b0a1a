"""The laboratory counts as the core does: FAC, δ and F(P) of rows are those of run files that hold them, to the last digit."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from fac_core.coverage.active import anchor_features, thresholds
from fac_core.coverage.definition import PRESETS, Definition
from fac_core.coverage.effect import seed_counts
from fac_core.coverage.fac import coverage
from fac_core.lab.sets.likeness import pooled_activations
from fac_core.lab.sets.pool import Pool
from fac_core.lab.sets.variants import Variant, Yardstick, thresholds_of
from tests.lab.pools import D_SAE
from tests.runs import make_run

N_ANCHOR, N_SEED = 120, 35
DEFINITIONS = {
    **PRESETS,
    "median": Definition(quantile=0.5, min_count=2),
    "a floor": Definition(delta=0.4, quantile=0.25),
    "no level of a run file": Definition(quantile=0.6, min_count=2),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """An anchor and a seed as run files, and one pool with the rows of both, read from them."""
    folder, rng = tmp_path_factory.mktemp("runs"), np.random.default_rng(7)
    found = []
    for name, n in (("anchor", N_ANCHOR), ("seed", N_SEED)):
        cells = [(f, s) for f in range(D_SAE) for s in range(n) if rng.random() < 0.4 / (1 + f % 13)]
        active = [(f, s, float(f"{rng.lognormal():.3e}")) for f, s in cells]
        found.append(make_run(folder, name, active, n, D_SAE))
    anchor, seed = found
    parts = [pooled_activations(run, np.arange(run.info.n_samples)) for run in found]
    n = N_ANCHOR + N_SEED
    values, nowhere = sparse.csr_matrix(sparse.vstack(parts)), np.zeros((n, 1), np.float32)
    pool = Pool("both", "toxicity", ("",) * n, np.ones(n, bool), np.full(n, 5), values, nowhere, nowhere)
    return anchor, seed, pool


@pytest.mark.parametrize("name", DEFINITIONS)
def test_fac_of_rows_is_fac_of_the_run_to_the_last_digit(runs, name):
    anchor, seed, pool = runs
    definition = DEFINITIONS[name]
    rows = np.arange(N_ANCHOR, N_ANCHOR + N_SEED)
    expected = coverage(seed, anchor, definition)
    yardstick = Yardstick(pool, np.arange(N_ANCHOR))
    (found,) = yardstick.fac(rows, [Variant(definition)], budget={"all": 0, "positives": 0})
    assert found == expected.fac
    assert 0 < expected.fac < 1
    counts, theirs = yardstick.counts(rows, definition), seed_counts(seed, anchor, definition)
    assert counts.fac == expected.fac
    assert counts.samples[counts.can_occur].tolist() == theirs.samples[theirs.can_occur].tolist()
    assert np.flatnonzero(counts.can_occur & ~counts.covered).tolist() == list(expected.missing)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_thresholds_and_features_of_the_anchor_are_those_of_the_run(runs, name):
    anchor, _, pool = runs
    features = anchor_features(anchor, DEFINITIONS[name])
    found = thresholds_of(pool.activations[:N_ANCHOR], DEFINITIONS[name])
    assert found.tolist() == thresholds(anchor, DEFINITIONS[name]).tolist()
    can_occur = Yardstick(pool, np.arange(N_ANCHOR)).counts(np.arange(N_ANCHOR), DEFINITIONS[name]).can_occur
    assert can_occur.tolist() == features.can_occur.tolist()
