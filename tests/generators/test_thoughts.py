"""What a reasoning model thinks is never its answer: not by any server, not on this machine, not from the cache."""

from __future__ import annotations

import pytest

from fac_core.datasets.chats import Message
from fac_core.generators.cache import Cached
from fac_core.generators.json_answers import json_object
from fac_core.generators.openai_compatible import OpenAICompatible, Server
from fac_core.generators.scripted import Scripted
from fac_core.generators.seam import Answer, Request, Usage, fingerprint
from fac_core.generators.thoughts import without_thoughts
from fac_core.store.answers import Answers
from fac_core.synthesis.parsing import parse
from tests.generators.faulty_server import faulty_server, says

DRAFT = 'Maybe {"text": "A draft."} no.'


@pytest.mark.parametrize(
    "answer",
    [
        f"<think>{DRAFT}</think>{{final}}",
        f"{DRAFT}\n</think>\n{{final}}",  # the template began the thoughts: llama.cpp#14679
        f"\n<thinking>\n{DRAFT}</thinking>{{final}}",
        f"[THINK]{DRAFT}[/THINK]{{final}}",
        f"◁think▷{DRAFT}◁/think▷{{final}}",
        f"<think></think><think>{DRAFT}</think>{{final}}",
        f"<|channel|>analysis<|message|>{DRAFT}<|end|><|start|>assistant<|channel|>final<|message|>{{final}}",
        f"<|channel|>commentary<|message|>{DRAFT}<|end|><|start|>assistant<|channel|>final<|message|>{{final}}<|return|>",
        f"<|start|>assistant<|channel|>analysis<|message|>{DRAFT}<|end|><|start|>assistant<|channel|>final <|constrain|>json<|message|>{{final}}",
        "<|channel|>final<|message|>{final}<|return|>",
        f"analysis{DRAFT}assistantfinal{{final}}",  # gpt-oss without its marks
        f"<|START_THINKING|>{DRAFT}<|END_THINKING|><|START_RESPONSE|>{{final}}<|END_RESPONSE|>",
        f"{DRAFT}<|END_THINKING|><|START_TEXT|>{{final}}<|END_TEXT|>",
        f"<|START_THINKING|>{DRAFT}<|END_THINKING|>{{final}}",
        "<|START_RESPONSE|>{final}<|END_RESPONSE|>",
        "{final}",
    ],
)
def test_only_what_is_behind_the_thoughts_is_the_answer(answer: str) -> None:
    whole = answer.replace("{final}", '{"text": "The end."}')
    assert json_object(whole) == {"text": "The end."}
    assert parse(whole, "text", "json").text == "The end."
    assert parse(answer.replace("{final}", "The end."), "text", "plain").text == "The end."


@pytest.mark.parametrize("text", ["A text about <think> and </think> tags.", "No thought at all.", ""])
def test_a_text_about_such_tags_stays_whole(text: str) -> None:
    assert without_thoughts(text) == text


@pytest.mark.parametrize(
    "answer",
    [
        "<|START_THINKING|>It is about", "<|channel|>analysis<|message|>It is about",
        "<|channel|>analysis<|message|>It is about<|end|><|start|>assistant<|channel|>commentary<|message|>so",
    ],
)  # fmt: skip
def test_what_was_cut_off_within_its_thoughts_is_no_answer(answer: str) -> None:
    assert without_thoughts(answer) == ""


def test_any_number_of_thoughts_may_follow_each_other() -> None:
    assert without_thoughts("<think>a</think>\n" * 5000 + "Yes.").strip() == "Yes."


def test_a_stop_within_the_thoughts_stops_nothing() -> None:
    with faulty_server(always=says("<think>One.\n\nTwo.</think>Three.\n\nFour.")) as server:
        generator = OpenAICompatible(Server(server.url, "m"))
        request = Request((Message("user", "x"),), stop=("\n\n",))
        assert generator.generate([request])[0].texts == ("Three.",)


def test_an_answer_of_nothing_but_thoughts_says_so() -> None:
    with faulty_server(always=says("<think>It is about")) as server:
        (answer,) = OpenAICompatible(Server(server.url, "m")).generate([Request((Message("user", "x"),))])
    assert (answer.texts, "allow more tokens" in (answer.error or "")) == ((), True)


def test_thoughts_that_an_earlier_version_kept_are_no_answer_either(tmp_path) -> None:
    answers, generator = Answers(tmp_path / "answers"), Scripted({})
    for mark, text in (("a", "<think>No.</think>Yes."), ("b", "<think>No.")):
        request = Request((Message("user", mark),))
        payload = {"texts": [text], "error": None, "usage": vars(Usage(n_paid=1))}
        answers.keep(fingerprint(generator, request), payload)
    kept = Cached(generator, answers).generate([Request((Message("user", mark),)) for mark in "ab"])
    assert kept[0] == Answer(("Yes.",), Usage(n_cached=1))
    assert (kept[1].texts, "within its thoughts" in (kept[1].error or "")) == ((), True)
