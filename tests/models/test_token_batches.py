"""Batches hold every sample once, within the budget, with little padding."""

from __future__ import annotations

import numpy as np
import pytest

from fac_core.models.token_batches import batches
from fac_core.models.tokens import Tokens


def sample(length: int) -> Tokens:
    return Tokens(np.arange(1, length + 1), np.ones(length, dtype=bool), np.zeros((length, 2), dtype=np.uint32), False)


@pytest.mark.parametrize("budget", [1, 64, 2048])
def test_every_sample_is_in_one_batch_within_the_budget(budget):
    lengths = np.random.default_rng(0).integers(1, 200, 300)
    seen: list[int] = []
    for batch in batches([sample(n) for n in lengths], budget):
        assert len(batch.rows) == 1 or batch.input_ids.numel() <= budget
        for row, i in enumerate(batch.rows):
            assert batch.content[row].sum() == lengths[i]
            assert batch.input_ids[row, : lengths[i]].tolist() == list(range(1, lengths[i] + 1))
        seen += batch.rows.tolist()
    assert sorted(seen) == list(range(300))


def test_padding_is_under_three_percent():
    """Of a shard of texts whose lengths are as uneven as real ones (log-normal, median 90)."""
    lengths = np.clip(np.random.default_rng(1).lognormal(np.log(90), 0.8, 512).astype(int), 2, 512)
    padded = sum(batch.input_ids.numel() for batch in batches([sample(n) for n in lengths], 1024))
    assert lengths.sum() / padded >= 0.97


def test_no_sample_gives_no_batch():
    assert list(batches([], 100)) == []
