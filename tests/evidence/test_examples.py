"""Examples, words and homes, read from a run file."""

from __future__ import annotations

import pytest

from fac_core.errors import NotFound
from fac_core.evidence.examples import peak_words, top_examples, word_at
from fac_core.store.runs.run_file import RunFile


def some_feature(run: RunFile) -> int:
    return run.query("SELECT feature_id FROM feature_stats WHERE n_active BETWEEN 2 AND 5 LIMIT 1")["feature_id"][
        0
    ].as_py()


def test_top_examples_come_strongest_first_with_the_peak_among_their_tokens(run):
    feature = some_feature(run)
    examples = top_examples(run, feature, 10)
    assert [e.activation for e in examples] == sorted((e.activation for e in examples), reverse=True)
    for example in examples:
        assert example.peak in example.tokens
        assert example.peak is not None
        assert example.peak.activation == example.activation == max(t.activation for t in example.tokens)
        assert example.text[example.peak.char_start : example.peak.char_end]


def test_a_feature_that_never_fires_has_no_examples(run):
    dead = run.query("SELECT feature_id FROM feature_stats WHERE n_active = 0 LIMIT 1")["feature_id"][0].as_py()
    assert top_examples(run, dead) == ()
    assert peak_words(run, [dead]) == {dead: ()}


def test_a_feature_that_the_sae_lacks_is_an_error_with_the_range(run):
    with pytest.raises(NotFound, match="from 0 to 63"):
        top_examples(run, 64)


def test_peak_words_are_whole_words_of_the_texts(run):
    feature = some_feature(run)
    texts = " ".join(run.query("SELECT text FROM samples")["text"].to_pylist()).lower()
    words = peak_words(run, [feature])[feature]
    assert words
    assert all(peak.word in texts and 0 < peak.share <= 1 for peak in words)


@pytest.mark.parametrize(
    ("position", "word"), [(0, "don't"), (3, "don't"), (5, "re-enter"), (6, "re-enter"), (14, "!?")]
)
def test_the_word_at_a_position_is_whole(position, word):
    assert word_at("Don't re-enter!?", position) == word
