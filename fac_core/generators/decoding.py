"""Sampling from a causal language model, many rows at once: what a laptop can do without a server.

Prompts are padded on the left and read once, however many answers are drawn from each; what all of them begin with is read
once for all. Every row has its own random
numbers, so that an answer depends on its own seed. Rows that are finished leave the batch a quarter at a time: the rest
does not wait for the longest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import DynamicCache, PreTrainedModel

from fac_core.generators.seam import Boost, Steering

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
    aim: Boost | None = None
    """These two are for whoever hooks into the model; sampling knows nothing of them."""
    boosted: tuple[int, ...] = ()
    """Tokens that are likelier until one of them was drawn …"""
    boost: float = 0.0
    """… by so much, added to their logits."""


_CROWDED = 0.75
"""Finished rows leave the batch when no more than this share of it is still written."""

IsDone = Callable[[int, list[int]], bool]
"""Whether a row, by position, is complete with these tokens."""

Lean = Callable[[np.ndarray, list[list[int]], torch.Tensor], torch.Tensor]
"""Other logits for rows, given their positions and what every row has written."""


@torch.inference_mode()
def decode(
    model: PreTrainedModel,
    prompts: Sequence[Sequence[int]],
    rows: Sequence[Row],
    *,
    ends: frozenset[int],
    is_done: IsDone = lambda _row, _tokens: False,
    follow: Callable[[np.ndarray], None] = lambda _rows: None,
    lean: Lean | None = None,
) -> list[list[int]]:
    """Draw every row; returns its tokens, without the end token.

    Args:
        prompts: token ids, each at least one.
        ends: tokens that end an answer.
        follow: told which rows the batch holds before every forward pass, `[rows in the batch]`.
        lean: makes tokens likelier before one is drawn, of the rows that are still written.
    """
    device = model.device
    uniform = [np.random.default_rng(row.seed).random(row.max_tokens, dtype=np.float32) for row in rows]
    input_ids, mask, n_shared = _left_padded(prompts)
    input_ids, mask = input_ids.to(device), mask.to(device)
    position = (mask.cumsum(dim=1) - 1).clamp_min(0)
    follow(np.zeros(0, dtype=np.int64))
    cache = _read(model, input_ids[:, :-1], mask[:, :-1], position[:, :-1], n_shared)
    of = torch.tensor([row.prompt for row in rows], device=device)
    cache.batch_select_indices(of)
    here = np.arange(len(rows))
    mask, token, position = mask[of], input_ids[of, -1:], position[of, -1:]
    temperature = torch.tensor([row.temperature for row in rows], device=device).clamp_min(1e-6)
    top_p = torch.tensor([row.top_p for row in rows], device=device)
    greedy = torch.tensor([row.temperature == 0 for row in rows], device=device)
    written: list[list[int]] = [[] for _ in rows]
    open_rows, boosting = np.ones(len(rows), dtype=bool), np.ones(len(rows), dtype=bool)
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
        logits = output.logits[:, -1].float()
        for place, row in enumerate(here.tolist()):
            if rows[row].boosted and boosting[row]:
                logits[place, list(rows[row].boosted)] += rows[row].boost
        if lean:
            still = torch.from_numpy(np.flatnonzero(open_rows[here]))
            logits[still] = lean(here[open_rows[here]], written, logits[still])
        drawn = sampled(logits, temperature[at], top_p[at], drawn_by, greedy[at])
        for row, one in zip(here.tolist(), drawn.tolist(), strict=True):
            if not open_rows[row]:
                continue
            if one in ends:
                open_rows[row] = False
                continue
            written[row].append(one)
            boosting[row] = boosting[row] and one not in rows[row].boosted
            open_rows[row] = len(written[row]) < rows[row].max_tokens and not is_done(row, written[row])
        step += 1
        token, position = drawn[:, None], position + 1
        mask = torch.cat([mask, mask.new_ones(len(mask), 1)], dim=1)
        still = open_rows[here]
        if still.any() and still.sum() <= _CROWDED * len(here):
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


def _read(
    model: PreTrainedModel, input_ids: torch.Tensor, mask: torch.Tensor, position: torch.Tensor, n_shared: int
) -> DynamicCache:
    """Keys and values of prompts; what all of them begin with is read once."""
    cache = DynamicCache(config=model.config)
    # As an index, not as a number: a slice of many prompts lies in pieces, and multiplying those copies the vocabulary for each.
    last = torch.tensor([-1], device=input_ids.device)
    read: dict[str, Any] = {"past_key_values": cache, "use_cache": True, "logits_to_keep": last}
    if n_shared:
        shared = slice(0, n_shared)
        model(
            input_ids=input_ids[:1, shared], attention_mask=mask[:1, shared], position_ids=position[:1, shared], **read
        )
        cache.batch_repeat_interleave(len(input_ids))
    if n_shared < input_ids.shape[1]:
        model(input_ids=input_ids[:, n_shared:], attention_mask=mask, position_ids=position[:, n_shared:], **read)
    return cache


def _left_padded(prompts: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor, int]:
    """Prompts and their mask `[prompts, length]`, padded between what they share at their beginning and the rest.

    The last token of a prompt is never among the shared ones: its rows read it.
    """
    length, shortest = max(map(len, prompts)), min(map(len, prompts))
    n_shared = 0
    while n_shared < shortest - 1 and len({prompt[n_shared] for prompt in prompts}) == 1:
        n_shared += 1
    input_ids = torch.zeros(len(prompts), length, dtype=torch.long)
    mask = torch.zeros(len(prompts), length, dtype=torch.long)
    for i, prompt in enumerate(prompts):
        first = length - (len(prompt) - n_shared)
        input_ids[i, :n_shared], input_ids[i, first:] = torch.tensor(prompt[:n_shared]), torch.tensor(prompt[n_shared:])
        mask[i, :n_shared], mask[i, first:] = 1, 1
    return input_ids, mask, n_shared
