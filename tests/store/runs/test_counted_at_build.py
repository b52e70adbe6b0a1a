"""What is counted when a run is built is what one would count from it."""

from __future__ import annotations

import numpy as np
import pytest

from fac_core.coverage.active import count_above, thresholds
from fac_core.coverage.definition import PAPER, Definition
from fac_core.evidence.examples import peak_words, words_in_short
from fac_core.evidence.homes import homes
from tests.runs import make_run


class Older:
    """The run as an earlier build left it."""

    def __init__(self, run) -> None:
        self.info, self.query = run.info, run.query

    def has_table(self, table):
        return table not in ("peak_words", "homes")

    def has_column(self, _table, column):
        return column != "n_above"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    rng = np.random.default_rng(0)
    active = [
        (f, s, round(float(rng.lognormal()), 2) + 0.01) for f in range(12) for s in range(60) if rng.random() < 0.4
    ]
    at = rng.integers(0, 4, len(active)).tolist()
    sets = [{"set": "abc"[i % 3], "id": i} for i in range(60)]
    with make_run(
        tmp_path_factory.mktemp("r"), "r", active, 60, 14, metadata=sets, n_tokens=[9] * 60, token_index=at
    ) as opened:
        yield opened


@pytest.mark.parametrize(
    "definition", [PAPER, Definition(quantile=0.75), Definition(quantile=0.5), Definition(delta=0.7)]
)
def test_samples_above_the_thresholds(run, definition):
    delta = thresholds(run, definition)
    counted = count_above(run, delta, definition)
    assert counted.tolist() == count_above(Older(run), delta, definition).tolist()  # type: ignore[arg-type]
    rows = run.query("SELECT feature_id, activation FROM activations").to_pylist()
    assert counted.tolist() == [
        sum(r["activation"] > delta[f] for r in rows if r["feature_id"] == f) for f in range(14)
    ]


def test_words_at_the_peaks(run):
    ids = list(range(14))
    assert peak_words(run, ids) == peak_words(Older(run), ids)  # type: ignore[arg-type]
    assert words_in_short(run) == words_in_short(Older(run))  # type: ignore[arg-type]
    assert peak_words(run, [13]) == {13: ()}


def test_homes_by_the_fields_that_divide_the_run(run):
    ids = list(range(14))
    assert homes(run, ids) == homes(Older(run), ids)  # type: ignore[arg-type]
    assert homes(run, [2, 3]).keys() == {2, 3}
    assert run.query("SELECT DISTINCT field FROM homes")["field"].to_pylist() == ["set"]
