"""Instruction following: LoRA on instructions and answers, then loss on held-out answers and demands that programs verify.

Loss says how well the answers of a set prepare for other answers of its kind; the demands of `checks` say whether
instructions are followed at all. Answers of two models can be given to `answer_judge.judge`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForCausalLM

from fac_core.errors import WrongUse
from fac_core.lab.tasks.checks import Check, checks, share_held
from fac_core.lab.tasks.lora import LoraConfig, adapted, computing, train
from fac_core.lab.tasks.next_token import IGNORED, Example, by_length, losses, padded
from fac_core.models.whole_model import prompt

SFT = LoraConfig(rank=8, alpha=16, epochs=5, learning_rate=1e-4, batch_size=4)
"""The paper's settings (App. J)."""


@dataclass(frozen=True)
class Followed:
    """What came of one training set."""

    losses: np.ndarray
    """float64 `[held-out pairs]`: cross-entropy summed over an answer's tokens, in nats."""
    n_tokens: np.ndarray
    """int64 `[held-out pairs]`: tokens of the answers."""
    answers: tuple[str, ...]
    """To the instructions of the checks: what a judge may compare."""
    demands_met: float
    """Share of the checks that hold."""

    def score(self, rows: np.ndarray | slice = slice(None)) -> float:
        """Minus the loss a token over some of the held-out pairs; long answers count for more."""
        return -float(self.losses[rows].sum() / max(1, self.n_tokens[rows].sum()))


def follow(
    train_pairs: Sequence[tuple[str, str]],
    held_out: Sequence[tuple[str, str]],
    config: LoraConfig = SFT,
    *,
    seed: int,
    asked: Sequence[Check] | None = None,
    max_tokens: int = 80,
) -> Followed:
    """Fine-tune on `(instruction, answer)` pairs and measure. Raises `WrongUse` without pairs, `MissingExtra` without peft."""
    if not train_pairs or not held_out:
        raise WrongUse("Instruction following needs pairs to learn from and held-out pairs to be measured on.")
    demands = checks() if asked is None else tuple(asked)
    model, tokenizer = adapted(AutoModelForCausalLM, "CAUSAL_LM", config, seed)
    collate = partial(padded, pad=tokenizer.pad_token_id)
    examples = [_example(tokenizer, pair, config.context) for pair in train_pairs]
    train(model, examples, collate, lambda m, batch: m(**batch).loss, config, seed)
    with torch.inference_mode(), computing(config):
        found = losses(model, [_example(tokenizer, pair, config.context) for pair in held_out], config.batch_size)
        prompts = [prompt(tokenizer, check.instruction) for check in demands]
        answers = _answers(model, tokenizer, prompts, config.batch_size, max_tokens)
    return Followed(*found, answers, share_held(demands, answers))


def _example(tokenizer: Any, pair: tuple[str, str], context: int) -> Example:
    """Ids of prompt and answer, and labels: the answer's tokens alone are learned."""
    asked = prompt(tokenizer, pair[0])
    answer = [*tokenizer(pair[1], add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
    ids = [*asked, *answer]
    return {"input_ids": ids[:context], "labels": [*[IGNORED] * len(asked), *answer][:context]}


def _answers(
    model: Any, tokenizer: Any, prompts: Sequence[list[int]], batch_size: int, max_tokens: int
) -> tuple[str, ...]:
    """Greedily written, some prompts at once, padded on the left: answers then begin at one place."""
    answers = [""] * len(prompts)
    for part in by_length([len(p) for p in prompts], 4 * batch_size):
        longest = max(len(prompts[i]) for i in part)
        lead = [longest - len(prompts[i]) for i in part]
        ids = [[tokenizer.pad_token_id] * n + prompts[i] for n, i in zip(lead, part, strict=True)]
        mask = [[0] * n + [1] * (longest - n) for n in lead]
        made = model.generate(
            input_ids=torch.tensor(ids),
            attention_mask=torch.tensor(mask),
            max_new_tokens=max_tokens,
            do_sample=False,
            pad_token_id=tokenizer.pad_token_id,
        )
        for i, text in zip(part, tokenizer.batch_decode(made[:, longest:], skip_special_tokens=True), strict=True):
            answers[i] = text
    return tuple(answers)
