"""Shards propose the strongest samples of every feature, and a fair draw of the others."""

from __future__ import annotations

import numpy as np
import torch

from fac_core.activations.pooling import Block, TokenValues
from fac_core.activations.proposals import N_DRAWN, N_STRONGEST, Proposals, draw

N_SAMPLES, N_FEATURES = 300, 5


def pooled_block(values: torch.Tensor) -> Block:
    """A block whose samples have one token each."""

    def at_tokens(chosen: torch.Tensor) -> TokenValues:
        row, column = chosen.nonzero(as_tuple=True)
        return TokenValues(row, column, torch.zeros_like(row), values[row, column])

    return Block(0, values, torch.zeros_like(values, dtype=torch.long), at_tokens)


def proposed(values: torch.Tensor, batch: int) -> dict[int, set[int]]:
    proposals = Proposals(N_FEATURES)
    for start in range(0, len(values), batch):
        rows = slice(start, start + batch)
        proposals.add(pooled_block(values[rows]), torch.arange(len(values))[rows])
        proposals.keep()
    table = proposals.table().to_pydict()
    found: dict[int, set[int]] = {feature: set() for feature in range(N_FEATURES)}
    for feature, sample in zip(table["feature_id"], table["sample_id"], strict=True):
        found[feature].add(sample)
    return found


def some_values() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    values = torch.rand(N_SAMPLES, N_FEATURES, generator=generator)
    values[:, 1] = 0  # a dead feature
    values[7:, 2] = 0  # a rare one
    return values


def test_the_strongest_samples_are_always_among_them():
    values = some_values()
    found = proposed(values, batch=17)
    for feature in (0, 3, 4):
        assert set(values[:, feature].topk(N_STRONGEST).indices.tolist()) <= found[feature]


def test_their_number_is_bounded_and_a_rare_feature_shows_all_it_has():
    found = proposed(some_values(), batch=17)
    assert all(len(samples) <= N_STRONGEST + N_DRAWN for samples in found.values())
    assert found[1] == set()
    assert found[2] == set(range(7))


def test_the_batches_leave_no_trace():
    values = some_values()
    assert proposed(values, batch=1) == proposed(values, batch=N_SAMPLES)


def test_the_draw_is_fixed_and_uniform():
    samples, features = torch.arange(2000), torch.arange(50)
    lots = draw(samples[:, None], features[None, :])
    assert torch.equal(lots, draw(samples[:, None], features[None, :]))
    assert 0 < lots.min() <= lots.max() <= 1
    shares = np.histogram(lots.numpy(), bins=10, range=(0, 1))[0] / lots.numel()
    assert np.allclose(shares, 0.1, atol=0.01)
    assert abs(np.corrcoef(lots[:, 0].numpy(), lots[:, 1].numpy())[0, 1]) < 0.1
