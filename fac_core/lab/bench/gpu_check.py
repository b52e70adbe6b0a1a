"""Is all well on a card? Equal to the processor, as fast as its matrix products allow, and able to train.

    make gpu-check

Six minutes at most on a card that holds the 8 B shape; no network and no download: models, SAEs and texts are random.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import numpy as np
import torch
from sae_lens import TopKTrainingSAEConfig
from sae_lens.saes.sae import TrainStepInput

from fac_core.activations.encoder import Encoded, Encoder
from fac_core.activations.precision import jaccard
from fac_core.activations.sae import SparseAutoencoder
from fac_core.lab.bench.big_shape import Shape, big_shape, peak_memory_gb, random_model, random_sae, random_texts
from fac_core.models.device import device_in_words
from fac_core.models.truncated import TruncatedModel
from fac_core.training.sparse_topk import SparseTopKTrainingSAE

EIGHT_B = Shape()
TINY = Shape(blocks=3, d_model=128, heads=4, groups=2, mlp=256, vocabulary=1000, k=16)
_LATENTS = 2048
_TEXTS = 40


def gpu_check(
    device: str,
    *,
    shape: Shape = EIGHT_B,
    latents: tuple[int, ...] = (65_536, 131_072),
    n_texts: int = 1024,
    train_seconds: float = 60,
    train_shape: tuple[int, int, int, int] = (4096, 65_536, 64, 8192),
) -> dict[str, Any]:
    """Run all parts on a device; a part that fails says why in place of its numbers, and the others still run.

    Args:
        train_shape: d_model, latents, k and tokens of a step.
    """
    parts: dict[str, Callable[[], Any]] = {
        "equal_to_the_processor": lambda: equality(device),
        "big_shape": lambda: big_shape(shape, latents, device=device, n_texts=n_texts),
        "training": lambda: trained(device, *train_shape, seconds=train_seconds),
    }
    found: dict[str, Any] = {"date": datetime.now(UTC).isoformat(timespec="seconds"), "device": device_in_words(device)}
    for name, part in parts.items():
        start = time.perf_counter()
        if device.startswith("cuda"):
            torch.cuda.reset_peak_memory_stats()
        try:
            found[name] = part()
        except Exception as error:  # noqa: BLE001 - whatever a driver raises is what this check is to show
            found[name] = {"failed": f"{type(error).__name__}: {error}"}
        found[name]["seconds"] = round(time.perf_counter() - start, 1)
        if device.startswith("cuda"):
            torch.cuda.empty_cache()
    equal = found["equal_to_the_processor"]
    found["ok"] = not any("failed" in found[name] for name in parts) and all(
        one["ok"] for one in equal["cases"].values()
    )
    return found


def equality(device: str) -> dict[str, Any]:
    """A tiny model on a device and on the processor, both in float32, for both ways of pooling; and the device's bfloat16.

    The processor's encoder is the one that the tests hold against the slow oracle. Float32 has to agree on 99.9 % of the
    active cells (those at their threshold may fall either way) and to 1e-3 in value; bfloat16 on 90 %.
    """
    cases: dict[str, Any] = {}
    tokens = random_texts(_TEXTS, TINY.vocabulary)
    for name, sae in {"topk": _sae(), "elementwise": _elementwise(_sae())}.items():
        expected = _encoded(random_model(TINY, device="cpu").computing_in(torch.float32), sae, tokens)
        for dtype, least in ((torch.float32, 0.999), (torch.bfloat16, 0.9)):
            model = random_model(TINY, device="cpu")  # drawn on the processor, so that both have the same weights
            there = cast(Any, copy.deepcopy(model.module)).to(device)
            moved = TruncatedModel.around(there, TINY.blocks, "random").computing_in(dtype)
            found = _encoded(moved, sae, tokens)
            agree, apart = jaccard(expected, found), _apart(expected, found)
            ok = agree >= least and (dtype != torch.float32 or apart <= 1e-3)
            cases[f"{name}, {str(dtype).removeprefix('torch.')}"] = {
                "ok": ok,
                "jaccard": round(agree, 5),
                "largest_relative_difference": float(f"{apart:.2g}"),
            }
    return {"cases": cases}


def trained(device: str, d_model: int, d_sae: int, k: int, n_tokens: int, *, seconds: float) -> dict[str, Any]:
    """Train a SAE on random activations of low rank for some seconds: tokens a second, and the loss at both ends."""
    torch.manual_seed(0)
    config = TopKTrainingSAEConfig(
        d_in=d_model,
        d_sae=d_sae,
        k=k,
        device=device,
        apply_b_dec_to_input=True,
        rescale_acts_by_decoder_norm=True,
        normalize_activations="expected_average_only_in",
    )
    sae = SparseTopKTrainingSAE(config).to(device)
    optimizer = torch.optim.Adam(sae.parameters(), lr=1e-3, fused=True)
    sources = torch.randn(4 * k, d_model, device=device)
    kind = torch.device(device).type
    losses: list[torch.Tensor] = []
    start = time.perf_counter()
    while not losses or time.perf_counter() - start < seconds:
        strength = torch.rand(n_tokens, len(sources), device=device)
        x = (strength * (strength > 0.9)) @ sources / len(sources) ** 0.5
        with torch.autocast(kind, torch.bfloat16):
            output = sae.training_forward_pass(
                TrainStepInput(x, {}, None, n_training_steps=len(losses), is_logging_step=False)
            )
        optimizer.zero_grad(set_to_none=True)
        output.loss.backward()
        optimizer.step()
        losses.append(output.loss.detach())
        if kind == "cuda":
            torch.cuda.synchronize()  # or the clock would run ahead of the card
    spent = time.perf_counter() - start
    return {
        "tokens_per_second": round(len(losses) * n_tokens / spent),
        "steps": len(losses),
        "loss": [round(float(losses[0]), 4), round(float(losses[-1]), 4)],
        "shape": {"d_model": d_model, "latents": d_sae, "k": k, "tokens_a_step": n_tokens},
        "peak_memory_gb": peak_memory_gb(device),
    }


def _sae() -> SparseAutoencoder:
    return random_sae(TINY, _LATENTS, device="cpu")


def _elementwise(sae: SparseAutoencoder) -> SparseAutoencoder:
    """The same weights under a JumpReLU."""
    return replace(sae, architecture="jumprelu", mode="jumprelu", k=None, threshold=torch.full_like(sae.b, 2.0))


def _encoded(model: TruncatedModel, sae: SparseAutoencoder, tokens: list[Any]) -> Encoded:
    return Encoder(model, sae)(np.arange(len(tokens), dtype=np.uint32), tokens)


def _apart(a: Encoded, b: Encoded) -> float:
    """The largest relative difference of a value that both have."""
    keys = ["feature_id", "sample_id"]
    both = a.activations.join(b.activations, keys, join_type="inner", right_suffix="_b")
    left, right = (both[name].to_numpy() for name in ("activation", "activation_b"))
    return float((np.abs(left - right) / np.abs(left)).max()) if len(both) else 0.0
