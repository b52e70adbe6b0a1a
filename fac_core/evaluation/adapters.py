"""LoRA in place of a frozen backbone, for toxicity and reward.

Slower than a head by some hundred times, so for a few sets, not for a study of a hundred. The frozen head is the
comparison that isolates the data; this one says whether its order of sets holds when the model may move.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification

from fac_core.evaluation import reward, toxicity
from fac_core.evaluation.lora import LoraConfig, Loss, adapted, train
from fac_core.evaluation.result import Evaluation


def toxicity_lora(
    texts: Sequence[str],
    positive: np.ndarray,
    test_texts: Sequence[str],
    test_positive: np.ndarray,
    config: LoraConfig = LoraConfig(),
    *,
    seeds: Sequence[int] = (0, 1, 2),
) -> Evaluation:
    """AUPRC of an adapted classifier. Raises `MissingExtra` without peft."""
    started = time.monotonic()

    def loss(model: Any, batch: dict[str, Any]) -> torch.Tensor:
        wanted = batch.pop("wanted")
        return torch.nn.functional.binary_cross_entropy_with_logits(model(**batch).logits[:, 0], wanted)

    examples = [{"texts": [t], "wanted": float(p)} for t, p in zip(texts, positive, strict=True)]
    values, n_tokens = [], 0
    for seed in seeds:
        logits, n_tokens = _trained(examples, loss, config, seed)
        values.append(toxicity.score(logits(test_texts), test_positive))
    seconds = time.monotonic() - started
    return Evaluation(
        "toxicity", "LoRA", toxicity.METRIC, tuple(values), len(texts), n_tokens, len(test_texts), seconds
    )


def reward_lora(
    pairs: Sequence[tuple[str, str]],
    test_pairs: Sequence[tuple[str, str]],
    config: LoraConfig = LoraConfig(rank=16, alpha=32, epochs=1),
    *,
    seeds: Sequence[int] = (0, 1, 2),
) -> Evaluation:
    """Pairwise accuracy of an adapted reward; `(chosen, rejected)` texts. Raises `MissingExtra` without peft."""
    started = time.monotonic()

    def loss(model: Any, batch: dict[str, Any]) -> torch.Tensor:
        batch.pop("wanted")
        chosen, rejected = model(**batch).logits[:, 0].unflatten(0, (-1, 2)).unbind(dim=1)
        return -torch.nn.functional.logsigmoid(chosen - rejected).mean()  # Bradley-Terry

    examples = [{"texts": list(pair), "wanted": 0.0} for pair in pairs]
    values, n_tokens = [], 0
    for seed in seeds:
        logits, n_tokens = _trained(examples, loss, config, seed)
        better, worse = (logits([pair[side] for pair in test_pairs]) for side in (0, 1))
        values.append(reward.score(better - worse))
    seconds = time.monotonic() - started
    return Evaluation("reward", "LoRA", reward.METRIC, tuple(values), len(pairs), n_tokens, len(test_pairs), seconds)


def _trained(
    examples: list[dict[str, Any]], loss: Loss, config: LoraConfig, seed: int
) -> tuple[Callable[[Sequence[str]], np.ndarray], int]:
    """Texts to logits `[texts]` of the adapted model, and the tokens of the training texts."""
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
            found[part] = model(**tokenised([texts[i] for i in part])).logits[:, 0].float().cpu().numpy()
        return found

    n_tokens = sum(int(tokenised(one["texts"])["attention_mask"].sum()) for one in examples)
    return logits, n_tokens
