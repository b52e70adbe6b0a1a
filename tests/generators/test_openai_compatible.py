"""Against a real server that misbehaves: every request ends in an answer, and what is paid is counted."""

from __future__ import annotations

import re
import time

import pytest

from fac_core.datasets.chats import Message
from fac_core.errors import Stopped, WrongUse
from fac_core.generators.openai_compatible import OpenAICompatible, Server
from fac_core.generators.seam import Request, Steering, Usage
from tests.generators import faulty_server as faults
from tests.generators.faulty_server import faulty_server


def ask(content="Say hello.", **options):
    return Request((Message("user", content),), **options)


def generator(server, **settings):
    return OpenAICompatible(Server(server.url, "tiny", **{"timeout": 5.0, "retries": 2, **settings}))


def paid(answer):
    return (answer.usage.n_paid, answer.usage.prompt_tokens, answer.usage.completion_tokens)


def test_an_answer_has_its_texts_and_what_they_cost():
    with faulty_server() as server:
        [answer] = generator(server).generate([ask(n=3, seed=7, temperature=0.5)])
        assert (answer.texts, answer.error, paid(answer)) == (("hello",) * 3, None, (1, 10, 15))
        assert answer.usage.seconds > 0
        [body] = server.bodies
        assert (body["n"], body["seed"], body["temperature"], body["max_tokens"]) == (3, 7, 0.5, 128)
        assert not body.get("stream")


def test_answers_come_in_the_order_of_the_requests_and_are_told_as_they_arrive():
    told = []
    with faulty_server(always=faults.echoes) as server:
        answers = generator(server).generate(
            [ask(f"text {i}") for i in range(20)], on_answer=lambda i, answer: told.append((i, answer.texts))
        )
    assert [a.texts for a in answers] == [(f"text {i}",) for i in range(20)]
    assert sorted(told) == [(i, (f"text {i}",)) for i in range(20)]


def test_a_server_that_gives_one_answer_at_a_time_is_asked_again_with_other_seeds():
    with faulty_server(always=faults.one_at_a_time) as server:
        [answer] = generator(server).generate([ask(n=3, seed=5)])
    assert answer.texts == ("seed 5", "seed 6", "seed 7")
    assert paid(answer) == (3, 30, 15)


def test_the_server_s_wish_to_wait_is_respected():
    with faulty_server(faults.status(429, Retry_After="1")) as server:
        started = time.monotonic()
        [answer] = generator(server).generate([ask()])
        assert answer.texts == ("hello",)
        assert time.monotonic() - started >= 1
        assert server.n_paid == 1


@pytest.mark.parametrize("fault", [faults.status(500), faults.status(503), faults.cut, faults.garbage])
def test_a_passing_fault_is_overcome(fault):
    with faulty_server(fault) as server:
        [answer] = generator(server).generate([ask()])
        assert (answer.texts, answer.error) == (("hello",), None)
        assert answer.usage.n_paid == server.n_paid


def test_a_stalled_request_is_given_up_and_asked_again():
    with faulty_server(faults.stalls) as server:
        [answer] = generator(server, timeout=0.3).generate([ask()])
    assert answer.texts == ("hello",)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (faults.status(500, "out of memory"), "status 500: .*out of memory"),
        (faults.status(429, "slow down", Retry_After="0.01"), "Rate limit.*slow down"),
        (faults.status(404, "no such model"), "knows no such address or model.*no such model"),
        (faults.status(401), r"refused the key \(401\): no key was sent"),
        (faults.status(400, "context too long"), "status 400: .*context too long"),
        (faults.cut, "connection failed"),
        (faults.garbage, "no chat completion"),
        (faults.stalls, r"No answer within 0\.3 s"),
        (faults.says(""), "was empty"),
        (faults.says(None, refusal="I would rather not."), "refused: I would rather not"),
    ],
)
def test_a_lasting_fault_is_an_answer_that_says_why(fault, reason):
    with faulty_server(always=fault) as server:
        [answer] = generator(server, timeout=0.3, retries=1).generate([ask()])
        assert answer.texts == ()
        assert answer.error is not None
        assert re.search(reason, answer.error), answer.error
        assert answer.usage.n_paid == server.n_paid


def test_a_server_that_is_not_there_is_an_answer_that_says_so():
    with faulty_server() as server:
        gone = generator(server, retries=0)
    [answer] = gone.generate([ask()])
    assert answer.error is not None
    assert answer.error.startswith("The connection failed")


def test_what_goes_wrong_with_one_request_touches_no_other():
    def choosy(handler, body):
        act = faults.status(400, "bad word") if "bad" in body["messages"][0]["content"] else faults.echoes
        act(handler, body)

    with faulty_server(always=choosy) as server:
        answers = generator(server).generate([ask("one"), ask("bad"), ask("three")])
    assert [a.texts for a in answers] == [("one",), (), ("three",)]


def test_a_wrong_key_is_tried_once_not_once_a_request():
    with faulty_server(always=faults.status(401)) as server:
        answers = generator(server, concurrency=1).generate([ask(str(i)) for i in range(10)])
        assert all(a.error for a in answers)
        assert len(server.bodies) == 1


@pytest.mark.parametrize("field", ["response_format", "n", "seed", "top_p", "temperature", "max_tokens", "stop"])
def test_a_field_that_the_server_refuses_is_left_out_from_then_on(field):
    with faulty_server(always=faults.takes_no(field)) as server:
        writer = generator(server, concurrency=1)
        request = ask(n=2, seed=1, json=True, stop=("\n",))
        assert [a.texts for a in writer.generate([request, request])] == [("hello",) * 2] * 2
        assert sum(field in body for body in server.bodies) == 1
        assert ("max_completion_tokens" in server.bodies[-1]) == (field == "max_tokens")


def test_json_mode_is_given_up_where_the_server_does_not_say_what_it_dislikes():
    with faulty_server(faults.status(422, "bad request")) as server:
        [answer] = generator(server).generate([ask(json=True)])
        assert answer.texts == ("hello",)
        assert [body.get("response_format") for body in server.bodies] == [{"type": "json_object"}, None]


def test_a_server_that_counts_no_tokens_is_counted_by_characters():
    with faulty_server(always=faults.says("twelve chars", counts=False)) as server:
        [answer] = generator(server).generate([ask("eight ch")])
    assert paid(answer) == (1, 2, 3)


def test_an_answer_ends_before_the_stop_also_where_the_server_does_not_know_it():
    with faulty_server(always=faults.says("one\ntwo")) as server:
        [answer] = generator(server).generate([ask(stop=("\n", "wo"))])
        assert (answer.texts, server.bodies[0]["stop"]) == (("one",), ["\n", "wo"])


def test_a_steered_request_is_refused_without_asking():
    with faulty_server() as server:
        [answer] = generator(server).generate([ask(steering=Steering(1, 2.0))])
        assert answer.error is not None
        assert "cannot steer" in answer.error
        assert not server.bodies


def test_whoever_stops_is_told_all_that_was_paid():
    told = []

    def stop(position, answer):
        told.append(position)
        raise Stopped("enough")

    with faulty_server() as server:
        with pytest.raises(Stopped, match="enough"):
            generator(server, concurrency=2).generate([ask(str(i)) for i in range(50)], on_answer=stop)
        assert len(told) == server.n_paid < 50


def test_settings_that_make_no_sense_are_refused_at_once(monkeypatch):
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with pytest.raises(WrongUse, match=r"NO_SUCH_KEY.*is not set"):
        OpenAICompatible(Server("http://localhost:1/v1", "tiny", key_variable="NO_SUCH_KEY"))
    with pytest.raises(WrongUse, match="no address"):
        Server("localhost:8000", "tiny")
    with pytest.raises(WrongUse, match="password") as refused:
        Server("http://me:hush@localhost:8000/v1", "tiny")
    assert "hush" not in str(refused.value)


def test_the_name_has_the_model_and_the_place():
    assert OpenAICompatible(Server("https://api.example.com/v1/", "big")).name == "big at api.example.com/v1"


def test_usage_adds_up():
    assert Usage(1, 2, 3, 4, 0.5) + Usage(10, 20, 30, 40, 0.25) == Usage(11, 22, 33, 44, 0.75)
