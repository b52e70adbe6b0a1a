"""Training activations: texts in, shards of token-level residual streams out.

A shard holds `~shard_tokens` shuffled tokens as bfloat16, one tensor for each layer that was asked for, so
that a comparison of layers costs one forward pass. Shards are planned before any is computed, named by the
hash of what they hold and written atomically: resume is "planned minus present".
Bytes: 2 × d_model a token and layer (SmolLM2-135M: 1.2 GB for a million tokens).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import PreTrainedTokenizerBase

from fac_core.models.sinks import sinks
from fac_core.models.token_batches import as_tokens, batches
from fac_core.models.tokens import start_token
from fac_core.models.truncated import TruncatedModel
from fac_core.progress import Progress, silent
from fac_core.scratch import sweep
from fac_core.whole import BUILDING, whole

_BATCH_TOKENS = 2048


@dataclass(frozen=True)
class Shard:
    """One planned file of training activations."""

    path: Path
    windows: list[np.ndarray]
    """Token ids, each window beginning with BOS; `[tokens]` int32."""

    @property
    def is_present(self) -> bool:
        return self.path.exists()


def token_windows(texts: Iterable[str], tokenizer: PreTrainedTokenizerBase, context: int) -> Iterator[np.ndarray]:
    """Cut each text into windows of at most `context` tokens, each beginning as an encoded text does."""
    start = start_token(tokenizer)
    size = context - len(start)
    for text in texts:
        ids = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        for first in range(0, len(ids), size):
            window = ids[first : first + size]
            if len(window) >= 4:  # a shorter tail has no context to speak of
                yield np.array(start + window, dtype=np.int32)


def plan_shards(
    windows: Sequence[np.ndarray], folder: Path, *, model: str, layers: list[int], shard_tokens: int, seed: int
) -> list[Shard]:
    """Deterministic plan: the same windows, model and layers give the same file names."""
    order = np.random.default_rng(seed).permutation(len(windows))
    shards: list[Shard] = []
    current: list[np.ndarray] = []
    n_tokens = 0
    for position in order:
        current.append(windows[position])
        n_tokens += len(windows[position])
        if n_tokens >= shard_tokens:
            shards.append(_named(current, folder, model, layers))
            current, n_tokens = [], 0
    if current:
        shards.append(_named(current, folder, model, layers))
    return shards


def _named(windows: list[np.ndarray], folder: Path, model: str, layers: list[int]) -> Shard:
    digest = hashlib.sha256(f"{model} {layers}".encode())
    for window in windows:
        digest.update(window.tobytes())
    return Shard(folder / f"{digest.hexdigest()[:16]}.safetensors", windows)


def harvest(
    shards: Sequence[Shard], model: TruncatedModel, layers: list[int], *, seed: int, on_progress: Progress = silent
) -> None:
    """Compute the shards that are not there yet.

    Args:
        layers: numbers of blocks after which the residual stream is read, counted from 1.
    """
    for folder in {shard.path.parent for shard in shards}:
        sweep(folder, BUILDING)
    done = sum(shard.is_present for shard in shards)
    for shard in shards:
        if shard.is_present:
            continue
        tensors = _activations(shard.windows, model, layers)
        shuffle = torch.randperm(len(tensors[0]), generator=torch.Generator().manual_seed(seed))
        with whole(shard.path) as building:
            save_file({layer_key(n): t[shuffle] for n, t in zip(layers, tensors, strict=True)}, building)
        done += 1
        on_progress(done, len(shards), f"{len(shuffle):,} tokens in {shard.path.name}")


def layer_key(n_blocks: int) -> str:
    """Name of a layer's tensor in a shard."""
    return f"after_block_{n_blocks:02d}"


def read_shard(shard: Shard, n_blocks: int) -> torch.Tensor:
    """`[tokens, d_model]` bfloat16."""
    with safe_open(shard.path, framework="pt") as file:
        return file.get_tensor(layer_key(n_blocks))


def count_tokens(shard: Shard, n_blocks: int) -> int:
    """Tokens in a harvested shard, from its header alone."""
    with safe_open(shard.path, framework="pt") as file:
        return file.get_slice(layer_key(n_blocks)).get_shape()[0]


def _activations(windows: list[np.ndarray], model: TruncatedModel, layers: list[int]) -> list[torch.Tensor]:
    kept: list[list[torch.Tensor]] = [[] for _ in layers]
    for batch in batches(as_tokens(windows), _BATCH_TOKENS):
        batch = batch.to(model.module.device)
        streams = model.residuals(batch.input_ids, layers)
        content = batch.content & ~sinks(streams[-1], batch.content)
        for rows, stream in zip(kept, streams, strict=True):
            rows.append(stream[content].to(torch.bfloat16).cpu())
    return [torch.cat(rows) for rows in kept]
