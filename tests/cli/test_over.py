"""In a terminal nobody saw a page: what somebody else has decided is not decided over unless they are named."""

from __future__ import annotations

import json

import pytest

import fac_core as fac
from fac_core.cli.app import run
from fac_core.cli.options import ME
from fac_core.curation.triage import Triage
from fac_core.errors import Conflict
from fac_core.naming.labels import Labels
from fac_core.people.place import this_user
from fac_core.store.workspace import Workspace
from tests.batches import candidate, make_batch
from tests.runs import make_run


@pytest.fixture
def place(tmp_path) -> Workspace:
    place = Workspace.create(tmp_path / "w")
    for name in ("anchor", "seed"):
        make_run(place.run_path(name), name, [(f, 0, 1.0) for f in range(4)], 1, 8, run_id=name).close()
    place.set_anchor("anchor")
    return place


def say(place: Workspace, *words: str) -> int:
    return run([*words, "-w", str(place.folder), "--json"])


def test_a_gap_that_another_decided_takes_their_name(place, capsys):
    triage = Triage(place.events(), "anchor")
    assert say(place, "triage", "1", "2", "--state", "target", "--author", "Ann") == 0
    assert say(place, "triage", "1", "--state", "later", "--author", "Ann") == 0  # one's own
    capsys.readouterr()
    assert say(place, "triage", "2", "3", "--state", "later", "--author", "Bob") == 1
    said = json.loads(capsys.readouterr().out)["error"]
    assert "Ann has decided triage 2: target" in said
    assert "--over 'Ann'" in said
    assert triage.decision(3).state == "untriaged", "all or none"
    assert say(place, "triage", "2", "--state", "later", "--author", "Bob", "--over", "Cid") == 1
    assert say(place, "triage", "2", "--state", "later", "--author", "Bob", "--over", "Ann") == 0
    assert triage.decision(2).author == "Bob"


def test_what_was_taken_back_stands_in_nobody_s_way(place):
    assert say(place, "triage", "1", "--state", "target", "--author", "Ann") == 0
    assert say(place, "triage", "--undo", "--author", "Ann") == 0
    assert say(place, "triage", "1", "--state", "later", "--author", "Bob") == 0


def test_a_candidate_that_another_decided_takes_their_name(place):
    (one,) = make_batch(place, [(candidate(), {2: 5.0})], anchor_run_id="anchor", seed_run_id="seed")
    named = one.candidate_id
    fac.review([named], "accepted", author="Ann", workspace=place)
    with pytest.raises(Conflict, match=f"Ann has decided review {named}: accepted"):
        fac.review([named], "skipped", author="Bob", workspace=place)
    assert say(place, "review", "skip", named, "--author", "Bob") == 1
    assert say(place, "review", "skip", named, "--author", "Bob", "--over", "Ann") == 0


def test_a_name_that_another_gave_takes_theirs(place, capsys):
    label = ("label", "--feature", "1", "--name")
    assert say(place, *label, "courts", "--author", "Ann") == 0
    assert say(place, *label, "law", "--author", "Bob") == 1
    assert say(place, *label, "law", "--author", "Bob", "--over", "Ann") == 0
    held = Labels(place.events(), place.info("anchor").space_id).of(1)
    assert held is not None
    assert (held.text, held.author) == ("law", "Bob")
    judge = ("relevance", "toxicity", "--judge", "1", "--level")
    assert say(place, *judge, "yes", "--author", "Ann") == 0
    assert say(place, *judge, "no", "--author", "Bob") == 1
    assert say(place, *judge, "no", "--author", "Bob", "--over", "Ann") == 0


def test_a_terminal_writes_under_its_user_s_name(place):
    assert say(place, "triage", "1", "--state", "target") == 0
    assert Triage(place.events(), "anchor").decision(1).author == ME == this_user()
