"""Against `transformers serve` with the embedded model: a real server, a real model, no network beyond loopback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from fac_core.activations.embedded import embedded_path
from fac_core.datasets.chats import Message
from fac_core.generators.budget import Budget, Budgeted
from fac_core.generators.cache import Cached
from fac_core.generators.openai_compatible import OpenAICompatible, Server
from fac_core.generators.seam import Request
from fac_core.store.answers import Answers

_SECONDS_TO_START = 180
_SERVE = "from transformers.cli.transformers import app; app()"


@pytest.fixture
def served(tmp_path: Path):
    """Address and model of the server, once it is there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = str(embedded_path("smollm2-135m"))
    place = ["--device", "cpu", "--host", "127.0.0.1", "--port", str(port)]
    log = tmp_path / "serve.log"
    with log.open("w") as lines:
        environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
        command = [sys.executable, "-c", _SERVE, "serve", folder, *place]
        process = subprocess.Popen(command, stdout=lines, stderr=lines, env=environment)
    try:
        until = time.monotonic() + _SECONDS_TO_START
        while not _answers(f"http://127.0.0.1:{port}/health"):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/v1", folder
    finally:
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own address
            return True
    except (urllib.error.URLError, OSError):
        return False


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
