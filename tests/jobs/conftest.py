"""A workspace with a tiny run, and real workers in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from fac_core.activations import pipeline
from fac_core.activations.engines.shard_encoder import ShardEncoder
from fac_core.activations.spec import EncodeSpec
from fac_core.jobs.job import Job
from fac_core.jobs.queue import Jobs
from fac_core.jobs.worker import work
from fac_core.store.workspace import Workspace
from fac_core.workflows.encode import encode
from tests import tiny
from tests.checkout import ROOT

T = TypeVar("T")

SLOW_WORKER = """
import sys, time
from pathlib import Path
from fac_core.activations import pipeline
from fac_core.activations.engines.shard_encoder import ShardEncoder
from fac_core.jobs.worker import work
from fac_core.store.workspace import Workspace

whole, seconds = ShardEncoder.__call__, float(sys.argv[2])
def slow(self, *args, **kwargs):
    time.sleep(seconds)
    return whole(self, *args, **kwargs)
ShardEncoder.__call__ = slow
pipeline.shard_size = lambda n: 2
work(Workspace(Path(sys.argv[1])), once=True)
"""
"""A worker with shards of two samples, each of which takes a while: a `kill` finds it in the middle."""


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """20 texts."""
    path = tmp_path / "texts.jsonl"
    lines = (json.dumps({"text": f"{tiny.TEXTS[i % 7]} Number {i}."}) for i in range(20))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def params(dataset, model_of, sae_of) -> dict[str, object]:
    """Of a job that encodes the texts with the tiny model."""
    space = {"model": str(model_of("llama")), "sae": str(sae_of("topk")), "context": 32, "dtype": "float32"}
    return {"source": str(dataset), **space}


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w")


@pytest.fixture
def encoded(place, tmp_path, params) -> Workspace:
    """The workspace with one run, which is the anchor."""
    texts = tmp_path / "anchor.txt"
    texts.write_text("\n".join(tiny.TEXTS), encoding="utf-8")
    spec = {key: params[key] for key in ("model", "sae", "context", "dtype")}
    encode(texts, EncodeSpec(**spec), workspace=place.folder, anchor=True)  # type: ignore[arg-type]
    return place


@pytest.fixture
def slow_worker(place: Workspace) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """`slow_worker(seconds_a_shard)` starts a worker that ends when nothing waits."""
    started: list[subprocess.Popen[bytes]] = []

    def start(seconds: float = 0.2) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", SLOW_WORKER, str(place.folder), str(seconds)]
        started.append(subprocess.Popen(command, env=environment))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def encoded_shards(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The same in this process: shards of two samples; grows by one for each that is encoded, which takes a while."""
    whole, calls = ShardEncoder.__call__, []

    def slow(self: ShardEncoder, *args: Any, **kwargs: Any) -> Any:
        time.sleep(0.2)
        calls.append(time.monotonic())
        return whole(self, *args, **kwargs)

    monkeypatch.setattr(ShardEncoder, "__call__", slow)
    monkeypatch.setattr(pipeline, "shard_size", lambda _n: 2)
    return calls


@contextmanager
def working(place: Workspace) -> Iterator[None]:
    """A worker in a thread of this process, which loads no library anew; it has ended when the context does."""
    worker = threading.Thread(target=work, args=(place,), kwargs={"once": True})
    worker.start()
    yield
    worker.join(300)
    assert not worker.is_alive()


def wait_for(look: Callable[[], T], seconds: float = 300) -> T:
    """What `look` finds, as soon as it finds something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError("nothing happened")


def state_of(place: Workspace, job: Job) -> str:
    return Jobs(place).job(job.job_id).state


def shards(place: Workspace) -> list[Path]:
    """Those that are finished."""
    return sorted(place.folder.glob("cache/*/shards/*.activations.parquet"))
