"""A planted hole is found, named and counted; where nothing is missing nothing is said."""

from __future__ import annotations

import numpy as np
import pytest

from fac_core.store.runs.run_file import RunFile
from fac_core.themes.answer import missing
from fac_core.themes.theme import Share, telling_words
from tests.runs import make_run

N, D_SAE = 400, 60
TOPICS = {"law": range(10), "sums": range(10, 20), "tales": range(20, 30)}


def dataset(path, name: str, seed: int, shares: dict[str, float], *, with_set: bool = True) -> RunFile:
    """Samples of three topics with ten features each, which fire elsewhere rarely; thirty features are noise."""
    rng = np.random.default_rng(seed)
    topics = rng.choice(list(shares), N, p=list(shares.values()))
    rates = np.full((N, D_SAE), 0.05)
    rates[:, 30:] = 0.3
    for s, topic in enumerate(topics):
        rates[s, TOPICS[topic]] = 0.8
    rows = [
        (f, s, 1.0 + float(rng.integers(0, 40))) for s in range(N) for f in np.flatnonzero(rng.random(D_SAE) < rates[s])
    ]
    texts = [f"the {topic} {topic}word number{s} of this" for s, topic in enumerate(topics)]
    metadata = [{"set": str(topic)} for topic in topics] if with_set else None
    places = [int(p) for p in rng.integers(2, 6, len(rows))]
    tokens = [6 + s % 5 for s in range(N)]
    return make_run(
        path / f"{name}.duckdb",
        name,
        rows,
        N,
        D_SAE,
        texts=texts,
        metadata=metadata,
        token_index=places,
        n_tokens=tokens,
    )


EVEN = {"law": 0.3, "sums": 0.4, "tales": 0.3}


@pytest.fixture
def anchor(tmp_path):
    return dataset(tmp_path, "anchor", 0, EVEN)


def test_a_whole_hole_is_the_first_theme_with_its_name_texts_and_deficit(anchor, tmp_path):
    data = dataset(tmp_path, "data", 1, {"law": 0.0, "sums": 0.6, "tales": 0.4})
    found = missing(data, anchor)
    first = found.themes[0]
    assert (first.name, first.named_by) == ("law", "home")
    assert {f for f in first.features if f < 30} <= set(TOPICS["law"])
    assert all("lawword" in text.text for text in first.texts)
    assert len(first.texts) == 3
    assert first.deficit_low <= first.deficit <= first.deficit_high
    assert 0.15 * N < first.deficit < 0.4 * N
    assert first.anchor_share.low > first.data_share.high
    assert found.sentence.startswith("Your data lacks *law*")


def test_the_surplus_is_what_the_data_has_more_of(anchor, tmp_path):
    data = dataset(tmp_path, "data", 1, {"law": 0.0, "sums": 0.9, "tales": 0.1})
    found = missing(data, anchor)
    assert "sums" in found.surplus[0].name
    assert found.surplus[0].deficit_high < 0
    assert all("sumsword" in text.text for text in found.surplus[0].texts)


@pytest.mark.parametrize("seed", range(1, 6))
def test_where_nothing_is_missing_nothing_is_said(anchor, tmp_path, seed):
    found = missing(dataset(tmp_path, "data", seed, EVEN), anchor)
    assert (found.themes, found.surplus) == ((), ())
    assert found.sentence.startswith("Nothing is missing")


def test_a_run_lacks_nothing_against_itself(anchor):
    assert missing(anchor, anchor).themes == ()


def test_without_metadata_a_theme_is_named_by_the_words_of_its_texts(tmp_path):
    anchor = dataset(tmp_path, "anchor", 0, EVEN, with_set=False)
    data = dataset(tmp_path, "data", 1, {"law": 0.0, "sums": 0.6, "tales": 0.4})
    first = missing(data, anchor).themes[0]
    assert first.named_by == "words"
    assert "lawword" in first.words[:2]


def test_only_relevant_features_make_themes(anchor, tmp_path):
    data = dataset(tmp_path, "data", 1, {"law": 0.0, "sums": 0.6, "tales": 0.4})
    assert missing(data, anchor, frozenset(range(10, 60))).themes == ()


def test_a_share_has_the_interval_of_wilson():
    share = Share.counted(10, 100)
    assert (round(share.low, 4), round(share.high, 4)) == (0.0552, 0.1744)
    assert Share.counted(0, 0).value == 0.0


def test_a_word_counts_once_a_text():
    assert telling_words(["court court court court", "sea boat", "sea gull"], ["land"] * 3, 1) == ("sea",)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_handful_of_texts_is_too_few_for_a_theme(tmp_path, n):
    few = make_run(tmp_path / "few.duckdb", "few", [(f, s, 1.0 + f) for f in range(3) for s in range(n)], n, D_SAE)
    many = dataset(tmp_path, "many", 0, EVEN)
    assert missing(few, few).themes == ()
    assert missing(few, many).seen_from == 1.0


def test_a_run_without_activations_is_no_error(tmp_path):
    silent = make_run(tmp_path / "silent.duckdb", "silent", [], 5, D_SAE)
    assert missing(silent, dataset(tmp_path, "anchor", 0, EVEN)).n_samples == 5
    assert missing(silent, silent).themes == ()


def test_texts_of_a_length_that_the_data_does_not_have_are_told_of(anchor, tmp_path):
    """Nothing is said of them, so it has to be said that nothing was compared."""
    short = make_run(
        tmp_path / "short.duckdb",
        "short",
        [(0, s, 1.0) for s in range(N)],
        N,
        D_SAE,
        n_tokens=[6 + s % 2 for s in range(N)],
    )
    assert missing(short, anchor).of_other_length == pytest.approx(0.6)
    assert missing(short, anchor).not_compared.startswith("60% of the anchor's texts are longer or shorter")
    assert missing(anchor, anchor).of_other_length == 0.0
    assert missing(anchor, anchor).not_compared == ""
