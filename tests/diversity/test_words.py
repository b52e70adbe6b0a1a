"""Word measures: hand-worked values, what leaves them unchanged, and nltk as the second opinion."""

from __future__ import annotations

import numpy as np
import pytest
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

from fac_core.diversity.words import distinct, entropy, ngram_entropy, numbered, self_bleu, words


def texts(*said: str) -> list[np.ndarray]:
    return numbered(words(text) for text in said)


def random_texts(seed: int, n: int = 12) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 6, rng.integers(1, 15)) for _ in range(n)]


def test_words_and_marks():
    assert words("He's re-done it, no?") == ["he's", "re-done", "it", ",", "no", "?"]


def test_distinct_by_hand():
    pair = texts("a b a", "a b")
    assert distinct(pair, 1) == 2 / 5  # a, b of a b a a b
    assert distinct(pair, 2) == 2 / 3  # ab, ba of ab ba ab: none across texts


def test_bigram_entropy_by_hand():
    assert ngram_entropy(texts("a b a", "a b"), 2) == pytest.approx(-(2 / 3 * np.log2(2 / 3) + 1 / 3 * np.log2(1 / 3)))
    assert ngram_entropy(texts("a b c d e"), 2) == pytest.approx(2)  # four bigrams, once each


def test_entropy_is_largest_when_even_and_zero_for_one():
    assert entropy(np.array([5, 5, 5, 5])) == 2
    assert entropy(np.array([7, 0])) == 0
    assert entropy(np.array([])) == 0


def test_self_bleu_of_equal_texts_is_one_and_of_texts_without_a_common_word_zero():
    assert self_bleu(texts("a b c d e", "a b c d e", "a b c d e")) == pytest.approx(1)
    assert self_bleu(texts("a b c d", "e f g h")) == 0


@pytest.mark.parametrize("seed", range(6))
def test_self_bleu_is_what_nltk_computes_text_by_text(seed: int):
    sample = random_texts(seed)
    lists = [text.tolist() for text in sample]
    smooth = SmoothingFunction().method1
    expected = [
        sentence_bleu([*lists[:i], *lists[i + 1 :]], text, smoothing_function=smooth) for i, text in enumerate(lists)
    ]
    assert self_bleu(sample) == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("measure", [lambda t: distinct(t, 2), lambda t: ngram_entropy(t, 2), self_bleu])
def test_neither_order_nor_the_numbers_of_words_matter(measure):
    sample = random_texts(7)
    assert measure(list(reversed(sample))) == pytest.approx(measure(sample))
    assert measure([5 - text for text in sample]) == pytest.approx(measure(sample))


def test_saying_all_twice_halves_distinct_and_leaves_entropy():
    sample = random_texts(8)
    assert distinct(sample * 2, 2) == pytest.approx(distinct(sample, 2) / 2)
    assert ngram_entropy(sample * 2, 2) == pytest.approx(ngram_entropy(sample, 2))


def test_no_words_is_zero_and_no_error():
    for empty in ([], [np.zeros(0, dtype=np.int64)] * 2):
        assert (distinct(empty, 2), ngram_entropy(empty, 2), self_bleu(empty)) == (0, 0, 0)
