"""Samples in, token ids out, with two questions answered for every token: is it content, and where in the text is it?

Content are the tokens of the text itself, or of the messages whose role was chosen. BOS, other special tokens
and everything that a chat template adds are never content: they carry huge norms, or belong to no sample.
Offsets are in characters of the sample's `text` (a chat's transcript), so that no token is ever decoded again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from transformers import PreTrainedTokenizerBase

from fac_core.datasets.chats import Message, transcript
from fac_core.errors import ModelMismatch


@dataclass(frozen=True)
class Tokens:
    """One tokenised sample; all arrays have the same length."""

    input_ids: np.ndarray
    """`[tokens]` int64, BOS or template first."""
    content: np.ndarray
    """`[tokens]` bool."""
    offsets: np.ndarray
    """`[tokens, 2]` uint32: start and end in the sample's text; (0, 0) where not content."""
    truncated: bool
    """Whether content tokens beyond the window were cut off."""
    beyond: Tokens | None = None
    """The window after this one, where that holds content: what a longer context would have seen of the sample."""
    refused: str = ""
    """Why the model's template does not take this chat, which then has no token at all; empty if it does."""

    def __len__(self) -> int:
        return len(self.input_ids)


_CHARACTERS = 64
"""Of a text for each token of the window, so many at first: tokens are shorter, but for long gaps."""


class SampleTokenizer:
    """Turns samples into `Tokens` for one model.

    Args:
        tokenizer: the model's fast tokenizer.
        context: window in tokens, template and BOS included.
        roles: whose messages of a chat are content.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        *,
        context: int,
        roles: Collection[str] = ("user", "assistant"),
    ) -> None:
        self.tokenizer = tokenizer
        self.context = context
        self.roles = frozenset(roles)
        self._special = frozenset(tokenizer.all_special_ids)
        self._start = start_token(tokenizer)

    def __call__(self, texts: Sequence[str], chats: Sequence[list[Message] | None]) -> list[Tokens]:
        """Tokenise a batch of samples; `chats[i]` is None for a plain text."""
        plain = iter(self._plain([text for text, chat in zip(texts, chats, strict=True) if chat is None]))
        return [next(plain) if chat is None else self._chat(chat) for chat in chats]

    def _plain(self, texts: list[str]) -> list[Tokens]:
        # A text of millions of tokens takes gigabytes, and two windows are all that is looked at.
        most = _CHARACTERS * max(self.context, 256)
        found = self._encoded([text[:most] for text in texts])
        unsure = [i for i, (ids, _) in enumerate(found) if len(texts[i]) > most and len(ids) < 2 * self.context + 8]
        for i, whole in zip(unsure, self._encoded([texts[i] for i in unsure]), strict=True):
            found[i] = whole
        return [self._cut(*self._begun(ids, [True] * len(ids), offsets)) for ids, offsets in found]

    def _encoded(self, texts: list[str]) -> list[tuple[list[int], list[tuple[int, int]]]]:
        """Ids and offsets of each text."""
        if not texts:
            return []
        # Special tokens written out in a text are text: split_special_tokens keeps them from acting.
        found = self.tokenizer(
            texts, add_special_tokens=False, split_special_tokens=True, return_offsets_mapping=True, verbose=False
        )
        return list(zip(found["input_ids"], found["offset_mapping"], strict=True))

    def _chat(self, messages: list[Message]) -> Tokens:
        try:
            rendered, spans = render(self.tokenizer, messages)
        except Refusal as refusal:
            return replace(_tokens([], [], []), refused=str(refusal))
        _, text_spans = transcript(messages)
        encoded = self.tokenizer(rendered, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        ids: list[int] = list(encoded["input_ids"])
        offsets: list[tuple[int, int]] = []
        content: list[bool] = []
        for token, (start, end) in zip(ids, encoded["offset_mapping"], strict=True):
            middle = (start + end) / 2
            message = next((i for i, span in enumerate(spans) if span.start <= middle < span.end), None)
            chosen = message is not None and messages[message].role in self.roles and token not in self._special
            content.append(chosen)
            if chosen and message is not None:
                low, high = text_spans[message]
                shift = low + spans[message].trimmed - spans[message].start
                offsets.append((max(start + shift, low), min(end + shift, high)))
            else:
                offsets.append((0, 0))
        if not ids or ids[0] not in self._special:  # a template without BOS: something must take the sink
            ids, content, offsets = self._begun(ids, content, offsets)
        return self._cut(ids, content, offsets)

    def _begun(
        self, ids: list[int], content: list[bool], offsets: list[tuple[int, int]]
    ) -> tuple[list[int], list[bool], list[tuple[int, int]]]:
        """With the start token in front."""
        n = len(self._start)
        return [*self._start, *ids], [False] * n + content, [(0, 0)] * n + offsets

    def _cut(self, ids: list[int], content: list[bool], offsets: list[tuple[int, int]]) -> Tokens:
        truncated = any(content[self.context :])
        window = slice(0, self.context)
        after = slice(self.context, 2 * self.context - len(self._start))
        beyond = None
        if any(content[after]):
            beyond = _tokens(*self._begun(ids[after], content[after], offsets[after]))
        return replace(_tokens(ids[window], content[window], offsets[window]), truncated=truncated, beyond=beyond)


def _tokens(ids: list[int], content: list[bool], offsets: list[tuple[int, int]]) -> Tokens:
    return Tokens(
        np.array(ids, dtype=np.int64),
        np.array(content, dtype=bool),
        np.array(offsets, dtype=np.uint32).reshape(-1, 2),
        truncated=False,
    )


class Refusal(ModelMismatch):
    """The chat template takes other chats, and not this one."""


@dataclass(frozen=True)
class Span:
    """Where a message's content stands in the rendered chat."""

    start: int
    end: int
    trimmed: int
    """Characters that the template stripped from the content's left."""


def render(tokenizer: PreTrainedTokenizerBase, messages: list[Message]) -> tuple[str, list[Span]]:
    """The chat in the model's own template, and where each message's content is in it.

    The template is rendered a second time with placeholders for contents, which gives the text between the
    contents exactly: a content that looks like a role marker is not mistaken for one. Only where a template
    looks into the content (some hide reasoning) are the contents searched for instead, left to right.

    Raises `ModelMismatch` when the tokenizer has no chat template, `Refusal` when the template does not take this chat.
    """
    rendered = _apply(tokenizer, messages)
    marks = [f"\x02{i}\x03" for i in range(len(messages))]
    skeleton = _apply(tokenizer, [Message(m.role, mark) for m, mark in zip(messages, marks, strict=True)])
    spans: list[Span] = []
    cursor = 0
    for message, mark in zip(messages, marks, strict=True):
        before, found, skeleton = skeleton.partition(mark)
        exact = bool(found) and rendered.startswith(before, cursor)
        start_from = cursor + len(before) if exact else cursor
        span = _place(rendered, message.content, start_from, anywhere=not exact)
        spans.append(span)
        cursor = span.end
    return rendered, spans


def _place(rendered: str, content: str, cursor: int, *, anywhere: bool) -> Span:
    for candidate in (content, content.strip()):
        at = rendered.find(candidate, cursor) if anywhere else cursor
        if at >= 0 and rendered.startswith(candidate, at):
            return Span(at, at + len(candidate), content.find(candidate))
    return Span(cursor, cursor, 0)  # the template left the message out: none of its tokens is content


def _apply(tokenizer: PreTrainedTokenizerBase, messages: list[Message]) -> str:
    if not tokenizer.chat_template:
        raise ModelMismatch(
            f"{tokenizer.name_or_path} has no chat template. Use a model tuned for chats, or give the chats as plain text."
        )
    turns: list[dict[str, Any]] = [{"role": m.role, "content": m.content} for m in messages]
    import jinja2

    try:
        return str(tokenizer.apply_chat_template(turns, tokenize=False))
    except (
        jinja2.TemplateError,
        TypeError,
        ValueError,
        LookupError,
        AttributeError,
    ) as error:  # a template is a program
        raise Refusal(f"the chat template of {tokenizer.name_or_path} refuses this chat: {error}") from error


def start_token(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """What every window begins with: BOS, or where a family has none (Qwen) the token that separated its training documents.

    The first token of a window takes the attention sink (norm 25,000 against 170 in SmolLM2): it must not be a word.
    """
    for token in (tokenizer.bos_token_id, tokenizer.eos_token_id):
        if isinstance(token, int):
            return [token]
    return []
