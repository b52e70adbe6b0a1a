"""The lazy choice is the naive one, its curve is FAC, and few samples do what many do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import sparse

from fac_core.coverage.definition import CALIBRATED, PAPER, Definition
from fac_core.coverage.fac import coverage
from fac_core.coverage.subset import covered_along, greedy_order, greedy_subset
from fac_core.errors import WrongUse
from fac_core.store.runs.run_file import RunFile
from tests.runs import make_run

Runs = Callable[..., RunFile]


def naive_order(active: np.ndarray, needed: np.ndarray) -> list[int]:
    """Look at every row in every step."""
    needed, chosen = needed.copy(), []
    while True:
        gains = [-1 if row in chosen else int((active[row] & (needed > 0)).sum()) for row in range(len(active))]
        if max(gains, default=0) <= 0:
            return chosen
        chosen.append(int(np.argmax(gains)))
        needed -= active[chosen[-1]]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("most", [1, 3])
def test_the_lazy_choice_is_the_naive_one(seed: int, most: int):
    rng = np.random.default_rng(seed)
    active = rng.random((25, 40)) < rng.uniform(0.02, 0.4, 40)
    needed = rng.integers(0, most + 1, 40)
    lazy = greedy_order(sparse.csr_matrix(active), needed)
    assert lazy.tolist() == naive_order(active, needed)


def test_a_row_that_holds_all_is_enough():
    active = sparse.csr_matrix(np.array([[1, 0, 0], [1, 1, 1], [0, 1, 1]], dtype=bool))
    assert greedy_order(active, np.ones(3, dtype=np.int64)).tolist() == [1]


def test_a_need_is_met_with_its_last_row():
    active = sparse.csr_matrix(np.array([[1, 1], [1, 0], [1, 0]], dtype=bool))
    assert covered_along(active, np.array([2, 1]), np.array([0, 1, 2])).tolist() == [1, 2, 2]


@pytest.mark.parametrize("definition", [PAPER, Definition(delta=0.5, min_count=2), CALIBRATED])
def test_the_curve_is_the_fac_of_the_chosen_samples(random_run: Runs, tmp_path, definition: Definition):
    run, anchor = random_run(102, 40), random_run(1, 60)
    found = greedy_subset(run, anchor, definition)
    assert found.fac[-1] == found.full_fac == coverage(run, anchor, definition).fac
    half = found.sample_ids[: len(found.sample_ids) // 2]
    place = {sample: i for i, sample in enumerate(half)}
    rows = [r for r in run.query("FROM activations").to_pylist() if r["sample_id"] in place]
    activations = [(r["feature_id"], place[r["sample_id"]], r["activation"]) for r in rows]
    part = make_run(tmp_path, "part", activations, len(half), run.info.d_sae)
    assert found.fac[len(half) - 1] == coverage(part, anchor, definition).fac


def test_it_ends_where_enough_is_kept_and_a_longer_one_begins_with_it(random_run: Runs):
    run, anchor = random_run(102, 40), random_run(1, 60)
    part, whole = greedy_subset(run, anchor, keep=0.8), greedy_subset(run, anchor)
    assert whole.sample_ids[: len(part.sample_ids)] == part.sample_ids
    assert part.fac[-1] >= 0.8 * part.full_fac > part.fac[-2]
    assert part.size_for(0.8) == len(part.sample_ids)
    assert part.size_for(1.0) is None
    assert whole.size_for(1.0) == len(whole.sample_ids) < whole.full_n_samples


def test_gains_fall_when_one_sample_is_enough(random_run: Runs):
    gains = np.diff([0.0, *greedy_subset(random_run(102, 40), random_run(1, 60)).fac])
    assert (np.diff(gains) <= 1e-12).all()


def test_a_run_that_covers_nothing_has_an_empty_subset(run_of: Runs):
    found = greedy_subset(run_of("silent", []), run_of("anchor", [(0, 0, 1.0)]))
    assert (found.sample_ids, found.full_fac) == ((), 0.0)


@pytest.mark.parametrize("keep", [0.0, 1.01, -1.0])
def test_a_share_that_is_none_is_refused(random_run: Runs, keep: float):
    with pytest.raises(WrongUse, match="keep"):
        greedy_subset(random_run(102, 40), random_run(1, 60), keep=keep)
