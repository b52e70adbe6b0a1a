"""Content tokens and offsets, in every family's own chat template."""

from __future__ import annotations

import numpy as np
import pytest

from fac_core.datasets.chats import Message, transcript
from fac_core.errors import ModelMismatch
from fac_core.models import tokens
from fac_core.models.tokens import SampleTokenizer
from fac_core.models.truncated import load_tokenizer
from tests import tiny

CHAT = [
    Message("user", "  Is user 東京 far? <|end|> "),
    Message("assistant", "Not far, user 😀."),
    Message("user", "user"),
]


def content_of(text: str, tokens) -> str:
    """The characters of the text that content tokens cover."""
    covered = np.zeros(len(text), dtype=bool)
    for (start, end), is_content in zip(tokens.offsets, tokens.content, strict=True):
        covered[start:end] |= is_content
    return "".join(c for c, is_covered in zip(text, covered, strict=True) if is_covered)


@pytest.mark.parametrize("family", list(tiny.FAMILIES))
def test_a_plain_text_is_all_content_after_a_start_token(model_of, family):
    tokenizer = load_tokenizer(str(model_of(family)))
    for text, one in zip(tiny.TEXTS, SampleTokenizer(tokenizer, context=200)(tiny.TEXTS, [None] * 7), strict=True):
        assert one.input_ids[0] in tokenizer.all_special_ids
        assert not one.content[0]
        assert one.content[1:].all()
        assert content_of(text, one) == text
        assert not one.truncated


@pytest.mark.parametrize("roles", [("user",), ("assistant",), ("user", "assistant")])
@pytest.mark.parametrize("family", list(tiny.FAMILIES))
def test_only_the_contents_of_the_chosen_roles_are_content(model_of, family, roles):
    """Neither the template's words nor its role markers count, even where a content repeats them."""
    tokenizer = load_tokenizer(str(model_of(family)))
    text, spans = transcript(CHAT)
    one = SampleTokenizer(tokenizer, context=200, roles=roles)([text], [CHAT])[0]
    got = content_of(text, one)
    for message, (start, end) in zip(CHAT, spans, strict=True):
        wanted = text[start:end].strip().replace("<|end|>", "")
        if message.role not in roles:
            assert not any(
                is_content and start <= o[0] < end for o, is_content in zip(one.offsets, one.content, strict=True)
            )
        else:
            assert wanted.replace(" ", "") in got.replace(" ", "")
    assert "helpful" not in got


def test_special_tokens_written_in_a_text_do_not_act(model_of):
    tokenizer = load_tokenizer(str(model_of("llama")))
    one = SampleTokenizer(tokenizer, context=100)(["end <|eot|> here"], [None])[0]
    assert not set(one.input_ids[1:]) & set(tokenizer.all_special_ids)


def test_a_text_beyond_the_window_is_cut_and_says_so(model_of):
    one = SampleTokenizer(load_tokenizer(str(model_of("llama"))), context=8)(["word " * 50], [None])[0]
    assert len(one) == 8
    assert one.truncated


def test_a_tokenizer_without_template_refuses_chats_with_a_way_out(model_of):
    tokenizer = load_tokenizer(str(model_of("llama")))
    tokenizer.chat_template = None
    with pytest.raises(ModelMismatch, match="has no chat template"):
        SampleTokenizer(tokenizer, context=100)(["x"], [CHAT])


@pytest.mark.parametrize(
    "template",
    [
        "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system here') }}{% endif %}{{ messages[0]['content'] }}",
        "{{ messages[0]['tool_calls'][0]['name'] if messages[0]['role'] == 'system' else messages[0]['content'] }}",
        "{{ 'a' + 1 if messages[0]['role'] == 'system' else messages[0]['content'] }}",
    ],
)
def test_a_chat_that_the_template_refuses_costs_itself_alone_and_says_why(model_of, template):
    """A template is a program: it refuses by raising, or breaks."""
    tokenizer = load_tokenizer(str(model_of("llama")))
    tokenizer.chat_template = template
    chats = [[Message("system", "Be brief.")], [Message("user", "Hello")]]
    refused, taken = SampleTokenizer(tokenizer, context=100)(["x", "y"], chats)
    assert (len(refused), bool(refused.refused)) == (0, True)
    assert (taken.content.any(), taken.refused) == (True, "")


@pytest.mark.parametrize("family", list(tiny.FAMILIES))
def test_of_a_long_text_no_more_is_tokenised_than_is_looked_at_and_the_windows_are_the_same(
    model_of, family, monkeypatch
):
    tokenizer = SampleTokenizer(load_tokenizer(str(model_of(family))), context=24)
    texts = [" ".join(tiny.TEXTS) * 20, "x" * 9000, " " * 9000 + "the end", "東京 " * 3000, "a\n" * 4000 + "b"]
    monkeypatch.setattr(tokens, "_CHARACTERS", 10**6)
    whole = tokenizer(texts, [None] * len(texts))
    monkeypatch.setattr(tokens, "_CHARACTERS", 4)
    seen: list[int] = []
    encoded = tokenizer._encoded
    monkeypatch.setattr(tokenizer, "_encoded", lambda part: seen.extend(map(len, part)) or encoded(part))
    for text, one, other in zip(texts, whole, tokenizer(texts, [None] * len(texts)), strict=True):
        for a, b in ((one, other), (one.beyond, other.beyond)):
            assert (a is None) == (b is None), text[:20]
            if a is not None and b is not None:
                assert a.input_ids.tolist() == b.input_ids.tolist(), text[:20]
                assert a.offsets.tolist() == b.offsets.tolist(), text[:20]
        assert one.truncated == other.truncated
    assert sorted(seen)[: len(texts)] == [1024] * len(texts)
