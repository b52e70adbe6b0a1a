"""What was paid is never paid twice."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from fac_core.datasets.chats import Message
from fac_core.errors import Stopped
from fac_core.generators.cache import Cached
from fac_core.generators.scripted import Scripted
from fac_core.generators.seam import Answer, Request, Usage
from fac_core.store.answers import Answers
from tests.checkout import ROOT
from tests.generators.faulty_server import faulty_server, says


@pytest.fixture
def answers(tmp_path):
    return Answers(tmp_path / "cache" / "answers.sqlite")


def ask(content, **options):
    return Request((Message("user", content),), **options)


def test_the_same_request_is_paid_once(answers):
    model = Scripted(lambda request: f"about {request.messages[0].content}")
    first = Cached(model, answers).generate([ask("a"), ask("b")])
    again = Cached(model, answers).generate([ask("b"), ask("c"), ask("a")])
    assert [a.texts for a in again] == [("about b",), ("about c",), ("about a",)]
    assert [a.usage.n_cached for a in again] == [1, 0, 1]
    assert [a.usage.n_paid for a in first + again] == [1, 1, 0, 1, 0]
    assert [r.messages[0].content for r in model.requests] == ["a", "b", "c"]


@pytest.mark.parametrize("change", [{"seed": 2}, {"temperature": 0.1}, {"n": 2}, {"max_tokens": 5}, {"json": True}])
def test_another_way_of_sampling_is_another_request(answers, change):
    model = Scripted(lambda _request: "x")
    Cached(model, answers).generate([ask("a"), ask("a", **change)])
    assert len(model.requests) == 2


def test_another_model_is_asked_anew(answers):
    [one] = Cached(Scripted(lambda _request: "1", "one"), answers).generate([ask("a")])
    [two] = Cached(Scripted(lambda _request: "2", "two"), answers).generate([ask("a")])
    assert (one.texts, two.texts) == (("1",), ("2",))


def test_equal_requests_of_one_call_are_paid_once(answers):
    model = Scripted(lambda _request: "x")
    told = []
    found = Cached(model, answers).generate([ask("a"), ask("a"), ask("a")], on_answer=lambda i, _a: told.append(i))
    assert [(a.texts, a.usage.n_paid, a.usage.n_cached) for a in found] == [
        (("x",), 1, 0),
        (("x",), 0, 1),
        (("x",), 0, 1),
    ]
    assert (len(model.requests), sorted(told)) == (1, [0, 1, 2])


def test_who_compares_costs_is_told_the_first_cost_every_time(answers):
    model = Scripted(lambda _request: Answer(("x",), Usage(3, 5, n_paid=1, seconds=0.5)))
    first, twin = Cached(model, answers, as_first_paid=True).generate([ask("a"), ask("a")])
    (again,) = Cached(model, answers, as_first_paid=True).generate([ask("a")])
    assert first == twin == again == Answer(("x",), Usage(3, 5, n_paid=1, seconds=0.5))
    assert len(model.requests) == 1
    (plain,) = Cached(model, answers).generate([ask("a")])
    assert plain.usage == Usage(n_cached=1)


def test_a_failure_that_cost_nothing_is_tried_again_but_a_refusal_is_kept(answers):
    model = Scripted(lambda r: Answer((), Usage(n_paid=int(r.messages[0].content == "refused")), "no"))
    for _ in range(2):
        assert [a.error for a in Cached(model, answers).generate([ask("refused"), ask("cut off")])] == ["no", "no"]
    assert [r.messages[0].content for r in model.requests] == ["refused", "cut off", "cut off"]


def test_what_is_unpaid_can_be_asked_beforehand(answers):
    cached = Cached(Scripted(lambda _request: "x"), answers)
    cached.generate([ask("a")])
    assert cached.unpaid([ask("a"), ask("c"), ask("b"), ask("c")]) == [ask("c"), ask("b")]


def test_an_answer_is_kept_before_anybody_hears_of_it(answers):
    def stop(_position, _answer):
        raise Stopped("now")

    model = Scripted(lambda _request: "x")
    with pytest.raises(Stopped):
        Cached(model, answers).generate([ask("a"), ask("b")], on_answer=stop)
    assert Cached(model, answers).unpaid([ask("a"), ask("b")]) == [ask("b")]


def test_threads_share_the_answers(answers):
    model = Scripted(lambda request: request.messages[0].content)
    requests = [ask(str(i)) for i in range(30)]
    threads = [threading.Thread(target=Cached(model, answers).generate, args=(requests,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Cached(model, answers).unpaid(requests) == []


_WRITER = """
import sys
from pathlib import Path
from fac_core.datasets.chats import Message
from fac_core.generators.cache import Cached
from fac_core.generators.openai_compatible import OpenAICompatible, Server
from fac_core.generators.seam import Request
from fac_core.store.answers import Answers

url, path = sys.argv[1:]
server = Server(url, "tiny", concurrency=1)
requests = [Request((Message("user", str(i)),)) for i in range(20)]
tell = lambda position, answer: print(position, answer.usage.n_cached, flush=True)
Cached(OpenAICompatible(server), Answers(Path(path))).generate(requests, on_answer=tell)
"""


def test_a_killed_process_loses_nothing_that_it_had_heard(tmp_path):
    with faulty_server(always=says("x")) as server:
        command = [sys.executable, "-c", _WRITER, server.url, str(tmp_path / "answers.sqlite")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
            assert process.stdout is not None
            heard = [process.stdout.readline() for _ in range(10)]
            process.kill()
        paid_before = server.n_paid
        again = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
        lines = again.stdout.split("\n")[:-1]
        cached = [line for line in lines if line.endswith(" 1")]
        assert len(heard) <= len(cached) <= paid_before <= len(cached) + 1  # at most one was under way
        assert server.n_paid - paid_before - (20 - len(cached)) in (0, 1)  # which may be counted after we looked


def test_two_who_ask_the_same_at_the_same_time_pay_once(answers):
    begun, asked = threading.Event(), []

    def slowly(request):
        asked.append(request.messages[0].content)
        begun.set()
        time.sleep(0.3)
        return "x"

    found = {}

    def ask_all(who):
        found[who] = Cached(Scripted(slowly), answers).generate([ask("a"), ask("b")])

    people = [threading.Thread(target=ask_all, args=(who,)) for who in range(2)]
    people[0].start()
    assert begun.wait(30)
    people[1].start()
    for one in people:
        one.join(60)
    assert asked == ["a", "b"]
    assert [answer.texts for answer in found[1]] == [("x",), ("x",)]
    assert [answer.usage.n_cached for answer in found[1]] == [1, 1]
