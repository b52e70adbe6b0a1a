"""One feature from both sides: anchor, run, the nearest miss, and why it is a gap."""

from __future__ import annotations

import pytest

from fac_core.coverage.definition import CALIBRATED, PAPER
from fac_core.errors import ModelMismatch, NotFound
from fac_core.gaps.gap_evidence import feature_evidence
from tests.runs import make_run


@pytest.fixture
def pair(tmp_path):
    """Feature 0 is covered, 1 is weak in the run (its anchor maximum is 16), 2 never fires there, 3 nowhere."""
    anchor = [(f, s, 1.0 + s) for f in range(3) for s in range(16)]
    run = [(0, s, 20.0) for s in range(5)] + [(1, 0, 20.0), (1, 1, 3.0), (1, 2, 4.0)]
    return make_run(tmp_path, "run", run, 6, 4), make_run(tmp_path, "anchor", anchor, 16, 4)


def test_a_weak_gap_shows_its_nearest_miss_with_its_tokens_and_what_would_mend_it(pair):
    found = feature_evidence(*pair, 1, CALIBRATED)
    assert (found.state, found.cause) == ("weak", "too few samples")
    assert found.remedy
    assert found.nearest_miss is not None
    assert found.nearest_miss.tokens
    assert (found.nearest_miss.activation, found.nearest_miss.sample_id) == (4.0, 2)
    assert found.run.n_above == 1


def test_both_sides_have_the_same_delta(pair):
    found = feature_evidence(*pair, 1, CALIBRATED)
    assert found.run.delta == found.anchor.delta == found.anchor.quantiles[0.75]


def test_a_gap_that_never_fires_has_no_nearest_miss_but_evidence_in_the_anchor(pair):
    found = feature_evidence(*pair, 2, PAPER)
    assert (found.state, found.cause, found.nearest_miss) == ("uncovered", "never fires", None)
    assert found.anchor.group("top").n == 16
    assert found.words


@pytest.mark.parametrize(("feature", "state"), [(0, "covered"), (3, "excluded")])
def test_what_is_no_gap_has_no_cause(pair, feature, state):
    found = feature_evidence(*pair, feature, PAPER)
    assert (found.state, found.cause, found.remedy) == (state, None, None)


def test_a_wrong_id_and_another_space_are_errors(pair, tmp_path):
    with pytest.raises(NotFound):
        feature_evidence(*pair, -1)
    other = make_run(tmp_path, "other", [(0, 0, 1.0)], 1, 4, space_id="elsewhere")
    with pytest.raises(ModelMismatch):
        feature_evidence(other, pair[1], 0)
