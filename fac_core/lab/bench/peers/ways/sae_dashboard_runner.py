"""SAEDashboard: `SaeVisRunner`, which makes what its feature pages show, some features at a time."""
# pyright: reportMissingImports=false

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sae_dashboard import sae_vis_runner
from sae_dashboard.sae_vis_data import SaeVisConfig
from sae_lens import SAE, HookedSAETransformer
from stage import strongest
from transformer_lens import HookedTransformerConfig
from transformer_lens.pretrained.weight_conversions.llama import convert_llama_weights
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

_FEATURES = 256
"""At a time: the default. Each lot reads all texts anew, and with Top-K encodes all features anew."""


class Way:
    """One lot of features is measured, times the number of lots; statistics, logits and sequences of each are made too."""

    PACKAGES = ("sae-dashboard", "sae-lens", "transformer-lens", "transformers")
    BATCHES = (4, 8, 16)

    def __init__(self, given: Any, dtype: torch.dtype, batch: int) -> None:
        self.given, self.batch, self.dtype = given, batch, str(dtype).removeprefix("torch.")
        self.parts = -(-given.about["d_sae"] // _FEATURES)
        self.features = _FEATURES
        self.acts = torch.empty(0)
        self.model = _hooked(given, dtype)
        self.sae = SAE.load_from_disk(str(given.folder / "sae"), dtype=self.dtype)
        sae_vis_runner.FeatureDataGeneratorFactory.create = self._kept(
            sae_vis_runner.FeatureDataGeneratorFactory.create
        )

    def _kept(self, create: Any) -> Any:
        """Look at the activations that its generator hands to its runner."""

        def created(*args: Any) -> Any:
            generator = create(*args)
            ask = generator.get_feature_data

            def get_feature_data(*args: Any) -> Any:
                found = ask(*args)
                self.acts = found[0]
                return found

            generator.get_feature_data = get_feature_data
            return generator

        return created

    def encode(self, rows: range) -> tuple[torch.Tensor, torch.Tensor, range]:
        ids, mask = self.given.padded(rows)
        config = SaeVisConfig(
            hook_point=self.given.about["hook_name"],
            features=list(range(_FEATURES)),
            minibatch_size_features=_FEATURES,
            minibatch_size_tokens=self.batch,
            dtype=self.dtype,
        )
        sae_vis_runner.SaeVisRunner(config).run(encoder=self.sae, model=self.model, tokens=ids)
        return self.acts, mask, rows

    def pooled(self, found: tuple[torch.Tensor, torch.Tensor, range]) -> tuple[np.ndarray, ...]:
        return strongest(*found)


def _hooked(given: Any, dtype: torch.dtype) -> HookedSAETransformer:
    """The model as TransformerLens holds it. Its own loader knows only names on a hub."""
    hf_model = AutoModelForCausalLM.from_pretrained(given.folder / "model", torch_dtype=dtype).eval()
    c = hf_model.config
    config = HookedTransformerConfig(
        n_layers=c.num_hidden_layers,
        d_model=c.hidden_size,
        n_heads=c.num_attention_heads,
        n_key_value_heads=c.num_key_value_heads,
        d_head=c.hidden_size // c.num_attention_heads,
        d_mlp=c.intermediate_size,
        d_vocab=c.vocab_size,
        n_ctx=256,
        act_fn="silu",
        gated_mlp=True,
        normalization_type="RMS",
        final_rms=True,
        eps=c.rms_norm_eps,
        positional_embedding_type="rotary",
        rotary_dim=c.hidden_size // c.num_attention_heads,
        rotary_base=given.about["rope_theta"],
        rotary_adjacent_pairs=False,
        original_architecture="LlamaForCausalLM",
        default_prepend_bos=False,
        dtype=dtype,
        device="cpu",
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(given.folder / "model" / "tokenizer.json"))
    start = given.about["start"]
    tokenizer.add_special_tokens({"bos_token": start, "eos_token": start, "pad_token": start})
    model = HookedSAETransformer(config)
    model.tokenizer = tokenizer
    model.load_and_process_state_dict(
        convert_llama_weights(hf_model, config), fold_ln=False, center_writing_weights=False, center_unembed=False
    )
    return model
