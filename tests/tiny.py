"""Tiny random language models of each family, and tiny SAEs of each architecture, built in code in a second.

The chat templates are written here in the shape of each family's own: LLaMA-3 header tags, Mistral's [INST],
Qwen's ChatML, Gemma's turns, GPT-NeoX without any roles of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from sae_lens import (
    BatchTopKTrainingSAE,
    BatchTopKTrainingSAEConfig,
    GatedSAE,
    GatedSAEConfig,
    JumpReLUSAE,
    JumpReLUSAEConfig,
    StandardSAE,
    StandardSAEConfig,
    TopKSAE,
    TopKSAEConfig,
)
from sae_lens.saes.sae import SAEMetadata
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    Gemma3TextConfig,
    GPTNeoXConfig,
    LlamaConfig,
    MistralConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen3Config,
)

D_MODEL = 32
N_LAYERS = 4
D_SAE = 64

TEXTS = [
    "The contract shall be terminated by either party.",
    "She laughed, and the whole room laughed with her!",
    "Sum 3 and 4, then divide by 2.",
    "Naïve café in 東京 😀, open late",
    "a",
    "The femur is the longest bone of the human body, and the stapes in the ear is the smallest of them all by far.",
    "Goals were scored in the first and in the last minute of the match between the two teams.",
]

_LLAMA = (
    "{{ bos_token }}{% for m in messages %}<|start|>{{ m['role'] }}<|end|>\n\n{{ m['content'] | trim }}<|eot|>{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant<|end|>\n\n{% endif %}"
)
_MISTRAL = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'user' %}[INST] {{ m['content'] }} [/INST]"
    "{% else %} {{ m['content'] }}{{ eos_token }}{% endif %}{% endfor %}"
)
_QWEN = (
    "{% if messages[0]['role'] != 'system' %}<|start|>system\nYou are helpful.<|end|>\n{% endif %}"
    "{% for m in messages %}<|start|>{{ m['role'] }}\n{{ m['content'] }}<|end|>\n{% endfor %}"
)
_GEMMA = (
    "{{ bos_token }}{% for m in messages %}{% set role = 'model' if m['role'] == 'assistant' else m['role'] %}"
    "<|start|>{{ role }}\n{{ m['content'] | trim }}<|end|>\n{% endfor %}"
)
_NEOX = "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}{{ eos_token }}{% endfor %}"

_SHAPE: dict[str, Any] = {
    "hidden_size": D_MODEL,
    "intermediate_size": 64,
    "num_hidden_layers": N_LAYERS,
    "num_attention_heads": 4,
    "max_position_embeddings": 512,
}
_GROUPED: dict[str, Any] = {**_SHAPE, "num_key_value_heads": 2, "head_dim": 8}

FAMILIES: dict[str, tuple[type, dict[str, Any], str, str | None]] = {
    "llama": (LlamaConfig, _GROUPED, _LLAMA, "<|bos|>"),
    "mistral": (MistralConfig, {**_GROUPED, "sliding_window": 64}, _MISTRAL, "<|bos|>"),
    "qwen2": (Qwen2Config, {**_SHAPE, "num_key_value_heads": 2}, _QWEN, None),
    "qwen3": (Qwen3Config, _GROUPED, _QWEN, None),
    "gemma2": (Gemma2Config, {**_GROUPED, "sliding_window": 64}, _GEMMA, "<|bos|>"),
    "gemma3": (Gemma3TextConfig, {**_GROUPED, "sliding_window": 64}, _GEMMA, "<|bos|>"),
    "gpt_neox": (GPTNeoXConfig, _SHAPE, _NEOX, "<|bos|>"),
}
"""Family -> config class, its shape, chat template, BOS token (None: the family has none)."""


def save_model(folder: Path, family: str) -> Path:
    """Write a random model of the family with its tokenizer; the same weights at every call."""
    config_class, shape, template, bos = FAMILIES[family]
    tokenizer = _tokenizer(template, bos)
    config = config_class(
        **shape,
        vocab_size=len(tokenizer),
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.eos_token_id,
    )
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():  # as initialised, the blocks would hardly change the residual stream
            if parameter.dim() == 2:
                parameter.normal_(0, 0.3)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_sae(folder: Path, architecture: str, *, n_blocks: int = 2, d_in: int = D_MODEL, **options: Any) -> Path:
    """Write a random SAE in sae-lens's format, reading after `n_blocks` blocks."""
    torch.manual_seed(1)
    common: dict[str, Any] = {"d_in": d_in, "d_sae": D_SAE, "device": "cpu", **options}
    common["metadata"] = SAEMetadata(hook_name=f"blocks.{n_blocks - 1}.hook_resid_post", model_name="tiny")
    if architecture == "batchtopk":
        trained = BatchTopKTrainingSAE(BatchTopKTrainingSAEConfig(**common, k=6))
        _randomise(trained)
        trained.topk_threshold.fill_(3.0)
        trained.save_inference_model(folder)
        return folder
    sae = {
        "standard": lambda: StandardSAE(StandardSAEConfig(**common)),
        "gated": lambda: GatedSAE(GatedSAEConfig(**common)),
        "jumprelu": lambda: JumpReLUSAE(JumpReLUSAEConfig(**common)),
        "topk": lambda: TopKSAE(TopKSAEConfig(**common, k=6)),
    }[architecture]()
    _randomise(sae)
    sae.save_model(folder)
    return folder


ARCHITECTURES = ("standard", "gated", "jumprelu", "topk", "batchtopk")


def _randomise(sae: torch.nn.Module) -> None:
    with torch.no_grad():
        for name, parameter in sae.named_parameters():
            parameter.normal_(0, 0.5)
            if name == "threshold":
                parameter.abs_().mul_(4)


def _tokenizer(template: str, bos: str | None) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|eos|>", "<|start|>", "<|end|>", "<|eot|>", *([bos] if bos else [])]
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([*TEXTS, "user assistant system model"], trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|eos|>",
        bos_token=bos,
        additional_special_tokens=["<|start|>", "<|end|>", "<|eot|>"],
    )
    fast.chat_template = template
    return fast
