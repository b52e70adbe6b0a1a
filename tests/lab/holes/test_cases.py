"""Cases hold what they say: halves that do not meet, a group that is gone, sizes as asked for, nothing missing in nulls."""

from __future__ import annotations

import numpy as np
import pytest

from fac_core.lab.holes.cases import cases_of, cut_short, halves, hole, joined_up, null
from fac_core.lab.holes.config import CollectionSpec, HolesConfig
from tests.lab.holes.made_up import GROUPS, collection

MADE_UP = collection(derived=True)
LAW = MADE_UP.groups["law"]


def test_halves_do_not_meet_and_hold_everything():
    ours, theirs = halves(7, 3)
    assert sorted([*ours, *theirs]) == list(range(7))
    assert (ours.tolist(), theirs.tolist()) == tuple(half.tolist() for half in halves(7, 3))
    assert ours.tolist() != halves(7, 4)[0].tolist()


def test_a_whole_hole_leaves_nothing_of_the_group_in_the_data():
    case = hole(MADE_UP, "law", cut=1)
    assert not LAW[case.data].any()
    assert np.array_equal(case.missing, LAW[case.anchor])
    assert case.missing.sum() > 20
    assert not set(case.anchor) & set(case.data)
    assert case.anchor.max() < MADE_UP.n_own


@pytest.mark.parametrize("left", [0.25, 0.5])
def test_a_share_of_the_group_is_left(left):
    case, whole = hole(MADE_UP, "law", cut=1, left=left), hole(MADE_UP, "law", cut=1)
    theirs = LAW[halves(MADE_UP.n_own, 1)[1]].sum()
    assert LAW[case.data].sum() == round(left * theirs)
    assert np.array_equal(case.anchor, whole.anchor)
    assert (~LAW[case.data]).sum() == (~LAW[whole.data]).sum()


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3])
def test_the_hole_is_as_large_as_asked_for(share):
    case = hole(MADE_UP, "law", cut=0, share=share)
    assert case.share == pytest.approx(share, abs=0.01)


def test_too_small_a_hole_is_no_case():
    assert hole(MADE_UP, "law", share=0.01) is None


def test_the_data_has_the_size_asked_for_or_there_is_no_case():
    assert len(hole(MADE_UP, "law", n_data=100).data) == 100
    assert hole(MADE_UP, "law", n_data=5000) is None
    assert len(null(MADE_UP, n_data=100).data) == 100


def test_nothing_is_missing_where_nothing_was_taken():
    first, second = null(MADE_UP, nth=0), null(MADE_UP, nth=1)
    assert not first.missing.any()
    assert not set(first.anchor) & set(first.data)
    assert first.anchor.tolist() != second.anchor.tolist()


def test_cut_texts_are_of_the_other_half():
    case = cut_short(MADE_UP, cut=2)
    made_of = {derived: row for row, derived in MADE_UP.cut.tolist()}
    assert case.data.min() >= MADE_UP.n_own
    assert not {made_of[row] for row in case.data.tolist()} & set(case.anchor.tolist())
    assert not case.missing.any()


def test_joined_texts_are_of_pairs_that_the_anchor_has_not():
    case = joined_up(MADE_UP, cut=2)
    made_of = {derived: {a, b} for a, b, derived in MADE_UP.joined.tolist()}
    used = set().union(*(made_of[row] for row in case.data.tolist()))
    assert not used & set(case.anchor.tolist())
    assert len(used | set(case.anchor.tolist())) == MADE_UP.n_own


def test_a_collection_without_derived_texts_has_no_length_traps():
    plain = collection()
    assert cut_short(plain) is None
    assert joined_up(plain) is None


def test_all_cases_have_keys_of_their_own():
    spec = CollectionSpec(name="made up", use="choose", run="none")
    config = HolesConfig(name="h", collection=[spec], shares=[0.05], sizes=[100], nulls=2)
    found = list(cases_of(MADE_UP, config, [0, 1]))
    keys = [case.key for case in found]
    assert len(set(keys)) == len(keys)
    # A cut: six groups, each with three shares left and two sizes of data; two nulls of two sizes; two length traps.
    assert len(found) == 2 * (len(GROUPS) * (3 + 2) + 2 * 2 + 2)
