"""LoRA in place of a frozen backbone, for toxicity and reward: texts in, margins out, as the heads give them.

Slower than a head by some hundred times, so for a few sets, not for a study of a hundred. The frozen head is the
comparison that isolates the data; this one says whether its order of sets holds when the model may move.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification

from fac_core.lab.tasks.lora import LoraConfig, Loss, adapted, computing, train

TOXICITY = LoraConfig()
"""The paper's settings, App. J, but for the rate."""

REWARD = LoraConfig(rank=16, alpha=32, epochs=1)


def toxicity_margins(
    texts: Sequence[str], positive: np.ndarray, test_texts: Sequence[str], config: LoraConfig = TOXICITY, *, seed: int
) -> np.ndarray:
    """How positive an adapted classifier finds each test text: `[test_texts]`. Raises `MissingExtra` without peft."""

    def loss(model: Any, batch: dict[str, Any]) -> torch.Tensor:
        wanted = batch.pop("wanted")
        return torch.nn.functional.binary_cross_entropy_with_logits(model(**batch).logits[:, 0], wanted)

    examples = [{"texts": [t], "wanted": float(p)} for t, p in zip(texts, positive, strict=True)]
    return _trained(examples, loss, config, seed)(test_texts)


def reward_margins(
    pairs: Sequence[tuple[str, str]], test_pairs: Sequence[tuple[str, str]], config: LoraConfig = REWARD, *, seed: int
) -> np.ndarray:
    """By how much an adapted reward prefers the chosen text: `[test_pairs]`; pairs are `(chosen, rejected)`.

    Raises `MissingExtra` without peft.
    """

    def loss(model: Any, batch: dict[str, Any]) -> torch.Tensor:
        batch.pop("wanted")
        chosen, rejected = model(**batch).logits[:, 0].unflatten(0, (-1, 2)).unbind(dim=1)
        return -torch.nn.functional.logsigmoid(chosen - rejected).mean()  # Bradley-Terry

    logits = _trained([{"texts": list(pair), "wanted": 0.0} for pair in pairs], loss, config, seed)
    better, worse = (logits([pair[side] for pair in test_pairs]) for side in (0, 1))
    return better - worse


def _trained(
    examples: list[dict[str, Any]], loss: Loss, config: LoraConfig, seed: int
) -> Callable[[Sequence[str]], np.ndarray]:
    """Texts to logits `[texts]` of the adapted model."""
    model, tokenizer = adapted(AutoModelForSequenceClassification, "SEQ_CLS", config, seed, num_labels=1)

    def tokenised(texts: Sequence[str]) -> dict[str, torch.Tensor]:
        found = tokenizer(list(texts), truncation=True, max_length=config.context, padding=True, return_tensors="pt")
        return {name: found[name] for name in ("input_ids", "attention_mask")}

    def collate(batch: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        ids = tokenised([text for one in batch for text in one["texts"]])
        return {**ids, "wanted": torch.tensor([one["wanted"] for one in batch])}

    train(model, examples, collate, loss, config, seed)

    @torch.inference_mode()
    def logits(texts: Sequence[str]) -> np.ndarray:
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        found = np.zeros(len(texts))
        for start in range(0, len(order), config.batch_size):
            part = order[start : start + config.batch_size]
            with computing(config):
                found[part] = model(**tokenised([texts[i] for i in part])).logits[:, 0].float().cpu().numpy()
        return found

    return logits
