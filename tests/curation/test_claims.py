"""What one person looks at is left to them for a while, and never locked."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from fac_core.curation.claims import LASTS, Claims
from fac_core.store.pulses import Pulses


@pytest.fixture
def claims(tmp_path) -> Claims:
    return Claims(Pulses(tmp_path / "workspace.sqlite"), "triage")


def test_others_see_what_somebody_looks_at_and_that_somebody_does_not(claims):
    claims.look("41", author="Ada")
    assert claims.of_others("Ben") == {"41": "Ada"}
    assert claims.of_others("Ada") == {}


def test_a_look_at_the_next_item_gives_the_one_before_free(claims):
    claims.look("41", author="Ada")
    claims.look("42", author="Ada")
    assert claims.of_others("Ben") == {"42": "Ada"}


def test_of_two_at_one_item_it_is_left_to_the_first_however_often_the_second_looks_again(claims):
    claims.look("41", author="Ada")
    claims.look("41", author="Ben")
    claims.look("41", author="Ada")
    assert claims.of_others("Ben") == {"41": "Ada"}
    assert claims.of_others("Ada") == {}


def test_a_claim_ends_when_nothing_is_heard_of_its_author(claims):
    claims.look("41", author="Ada")
    assert claims.of_others("Ben", now=time.time() + LASTS - 5) == {"41": "Ada"}
    assert claims.of_others("Ben", now=time.time() + LASTS + 5) == {}
    assert claims.of_others("Ben", now=time.time() - 86_400) == {}  # the clock was set back since


def test_who_takes_gets_the_first_that_is_free_and_keeps_it(claims):
    claims.look("41", author="Ada")
    assert claims.take(["41", "42", "43"], author="Ben") == "42"
    assert claims.take(["41", "42", "43"], author="Ben") == "42"
    assert claims.take(["41", "42"], author="Cem") == "41"  # somebody looks at each
    assert claims.of_others("Ada") == {"42": "Ben"}


def test_of_many_who_take_at_once_each_gets_another(claims):
    people = [f"person {i}" for i in range(24)]
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda who: claims.take([str(i) for i in range(50)], author=who), people))
    assert sorted(got, key=int) == [str(i) for i in range(24)]


def test_queues_do_not_know_of_each_other(claims, tmp_path):
    claims.look("41", author="Ada")
    assert Claims(Pulses(tmp_path / "workspace.sqlite"), "review").of_others("Ben") == {}
