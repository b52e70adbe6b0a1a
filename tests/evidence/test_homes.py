"""Features are at home where they fire more than elsewhere."""

from __future__ import annotations

import pytest

from fac_core.errors import WrongUse
from fac_core.evidence.examples import PeakWord
from fac_core.evidence.homes import Home, home_of, home_words, homes


def test_a_feature_is_at_home_where_it_fires_more_than_elsewhere(run):
    fired = run.query("""
        SELECT feature_id, any_value(metadata->>'$.set') AS home FROM activations JOIN samples USING (sample_id)
        GROUP BY feature_id HAVING count(DISTINCT metadata->>'$.set') = 1
    """).to_pylist()
    assert fired
    found = homes(run, [row["feature_id"] for row in fired])
    assert {feature: home.value for feature, home in found.items()} == {row["feature_id"]: row["home"] for row in fired}
    assert all(home.n_inside == home.n_active for home in found.values())


def test_words_of_a_home_are_crisp_content_words_the_most_at_home_first():
    found = {
        1: Home("law", 2, 4),
        2: Home("law", 9, 9),
        3: Home("law", 9, 9),
        4: Home("law", 8, 8),
        5: Home("news", 1, 1),
    }
    words = {
        1: [PeakWord("party", 0.9)],
        2: [PeakWord("contract", 0.5)],
        3: [PeakWord("the", 1.0)],
        4: [PeakWord("vague", 0.4)],
        5: [],
    }
    assert home_words(found, words, 6) == {"law": ["contract", "party"], "news": []}
    assert home_words(found, words, 1)["law"] == ["contract"]


def test_a_field_that_no_sample_has_is_refused_with_those_that_there_are(run):
    with pytest.raises(WrongUse, match=r"'nosuch' divides .* there is set"):
        home_of(run, "nosuch")
