"""Against `transformers serve` with the embedded model: a real server, a real model, no network beyond loopback."""

from __future__ import annotations

from pathlib import Path

import pytest

from fac_core.datasets.chats import Message
from fac_core.generators.budget import Budget, Budgeted
from fac_core.generators.cache import Cached
from fac_core.generators.openai_compatible import OpenAICompatible, Server
from fac_core.generators.seam import Request
from fac_core.store.answers import Answers
from tests.generators.serving import serving


@pytest.fixture
def served(tmp_path: Path):
    with serving(tmp_path) as server:
        yield server


@pytest.mark.weights
def test_a_real_server_answers_is_counted_capped_and_paid_once(served, tmp_path):
    url, model = served
    server = Server(url, model, concurrency=2, timeout=120)
    question = (Message("user", "Answer with one word: what is the capital of France?"),)
    requests = [
        Request(question, n=2, max_tokens=6, json=True, seed=1),  # the server knows neither `n` nor JSON mode
        Request(question, max_tokens=6, temperature=0.0),
        Request(question, max_tokens=2_000),
    ]
    kept = Answers(tmp_path / "answers.sqlite")
    writer = Cached(Budgeted(OpenAICompatible(server), Budget(tokens=1_000)), kept)
    twice, once, too_long = writer.generate(requests)
    assert len(twice.texts) == 2
    assert "Paris" in once.texts[0]
    assert twice.usage.n_paid == 2
    assert 0 < twice.usage.completion_tokens <= 12
    assert twice.usage.prompt_tokens == 2 * once.usage.prompt_tokens > 20
    assert too_long.error is not None
    assert "cap of 1,000 tokens" in too_long.error
    assert writer.generate(requests[:2])[0].usage.n_cached == 1
    [unknown] = OpenAICompatible(Server(url, "no-such-model", retries=0)).generate(requests[:1])
    assert unknown.error is not None
