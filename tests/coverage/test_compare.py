"""Side by side: at their own size, and at one that is fair to the smallest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fac_core.coverage.compare import compare
from fac_core.coverage.curves import growth_curve
from fac_core.coverage.definition import PAPER, Definition
from fac_core.coverage.fac import coverage
from fac_core.errors import ModelMismatch, WrongUse
from fac_core.store.runs.run_file import RunFile
from tests.runs import make_run

Runs = Callable[..., RunFile]


def test_without_matching_each_run_has_its_own_fac_and_its_sizes(random_run: Runs) -> None:
    runs, anchor = [random_run(101, 15), random_run(102, 40)], random_run(1, 60)
    found = compare(runs, anchor)
    assert [c.coverage for c in found] == [coverage(run, anchor) for run in runs]
    assert [c.mean_length for c in found] == [run.info.n_tokens / run.info.n_samples for run in runs]
    assert [c.matched for c in found] == [None, None]


@pytest.mark.parametrize("match", ["samples", "tokens"])
@pytest.mark.parametrize("definition", [PAPER, Definition(delta=0.5, min_count=2)])
def test_the_smallest_run_is_drawn_whole_and_larger_ones_lose(
    random_run: Runs, match: str, definition: Definition
) -> None:
    small, large, anchor = random_run(101, 15), random_run(102, 40), random_run(1, 60)
    first, second = compare([small, large], anchor, definition, match=match)  # type: ignore[arg-type]
    assert first.matched is not None
    assert second.matched is not None
    assert first.matched.size == (15 if match == "samples" else small.info.n_tokens) == second.matched.size
    assert first.matched.mean == first.matched.low == first.matched.high == first.coverage.fac
    assert second.matched.low <= second.matched.mean <= second.matched.high
    assert second.matched.mean < second.coverage.fac


def test_matching_by_samples_is_a_point_of_the_growth_curve(random_run: Runs) -> None:
    small, large, anchor = random_run(101, 15), random_run(102, 40), random_run(1, 60)
    matched = compare([small, large], anchor, match="samples", n_draws=7, seed=3)[1].matched
    [point] = [p for p in growth_curve(large, anchor, n_orders=7, n_points=41, seed=3) if p.n_samples == 15]
    assert matched is not None
    assert (matched.mean, matched.low, matched.high) == pytest.approx((point.mean, point.low, point.high))


def test_matching_by_tokens_adds_samples_while_they_fit(run_of: Runs, tmp_path: Path) -> None:
    anchor = run_of("anchor", [(f, 0, 1.0) for f in range(4)], 1, 4)
    small = run_of("small", [(0, 0, 1.0)], 1, 4, n_tokens=[12])
    large = run_of("large", [(f, f, 1.0) for f in range(4)], 4, 4, n_tokens=[5, 5, 5, 5])  # two fit into 12 tokens
    matched = compare([small, large], anchor, match="tokens")[1].matched
    assert matched is not None
    assert (matched.size, matched.mean, matched.low, matched.high) == (12, 0.5, 0.5, 0.5)


def test_a_run_split_in_two_is_as_good_as_its_half(random_run: Runs, tmp_path: Path) -> None:
    """Matching takes away what size alone gives: a run and its random half come out equal, within the band."""
    large, anchor = random_run(104, 40), random_run(4, 60)
    half = set(np.random.default_rng(0).permutation(40)[:20].tolist())
    rows = [r for r in large.query("FROM activations").to_pylist() if r["sample_id"] in half]
    ranks = {s: i for i, s in enumerate(sorted(half))}
    part = make_run(tmp_path, "half", [(r["feature_id"], ranks[r["sample_id"]], r["activation"]) for r in rows], 20, 30)
    first, second = compare([part, large], anchor, match="samples", n_draws=200)
    assert first.coverage.fac < second.coverage.fac
    assert second.matched is not None
    assert second.matched.low - 0.04 <= first.coverage.fac <= second.matched.high + 0.04


def test_a_run_of_another_space_is_refused(run_of: Runs) -> None:
    anchor = run_of("anchor", [(0, 0, 1.0)])
    with pytest.raises(ModelMismatch):
        compare([anchor, run_of("other", [(0, 0, 1.0)], space_id="other")], anchor)


def test_no_run_is_wrong_use(run_of: Runs) -> None:
    with pytest.raises(WrongUse, match="no run to compare"):
        compare([], run_of("anchor", [(0, 0, 1.0)]))
