"""Which of two datasets has a feature more often, by how much, and how sure that is."""

from __future__ import annotations

import numpy as np
import pytest

from fac_core.errors import WrongUse
from fac_core.relevance.effects import difference_of_shares, effects
from tests.runs import make_run


def two_runs(tmp_path, lengths=(5, 5)):
    """Feature 0 is in A alone, 1 in B alone, 2 in all samples, 3 in half of either."""
    a = [(0, s, 1.0) for s in range(30)] + [(2, s, 1.0) for s in range(40)] + [(3, s, 1.0) for s in range(20)]
    b = [(1, s, 1.0) for s in range(30)] + [(2, s, 1.0) for s in range(40)] + [(3, s, 1.0) for s in range(20)]
    return [
        make_run(tmp_path, name, rows, 40, 5, n_tokens=[n] * 40)
        for name, rows, n in (("a", a, lengths[0]), ("b", b, lengths[1]))
    ]


def test_the_interval_of_a_difference_is_newcombes():
    # Newcombe (1998), table II, method 10, first line: 56/70 - 48/80 is 0.2000, 0.0524 to 0.3339.
    found = difference_of_shares(np.array([56]), 70, np.array([48]), 80)
    assert [float(x[0]) for x in found] == pytest.approx([0.2, 0.0524, 0.3339], abs=5e-5)


def test_a_difference_is_never_beyond_one_and_has_a_width_at_the_ends():
    difference, low, high = difference_of_shares(np.array([0, 10, 10]), 10, np.array([0, 0, 10]), 10)
    assert difference.tolist() == [0, 1, 0]
    assert (low < high).all()
    assert (low >= -1).all()
    assert (high <= 1).all()


def test_swapping_the_runs_turns_the_sign_and_the_odds(tmp_path):
    a, b = two_runs(tmp_path)
    one, other = (effects(*pair, a).sort_by("feature_id") for pair in ((a, b), (b, a)))
    assert one["difference"].to_numpy() == pytest.approx(-other["difference"].to_numpy())
    assert one["odds_ratio"].to_numpy() == pytest.approx(1 / other["odds_ratio"].to_numpy())
    assert one["q"].to_numpy() == pytest.approx(other["q"].to_numpy())


def test_the_feature_of_one_alone_comes_first_and_what_both_share_is_no_finding(tmp_path):
    a, b = two_runs(tmp_path)
    rows = effects(a, b, a).to_pylist()
    assert rows[0]["feature_id"] == 0
    assert (rows[0]["n_a"], rows[0]["n_b"], rows[0]["share_a"], rows[0]["difference"]) == (30, 0, 0.75, 0.75)
    assert rows[0]["odds_low"] > 1
    assert rows[0]["q"] < 0.001
    assert {row["feature_id"] for row in rows} == {0, 2, 3}  # 1 and 4 do not occur in the anchor
    assert all(row["q"] > 0.5 and row["odds_low"] < 1 < row["odds_high"] for row in rows[1:])


def test_lengths_that_never_meet_are_said_and_can_be_let_go(tmp_path):
    a, b = two_runs(tmp_path, lengths=(5, 9))
    with pytest.raises(WrongUse, match="like lengths"):
        effects(a, b, a)
    assert effects(a, b, a, hold_length=False)["n_a"].to_pylist()
