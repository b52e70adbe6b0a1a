"""A language model on this machine as a generator: the embedded one, a folder, or a hub id.

A request that ends with the assistant's message is continued, not answered: so a list can be begun for a small model,
which then writes its next line. One that ends with an empty message of the user has that message written.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

from fac_core.generators.decoding import IsDone, Row, decode
from fac_core.generators.seam import Answer, Request, Usage
from fac_core.generators.thoughts import without_thoughts
from fac_core.models.loading import with_weights
from fac_core.models.truncated import load_tokenizer

_ROWS = 64
"""Answers drawn at once: twice as many are hardly quicker a token on a CPU, and finish later."""

_EMPTY_TURN = {"role": "user", "content": ""}
_PLACE = "<here>"
"""Stands for a message in a template, to find where it begins."""


class LocalGenerator:
    """Samples from a causal language model. Raises `NotFound` where there is none of this name."""

    def __init__(self, model: str = "smollm2-135m", *, device: str = "cpu", rows: int = _ROWS) -> None:
        self._name = model
        self._rows = rows
        self.tokenizer = load_tokenizer(model)
        self.model = _load(model, device)
        self._ends = _end_tokens(self.model, self.tokenizer)

    @property
    def name(self) -> str:
        return f"local:{self._name}"

    def generate(
        self, requests: Sequence[Request], *, on_answer: Callable[[int, Answer], None] = lambda _i, _answer: None
    ) -> list[Answer]:
        """Answer requests in batches of answers, shortest prompts first, so that little is padding."""
        answers: dict[int, Answer] = {}
        prompts: dict[int, list[int]] = {}
        for i, request in enumerate(requests):
            error = self._refusal(request)
            if error is None:
                prompts[i] = self._prompt(request)
            else:
                answers[i] = Answer((), error=error)
                on_answer(i, answers[i])
        for batch in _batches(prompts, requests, self._rows):
            for i, answer in self._answers(batch, [prompts[i] for i in batch], [requests[i] for i in batch]):
                answers[i] = answer
                on_answer(i, answer)
        return [answers[i] for i in range(len(requests))]

    def _refusal(self, request: Request) -> str | None:
        """Why a request cannot be answered, in one sentence."""
        return "This generator does not steer; take a steered one." if request.steering else None

    def _draw(self, prompts: Sequence[list[int]], rows: Sequence[Row], is_done: IsDone) -> list[list[int]]:
        return decode(self.model, prompts, rows, ends=self._ends, is_done=is_done)

    def _prompt(self, request: Request) -> list[int]:
        turns: list[dict[str, Any]] = [{"role": m.role, "content": m.content} for m in request.messages]
        continues = turns[-1]["role"] == "assistant"
        if not self.tokenizer.chat_template:  # a model that was never tuned for chats reads the words as they are
            text = "\n\n".join(turn["content"] for turn in turns)
            ids = cast(list[int], self.tokenizer(text)["input_ids"])
            return ids or [cast(int, self.tokenizer.bos_token_id or 0)]
        if turns[-1] == _EMPTY_TURN:
            filled = [*turns[:-1], {**_EMPTY_TURN, "content": _PLACE}]
            text = cast(str, self.tokenizer.apply_chat_template(filled, tokenize=False)).partition(_PLACE)[0]
        else:
            text = self.tokenizer.apply_chat_template(
                turns, tokenize=False, add_generation_prompt=not continues, continue_final_message=continues
            )
        return list(cast(list[int], self.tokenizer(cast(str, text), add_special_tokens=False)["input_ids"]))

    def _answers(
        self, batch: Sequence[int], prompts: Sequence[list[int]], requests: Sequence[Request]
    ) -> list[tuple[int, Answer]]:
        started = time.monotonic()
        rows = [
            Row(
                position,
                r.max_tokens,
                r.temperature,
                r.top_p,
                _seed(r, nth),
                r.steering,
                r.boost,
                self._first_tokens(r.boost.words if r.boost else ()),
                r.boost.logits if r.boost else 0.0,
            )
            for position, r in enumerate(requests)
            for nth in range(r.n)
        ]

        def is_done(row: int, tokens: list[int]) -> bool:
            stop = requests[rows[row].prompt].stop
            return bool(stop) and any(mark in without_thoughts(self._text(tokens)) for mark in stop)

        written = self._draw(prompts, rows, is_done)
        seconds = (time.monotonic() - started) / len(requests)
        answers: list[tuple[int, Answer]] = []
        for position, (i, request) in enumerate(zip(batch, requests, strict=True)):
            mine = [tokens for row, tokens in zip(rows, written, strict=True) if row.prompt == position]
            # The end token is generated too: a row that stopped early paid for it.
            paid = sum(len(tokens) + (len(tokens) < request.max_tokens) for tokens in mine)
            usage = Usage(len(prompts[position]), paid, n_paid=1, seconds=seconds)
            answers.append((i, Answer(tuple(self._cut(tokens, request.stop) for tokens in mine), usage)))
        return answers

    def _first_tokens(self, words: Sequence[str]) -> tuple[int, ...]:
        if not words:
            return ()
        encoded = self.tokenizer(list(words), add_special_tokens=False, split_special_tokens=True)["input_ids"]
        return tuple(sorted({ids[0] for ids in cast(list[list[int]], encoded) if ids}))

    def _text(self, tokens: Sequence[int]) -> str:
        return cast(str, self.tokenizer.decode(list(tokens), skip_special_tokens=True))

    def _cut(self, tokens: Sequence[int], stop: Sequence[str]) -> str:
        text = without_thoughts(self._text(tokens))
        for mark in stop:
            text = text.partition(mark)[0]
        return text


def _batches(prompts: dict[int, list[int]], requests: Sequence[Request], rows: int) -> list[list[int]]:
    """Positions of requests whose answers are drawn together: at most `rows` answers, or a single request."""
    batches: list[list[int]] = []
    room = 0
    for i in sorted(prompts, key=lambda i: (len(prompts[i]), i)):
        if not batches or requests[i].n > room:
            batches.append([])
            room = rows
        batches[-1].append(i)
        room -= requests[i].n
    return batches


def _seed(request: Request, nth: int) -> tuple[int, ...]:
    fresh = int(np.random.SeedSequence().generate_state(1)[0]) if request.seed is None else request.seed
    return (fresh, nth)


def _load(model: str, device: str) -> PreTrainedModel:
    # One query a row: on a CPU the plain products are quicker than the fused kernel, by 30 % of the whole step.
    attention = "eager" if device == "cpu" else None
    loaded = with_weights(AutoModelForCausalLM, model, dtype=quicker_dtype(device), attn_implementation=attention)
    return cast(Any, loaded).eval().requires_grad_(False).to(device)


def quicker_dtype(device: str) -> torch.dtype:
    """bfloat16 where it is quicker: on GPUs, and on processors with instructions for it (many times slower without)."""
    capable = device != "cpu" or any(has for name, has in torch.cpu.get_capabilities().items() if name.endswith("bf16"))
    return torch.bfloat16 if capable else torch.float32


def _end_tokens(model: PreTrainedModel, tokenizer: Any) -> frozenset[int]:
    configured = getattr(model.generation_config, "eos_token_id", None)
    ids = configured if isinstance(configured, list) else [configured]
    return frozenset(i for i in [*ids, tokenizer.eos_token_id] if isinstance(i, int))
