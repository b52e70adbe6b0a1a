"""How fast is encoding, against what this machine could do and against the plain way?

    fac lab bench

Three contestants, one after another in one process, on the same texts: the matrix products alone (the ceiling),
ours, and what one would write with transformers and sae-lens. The outputs are compared: a fast wrong answer does
not count.
"""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from sae_lens import SAE
from torch.nn.functional import linear
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModelForCausalLM

from fac_core.activations.encoder import Encoded, Encoder
from fac_core.activations.pipeline import encode
from fac_core.activations.precision import choose_encoder
from fac_core.activations.sae import load_sae
from fac_core.activations.saes.named import SHIPPED, default_sae
from fac_core.activations.shards import plan
from fac_core.datasets.layouts import ColumnMapping
from fac_core.datasets.prepare import prepare
from fac_core.demo import MIXTURES, SPEC
from fac_core.models.location import model_path
from fac_core.models.tokens import SampleTokenizer, Tokens
from fac_core.models.truncated import load_tokenizer
from fac_core.store.runs.run_file import RunFile
from fac_core.store.workspace import Workspace

MODEL = "smollm2-135m"
SOURCE = MIXTURES / "demo_anchor.toml"
_EVERY = 6
"""One in so many of the demo's anchor samples is encoded: all its sets, 25,000 tokens."""
_REPEATS = 3
_COLUMNS = 16_384
"""Latents multiplied at a time: of 131,072 for all tokens there is nowhere room."""


def measured() -> dict[str, Any]:
    """Speeds in tokens a second, how far the outputs agree (Jaccard), bytes of an activation, and on what machine."""
    sae_name = default_sae(MODEL)
    sae = load_sae(sae_name)
    with TemporaryDirectory() as scratch:
        tokens = _texts(Path(scratch))
        choice = choose_encoder(MODEL, sae, tokens)
        n_tokens = sum(int(t.content.sum()) for t in tokens)
        ids = np.arange(len(tokens), dtype=np.uint32)
        few = tokens[::8]
        n_few = sum(int(t.content.sum()) for t in few)

        ceiling = _rate(2048, gemms_alone([choice.encoder], n_tokens=2048))
        ours = _rate(n_tokens, lambda: choice.encoder(ids, tokens))
        plain_output: list[np.ndarray] = []
        plain = _rate(n_few, lambda: plain_output.append(the_plain_way(sae_name, sae.n_blocks, few)), repeats=1)
        agreement = _jaccard(choice.encoder(ids[: len(few)], few), plain_output[-1])
        run_bytes = _bytes_per_activation(Path(scratch))

    return {
        "tokens_per_second": {"ours": round(ours), "ceiling": round(ceiling), "plain": round(plain)},
        "ours_over_ceiling": round(ours / ceiling, 3),
        "ours_over_plain": round(ours / plain, 1),
        "jaccard_with_plain": round(agreement, 4),
        "bytes_per_activation": run_bytes,
        "dtype": choice.dtype,
        "dtype_reason": choice.reason,
        "sae": f"{sae.d_sae} latents, {sae.mode}, after block {sae.n_blocks}",
        "threads": torch.get_num_threads(),
        "machine": platform.processor() or platform.machine(),
        "torch": torch.__version__,
    }


def gemms_alone(encoders: Sequence[Encoder], *, n_tokens: int) -> Callable[[], None]:
    """Every matrix product that encoders of one model need for `n_tokens` that they read together, and nothing else."""
    model = encoders[0].model
    dtype, device = model.compute_dtype, model.module.device
    weights = [m.weight for m in model.module.modules() if isinstance(m, torch.nn.Linear)]
    for encoder in encoders:
        weights += encoder.sae.W.T.split(_COLUMNS)
    inputs = {w.shape[1]: torch.randn(n_tokens, w.shape[1], dtype=dtype, device=device) for w in weights}

    @torch.inference_mode()
    def run() -> None:
        for weight in weights:
            linear(inputs[weight.shape[1]], weight)

    return run


def the_plain_way(sae_name: str, n_blocks: int, tokens: list[Tokens]) -> np.ndarray:
    """Whole model in float32, padded batches in the order given, `sae.encode`, max over tokens: `[samples, d_sae]`."""
    model, sae = _plain_parts(sae_name)
    rows = []
    for start in range(0, len(tokens), 8):
        batch = tokens[start : start + 8]
        ids = pad_sequence([torch.from_numpy(t.input_ids).long() for t in batch], batch_first=True)
        mask = pad_sequence([torch.ones(len(t), dtype=torch.long) for t in batch], batch_first=True)
        content = pad_sequence([torch.from_numpy(t.content) for t in batch], batch_first=True)
        with torch.no_grad():
            h = model(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states[n_blocks]
            rows.append((sae.encode(h) * content.unsqueeze(-1)).amax(dim=1).numpy())
    return np.concatenate(rows)


@cache  # loading is not what is timed
def _plain_parts(sae_name: str) -> tuple[torch.nn.Module, SAE]:
    model = AutoModelForCausalLM.from_pretrained(model_path(MODEL), dtype=torch.float32).eval()
    return model, SAE.load_from_disk(SHIPPED / sae_name, dtype="float32")


def _texts(scratch: Path) -> list[Tokens]:
    dataset = prepare(SOURCE, scratch)
    tokenizer = SampleTokenizer(load_tokenizer(MODEL), context=SPEC.context)
    shards = plan(dataset.samples, scratch, size=512, identity="")
    tokens = [t for shard in shards for t in tokenizer(shard.texts, shard.chats)][::_EVERY]
    return [replace(t, beyond=None) for t in tokens]  # the plain way does not look beyond the window either


def _rate(n_tokens: int, run: Callable[[], object], repeats: int = _REPEATS) -> float:
    """Tokens a second: the median of some repeats after one that does not count."""
    run()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return n_tokens / statistics.median(seconds)


def _jaccard(ours: Encoded, plain: np.ndarray) -> float:
    found = np.zeros(plain.shape, dtype=bool)
    found[ours.activations["sample_id"].to_numpy(), ours.activations["feature_id"].to_numpy()] = True
    return float((found & (plain > 0)).sum() / (found | (plain > 0)).sum())


def _bytes_per_activation(scratch: Path) -> float:
    workspace = Workspace.create(scratch / "workspace")
    info = encode(SOURCE, workspace, SPEC, mapping=ColumnMapping(limit=600))
    with RunFile(workspace.run_path(info.run_id)) as run:
        return round(run.bytes_of("activations") / info.n_activations, 2)
