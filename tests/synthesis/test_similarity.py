"""Copies and near-duplicates are found; texts that only share a subject are not."""

from __future__ import annotations

from fac_core.synthesis.proof.fluency import repeated
from fac_core.synthesis.proof.similarity import COPY_WORDS, Known

REAL = (
    "The tenant shall pay the rent on the first day of each month, in advance, and the landlord shall keep the roof dry"
    " at all times of the year. Nothing else was agreed between them when they met in the kitchen of the old mill."
)


def test_a_sentence_out_of_a_long_text_is_a_copy():
    known = Known([REAL, "Goats eat grass."])
    (like,) = known.likeness(["Nothing else was agreed between them when they met in the kitchen, he said."])
    assert like.is_copy
    assert like.verbatim >= COPY_WORDS


def test_a_short_text_that_is_mostly_real_words_in_a_row_is_a_copy():
    assert Known([REAL]).likeness(["Pay the rent on the first!"])[0].is_copy


def test_a_text_on_the_same_subject_is_neither():
    (like,) = Known([REAL]).likeness(["A landlord who lets the roof leak loses his tenant before the month ends."])
    assert not like.is_copy
    assert not like.is_duplicate


def test_one_changed_word_is_a_near_duplicate_of_what_was_made_before():
    known = Known([])
    known.add(["Seven goats crossed the bridge before the troll woke up and complained."])
    twice = ["Seven goats crossed the bridge before the troll woke up and shouted."] * 2
    assert [one.is_duplicate for one in known.likeness(twice)] == [True, True]
    fresh = known.forgetting().likeness(twice)
    assert [one.is_duplicate for one in fresh] == [False, True]


def test_repetition_is_a_share_of_three_word_sequences():
    assert repeated("never said twice in this one") == 0
    assert repeated("no no no no no no") == 0.75
    assert repeated("too short") == 0
