"""Training activations: planned before they are computed, whole, and without BOS, padding and sinks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from fac_core.models.truncated import TruncatedModel, load_tokenizer
from fac_core.training.harvest import (
    count_tokens,
    harvest,
    plan_shards,
    read_shard,
    token_windows,
)
from tests.tiny import TEXTS


def _windows(lengths: tuple[int, ...]) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [np.r_[4, rng.integers(10, 200, size=length - 1)].astype(np.int32) for length in lengths]


def test_windows_hold_every_token_of_the_texts_and_begin_with_bos(model_of: Callable[[str], Path]) -> None:
    tokenizer = load_tokenizer(str(model_of("llama")))
    text = " ".join(TEXTS)
    windows = list(token_windows([text], tokenizer, context=16))
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert [token for window in windows for token in window[1:]] == ids[: sum(len(window) - 1 for window in windows)]
    assert len(ids) - sum(len(window) - 1 for window in windows) < 4
    assert {int(window[0]) for window in windows} == {tokenizer.bos_token_id}
    assert max(map(len, windows)) <= 16


def test_shards_hold_the_residuals_of_all_content_tokens(model_of: Callable[[str], Path], tmp_path: Path) -> None:
    name = str(model_of("llama"))
    windows = _windows((9, 12, 40))
    shards = plan_shards(windows, tmp_path, model=name, layers=[1, 2], shard_tokens=1000, seed=0)
    model = TruncatedModel(name, 2)
    harvest(shards, model, [1, 2], seed=0)
    assert len(shards) == 1
    assert count_tokens(shards[0], 2) == 8 + 11 + 39
    for n_blocks in (1, 2):
        streams = [model.residuals(torch.from_numpy(w).long()[None], [n_blocks])[0][0, 1:] for w in windows]
        expected = torch.cat(streams)
        nearest = torch.cdist(expected, read_shard(shards[0], n_blocks).float()).min(dim=1).values
        assert float((nearest / expected.norm(dim=1)).max()) < 0.01  # bfloat16


def test_the_plan_is_deterministic_and_only_missing_shards_are_computed(
    model_of: Callable[[str], Path], tmp_path: Path
) -> None:
    name = str(model_of("llama"))
    plan = {"model": name, "layers": [2], "shard_tokens": 30, "seed": 5}
    shards = plan_shards(_windows((20,) * 6), tmp_path, **plan)
    assert [s.path for s in shards] == [s.path for s in plan_shards(_windows((20,) * 6), tmp_path, **plan)]
    model = TruncatedModel(name, 2)
    harvest(shards, model, [2], seed=0)
    before = [shard.path.stat().st_mtime_ns for shard in shards]
    shards[1].path.unlink()
    notes: list[int] = []
    harvest(shards, model, [2], seed=0, on_progress=lambda done, *_: notes.append(done))
    assert notes == [len(shards)]
    assert [s.path.stat().st_mtime_ns for n, s in enumerate(shards) if n != 1] == before[:1] + before[2:]
