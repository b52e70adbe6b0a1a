"""A whole synthesis over HTTP, against a server on loopback that fails again and again: no sample lost, none paid twice."""

from __future__ import annotations

import random
from itertools import count

import pytest

from fac_core.errors import Stopped
from fac_core.generators.cache import Cached
from fac_core.generators.openai_compatible import OpenAICompatible, Server
from tests.generators.faulty_server import cut, faulty_server, garbage, says, stalls, status
from tests.synthesis.loop import common_gaps
from tests.synthesis.test_pipeline import NEW

FAULTS = (status(429, Retry_After="0"), status(500), cut, garbage, stalls)
SHARE = 0.05
"""Of the requests that fail in each of the five ways: a quarter in all."""

_numbers = count()


def writes(handler, body):
    """Texts that nobody wrote before, as many as are wanted."""
    n = body.get("n", 1)
    nth = [next(_numbers) for _ in range(n)]
    says(*(f"{NEW[i % 6]} {i * 7} more of {i} and {'xyz'[i % 3]}." for i in nth))(handler, {**body, "n": n})


def misbehaves(seed: int):
    """Each request fails with the given probability in one of the five ways; which ones is decided by the seed."""
    rng = random.Random(seed)  # noqa: S311 - no secret hangs on it
    faults: list[object] = []

    def act(handler, body):
        with handler.server.lock:
            draw = rng.random()
        if draw < SHARE * len(FAULTS):
            fault = FAULTS[int(draw / SHARE)]
            faults.append(fault)
            fault(handler, body)
        else:
            writes(handler, body)

    return act, faults


@pytest.fixture
def targets(loop):
    """Thirty gaps."""
    with loop.place.run("anchor") as p, loop.place.run("seed") as q:
        return common_gaps(q, p)[:30]


def writer(loop, server):
    asked = Server(server.url, "m", timeout=1.0, retries=6, concurrency=4)
    return Cached(OpenAICompatible(asked), loop.place.answers())


def test_every_target_has_its_samples_though_a_quarter_of_the_requests_fail(loop, targets):
    act, faults = misbehaves(seed=7)
    with faulty_server(always=act) as server:
        options = {"targets": targets, "steps": ("one step",), "n": 2, "at_once": 8, "generator": server.url}
        outcome = loop.run(writer(loop, server), **options)
        made = loop.made(outcome.batch_id)
        assert len(set(map(id, faults))) >= 4  # nearly every way to fail did occur
        assert sorted({one.feature_id for one in made}) == sorted(targets)
        assert len(made) == 2 * len(targets)
        assert not [one for one in made if one.verdict == "failed"]
        paid = server.n_paid
        loop.run(writer(loop, server), **options)
        assert server.n_paid == paid
    with faulty_server(always=writes) as faultless:
        loop.run(writer(loop, faultless), random_seed=1, **options)
        assert paid - faults.count(garbage) == faultless.n_paid


def test_stopped_in_the_middle_and_gone_on_with_it_pays_for_no_sample_twice(loop, targets):
    def stop_at(done, total, note=""):
        if done >= 10:
            raise Stopped("enough")

    with faulty_server(always=writes) as server:
        options = {"targets": targets, "steps": ("one step",), "n": 2, "at_once": 4, "generator": server.url}
        with pytest.raises(Stopped):
            loop.run(writer(loop, server), on_progress=stop_at, **options)
        before = server.n_paid
        assert before > 0
        outcome = loop.run(writer(loop, server), **options)
        made = loop.made(outcome.batch_id)
        assert len(made) == 2 * len(targets)
        whole = server.n_paid
    with faulty_server(always=writes) as fresh:
        loop.run(writer(loop, fresh), random_seed=1, **options)
        assert whole == fresh.n_paid
