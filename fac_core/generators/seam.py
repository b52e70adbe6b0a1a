"""The seam to everything that writes text: `generate(requests) -> answers`.

A request is a conversation and how to sample from it; an answer is texts, or why there is none, with what it cost.
Explanations, verdicts of judges and synthetic samples all pass through here, so caching, budgets and retries are
written once and hold for all of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Protocol

from fac_core.datasets.chats import Message


@dataclass(frozen=True)
class Steering:
    """Push the model along a feature while it writes."""

    feature_id: int
    strength: float
    """What is added to the residual stream at every generated token, in units of the feature's activation."""


@dataclass(frozen=True)
class Boost:
    """Make likelier what a feature fires on: words, and where it can be read while writing, whatever fires it."""

    words: tuple[str, ...]
    """With a space in front where they begin a word of their own; likelier until one of them was begun."""
    logits: float
    """Added to the logit of each word's first token."""
    feature_id: int | None = None
    """To be fired: only a generator that has the SAE reads along, and ends an answer with the sentence that fires it."""
    delta: float = 0.0
    """It fires above this."""
    gain: float = 0.0
    """Added to the logits of tokens that would fire it, until one was written."""
    begun: str = ""
    """Words of the text that the prompt holds already."""


@dataclass(frozen=True)
class Request:
    """One conversation to continue."""

    messages: tuple[Message, ...]
    n: int = 1
    """Answers wanted, drawn independently."""
    max_tokens: int = 128
    """Of each answer."""
    temperature: float = 0.8
    top_p: float = 0.9
    seed: int | None = None
    json: bool = False
    """Ask for one JSON object, where the model's server can promise that."""
    stop: tuple[str, ...] = ()
    """An answer ends before the first of these; they are not part of it."""
    steering: Steering | None = None
    """Only a steered local generator can; others refuse such a request."""
    boost: Boost | None = None
    """A hint that local generators take, and others need not."""


@dataclass(frozen=True)
class Usage:
    """What answers cost. Sums with `+`."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    n_paid: int = 0
    """Requests that reached a model; answers from the cache cost nothing."""
    n_cached: int = 0
    seconds: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        mine, theirs = asdict(self), asdict(other)
        return Usage(**{name: mine[name] + theirs[name] for name in mine})


@dataclass(frozen=True)
class Answer:
    """What came of a request: texts, or the reason why there is none."""

    texts: tuple[str, ...]
    usage: Usage = Usage()
    error: str | None = None
    """Refusal, time-out, rate limit …, in one sentence; then `texts` is empty."""


class Generator(Protocol):
    """Something that writes."""

    @property
    def name(self) -> str:
        """Model and place, for the record: no key, no secret."""
        ...

    def generate(
        self, requests: Sequence[Request], *, on_answer: Callable[[int, Answer], None] = lambda _i, _answer: None
    ) -> list[Answer]:
        """Answer every request, in their order.

        A request that fails becomes an answer with `error`; the others are not lost.

        Args:
            on_answer: told the position and the answer as soon as it is there, in any order, from one thread at a time.
        """
        ...


def fingerprint(generator: Generator, request: Request) -> str:
    """Identity of a request to a generator: equal ones need not be paid twice."""
    whole = [generator.name, asdict(request)]
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()
