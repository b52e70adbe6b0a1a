"""Which floating-point type to encode in: measured on this machine and these texts, never guessed.

bfloat16 halves the work where the processor has instructions for it and is many times slower where it has not;
and it moves features that sit at their threshold. So it is taken only when a probe of about two seconds shows
that it is faster *and* that the active features agree with float32 (Jaccard >= 0.98).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import linear

from fac_core.activations.encoder import Encoded, Encoder, encode_together
from fac_core.activations.sae import SparseAutoencoder
from fac_core.activations.spec import Dtype
from fac_core.models.device import device_in_words
from fac_core.models.tokens import Tokens
from fac_core.models.truncated import TruncatedModel

MIN_JACCARD = 0.98
MIN_SPEEDUP = 1.2
_PROBE_TOKENS = 1024
_PROBE_TOKENS_OF_A_CARD = 8192
"""Fewer would measure how quickly kernels are started."""
_GLANCE_TOKENS = 128
_GLANCES = 5
_HOPELESS = 0.5
"""Speed of bfloat16 against float32 below which a glance decides: without instructions for it, it is near 0.1, and the
whole probe would take a tenth of the demo's time. On a card such seconds say nothing, and the probe takes none."""


@dataclass(frozen=True)
class Choice:
    """Encoders of one model in the chosen dtype, and why it was chosen."""

    encoders: tuple[Encoder, ...]
    dtype: str
    reason: str

    @property
    def encoder(self) -> Encoder:
        """The only one, or the first."""
        return self.encoders[0]


def choose_encoder(
    model: str, sae: SparseAutoencoder, tokens: list[Tokens], *, dtype: Dtype = "auto", device: str = "cpu"
) -> Choice:
    """Load the model in the best dtype. `tokens` are some of the samples that will be encoded."""
    return choose_encoders(model, [sae], tokens, dtype=dtype, device=device)


def choose_encoders(
    model: str, saes: Sequence[SparseAutoencoder], tokens: list[Tokens], *, dtype: Dtype = "auto", device: str = "cpu"
) -> Choice:
    """The same for SAEs that read together: bfloat16 has to suit each of them."""
    where = device_in_words(device)
    if dtype != "auto":
        return Choice(encoders_of(model, saes, dtype, device), dtype, f"asked for, on {where}")
    reads = _reader(model, saes, device)
    on_cpu = device == "cpu"
    glance = _busy(_a_block(reads, torch.float32)) / _busy(_a_block(reads, torch.bfloat16)) if on_cpu else 1.0
    if glance < _HOPELESS:
        measured = f"bfloat16 is {glance:.1f} times as fast as float32 on {where}"
        return Choice(_encoders(reads, saes), "float32", f"{measured}: not enough (needs {MIN_SPEEDUP})")
    probe = _some(tokens, _PROBE_TOKENS if on_cpu else _PROBE_TOKENS_OF_A_CARD)
    # One after the other, in the one model that is in memory.
    exact_seconds, expected = _timed(_encoders(reads, saes), probe)
    fast = _encoders(reads.computing_in(torch.bfloat16), saes)
    fast_seconds, found = _timed(fast, probe)
    speedup, agreement = exact_seconds / fast_seconds, min(map(jaccard, expected, found))
    measured = (
        f"bfloat16 is {speedup:.1f} times as fast as float32 on {where}, active features agree to {agreement:.3f}"
    )
    if speedup >= MIN_SPEEDUP and agreement >= MIN_JACCARD:
        return Choice(fast, "bfloat16", measured)
    del fast
    exact = _encoders(reads.computing_in(torch.float32), saes)
    return Choice(exact, "float32", f"{measured}: not enough (needs {MIN_SPEEDUP} and {MIN_JACCARD})")


def encoder_of(model: str, sae: SparseAutoencoder, dtype: Dtype, device: str = "cpu") -> Encoder:
    """A model and a SAE in a dtype; `auto` is float32."""
    return encoders_of(model, [sae], dtype, device)[0]


def encoders_of(model: str, saes: Sequence[SparseAutoencoder], dtype: Dtype, device: str) -> tuple[Encoder, ...]:
    """The same for SAEs that read together: one model, as deep as the deepest of them reads."""
    kind = torch.bfloat16 if dtype == "bfloat16" else torch.float32
    return _encoders(_reader(model, saes, device).computing_in(kind), saes)


def _reader(model: str, saes: Sequence[SparseAutoencoder], device: str) -> TruncatedModel:
    return TruncatedModel(model, max(sae.n_blocks for sae in saes), device=device)


def _encoders(model: TruncatedModel, saes: Sequence[SparseAutoencoder]) -> tuple[Encoder, ...]:
    return tuple(Encoder(model, sae) for sae in saes)


def jaccard(a: Encoded, b: Encoded) -> float:
    """Overlap of the active (sample, feature) pairs: `|A ∩ B| / |A ∪ B|`, 1 when both are empty."""
    pairs = [
        set(zip(e.activations["sample_id"].to_pylist(), e.activations["feature_id"].to_pylist(), strict=True))
        for e in (a, b)
    ]
    union = len(pairs[0] | pairs[1])
    return len(pairs[0] & pairs[1]) / union if union else 1.0


def _some(tokens: list[Tokens], n: int) -> list[Tokens]:
    """The first samples, until they have n tokens."""
    chosen: list[Tokens] = []
    for one in tokens:
        if sum(map(len, chosen)) < n:
            chosen.append(one)
    return chosen


def _a_block(model: TruncatedModel, dtype: torch.dtype) -> Callable[[], object]:
    """All products of one block in a dtype, for a few tokens."""
    weights = [m.weight.to(dtype) for m in model.blocks[0].modules() if isinstance(m, torch.nn.Linear)]
    inputs = [torch.ones(_GLANCE_TOKENS, w.shape[1], dtype=dtype, device=w.device) for w in weights]
    return torch.inference_mode()(lambda: [linear(x, w) for x, w in zip(inputs, weights, strict=True)])


def _busy(work: Callable[[], object]) -> float:
    """Processor seconds, all threads, at best: so short a look must not depend on what else runs on the machine."""
    work()
    seconds = []
    for _ in range(_GLANCES):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def _timed(encoders: Sequence[Encoder], tokens: list[Tokens]) -> tuple[float, list[Encoded]]:
    ids = np.arange(len(tokens), dtype=np.uint32)
    encode_together(encoders, ids[:1], tokens[:1])  # the first call pays for set-up
    start = time.perf_counter()
    encoded = encode_together(encoders, ids, tokens)
    return time.perf_counter() - start, encoded
