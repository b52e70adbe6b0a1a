"""Features of two spaces are matched by when they fire, and chance is measured beside it."""

from __future__ import annotations

import numpy as np
import pytest

from fac_core.errors import ModelMismatch, WrongUse
from fac_core.spaces.matching import match_spaces
from tests.runs import make_run

N, D = 120, 30


def random_run(seed: int, density: float = 0.3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    g = rng.lognormal(size=(N, D)).round(2) + 0.01
    return np.where(rng.random((N, D)) < density, g, 0.0)


def as_run(folder, name, g, space, **fields):
    rows = [(int(f), int(s), float(g[s, f])) for s, f in zip(*np.nonzero(g), strict=True)]
    lengths = fields.pop("n_tokens", [40] * len(g))
    return make_run(folder, name, rows, len(g), g.shape[1], space, n_tokens=lengths, dataset_id="one", **fields)


def test_a_shuffled_copy_is_found_whole(tmp_path):
    g = random_run(0)
    order = np.random.default_rng(1).permutation(D)
    found = match_spaces(as_run(tmp_path, "a", g, "A"), as_run(tmp_path, "b", 3.0 * g[:, order], "B"))
    assert found.share == 1.0
    assert found.null_share < 0.1
    assert {r["feature_a"]: r["feature_b"] for r in found.pairs.to_pylist()} == {int(o): i for i, o in enumerate(order)}
    assert min(found.pairs["correlation"].to_pylist()) > 0.999
    assert min(found.pairs["shared_top"].to_pylist()) > 0.9


def test_independent_noise_is_no_more_than_chance(tmp_path):
    found = match_spaces(
        as_run(tmp_path, "a", random_run(0), "A"), as_run(tmp_path, "b", random_run(1), "B"), least_correlation=0.2
    )
    assert 0 < found.null_share < 1
    assert abs(found.share - found.null_share) < 0.25


def test_what_only_follows_length_is_no_match_once_length_is_held_fixed(tmp_path):
    rng = np.random.default_rng(0)
    lengths = rng.integers(5, 400, N)
    noisy = [np.log1p(lengths)[:, None] + 0.2 * rng.random((N, 5)) for _ in range(2)]
    a, b = (
        as_run(tmp_path, name, g.round(3), name, n_tokens=lengths.tolist())
        for name, g in zip(("a", "b"), noisy, strict=True)
    )
    assert match_spaces(a, b, hold_length=False).share > 0
    assert match_spaces(a, b).share == 0.0


def test_rare_features_are_left_out_and_counted(tmp_path):
    g = random_run(0)
    g[:, 0] = 0.0
    g[:3, 0] = 1.0
    g[:, 1] = 0.0
    found = match_spaces(as_run(tmp_path, "a", g, "A"), as_run(tmp_path, "b", g, "B"))
    assert (found.n_tried, found.n_left_out) == (D - 2, 1)


def test_only_samples_of_both_runs_are_compared(tmp_path):
    g = random_run(0)
    found = match_spaces(as_run(tmp_path, "a", g, "A"), as_run(tmp_path, "b", g[:100], "B"))
    assert (found.n_samples, found.share) == (100, 1.0)


def test_a_constant_feature_matches_nothing(tmp_path):
    g = np.ones((N, 2))
    found = match_spaces(as_run(tmp_path, "a", g, "A"), as_run(tmp_path, "b", g, "B"))
    assert (found.share, len(found.pairs)) == (0.0, 0)


def test_runs_that_cannot_be_matched_are_refused(tmp_path):
    g = random_run(0)
    a = as_run(tmp_path, "a", g, "A")
    with pytest.raises(WrongUse, match="one feature space"):
        match_spaces(a, as_run(tmp_path, "same", g, "A"))
    other = make_run(tmp_path, "other", [(0, 0, 1.0)], N, D, "B", dataset_id="two")
    with pytest.raises(ModelMismatch, match="Encode the same dataset"):
        match_spaces(a, other)
    with pytest.raises(WrongUse, match="share 10 samples"):
        match_spaces(a, as_run(tmp_path, "few", g[:10], "B"))


def test_silent_spaces_have_no_match(tmp_path):
    silent = np.zeros((N, 3))
    found = match_spaces(as_run(tmp_path, "a", silent, "A"), as_run(tmp_path, "b", silent, "B"))
    assert (found.share, found.n_tried, found.null_share) == (0.0, 0, 0.0)
