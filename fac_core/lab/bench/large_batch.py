"""A made-up batch of candidates, and a made-up job: what review and the job strip are loaded with. No model runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from fac_core.evidence.examples import top_examples
from fac_core.jobs.heartbeat import beating
from fac_core.jobs.queue import Jobs
from fac_core.store.measurements import Measurement
from fac_core.store.pulses import JobProgress
from fac_core.store.workspace import Workspace
from fac_core.synthesis.candidates import Batch, Candidate, Candidates, candidate_id
from fac_core.view import View

_A_TARGET = 4
"""Candidates of a target."""
_TELLS_EVERY = 0.3
"""Seconds between two words of a worker about how far it is."""


def write_batch(view: View, n: int) -> Batch:
    """Keep a batch of n candidates that pass, for the first gaps of a view. Each is a real text of the anchor that fires its
    target, with all that it fires, so a reviewer's page is as heavy as after a synthesis."""
    targets = tuple(view.gaps(-(-n // _A_TARGET))["feature_id"].to_pylist())
    batch = Batch(f"made-up-{n}", view.anchor.run_id, view.run.run_id, view.anchor.space_id, targets)
    kept = Candidates(view.workspace.events())
    kept.record_batch(batch, author="made up")
    deltas = view.states()["delta"].to_pylist()
    found, measured = [], []
    for target in targets:
        for nth, example in enumerate(top_examples(view.p, target, _A_TARGET)):
            one = Candidate(
                candidate_id=candidate_id(batch.batch_id, target, "one step", nth),
                batch_id=batch.batch_id,
                feature_id=target,
                text=f"{nth}. {example.text}",
                fields={},
                shape="text",
                method="one step",
                prompt="made up",
                generator="made up",
                parameters={},
                activation=example.activation,
                delta=deltas[target],
                tokens=tuple((t.char_start + 3, t.char_end + 3, t.activation) for t in example.tokens),
                verdict="passes",
            )
            fires = view.p.query(
                "SELECT feature_id, activation FROM activations WHERE sample_id = ? ORDER BY feature_id",
                [example.sample_id],
            )
            ids, values = (fires[name].to_numpy() for name in ("feature_id", "activation"))
            measured.append(Measurement(one.candidate_id, 1, ids.astype(np.uint32), values.astype(np.float32)))
            found.append(one)
    view.workspace.measurements().record(batch.batch_id, measured)
    kept.record(found, author="made up")
    return batch


@contextmanager
def job_running(workspace: Workspace) -> Iterator[None]:
    """A job that runs as long as the context lasts: its worker beats and tells how far it is, and computes nothing."""
    jobs, pulses, stop = Jobs(workspace), workspace.pulses(), threading.Event()
    job = jobs.submit("encode", {"source": "made up", "name": "made up"}, author="made up")
    with beating(workspace) as worker:
        if jobs.take(worker, ["encode"]) is None:
            raise RuntimeError("another worker has taken the made-up job")

        def tell() -> None:
            began = time.monotonic()
            while not stop.wait(_TELLS_EVERY):
                done = round(time.monotonic() - began)
                pulses.tell(JobProgress(job.job_id, done, 10_000, "made up", 1.0, time.time()))
                jobs.job(job.job_id)

        thread = threading.Thread(target=tell, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
            jobs.end(job.job_id, worker, "cancelled")
