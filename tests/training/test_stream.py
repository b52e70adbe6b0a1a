"""The stream of training batches: whole, seeded, and resumable at any batch."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
import torch

from fac_core.errors import WrongUse
from fac_core.training.harvest import Shard, read_shard
from fac_core.training.stream import training_batches
from tests.training.shards_on_disk import N_BLOCKS, write_shard


def _batches(shards: list[Shard], n: int, *, start: int = 0, seed: int = 0) -> list[torch.Tensor]:
    return list(islice(training_batches(shards, N_BLOCKS, batch_tokens=50, seed=seed, start=start), n))


def _as_set(tokens: torch.Tensor) -> set[bytes]:
    return {token.float().numpy().tobytes() for token in tokens}


def test_an_epoch_gives_every_token_once(tmp_path: Path) -> None:
    shards = [write_shard(tmp_path, number) for number in range(4)]
    epoch = torch.cat(_batches(shards, 4 * 300 // 50))
    assert len(epoch) == 1200
    assert _as_set(epoch) == set().union(*(_as_set(read_shard(shard, N_BLOCKS)) for shard in shards))


def test_starting_at_a_batch_gives_the_same_batches_as_reading_up_to_it(tmp_path: Path) -> None:
    shards = [write_shard(tmp_path, number) for number in range(5)]
    whole = _batches(shards, 70)
    for start in (1, 12, 13, 29, 30, 47, 65):
        resumed = _batches(shards, 5, start=start)
        assert all(torch.equal(a, b) for a, b in zip(resumed, whole[start : start + 5], strict=True)), start


def test_epochs_and_seeds_differ_in_their_order(tmp_path: Path) -> None:
    shards = [write_shard(tmp_path, number) for number in range(4)]
    first = _batches(shards, 48)
    assert _as_set(torch.cat(first[:24])) == _as_set(torch.cat(first[24:]))
    assert not torch.equal(first[0], first[24])
    assert not torch.equal(first[0], _batches(shards, 1, seed=1)[0])


def test_the_stream_leaves_the_global_random_generator_alone(tmp_path: Path) -> None:
    shards = [write_shard(tmp_path, 0), write_shard(tmp_path, 1)]
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    _batches(shards, 3)
    assert torch.equal(torch.rand(1), expected)


def test_shards_that_hold_less_than_a_batch_are_an_error_and_not_an_endless_search(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="Give more text"):
        next(training_batches([write_shard(tmp_path, 0, n_tokens=30)], N_BLOCKS, batch_tokens=50, seed=0))
