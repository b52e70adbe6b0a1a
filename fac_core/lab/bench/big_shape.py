"""Does a model of 8 B shape encode here, how fast against its matrix products alone, and in how much memory?

    fac lab big-shape --blocks 16 --latents 65536 --latents 131072

Weights are random and made where they will be used: nothing is downloaded, and nothing is written. A SAE reads after the
last of the blocks. What is measured is the encoder itself, with everything that a run's shard needs.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import numpy as np
import torch
from transformers import LlamaConfig, LlamaModel

from fac_core.activations.encoder import Encoder, encode_together, find_budget
from fac_core.activations.sae import SparseAutoencoder
from fac_core.lab.bench.ceiling import gemms_alone
from fac_core.lab.bench.large import peak_megabytes
from fac_core.models.device import device_in_words
from fac_core.models.token_batches import as_tokens
from fac_core.models.tokens import Tokens
from fac_core.models.truncated import TruncatedModel

SHORTEST, LONGEST = 16, 128
"""Tokens of a made-up text, start token included."""


@dataclass(frozen=True)
class Shape:
    """Of a model and the texts that it reads."""

    blocks: int = 16
    """That run before the SAE reads; a whole LLaMA-3.1-8B has 32."""
    d_model: int = 4096
    """Width of the residual stream."""
    heads: int = 32
    """Of attention."""
    groups: int = 8
    """Of heads that share keys and values."""
    mlp: int = 14_336
    """Width inside a block."""
    vocabulary: int = 128_256
    """Tokens there are."""
    k: int = 64
    """Of the Top-K SAE."""


def big_shape(
    shape: Shape, latents: Sequence[int], *, device: str, n_texts: int = 32, repeats: int = 2, seed: int = 0
) -> dict[str, Any]:
    """Tokens a second of one SAE after another and of all in one pass; share of the ceiling; peak memory in GB."""
    model, seconds = _timed(lambda: random_model(shape, device=device, seed=seed), device)
    made_gb = _weights_gb(model)
    tokens = random_texts(n_texts, shape.vocabulary, seed=seed)
    saes = [random_sae(shape, n, device=device, seed=seed) for n in latents]
    found = {str(n): _measured([Encoder(model, sae)], tokens, repeats) for n, sae in zip(latents, saes, strict=True)}
    if len(saes) > 1:
        found["together"] = _measured([Encoder(model, sae) for sae in saes], tokens, repeats)
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "device": device_in_words(device),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "shape": vars(shape),
        "texts": {"n": n_texts, "tokens": sum(map(len, tokens))},
        "weights_gb": made_gb,
        "seconds_to_make": round(seconds, 1),
        "saes": found,
        "peak_memory_gb": peak_memory_gb(device),
    }


def random_model(shape: Shape, *, device: str, seed: int = 0) -> TruncatedModel:
    """A LLaMA of a shape, bfloat16, filled where it lies: in memory once, and never on disk."""
    config = LlamaConfig(
        hidden_size=shape.d_model,
        intermediate_size=shape.mlp,
        num_hidden_layers=shape.blocks,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.groups,
        vocab_size=shape.vocabulary,
        max_position_embeddings=2 * LONGEST,
    )
    config._attn_implementation = "sdpa"
    with torch.device("meta"):
        module = cast(Any, LlamaModel(config)).to(torch.bfloat16)
    module.to_empty(device=device)
    module.rotary_emb = type(module.rotary_emb)(config).to(device)  # holds no weight, but angles that are computed
    drawn = torch.Generator(device).manual_seed(seed)
    with torch.no_grad():
        for name, weight in module.named_parameters():
            if weight.dim() == 2:
                weight.normal_(0, 0.02 if "embed" in name else weight.shape[1] ** -0.5, generator=drawn)
            else:
                weight.fill_(1)
    return TruncatedModel.around(module, shape.blocks, "random").computing_in(torch.bfloat16)


def random_sae(shape: Shape, d_sae: int, *, device: str, seed: int = 0) -> SparseAutoencoder:
    """A Top-K SAE that reads after the last block, bfloat16 as the model multiplies."""
    drawn = torch.Generator(device).manual_seed(seed + d_sae)
    W = torch.empty(d_sae, shape.d_model, dtype=torch.bfloat16, device=device)
    W.normal_(0, shape.d_model**-0.5, generator=drawn)
    zeros = torch.zeros(d_sae, device=device)
    return SparseAutoencoder(
        name=f"random-{d_sae}",
        architecture="topk",
        hook_name=f"blocks.{shape.blocks - 1}.hook_resid_post",
        model_name=None,
        sha256="",
        W=W.T,
        b=zeros,
        threshold=zeros,
        scale=torch.ones(d_sae, device=device),
        shift=zeros,
        k=shape.k,
        input_norm="none",
        decoder=lambda: W.float(),
        mode=f"topk-{shape.k}",
    )


def random_texts(n: int, vocabulary: int, *, seed: int = 0) -> list[Tokens]:
    """Windows of random tokens, of lengths as of paragraphs."""
    drawn = np.random.default_rng(seed)
    lengths = drawn.integers(SHORTEST, LONGEST + 1, n)
    return as_tokens([drawn.integers(0, vocabulary, length) for length in lengths])


def _measured(encoders: list[Encoder], tokens: list[Tokens], repeats: int) -> dict[str, Any]:
    """Of encoders that read together, each reading all of the texts."""
    device = str(encoders[0].model.module.device)
    find_budget(encoders, tokens)
    ids = np.arange(len(tokens), dtype=np.uint32)
    n_tokens = sum(map(len, tokens))
    found, seconds = _timed(lambda: encode_together(encoders, ids, tokens), device, repeats)
    budget = encoders[0].budget.tokens
    products = gemms_alone(encoders, n_tokens=min(budget, n_tokens))
    _, at_best = _timed(products, device, repeats)
    rate, ceiling = n_tokens / seconds, min(budget, n_tokens) / at_best
    return {
        "tokens_per_second": round(rate, 1),
        "ceiling": round(ceiling, 1),
        "share_of_ceiling": round(rate / ceiling, 3),
        "batch_tokens": budget,
        "activations": sum(len(one.activations) for one in found),
    }


def _timed(work: Any, device: str, repeats: int = 1) -> tuple[Any, float]:
    """What some work gives, and its least seconds; once more before, if it is repeated."""
    seconds = []
    for _ in range(repeats + (repeats > 1)):
        _wait(device)
        start = time.perf_counter()
        found = work()
        _wait(device)
        seconds.append(time.perf_counter() - start)
    return found, min(seconds[repeats > 1 :])


def _wait(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def _weights_gb(model: TruncatedModel) -> float:
    return round(sum(p.numel() * p.element_size() for p in model.module.parameters()) / 1e9, 2)


def peak_memory_gb(device: str) -> dict[str, float]:
    """The most that this process has held so far: of the machine's memory, and of a card's."""
    peak = {"process": round((peak_megabytes() or 0) / 1e3, 2)}
    if device.startswith("cuda"):
        peak["card"] = round(torch.cuda.max_memory_allocated() / 1e9, 2)
    return peak
