"""A cap holds, whatever is asked at once; and what requests will cost is said before."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from fac_core.datasets.chats import Message
from fac_core.errors import Stopped, WrongUse
from fac_core.generators.budget import Budget, Budgeted
from fac_core.generators.cache import Cached
from fac_core.generators.estimate import Prices, estimate, most
from fac_core.generators.openai_compatible import OpenAICompatible, Server
from fac_core.generators.scripted import Scripted
from fac_core.generators.seam import Answer, Request, Usage
from fac_core.store.answers import Answers
from tests.generators.faulty_server import faulty_server, says


def ask(content="x" * 40, **options):
    return Request((Message("user", content),), **{"max_tokens": 50, **options})


def greedy(request):
    """An answer that costs all it may."""
    worst = most(request)
    return Answer(("x",), replace(worst, n_paid=1, seconds=0.0))


def tokens(usage):
    return usage.prompt_tokens + usage.completion_tokens


def test_a_greedy_model_cannot_go_beyond_the_cap():
    each = tokens(most(ask()))
    writer = Budgeted(Scripted(greedy), Budget(tokens=5 * each + 1))
    answers = writer.generate([ask() for _ in range(8)])
    assert [bool(a.texts) for a in answers] == [True] * 5 + [False] * 3
    assert answers[-1].error == f"Not sent: with it the budget could go beyond the cap of {5 * each + 1:,} tokens."
    assert tokens(writer.spent) == 5 * each


def test_what_a_thrifty_model_leaves_over_is_spent_on_the_rest():
    each = tokens(most(ask()))
    writer = Budgeted(Scripted(lambda _request: "four"), Budget(tokens=3 * each))
    assert all(a.texts for a in writer.generate([ask() for _ in range(12)]))


def test_a_request_too_large_is_refused_and_a_smaller_one_behind_it_is_not():
    writer = Budgeted(Scripted(lambda _request: "x"), Budget(tokens=500))
    told = []
    answers = writer.generate([ask(), ask("x" * 600), ask()], on_answer=lambda i, a: told.append((i, a)))
    assert [bool(a.texts) for a in answers] == [True, False, True]
    assert told == list(enumerate(answers))


def test_requests_can_be_capped():
    writer = Budgeted(Scripted(lambda _request: "x"), Budget(requests=3))
    answers = writer.generate([ask() for _ in range(5)])
    assert [a.error for a in answers[3:]] == ["Not sent: with it the budget could go beyond the cap of 3 requests."] * 2


def test_cost_can_be_capped_where_prices_are_known():
    prices = Prices(prompt=1.0, completion=10.0)
    each = prices.of(most(ask()))
    writer = Budgeted(Scripted(greedy), Budget(cost=2.5 * each, prices=prices))
    assert [bool(a.texts) for a in writer.generate([ask() for _ in range(4)])] == [True, True, False, False]
    with pytest.raises(WrongUse, match="prices"):
        Budget(cost=1.0)


def test_what_was_spent_before_counts():
    writer = Budgeted(Scripted(lambda _request: "x"), Budget(requests=3), spent=Usage(n_paid=2))
    assert [bool(a.texts) for a in writer.generate([ask(), ask()])] == [True, False]


def test_cached_answers_cost_nothing(tmp_path):
    model = Scripted(lambda _request: "x")
    kept = Answers(tmp_path / "answers.sqlite")
    Cached(model, kept).generate([ask("a"), ask("b")])
    writer = Cached(Budgeted(model, Budget(requests=1)), kept)
    assert [bool(a.texts) for a in writer.generate([ask("a"), ask("b"), ask("c"), ask("d")])] == [True] * 3 + [False]


def test_a_stopped_task_leaves_nothing_reserved():
    def stop(_position, _answer):
        raise Stopped("enough")

    writer = Budgeted(Scripted(lambda _request: "x"), Budget(requests=10))
    with pytest.raises(Stopped):
        writer.generate([ask() for _ in range(10)], on_answer=stop)
    assert writer.spent.n_paid == 1
    assert all(a.texts for a in writer.generate([ask() for _ in range(9)]))


def test_threads_that_share_a_budget_keep_to_it():
    with faulty_server(always=says("x")) as server:
        writer = Budgeted(OpenAICompatible(Server(server.url, "tiny")), Budget(requests=25))
        threads = [threading.Thread(target=writer.generate, args=([ask() for _ in range(10)],)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.n_paid == writer.spent.n_paid <= 25


def test_an_estimate_is_a_range_that_the_true_cost_lies_in():
    requests = [ask("A sentence of thirty characters.", n=2), ask("Another one.")]
    found = estimate(requests)
    assert found.n_requests == 2
    assert (found.low.prompt_tokens, found.low.completion_tokens) == (8 + 3, 26 + 13)
    assert found.high.completion_tokens == 150
    assert found.high.prompt_tokens >= 2 * 32 + 12  # a byte a token, and read once an answer
    assert found + found == estimate(requests * 2)


def test_a_budget_of_the_high_end_cuts_nothing_off():
    requests = [ask("é" * i, n=1 + i % 3) for i in range(1, 30)]
    writer = Budgeted(Scripted(greedy), Budget(tokens=tokens(estimate(requests).high)))
    assert all(a.texts for a in writer.generate(requests))
