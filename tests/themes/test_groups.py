"""Groups know nothing of datasets; those of the tree are sets of a kind, those of a feature run through all kinds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from fac_core.themes.groups import LEAST_TEXTS, groups

KINDS, PER_KIND, WIDTH = 12, 15, 10


def scores(rng: np.random.Generator) -> sparse.csr_matrix:
    """Twelve kinds of texts, each with ten features of its own, and one feature that fires in every twelfth text."""
    own = np.kron(np.eye(KINDS), np.ones((PER_KIND, WIDTH)))
    own = own * rng.integers(1, 5, own.shape) * (rng.random(own.shape) < 0.8)
    through = 4.0 * (np.arange(KINDS * PER_KIND) % 12 == 0)
    return sparse.csr_matrix(np.column_stack([own, through]))


def sets(found) -> list[frozenset[int]]:
    members = found.members.tocsc()
    return [frozenset(members.indices[a:b].tolist()) for a, b in zip(members.indptr, members.indptr[1:], strict=False)]


@pytest.mark.parametrize("seed", range(3))
def test_kinds_are_branches_and_what_runs_through_them_is_a_feature_s_group(seed):
    fired = scores(np.random.default_rng(seed))
    found = groups(fired, np.ones(fired.shape[1], bool), 3)
    branches = [one for one, is_branch in zip(sets(found), found.is_branch, strict=True) if is_branch]
    for kind in range(KINDS):
        assert frozenset(range(kind * PER_KIND, (kind + 1) * PER_KIND)) in branches
    through = frozenset(range(0, KINDS * PER_KIND, 12))
    assert through in set(sets(found)) - set(branches)
    assert all(
        LEAST_TEXTS <= len(one) <= 2 * LEAST_TEXTS for one in sets(found)
    )  # of so few texts no larger part is one matter


def test_a_feature_that_may_not_say_anything_makes_no_group():
    fired = scores(np.random.default_rng(0))
    usable = np.ones(fired.shape[1], bool)
    usable[-1] = False
    assert frozenset(range(0, KINDS * PER_KIND, 12)) not in sets(groups(fired, usable, 3))


@pytest.mark.parametrize("seed", range(3))
def test_one_matter_is_one_group_however_large_it_is(seed):
    """Half of all texts fire some of the same twenty features; the others are of twelve kinds."""
    rng = np.random.default_rng(seed)
    others = scores(rng)
    n = others.shape[0]
    one_matter = sparse.csr_matrix(rng.integers(1, 5, (n, 20)) * (rng.random((n, 20)) < 0.8))
    fired = sparse.csr_matrix(sparse.block_diag([one_matter, others]))
    largest = max(sets(groups(fired, np.ones(fired.shape[1], bool), 3)), key=len)
    assert largest <= frozenset(range(n))
    assert len(largest) > 0.8 * n


@pytest.mark.parametrize("n", [0, 1, 2, 7])
def test_few_texts_make_few_groups(n):
    assert len(groups(sparse.csr_matrix(np.eye(n, 5)), np.ones(5, bool), 1)) == 0


def test_texts_that_are_alike_are_not_grouped_by_the_dataset_that_they_are_of():
    same = sparse.csr_matrix(np.tile([3.0, 0.0, 2.0], (200, 1)) + np.eye(200, 3))  # all alike but three
    found = groups(same, np.ones(3, bool), 3)
    shares = [np.mean([text < 100 for text in one]) for one in sets(found) if len(one) >= 20]
    assert shares
    assert all(0.2 < share < 0.8 for share in shares)
