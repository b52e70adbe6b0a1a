"""A text is read as far as the other dataset's of its rank where that is much shorter, and what comes later does not count."""

from __future__ import annotations

import numpy as np
import pytest

from fac_core.shortfall.counts import count
from fac_core.shortfall.scoring import as_far_as, shares_read, whole
from tests.runs import make_run

N, D_SAE = 60, 3


def run_of(path, name: str, length: int, places: dict[int, int]):
    """Feature f peaks at token `places[f]` of every text of this length, more strongly text by text."""
    rows = [(f, s, 1.0 + s) for f in places for s in range(N)]
    at = [places[f] for f in places for _ in range(N)]
    return make_run(path / f"{name}.duckdb", name, rows, N, D_SAE, n_tokens=[length] * N, token_index=at)


def test_texts_of_like_length_are_read_whole():
    assert shares_read(np.array([10, 20, 30]), np.array([9, 21, 28])).tolist() == [1, 1, 1]
    assert shares_read(np.array([10]), np.array([], dtype=int)).tolist() == [1]


@pytest.mark.parametrize("seed", range(3))
def test_long_texts_are_read_as_far_as_the_short_ones_go(seed):
    long = np.random.default_rng(seed).permutation(np.arange(20, 120, 2))
    assert shares_read(long, long // 2) * long == pytest.approx(long // 2)
    assert shares_read(long // 2, long).tolist() == [1] * 50


def test_what_only_the_end_of_long_texts_says_is_not_missing_in_texts_that_were_cut_there(tmp_path):
    anchor = run_of(tmp_path, "anchor", 40, {0: 5, 1: 30, 2: 39})  # feature 2 marks where a text ends
    cut = run_of(tmp_path, "cut", 20, {0: 5, 2: 19})
    scoring = whole(anchor)
    assert set(as_far_as(anchor, cut, scoring).until.tolist()) == {20}
    assert as_far_as(cut, anchor, scoring) is scoring
    counts = count(cut, anchor)
    assert counts.anchor.above.sum(axis=0).tolist()[:2] == [N // 4, N // 4]
    assert counts.anchor_read.above.sum(axis=0).tolist()[:2] == [N // 4, 0]
    assert counts.anchor_read.sums.sum(axis=0)[0] == counts.anchor.sums.sum(axis=0)[0] > 0
    assert counts.anchor_read.squares.sum(axis=0)[1:].tolist() == [0, 0]
    assert counts.data_read.sums.tolist() == counts.data.sums.tolist()
    assert counts.z[1] == 0


def test_what_only_long_texts_end_with_is_no_excess_of_theirs(tmp_path):
    short, long = run_of(tmp_path, "short", 20, {0: 5, 2: 19}), run_of(tmp_path, "long", 40, {0: 5, 1: 30, 2: 39})
    assert count(long, short).z.tolist() == [0, 0, 0]


def test_texts_of_a_run_without_activations_are_read_too(tmp_path):
    silent = make_run(tmp_path / "silent.duckdb", "silent", [], N, D_SAE, n_tokens=[40] * N)
    assert count(run_of(tmp_path, "short", 4, {0: 1}), silent).z.tolist() == [0, 0, 0]
