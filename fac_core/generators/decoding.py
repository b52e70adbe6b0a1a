"""Sampling from a causal language model, many rows at once: what a laptop can do without a server.

Prompts are padded on the left and read once, however many answers are drawn from each. Every row has its own random
numbers, so that an answer depends on its own seed. Rows that are finished leave the batch when half of it is: the rest
does not wait for the longest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import DynamicCache, PreTrainedModel

from fac_core.generators.seam import Steering

_NUCLEUS = 512
"""Likeliest tokens among which the nucleus is looked for: sorting all 49,152 would take longer than the model."""


@dataclass(frozen=True)
class Row:
    """One answer to be drawn."""

    prompt: int
    """Position of its prompt."""
    max_tokens: int
    temperature: float
    """0 takes the likeliest token."""
    top_p: float
    seed: tuple[int, ...]
    """Of its random numbers."""
    steering: Steering | None = None
    """For whoever hooks into the model; sampling knows nothing of it."""


IsDone = Callable[[int, list[int]], bool]
"""Whether a row, by position, is complete with these tokens."""


@torch.inference_mode()
def decode(
    model: PreTrainedModel,
    prompts: Sequence[Sequence[int]],
    rows: Sequence[Row],
    *,
    ends: frozenset[int],
    is_done: IsDone = lambda _row, _tokens: False,
    follow: Callable[[np.ndarray], None] = lambda _rows: None,
) -> list[list[int]]:
    """Draw every row; returns its tokens, without the end token.

    Args:
        prompts: token ids, each at least one.
        ends: tokens that end an answer.
        follow: told which rows the batch holds before every forward pass, `[rows in the batch]`.
    """
    device = model.device
    uniform = [np.random.default_rng(row.seed).random(row.max_tokens, dtype=np.float32) for row in rows]
    input_ids, mask = _left_padded(prompts)
    input_ids, mask = input_ids.to(device), mask.to(device)
    position = (mask.cumsum(dim=1) - 1).clamp_min(0)
    # A prompt is read once; its answers part only afterwards, so a hook that steers must be told of rows, not prompts:
    # all but the last token of each prompt are read here, the last one by its rows.
    cache = DynamicCache(config=model.config)
    if input_ids.shape[1] > 1:
        follow(np.zeros(0, dtype=np.int64))
        model(
            input_ids=input_ids[:, :-1],
            attention_mask=mask[:, :-1],
            position_ids=position[:, :-1],
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
    of = torch.tensor([row.prompt for row in rows], device=device)
    cache.batch_select_indices(of)
    here = np.arange(len(rows))
    mask, token, position = mask[of], input_ids[of, -1:], position[of, -1:]
    temperature = torch.tensor([row.temperature for row in rows], device=device).clamp_min(1e-6)
    top_p = torch.tensor([row.top_p for row in rows], device=device)
    greedy = torch.tensor([row.temperature == 0 for row in rows], device=device)
    written: list[list[int]] = [[] for _ in rows]
    open_rows = np.ones(len(rows), dtype=bool)
    step = 0
    while open_rows.any():
        follow(here)
        output: Any = model(
            input_ids=token,
            attention_mask=mask,
            position_ids=position,
            past_key_values=cache,
            use_cache=True,
        )
        drawn_by = torch.tensor([float(uniform[r][step]) if step < len(uniform[r]) else 0.0 for r in here]).to(device)
        at = torch.from_numpy(here).to(device)
        drawn = sampled(output.logits[:, -1].float(), temperature[at], top_p[at], drawn_by, greedy[at])
        for row, one in zip(here, drawn.tolist(), strict=True):
            if not open_rows[row]:
                continue
            if one in ends:
                open_rows[row] = False
                continue
            written[row].append(one)
            open_rows[row] = len(written[row]) < rows[row].max_tokens and not is_done(int(row), written[row])
        step += 1
        token, position = drawn[:, None], position + 1
        mask = torch.cat([mask, mask.new_ones(len(mask), 1)], dim=1)
        still = open_rows[here]
        if still.any() and still.sum() <= len(here) // 2:
            kept = torch.from_numpy(np.flatnonzero(still)).to(device)
            cache.batch_select_indices(kept)
            token, position, mask, here = token[kept], position[kept], mask[kept], here[still]
    return written


def sampled(
    logits: torch.Tensor, temperature: torch.Tensor, top_p: torch.Tensor, uniform: torch.Tensor, greedy: torch.Tensor
) -> torch.Tensor:
    """One token a row from its nucleus: the likeliest tokens that together have probability `top_p`.

    Args:
        logits: `[rows, vocabulary]` float32.
        temperature, top_p, uniform, greedy: `[rows]`; `uniform` in [0, 1) decides which token of the nucleus it is.
    """
    scaled = logits / temperature[:, None]
    top = scaled.topk(min(_NUCLEUS, logits.shape[1]), dim=1)
    p = torch.exp(top.values - scaled.logsumexp(dim=1, keepdim=True))
    p = torch.where(p.cumsum(dim=1) - p < top_p[:, None], p, 0.0)
    reached = p.cumsum(dim=1)
    nth = (reached <= uniform[:, None] * reached[:, -1:]).sum(dim=1).clamp_max(p.shape[1] - 1)
    nth = torch.where(greedy, 0, nth)
    return top.indices.gather(1, nth[:, None]).squeeze(1)


def _left_padded(prompts: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    length = max(map(len, prompts))
    input_ids = torch.zeros(len(prompts), length, dtype=torch.long)
    mask = torch.zeros(len(prompts), length, dtype=torch.long)
    for i, prompt in enumerate(prompts):
        input_ids[i, length - len(prompt) :] = torch.tensor(prompt)
        mask[i, length - len(prompt) :] = 1
    return input_ids, mask
