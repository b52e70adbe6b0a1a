"""The numbers of a real workspace stay what they are, whoever puts them together.

Twelve digits are compared: processors differ in the sixteenth (logarithms, powers).
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from fac_core.coverage.definition import PRESETS
from fac_core.view import View
from tests.golden.numbers import numbers
from tests.golden.workspace import HERE, golden_workspace

EXPECTED = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))
"""As the functions of November 2026 gave them, before there was a View."""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return golden_workspace(tmp_path_factory.mktemp("golden") / "w")


def rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.12g}")
    if isinstance(value, list | tuple):
        return [rounded(one) for one in value]
    return {name: rounded(one) for name, one in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize("preset", PRESETS)
def test_the_numbers_of_a_real_workspace_have_not_moved(workspace, preset):
    found = numbers(View.find("seed", definition=PRESETS[preset], workspace=workspace))
    assert rounded(found) == rounded(EXPECTED[preset])
