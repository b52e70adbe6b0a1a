"""A definition that makes no sense is refused when it is written down."""

from __future__ import annotations

import pytest

from fac_core.coverage.definition import CALIBRATED, PAPER, PRESETS, Definition
from fac_core.errors import WrongUse


@pytest.mark.parametrize(
    "values",
    [
        {"delta": -0.1},
        {"delta": float("nan")},
        {"delta": float("inf")},
        {"quantile": 1.0},
        {"quantile": -0.5},
        {"min_count": 0},
        {"exclude_dense_above": 0.0},
        {"exclude_dense_above": 1.5},
    ],
)
def test_impossible_values_are_refused_by_name(values: dict[str, float]) -> None:
    with pytest.raises(WrongUse, match=next(iter(values))):
        Definition(**values)  # type: ignore[arg-type]


def test_the_presets_are_what_the_documentation_says() -> None:
    assert Definition(delta=0.0, min_count=1) == PAPER == PRESETS["paper"]
    assert Definition(quantile=0.75, min_count=3) == CALIBRATED == PRESETS["calibrated"]
