"""What every contestant reads: one folder with the texts, their tokens, the model, and the SAE in the formats of others."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow.parquet as pq
import torch
from sae_lens import SAE
from safetensors.torch import save_file

from fac_core.activations.sae import SparseAutoencoder, load_sae
from fac_core.activations.saes.named import SHIPPED, default_sae
from fac_core.activations.shards import plan
from fac_core.datasets.prepare import prepare
from fac_core.demo import MIXTURES, SPEC
from fac_core.models.location import model_path
from fac_core.models.tokens import SampleTokenizer
from fac_core.models.truncated import load_tokenizer

MODEL = "smollm2-135m"
SOURCE = MIXTURES / "demo_anchor.toml"
EVERY = 24
"""One in so many of the demo's anchor samples is read: all its sets, short texts and long ones, in their order."""
THRESHOLDS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
FEATURE = 0
"""The feature whose strongest texts are asked for."""


@dataclass(frozen=True)
class Handout:
    """The folder, and what it holds in a few numbers."""

    folder: Path
    n_texts: int
    n_tokens: int
    """Content tokens."""
    longest: int
    shortest: int
    sae: SparseAutoencoder


def write_handout(folder: Path, *, every: int = EVERY) -> Handout:
    """Write the folder; what was there is replaced.

    `tokens.npz` and `texts.json` are the texts, cut to the window; `samples.parquet` the same as a run stores them;
    `model/` is in the layout of the hub, `sae/` as sae-lens saves it, `folded.safetensors` has its weights with
    the norms of the decoder folded in, as sparsify, dictionary_learning and delphi have them.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    name = default_sae(MODEL)
    sae = load_sae(name)
    dataset = prepare(SOURCE, folder / "prepared")
    tokenizer = load_tokenizer(MODEL)
    read = SampleTokenizer(tokenizer, context=SPEC.context)
    shards = plan(dataset.samples, folder, size=512, identity="")
    whole = [text for shard in shards for text in shard.texts][::every]
    cut = [text[: t.offsets[-1, 1]] for text, t in zip(whole, read(whole, [None] * len(whole)), strict=True)]
    # A text cut within a word may have other tokens at its end when it is read anew: all have to read the same.
    tokens = read(cut, [None] * len(cut))
    kept = [i for i, t in enumerate(tokens) if not t.truncated and len(t) > 1]
    texts, ids = [cut[i] for i in kept], [tokens[i].input_ids for i in kept]
    lengths = [len(one) for one in ids]
    np.savez(folder / "tokens.npz", ids=np.concatenate(ids), lengths=lengths)
    (folder / "texts.json").write_text(json.dumps(texts), encoding="utf-8")
    _samples(dataset.samples, len(texts), texts, folder / "samples.parquet")
    (folder / "model").symlink_to(model_path(MODEL), target_is_directory=True)
    shutil.copytree(SHIPPED / name, folder / "sae", ignore=shutil.ignore_patterns("space"))
    save_file(folded(SAE.load_from_disk(folder / "sae", dtype="float32")), folder / "folded.safetensors")
    about = {
        "n_blocks": sae.n_blocks,
        "hook_name": sae.hook_name,
        "k": sae.k,
        "d_sae": sae.d_sae,
        "d_model": sae.d_model,
        "rope_theta": rope_theta(Path(model_path(MODEL))),
        "start": tokenizer.decode([int(ids[0][0])]),
        "thresholds": THRESHOLDS,
        "feature": FEATURE,
        "model_name": MODEL,
        "sae_name": name,
    }
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")
    return Handout(folder, len(ids), sum(lengths) - len(lengths), max(lengths), min(lengths), sae)


def folded(sae: SAE) -> dict[str, torch.Tensor]:
    """Weights of a Top-K SAE of sae-lens whose decoder has rows of norm 1: the same activations without a rescaling.

    Returns:
        `encoder.weight [d_sae, d_model]`, `encoder.bias [d_sae]`, `W_dec [d_sae, d_model]`, `b_dec [d_model]`, float32.
    """
    W_enc, b_enc, W_dec, b_dec = cast(Any, (sae.W_enc, sae.b_enc, sae.W_dec, sae.b_dec))
    norm = W_dec.norm(dim=-1)
    return {
        "encoder.weight": (W_enc * norm).T.contiguous().detach(),
        "encoder.bias": (b_enc * norm).detach(),
        "W_dec": (W_dec / norm[:, None]).contiguous().detach(),
        "b_dec": b_dec.detach(),
    }


def rope_theta(model: Path) -> float:
    """The base of a model's rotary embedding, from a configuration of today's transformers or an older one."""
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    return float(config.get("rope_theta") or config["rope_parameters"]["rope_theta"])


def _samples(prepared: Path, n: int, texts: list[str], path: Path) -> None:
    table = pq.read_table(prepared).slice(0, n)
    table = table.set_column(table.schema.get_field_index("text"), table.schema.field("text"), [texts])
    pq.write_table(table, path)
