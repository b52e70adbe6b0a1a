"""Asking a model through the verbs and the commands, over real HTTP: consent first, the cap holds, nothing is paid twice."""

from __future__ import annotations

import json

import pytest

import fac_core as fac
from fac_core.cli.app import run as command
from fac_core.curation.triage import Triage
from fac_core.errors import NotFound, Stopped, WrongUse
from fac_core.generators.scripted import Scripted
from fac_core.store.workspace import Workspace
from fac_core.workflows.ask import estimate_labels, features_to_ask
from fac_core.workflows.judging import relevance_of
from fac_core.workflows.naming import labels_of
from tests.generators.faulty_server import faulty_server, says, status
from tests.kitchen import RARE, SALT, kitchen_run
from tests.runs import make_run


@pytest.fixture
def folder(tmp_path):
    """An anchor of 30 samples, and a seed that lacks the feature on salt."""
    place = Workspace.create(tmp_path / "w")
    kitchen_run(place.run_path("kitchen"), "kitchen").close()
    make_run(place.run_path("q"), "seed", [(RARE, 0, 2.0)], 4, 3, run_id="q").close()
    place.set_anchor("kitchen")
    return place.folder


def answers_all(handler, body):
    """A model that knows the form, and nothing else."""
    content = json.dumps({"label": "salt", "verdict": "probably", "reason": "because", "contain": [1, 2]})
    says(content)(handler, body)


def fac_json(capsys, *arguments, code=0):
    assert command([*arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_the_gaps_or_the_targets_are_asked_about(folder):
    assert features_to_ask("gaps", fac.View.find(workspace=folder)) == [SALT]
    assert features_to_ask("targets", fac.View.find(workspace=folder)) == []
    Triage(Workspace(folder).events(), "kitchen").decide(RARE, "target", author="Ann", seen=0)
    assert features_to_ask("targets", fac.View.find(workspace=folder)) == [RARE]
    with pytest.raises(WrongUse, match="choose gaps, targets or ids"):
        features_to_ask("holes", fac.View.find(workspace=folder))  # type: ignore[arg-type]


def test_a_label_is_estimated_made_and_free_the_second_time(folder):
    with faulty_server(always=answers_all) as server:
        asking = fac.Asking(fac.Server(server.url, "tiny"), [SALT], workspace=folder)
        assert estimate_labels(asking).n_requests == 3
        assert server.bodies == []
        found = fac.label_by_llm(asking)
        assert found[SALT].outcome == "labelled"
        assert labels_of(folder).names().text[SALT] == "salt"
        paid = server.n_paid
        assert estimate_labels(asking).n_requests == 0
        fac.label_by_llm(asking)
        assert server.n_paid == paid == 3


def test_a_feature_that_there_is_not_is_refused_before_anything_is_sent(folder):
    with pytest.raises(NotFound):
        estimate_labels(fac.Asking(Scripted(lambda _request: ""), [99], workspace=folder))


def test_a_stopped_task_keeps_what_it_has(folder):
    asked = Scripted(lambda _request: '{"label": "salt", "verdict": "yes", "contain": []}')

    def stop(done, total, note=""):
        if done:
            raise Stopped("enough")

    with pytest.raises(Stopped):
        fac.label_by_llm(fac.Asking(asked, [SALT], workspace=folder), on_progress=stop)
    assert labels_of(folder).names().text[SALT] == "salt"


def test_the_command_sends_nothing_without_consent(folder, capsys):
    with faulty_server(always=answers_all) as server:
        arguments = ("label", "--llm", server.url, "--model", "tiny", "-w", str(folder))
        assert "Say --yes" in fac_json(capsys, *arguments, code=2)["error"]
        assert server.bodies == []
        document = fac_json(capsys, *arguments, "--yes")
    assert [one["outcome"] for one in document["features"]] == ["labelled"]
    assert document["spent"]["n_paid"] == server.n_paid == 3


def test_the_cap_of_the_command_holds(folder, capsys):
    with faulty_server(always=answers_all) as server:
        arguments = ("--llm", server.url, "--model", "tiny", "--features", f"{SALT}", "--yes", "-w", str(folder))
        document = fac_json(capsys, "label", *arguments, "--max-tokens", "50")
        assert server.bodies == []
        assert "cap of 50 tokens" in document["features"][0]["detail"]
        assert fac_json(capsys, "label", *arguments)["features"][0]["outcome"] == "labelled"


def test_a_server_that_fails_is_a_row_that_says_why(folder, capsys):
    with faulty_server(always=status(401)) as server:
        document = fac_json(capsys, "label", "--llm", server.url, "--model", "tiny", "--yes", "-w", str(folder))
    assert (document["features"][0]["outcome"], document["spent"]["n_paid"]) == ("failed", 0)
    assert "refused the key" in document["features"][0]["detail"]


def test_relevance_by_a_model_restricts_every_measure(folder, capsys):
    assert "yet" in fac_json(capsys, "coverage", "--task", "toxicity", "-w", str(folder), code=2)["error"]
    with faulty_server(always=answers_all) as server:
        arguments = ("--llm", server.url, "--model", "tiny", "--features", f"{SALT}", "--yes", "-w", str(folder))
        document = fac_json(capsys, "relevance", "toxicity", *arguments)
        assert document["features"][0]["verdict"]["level"] == "probably"
        again = fac_json(capsys, "relevance", "toxicity", *arguments)
        assert (again["spent"]["n_paid"], again["spent"]["n_cached"], server.n_paid) == (0, 1, 1)
    place = ("-w", str(folder))
    assert fac_json(capsys, "coverage", *place)["denominator"] == 2
    restricted = fac_json(capsys, "coverage", "--task", "toxicity", "--strictness", "maybe", *place)
    assert (restricted["denominator"], restricted["fac"]) == (1, 0.0)
    assert [g["feature_id"] for g in fac_json(capsys, "gaps", "--task", "toxicity", *place)] == [SALT]
    strict = fac_json(capsys, "coverage", "--task", "toxicity", "--strictness", "yes", *place, code=2)
    assert strict["kind"] == "EmptyAnchor"
    for rest in (("gaps", "--why"), ("curve", "threshold"), ("curve", "growth"), ("curve", "count")):
        assert fac_json(capsys, *rest, "--task", "toxicity", *place)
    assert "name the task" in fac_json(capsys, "gaps", "--strictness", "yes", *place, code=2)["error"]


def test_the_anchor_can_be_set_against_a_background(folder, capsys):
    make_run(
        Workspace(folder).run_path("b"), "background", [(RARE, 0, 2.0)], 30, 3, n_tokens=[5] * 30, run_id="b"
    ).close()
    rows = fac_json(capsys, "relevance", "toxicity", "--background", "background", "-w", str(folder))
    assert rows[SALT]["n_positive"] > rows[SALT]["n_negative"] == 0
    assert "against background" in relevance_of("toxicity", folder).all()[SALT].reason


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--llm", "http://localhost:1/v1"), "needs --model"),
        (("--model", "tiny"), "go with --llm"),
        (("--llm", "localhost", "--model", "tiny"), "no address"),
        (("--llm", "http://localhost:1/v1", "--model", "tiny", "--features", "some"), "gaps, targets, or ids"),
        (("--llm", "http://localhost:1/v1", "--model", "tiny", "--features", "targets"), "no targets"),
        (("--llm", "http://localhost:1/v1", "--model", "tiny", "--prices", "cheap"), "READ,WRITTEN"),
        (("--llm", "http://localhost:1/v1", "--model", "tiny", "--max-cost", "1"), "prices"),
    ],
)
def test_options_that_make_no_sense_say_what_would(folder, capsys, arguments, message):
    assert message in fac_json(capsys, "label", *arguments, "-w", str(folder), code=2)["error"]
