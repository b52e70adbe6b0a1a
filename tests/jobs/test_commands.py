"""`fac jobs` and its worker: one JSON document, exit codes, one sentence for what is wrong."""

from __future__ import annotations

import json

import pytest

from fac_core.cli.app import run


@pytest.fixture
def fac(place, capsys):
    """`fac("jobs", "pause", "1")` gives the exit code and the JSON document."""

    def command(*arguments: str):
        code = run([*arguments, "-w", str(place.folder), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return command


def test_a_job_is_submitted_paused_resumed_and_done(fac, params):
    code, job = fac("jobs", "submit", "encode", json.dumps(params), "--author", "Ann")
    assert (code, job["job_id"], job["state"], job["asked_by"]) == (0, "1", "queued", "Ann")
    assert fac("jobs", "pause", "1")[1]["state"] == "paused"
    assert fac("jobs", "worker", "--once") == (0, {"jobs": 0})
    assert fac("jobs", "resume", "1")[1]["state"] == "queued"
    assert fac("jobs", "worker", "--once") == (0, {"jobs": 1})
    code, (listed,) = fac("jobs")
    assert (listed["state"], listed["progress"]["done"]) == ("succeeded", 20)
    assert any("succeeded" in line for line in fac("jobs", "log", "1")[1])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("cancel", "9"), "no job '9'"),
        (("submit", "paint"), "no kind of job"),
        (("submit", "encode", "{source: x}"), "no JSON"),
        (("submit", "encode", "{}"), "source"),
        (("log", "9"), "no job '9'"),
    ],
)
def test_a_wrong_command_is_refused_in_one_sentence(fac, arguments, said):
    code, document = fac("jobs", *arguments)
    assert code == 2
    assert said in document["error"]


def test_what_a_state_does_not_allow_is_refused(fac, params):
    fac("jobs", "submit", "encode", json.dumps(params))
    assert fac("jobs", "retry", "1")[0] == 2
