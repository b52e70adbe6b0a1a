"""How much of a dataset is in: told from the runs and jobs alone, while the rest is read and afterwards."""

from __future__ import annotations

import json
import time

import pytest

from fac_core.cli.app import run as command
from fac_core.jobs.parts import part_in_words, part_of, reading
from fac_core.jobs.queue import Jobs
from fac_core.store.pulses import JobProgress
from fac_core.store.workspace import Workspace
from tests.runs import make_run


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    """A run of four samples of `data.jsonl`, and one of another file."""
    place = Workspace.create(tmp_path / "w")
    for name, source, n in (("part", "data.jsonl", 4), ("other", "other.jsonl", 9)):
        rows = [(0, s, 1.0 + s) for s in range(n)]
        make_run(place.run_path(name), name, rows, n, 5, run_id=name, source=source, in_part=name == "part").close()
    return place


def asked(workspace: Workspace, **params: object) -> str:
    given = {"source": "data.jsonl", "model": "tiny-model", "take": None, "limit": None, **params}
    return Jobs(workspace).submit("encode", given, author="Ann").job_id


def said(workspace: Workspace) -> str:
    part = part_of(workspace, workspace.info("part"))
    return part_in_words(part) if part is not None else ""


def test_a_run_whose_source_nobody_reads_further_is_whole(workspace):
    assert said(workspace) == ""
    asked(workspace, source="other.jsonl")
    asked(workspace, take=2)
    asked(workspace, limit=2)
    asked(workspace, model="another")
    assert said(workspace) == ""


def test_while_the_whole_is_read_it_says_how_much_is_in_and_how_long_it_takes(workspace):
    job_id = asked(workspace)
    assert said(workspace) == "A part: 4 samples. The rest waits to be read."
    Jobs(workspace).take("w1", ["encode"])
    assert said(workspace) == "A part: 4 samples. The rest is being read."
    workspace.pulses().tell(JobProgress(job_id, 500, 1000, "", 4.0, time.time()))
    assert said(workspace) == "A part: 4 of 1,000 samples. The rest is being read, about 2 min left."


def test_what_was_stopped_is_said_with_its_job(workspace):
    job_id = asked(workspace)
    Jobs(workspace).take("w1", ["encode"])
    Jobs(workspace).end(job_id, "w1", "failed", error="no room")
    assert said(workspace) == "A part: 4 samples. Reading the rest failed (job 1)."
    job_id = asked(workspace)
    Jobs(workspace).change(job_id, "pause", author="Ann")
    assert said(workspace) == "A part: 4 samples. Reading the rest was paused (job 2)."
    Jobs(workspace).change(job_id, "cancel", author="Ann")
    assert reading(workspace, "data.jsonl") is None


def test_once_the_whole_is_there_it_says_which_run_that_is(workspace):
    asked(workspace)
    make_run(
        workspace.run_path("all"), "all", [(0, s, 1.0) for s in range(7)], 7, 5, run_id="all", source="data.jsonl"
    ).close()
    assert said(workspace) == "A part: 4 of 7 samples. All of them are in run all."
    assert part_of(workspace, workspace.info("all")) is None  # also while it is read anew
    assert part_of(workspace, workspace.info("other")) is None


def test_the_answer_says_first_that_a_part_is_one(workspace, capsys):
    where = ["-w", str(workspace.folder)]
    assert command(["missing", "part", "--anchor", "other", *where]) == 0
    assert capsys.readouterr().out.startswith("part: A part: 4 samples. The rest was not asked for.")
    asked(workspace)
    assert command(["missing", "other", "--anchor", "part", "--json", *where]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (next(iter(found)), found["in_part"]) == ("in_part", ["part: A part: 4 samples. The rest waits to be read."])
    make_run(workspace.run_path("whole"), "whole", [(0, 0, 1.0)], 9, 5, run_id="whole", source="data.jsonl").close()
    assert command(["missing", "other", "--anchor", "whole", "--json", *where]) == 0
    assert json.loads(capsys.readouterr().out)["in_part"] == []
