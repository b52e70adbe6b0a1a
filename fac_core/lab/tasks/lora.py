"""LoRA through `peft`, trained by the Trainer of `transformers`: what the tasks that adapt a model share."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from transformers import PreTrainedTokenizerBase, PrinterCallback, Trainer, TrainingArguments
from transformers.utils import logging as transformers_logging

from fac_core.errors import MissingExtra
from fac_core.models.location import model_path
from fac_core.models.truncated import load_tokenizer


@dataclass(frozen=True)
class LoraConfig:
    """How to train; the defaults are the paper's for toxicity (App. J)."""

    model: str = "smollm2-135m"
    rank: int = 8
    alpha: int = 16
    epochs: int = 3
    learning_rate: float = 1e-3
    """Higher than the paper's 5e-5: a model of 135 M parameters that sees 200 texts three times hardly moves at less (at
    2e-4 AUPRC on ToxicChat is 0.26, where the frozen head has 0.61)."""
    batch_size: int = 8
    context: int = 256
    dtype: Literal["float32", "bfloat16"] = "float32"
    """Of the matrix products; the weights stay in float32."""


Loss = Callable[[Any, dict[str, Any]], torch.Tensor]
"""`(model, batch) -> loss`."""


def adapted(
    kind: Any, task_type: str, config: LoraConfig, seed: int, **options: Any
) -> tuple[Any, PreTrainedTokenizerBase]:
    """A pretrained model with fresh adapters on all of its linear layers, and its tokenizer, padding on the right.

    Args:
        kind: the auto class of transformers that loads it.
        task_type: what peft calls the task.

    Raises `MissingExtra` without peft.
    """
    try:
        import peft
    except ImportError as error:
        raise MissingExtra('LoRA needs peft. Run: pip install "fac-explorer[evaluation]"') from error
    torch.manual_seed(seed)
    tokenizer = load_tokenizer(config.model)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    tokenizer.padding_side = "right"
    if config.dtype == "bfloat16" and not torch.cuda.is_available():
        options["attn_implementation"] = "eager"  # on processors fused attention takes 1.3 times as long in bfloat16
    model = kind.from_pretrained(model_path(config.model), dtype=torch.float32, trust_remote_code=False, **options)
    # A classifier reads its score at the last token before the padding.
    model.config.pad_token_id = model.config.get_text_config().pad_token_id = tokenizer.pad_token_id
    lora = peft.LoraConfig(task_type=task_type, r=config.rank, lora_alpha=config.alpha, target_modules="all-linear")
    return peft.get_peft_model(model, lora), tokenizer


def computing(config: LoraConfig) -> torch.autocast:
    """In which the adapted model is run."""
    kind = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.autocast(kind, torch.bfloat16, enabled=config.dtype == "bfloat16")


def train(
    model: Any,
    examples: Sequence[dict[str, Any]],
    collate: Callable[..., Any],
    loss: Loss,
    config: LoraConfig,
    seed: int,
) -> None:
    """Train the adapters in place."""

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
            bf16=config.dtype == "bfloat16",
            use_cpu=not torch.cuda.is_available(),
        )
        verbosity = transformers_logging.get_verbosity()
        transformers_logging.set_verbosity_error()
        try:
            trainer = _Trainer(model=model, args=arguments, train_dataset=list(examples), data_collator=collate)  # type: ignore[arg-type]
            trainer.remove_callback(PrinterCallback)  # stdout is for one JSON document
            trainer.train()
        finally:
            transformers_logging.set_verbosity(verbosity)
    model.eval()
