"""A whole language model: what it is asked, and what it does when the residual stream after one of its blocks is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from transformers import AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerBase

from fac_core.models.loading import with_weights


def whole_model(name: str, *, device: str = "cpu") -> PreTrainedModel:
    """All blocks and the head in float32, ready to be read from."""
    return with_weights(AutoModelForCausalLM, name, dtype=torch.float32, device_map=device).eval()


def blocks_of(model: PreTrainedModel) -> torch.nn.ModuleList:
    """Its transformer blocks, in order."""
    n = model.config.get_text_config().num_hidden_layers
    return next(m for m in model.modules() if isinstance(m, torch.nn.ModuleList) and len(m) == n)


@contextmanager
def changed(block: torch.nn.Module, change: Callable[[torch.Tensor], torch.Tensor]) -> Iterator[None]:
    """Inside, the block returns what `change` makes of its hidden states, `[batch, tokens, d_model]`."""

    def hook(_module: torch.nn.Module, _args: Any, output: Any) -> Any:
        return (change(output[0]), *output[1:]) if isinstance(output, tuple) else change(output)

    handle = block.register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def prompt(tokenizer: PreTrainedTokenizerBase, instruction: str, begun: str = "") -> list[int]:
    """Token ids up to where the answer goes on, in the model's own chat template, or as plain text where it has none.

    Args:
        begun: the beginning of the answer, already written.
    """
    if tokenizer.chat_template:
        turns = [{"role": "user", "content": instruction}]
        text = str(tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))
    else:
        text = f"{tokenizer.bos_token or ''}{instruction}\n\nAnswer: "
    return list(tokenizer(f"{text}{begun}", add_special_tokens=False)["input_ids"])
