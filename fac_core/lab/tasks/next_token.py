"""Texts as a language model learns them: LoRA on some, and how surprised it then is by others, token by token.

Unlike a label, a loss is had at every token, so a slice of some dozen texts is a score with little noise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModelForCausalLM

from fac_core.errors import WrongUse
from fac_core.lab.tasks.lora import LoraConfig, adapted, computing, train
from fac_core.models.tokens import start_token

IGNORED = -100
"""Label of a token that the loss leaves out."""

Example = dict[str, list[int]]
"""`input_ids` and `labels`, of one length."""


def surprise(
    learned: Sequence[str], read: Sequence[str], config: LoraConfig, *, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Fine-tune on some texts, then read others.

    Args:
        learned, read: of each text the first `config.context` tokens are looked at.

    Returns of each text read its loss summed over its tokens, in nats, float64 `[texts]`, and how many these are, int64 `[texts]`.

    Raises `WrongUse` without texts, `MissingExtra` without peft.
    """
    if not learned or not read:
        raise WrongUse("A language model needs texts to learn from and texts to be measured on.")
    model, tokenizer = adapted(AutoModelForCausalLM, "CAUSAL_LM", config, seed)
    examples = [_whole(tokenizer, text, config.context) for text in learned]
    train(model, examples, partial(padded, pad=tokenizer.pad_token_id), lambda m, batch: m(**batch).loss, config, seed)
    with torch.inference_mode(), computing(config):
        return losses(model, [_whole(tokenizer, text, config.context) for text in read], config.batch_size)


def _whole(tokenizer: Any, text: str, context: int) -> Example:
    ids = [*start_token(tokenizer), *tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]][:context]
    return {"input_ids": ids, "labels": ids}


def padded(batch: Sequence[Example], pad: Any) -> dict[str, torch.Tensor]:
    """Examples side by side, filled up on the right."""
    rows = {name: [torch.tensor(one[name]) for one in batch] for name in ("input_ids", "labels")}
    rows["attention_mask"] = [torch.ones_like(ids) for ids in rows["input_ids"]]
    fill = {"input_ids": pad, "labels": IGNORED, "attention_mask": 0}
    return {name: pad_sequence(rows[name], batch_first=True, padding_value=value) for name, value in fill.items()}


def losses(model: Any, examples: Sequence[Example], batch_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Of each example the summed loss and the tokens that it is summed over."""
    summed, n_tokens = np.zeros(len(examples)), np.zeros(len(examples), dtype=np.int64)
    for part in by_length([len(one["input_ids"]) for one in examples], batch_size):
        batch = padded([examples[i] for i in part], 0)
        labels = batch.pop("labels")[:, 1:]
        logits = model(**batch).logits[:, :-1].float()
        each = torch.nn.functional.cross_entropy(logits.transpose(1, 2), labels, ignore_index=IGNORED, reduction="none")
        summed[part] = each.sum(dim=1).cpu().numpy()
        n_tokens[part] = (labels != IGNORED).sum(dim=1).cpu().numpy()
    return summed, n_tokens


def by_length(lengths: Sequence[int], size: int) -> Iterator[list[int]]:
    """Positions in batches of like lengths."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    yield from (order[start : start + size] for start in range(0, len(order), size))
