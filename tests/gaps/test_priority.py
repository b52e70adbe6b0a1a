"""Priority is the product of its visible parts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from fac_core.errors import WrongUse
from fac_core.gaps.priority import LEAST_RARITY, LEAST_TRUST, Weights, priority

GAPS = pa.table({"feature_id": [3, 5, 8], "n_active": [10, 40, 10]})
NEARNESS = np.array([0.0, 0.5, 2.0])


def rows(**options):
    return {row["feature_id"]: row for row in priority(GAPS, NEARNESS, **options).to_pylist()}


def test_the_number_is_the_product_of_its_parts():
    for row in rows(relevance={3: "yes", 5: "no"}, trust={8: 0.9}).values():
        parts = [row[name] for name in ("relevance", "trust", "strength", "rarity")]
        assert all(0 <= part <= 1 for part in parts)
        assert row["priority"] == pytest.approx(np.prod(parts))


def test_parts_by_hand():
    found = rows(relevance={3: "probably"}, trust={3: 0.8})
    assert found[3]["relevance"] == 0.75
    assert found[3]["trust"] == pytest.approx(0.25 + 0.75 * 0.4)  # 0.8 is 40 % of the way from 2/3 to 1
    assert found[3]["strength"] == pytest.approx(1.5 / 3)  # shares the lowest two ranks
    assert found[3]["rarity"] == 1.0
    assert found[5]["rarity"] == 0.5
    assert found[8]["rarity"] == LEAST_RARITY
    assert (found[8]["relevance"], found[8]["trust"]) == (0.5, LEAST_TRUST)


def test_the_highest_come_first_and_ties_by_id():
    table = priority(GAPS, np.zeros(3))
    assert table["feature_id"].to_pylist() == [5, 3, 8]


def test_a_weight_of_zero_takes_a_part_out():
    assert rows(relevance={5: "no"})[5]["priority"] == 0
    assert rows(relevance={5: "no"}, weights=Weights(relevance=0))[5]["priority"] > 0
    with pytest.raises(WrongUse, match="exponent"):
        Weights(trust=-1)


def test_no_gap_is_an_empty_table():
    assert len(priority(GAPS.slice(0, 0), np.zeros(0))) == 0


def test_a_label_no_better_than_saying_yes_to_all_is_worth_as_little_as_none():
    found = rows(trust={3: 2 / 3, 5: 1.0})
    assert (found[3]["trust"], found[5]["trust"], found[8]["trust"]) == pytest.approx((LEAST_TRUST, 1.0, LEAST_TRUST))


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_a_weight_that_is_no_exponent_is_refused(weight):
    with pytest.raises(WrongUse, match="exponent"):
        Weights(trust=weight)
