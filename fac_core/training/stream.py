"""Harvested shards as an endless, seeded, resumable stream of training batches.

Shards are mixed in groups: a group is read whole and put through sae-lens's mixing buffer under a seed of its own.
The stream is therefore a function of (shards, seed, position), and going on at batch 10,000 reads one group, not all
before it. The first epoch takes the shards in planned order; every later epoch draws its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

import numpy as np
import torch
from sae_lens.training.mixing_buffer import mixing_buffer

from fac_core.errors import WrongUse
from fac_core.training.harvest import Shard, count_tokens, read_shard

_GROUP = 2
"""Shards mixed with each other. Each already holds shuffled tokens of randomly drawn windows."""


def training_batches(
    shards: Sequence[Shard],
    n_blocks: int,
    *,
    batch_tokens: int,
    seed: int,
    start: int = 0,
) -> Iterator[torch.Tensor]:
    """Batches `[batch_tokens, d_model]` float32 from number `start` on, epoch after epoch without end.

    Args:
        n_blocks: the layer, as in `harvest`.
    """
    skip = start
    for epoch in count():
        n_in_epoch = 0
        order = np.arange(len(shards)) if epoch == 0 else np.random.default_rng([seed, epoch]).permutation(len(shards))
        for first in range(0, len(order), _GROUP):
            group = [shards[position] for position in order[first : first + _GROUP]]
            n_batches = sum(count_tokens(shard, n_blocks) for shard in group) // batch_tokens
            n_in_epoch += n_batches
            if skip >= n_batches:
                skip -= n_batches
                continue
            for batch in _mixed(group, n_blocks, batch_tokens, [seed, epoch, first])[skip:]:
                yield batch.float()
            skip = 0
        if not n_in_epoch:
            raise WrongUse(f"All shards together hold less than one batch of {batch_tokens:,} tokens. Give more text.")


def _mixed(group: list[Shard], n_blocks: int, batch_tokens: int, seed: list[int]) -> list[torch.Tensor]:
    loader = (read_shard(shard, n_blocks) for shard in group)
    size = max(count_tokens(group[0], n_blocks), batch_tokens)
    with torch.random.fork_rng(devices=[]):  # the mixing buffer draws from the global generator
        torch.manual_seed(int(np.random.SeedSequence(seed).generate_state(1)[0]))
        return list(mixing_buffer(size, batch_tokens, loader))
