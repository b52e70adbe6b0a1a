"""Instruction following: LoRA on instructions and answers, then loss on held-out answers and demands that programs verify.

Loss says how well the answers of a set prepare for other answers of its kind; the demands of `checks` say whether
instructions are followed at all. Answers of two models can be given to `judging.judge`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from fac_core.errors import WrongUse
from fac_core.evaluation.asking import prompt
from fac_core.evaluation.checks import Check, checks, share_held
from fac_core.evaluation.lora import LoraConfig, adapted, train
from fac_core.evaluation.result import Evaluation

_IGNORED = -100
"""Label of a token that the loss leaves out."""

SFT = LoraConfig(rank=8, alpha=16, epochs=5, learning_rate=1e-4, batch_size=4)
"""The paper's settings (App. J)."""


@dataclass(frozen=True)
class Followed:
    """What came of one training set."""

    loss: Evaluation
    """Mean cross-entropy a token of held-out answers, in nats; less is better."""
    checks: Evaluation
    """Share of the demands that were met."""
    answers: tuple[tuple[str, ...], ...]
    """Of each seed, to the instructions of the checks: what a judge may compare."""


def follow(
    train_pairs: Sequence[tuple[str, str]],
    held_out: Sequence[tuple[str, str]],
    config: LoraConfig = SFT,
    *,
    asked: Sequence[Check] | None = None,
    max_tokens: int = 80,
    seeds: Sequence[int] = (0, 1, 2),
) -> Followed:
    """Fine-tune on `(instruction, answer)` pairs and measure. Raises `WrongUse` without held-out pairs."""
    if not train_pairs or not held_out:
        raise WrongUse("Instruction following needs pairs to learn from and held-out pairs to be measured on.")
    demands = checks() if asked is None else tuple(asked)
    started, losses, held, answers, n_tokens = time.monotonic(), [], [], [], 0
    for seed in seeds:
        model, tokenizer = adapted(AutoModelForCausalLM, "CAUSAL_LM", config, seed)
        examples = [_example(tokenizer, pair, config.context) for pair in train_pairs]
        n_tokens = sum(len(one["input_ids"]) for one in examples)

        def collate(batch: list[dict[str, list[int]]], pad: Any = tokenizer.pad_token_id) -> dict[str, torch.Tensor]:
            return _padded(batch, pad)

        train(model, examples, collate, lambda m, batch: m(**batch).loss, config, seed)
        losses.append(_loss(model, [_example(tokenizer, pair, config.context) for pair in held_out]))
        answers.append(tuple(_answer(model, tokenizer, check.instruction, max_tokens) for check in demands))
        held.append(share_held(demands, answers[-1]))
    seconds, n = time.monotonic() - started, len(train_pairs)
    return Followed(
        Evaluation("instructions", "LoRA", "held-out loss", tuple(losses), n, n_tokens, len(held_out), seconds),
        Evaluation("instructions", "LoRA", "demands met", tuple(held), n, n_tokens, len(demands), seconds),
        tuple(answers),
    )


def _example(tokenizer: Any, pair: tuple[str, str], context: int) -> dict[str, list[int]]:
    """Ids of prompt and answer, and labels: the answer's tokens alone are learned."""
    asked = prompt(tokenizer, pair[0])
    answer = [*tokenizer(pair[1], add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
    ids = [*asked, *answer]
    return {"input_ids": ids[:context], "labels": [*[_IGNORED] * len(asked), *answer][:context]}


def _padded(batch: Sequence[dict[str, list[int]]], pad: int) -> dict[str, torch.Tensor]:
    longest = max(len(one["input_ids"]) for one in batch)

    def filled(name: str, value: int) -> torch.Tensor:
        return torch.tensor([[*one[name], *[value] * (longest - len(one[name]))] for one in batch])

    mask = torch.tensor([[1] * len(one["input_ids"]) + [0] * (longest - len(one["input_ids"])) for one in batch])
    return {"input_ids": filled("input_ids", pad), "labels": filled("labels", _IGNORED), "attention_mask": mask}


@torch.inference_mode()
def _loss(model: Any, examples: Sequence[dict[str, list[int]]]) -> float:
    """Over all answer tokens, so long answers count for more."""
    total = tokens = 0.0
    for one in examples:
        n = sum(label != _IGNORED for label in one["labels"])
        if n:
            total += n * float(model(**_padded([one], 0)).loss)
            tokens += n
    return total / max(tokens, 1)


@torch.inference_mode()
def _answer(model: Any, tokenizer: Any, instruction: str, max_tokens: int) -> str:
    asked = torch.tensor([prompt(tokenizer, instruction)])
    made = model.generate(
        input_ids=asked,
        attention_mask=torch.ones_like(asked),
        max_new_tokens=max_tokens,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
    )
    return tokenizer.decode(made[0, asked.shape[1] :], skip_special_tokens=True)
