"""LoRA in place of a frozen backbone: `peft` adapts a whole model, the Trainer of `transformers` trains it.

Slower than a head by some hundred times, so for a few sets, not for a study of a hundred. The frozen head is the
comparison that isolates the data; this one says whether its order of sets holds when the model may move.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification, Trainer, TrainingArguments
from transformers.utils import logging as transformers_logging

from fac_core.activations.model import load_tokenizer, model_path
from fac_core.errors import MissingExtra
from fac_core.evaluation import reward, toxicity
from fac_core.evaluation.result import Evaluation


@dataclass(frozen=True)
class LoraConfig:
    """How to train; the defaults are the paper's for toxicity (App. J)."""

    model: str = "smollm2-135m"
    rank: int = 8
    alpha: int = 16
    epochs: int = 3
    learning_rate: float = 2e-4
    """Higher than the paper's 5e-5: a model of 135 M parameters moves less at the same rate."""
    batch_size: int = 8
    context: int = 256


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
        adapted, n_tokens = _trained(examples, loss, config, seed)
        values.append(toxicity.score(adapted(test_texts), test_positive))
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
        adapted, n_tokens = _trained(examples, loss, config, seed)
        better, worse = (adapted([pair[side] for pair in test_pairs]) for side in (0, 1))
        values.append(reward.score(better - worse))
    seconds = time.monotonic() - started
    return Evaluation("reward", "LoRA", reward.METRIC, tuple(values), len(pairs), n_tokens, len(test_pairs), seconds)


def _trained(
    examples: list[dict[str, Any]], loss: Callable[[Any, dict[str, Any]], torch.Tensor], config: LoraConfig, seed: int
) -> tuple[Callable[[Sequence[str]], np.ndarray], int]:
    """Texts to logits `[texts]` of the adapted model, and the tokens of the training texts."""
    try:
        import peft
    except ImportError as error:
        raise MissingExtra('LoRA needs peft. Run: pip install "fac-explorer[evaluation]"') from error
    torch.manual_seed(seed)
    tokenizer = load_tokenizer(config.model)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    tokenizer.padding_side = "right"
    model = AutoModelForSequenceClassification.from_pretrained(
        model_path(config.model), num_labels=1, dtype=torch.float32, trust_remote_code=False
    )
    model.config.get_text_config().pad_token_id = tokenizer.pad_token_id  # the score is read before the padding
    model.config.pad_token_id = tokenizer.pad_token_id
    lora = peft.LoraConfig(task_type="SEQ_CLS", r=config.rank, lora_alpha=config.alpha, target_modules="all-linear")
    adapted: Any = peft.get_peft_model(model, lora)

    def tokenised(texts: Sequence[str]) -> dict[str, torch.Tensor]:
        found = tokenizer(list(texts), truncation=True, max_length=config.context, padding=True, return_tensors="pt")
        return {name: found[name] for name in ("input_ids", "attention_mask")}

    def collate(batch: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        ids = tokenised([text for one in batch for text in one["texts"]])
        return {**ids, "wanted": torch.tensor([one["wanted"] for one in batch])}

    class _Trainer(Trainer):
        def compute_loss(self, model: Any, inputs: Any, **_others: Any) -> Any:
            return loss(model, inputs)

    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            num_train_epochs=config.epochs,
            learning_rate=config.learning_rate,
            per_device_train_batch_size=config.batch_size,
            seed=seed,
            report_to=[],
            save_strategy="no",
            logging_strategy="no",
            disable_tqdm=True,
            remove_unused_columns=False,
            use_cpu=not torch.cuda.is_available(),
        )
        verbosity = transformers_logging.get_verbosity()
        transformers_logging.set_verbosity_error()
        try:
            _Trainer(model=adapted, args=arguments, train_dataset=examples, data_collator=collate).train()  # type: ignore[arg-type]
        finally:
            transformers_logging.set_verbosity(verbosity)

    @torch.inference_mode()
    def logits(texts: Sequence[str]) -> np.ndarray:
        adapted.eval()
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        found = np.zeros(len(texts))
        for start in range(0, len(order), config.batch_size):
            part = order[start : start + config.batch_size]
            found[part] = adapted(**tokenised([texts[i] for i in part])).logits[:, 0].float().numpy()
        return found

    n_tokens = sum(int(tokenised(one["texts"])["attention_mask"].sum()) for one in examples)
    return logits, n_tokens
