"""What requests will cost, before any is sent. No tokenizer is needed, so the figures are ranges.

A token of prose is about four characters; it is never less than a byte, for the byte-level tokenizers that servers use.
So the low end counts characters / 4 and answers a quarter as long as allowed; the high end counts bytes, what templates
add, and answers of full length. A budget that holds the high end never cuts a request off.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fac_core.generators.seam import Request, Usage

CHARACTERS_PER_TOKEN = 4
_SHORT_ANSWER = 1 / 4
"""Of the length allowed: what the low end takes an answer to have."""
_TEMPLATE_TOKENS = 64
"""Chat templates add up to so many tokens to a conversation, a system message of their own among them."""
_MESSAGE_TOKENS = 8
"""And so many to each message."""
_FAST, _SLOW = 100.0, 10.0
"""Tokens a second that one request at a time is written with: a hosted model, a small machine."""


@dataclass(frozen=True)
class Prices:
    """Of a million tokens, in any currency."""

    prompt: float
    completion: float

    def of(self, usage: Usage) -> float:
        """What the usage costs."""
        return (usage.prompt_tokens * self.prompt + usage.completion_tokens * self.completion) / 1e6


@dataclass(frozen=True)
class Estimate:
    """From the least to the most that requests are likely to cost."""

    n_requests: int
    low: Usage
    high: Usage
    """`seconds` of both: one request at a time."""

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(self.n_requests + other.n_requests, self.low + other.low, self.high + other.high)


def estimate(requests: Sequence[Request]) -> Estimate:
    """The range for requests that are still to be sent."""
    low = sum(map(least, requests), Usage())
    return Estimate(len(requests), low, sum(map(most, requests), Usage()))


def least(request: Request) -> Usage:
    """What a request costs if its answers are short."""
    characters = sum(len(message.content) for message in request.messages)
    written = request.n * math.ceil(request.max_tokens * _SHORT_ANSWER)
    return Usage(characters // CHARACTERS_PER_TOKEN, written, n_paid=1, seconds=written / _FAST)


def most(request: Request) -> Usage:
    """What a request can cost at most; a server that gives one answer at a time reads the prompt for each."""
    size = sum(len(message.content.encode()) + _MESSAGE_TOKENS for message in request.messages) + _TEMPLATE_TOKENS
    written = request.n * request.max_tokens
    return Usage(request.n * size, written, n_paid=request.n, seconds=written / _SLOW)


def tokens_of(text: str) -> int:
    """About how many tokens a text has, for servers that do not say."""
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)
