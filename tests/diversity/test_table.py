"""One table: measures at equal size, FAC of the same draws, and dashes where a part is missing."""

from __future__ import annotations

import numpy as np
import pytest

from fac_core.coverage.compare import compare
from fac_core.coverage.definition import CALIBRATED, PAPER
from fac_core.coverage.fac import coverage
from fac_core.diversity.table import METRICS, diversity
from fac_core.diversity.words import distinct, numbered, words
from fac_core.errors import WrongUse
from tests.runs import make_run

SAYINGS = ["the cat sat", "the dog sat down", "a bird flew over the house", "the cat sat"]


@pytest.fixture
def runs(tmp_path):
    """A small run of four texts, a large one of twelve, and an anchor of both spaces' features."""
    rng = np.random.default_rng(0)

    def made(name: str, n: int):
        pairs = np.argwhere(rng.random((8, n)) < 0.7)
        texts = [SAYINGS[i % 4] + " today" * (i // 4) for i in range(n)]
        return make_run(
            tmp_path, name, [(int(f), int(s), float(rng.integers(1, 99))) for f, s in pairs], n, 8, texts=texts
        )

    return made("small", 4), made("large", 12), made("anchor", 20)


def embed(_, texts):
    return np.array([[len(t), t.count("a"), t.count("o")] for t in texts], dtype=np.float32)


def tags(_, texts):
    return [[str(len(word)) for word in words(text)] for text in texts]


def test_at_its_own_size_a_row_has_the_plain_numbers(runs):
    small, large, anchor = runs
    found = diversity([small, large], anchor, match=None)
    assert found.matched is None
    first = found.rows[0]
    assert (first.run, first.n_samples, first.mean_length) == ("small", 4, small.info.n_tokens / 4)
    assert first.metrics["distinct_2"].mean == distinct(numbered(map(words, SAYINGS)), 2)
    assert first.metrics["fac_paper"].mean == coverage(small, anchor, PAPER).fac


@pytest.mark.parametrize("match", ["samples", "tokens"])
def test_the_smallest_is_drawn_whole_and_fac_is_that_of_a_comparison(runs, match):
    small, large, anchor = runs
    found = diversity([small, large], anchor, tags=tags, embed=embed, match=match, n_draws=6, seed=2)
    first, second = found.rows
    assert all(m.low == pytest.approx(m.mean) and m.high == pytest.approx(m.mean) for m in first.metrics.values() if m)
    assert second.metrics["distinct_1"].low < second.metrics["distinct_1"].high
    matched = compare([small, large], anchor, PAPER, match=match, n_draws=6, seed=2)[1].matched
    fac = second.metrics["fac_paper"]
    assert (fac.mean, fac.low, fac.high) == (matched.mean, matched.low, matched.high)


def test_all_measures_are_there_with_the_parts_and_dashes_without(runs):
    small, large, anchor = runs
    whole = diversity([small, large], anchor, tags=tags, embed=embed).rows[1].metrics
    assert whole.keys() == METRICS.keys()
    bare = diversity([small, large], anchor).rows[1].metrics
    assert {name for name, value in bare.items() if value is None} == {
        "pos_distinct_2", "cosine_distance", "trace_covariance", "cluster_entropy", "vendi",
    }  # fmt: skip


def test_the_same_seed_gives_the_same_table(runs):
    small, large, anchor = runs
    assert diversity([small, large], anchor, seed=1) == diversity([small, large], anchor, seed=1)


def test_an_anchor_too_small_for_a_preset_leaves_a_dash(runs, tmp_path):
    small, _, _ = runs
    anchor = make_run(tmp_path, "tiny", [(0, 0, 1.0)], 1, 8)
    metrics = diversity([small], anchor).rows[0].metrics
    assert metrics["fac_calibrated"] is None
    assert metrics["fac_paper"] is not None
    assert CALIBRATED.min_count > 1


def test_no_run_is_wrong_use(runs):
    with pytest.raises(WrongUse, match="no run"):
        diversity([], runs[2])
