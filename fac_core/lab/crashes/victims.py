"""What is ended in the middle: everything that takes a while, as the function that does it, and does the rest after a crash."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fac_core.activations import pipeline
from fac_core.errors import FacError
from fac_core.generators.openai_compatible import OpenAICompatible, Server
from fac_core.jobs.allowed import allow
from fac_core.jobs.control import change_job, list_jobs, submit_job, work
from fac_core.jobs.in_words import outcome
from fac_core.lab.crashes.made_up import BATCH, TARGETS, Scene
from fac_core.store.upkeep.backup import back_up
from fac_core.store.workspace import Workspace
from fac_core.training.config import TrainConfig
from fac_core.view import View
from fac_core.workflows.ask import Asking, label_by_llm
from fac_core.workflows.encode import merge_runs, train_sae
from fac_core.workflows.export import export_dataset
from fac_core.workflows.theme_names import name_themes_by_llm

_SHARD = 16
"""Samples: several shards even of so few."""


@dataclass(frozen=True)
class Place:
    """Where a task is done: a copy of the scene's workspace, and a folder for what lies outside of one."""

    folder: Path
    scene: Scene
    server: str
    """Address of the counting server."""

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.folder / "workspace")

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def acknowledged(self) -> Path:
        """A line for each decision after the log has taken it; beside the folder, as is all that only we need."""
        return self.folder.with_name("acknowledged")

    @property
    def ledger(self) -> Path:
        """A line for each request that was paid for."""
        return self.folder.with_name("ledger")

    @property
    def words(self) -> Path:
        """What the processes said."""
        return self.folder.with_name("words")


Do = Callable[[Place], None]


def _job(kind: str, params: Callable[[Place], dict[str, Any]] = lambda _: {}) -> Do:
    """As a page and a worker do it together; the second time, as whoever presses Resume."""

    def do(at: Place) -> None:
        pipeline.shard_size = lambda _n: _SHARD
        jobs = list_jobs(at.workspace)
        if not jobs or jobs[-1].state == "succeeded":  # the latter where what came of it was damaged since
            submit_job(kind, params(at), author="Ann", workspace=at.workspace)
        for job in jobs:
            for action in ("resume", "retry"):
                if job.may(action):
                    change_job(job.job_id, action, author="Ann", workspace=at.workspace)
        work(at.workspace, once=True)
        if (last := list_jobs(at.workspace)[-1]).state != "succeeded":
            raise FacError(outcome(last))

    return do


def _encoding(at: Place) -> dict[str, Any]:
    spec = at.scene.spec
    return {
        "source": str(at.scene.texts),
        "name": "texts",
        **{name: getattr(spec, name) for name in ("model", "sae", "context", "dtype")},
    }


def _synthesis(at: Place) -> dict[str, Any]:
    allow("counting", at.server)
    return {"generator": at.server, "model": "made-up", "n": 2, "m": 2, "at_once": 2, "max_tokens": 32, "seed": "seed"}


def _train(at: Place) -> None:
    os.environ["FAC_CACHE"] = str(at.out / "cache")
    config = TrainConfig(
        model=at.scene.model, n_blocks=1, d_sae=64, k=4, total_tokens=3000, batch_tokens=64, warm_up_steps=2,
        checkpoint_steps=6, context=32, device="cpu",
    )  # fmt: skip
    train_sae([at.scene.texts], at.out / "sae", config)


def _decide(at: Place) -> None:
    log = at.workspace.events()
    known = log.latest("crash", "note")
    with at.acknowledged.open("a") as told:
        for n in range(150):
            if str(n) not in known:
                log.append("crash", "note", str(n), {"said": f"decision {n}"}, author="Ann", seen=0)
                told.write(f"{n}\n")
                told.flush()


TASKS: dict[str, Do] = {
    "encode": _job("encode", _encoding),
    "train-sae": _train,
    "name by words": _job("label"),
    "name by a model": lambda at: _done(
        label_by_llm(Asking(Server(at.server, "made-up"), TARGETS, workspace=at.workspace))
    ),
    "relevance": _job("relevance", lambda _: {"task": "toxicity", "field": "label", "value": "law"}),
    "atlas": _job("atlas"),
    "themes": lambda at: _done(name_themes_by_llm(View.find("seed", workspace=at.workspace), _writer(at))),
    "synthesis": _job("synthesise", _synthesis),
    "verify edits": _job("verify_edits", lambda _: {"batch_id": BATCH}),
    "export": lambda at: _done(export_dataset([BATCH], at.out / "export", merged=True, workspace=at.workspace)),
    "merge": lambda at: _done(merge_runs(["anchor", "seed"], "both", keep_duplicates=True, workspace=at.workspace)),
    "backup": lambda at: _done(back_up(at.workspace, at.out / "backup")),
    "decide": _decide,
}
"""By name; each is called again after the crash, as the same command or a press of Resume would."""


def _writer(at: Place) -> OpenAICompatible:
    return OpenAICompatible(Server(at.server, "made-up"))


def _done(_result: object) -> None:
    """What came of it is looked for on the disk."""
