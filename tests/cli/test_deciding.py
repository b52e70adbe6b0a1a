"""The commands by which people decide: names, relevance, reviews, and labels of others."""

from __future__ import annotations

import json
from pathlib import Path

from fac_core.cli.app import run
from tests.cli.test_commands import answer, workspace
from tests.runs import make_run

__all__ = ["workspace"]


def test_labels_are_kept_and_a_person_s_name_holds(workspace, capsys):
    answer(capsys, "label")
    answer(capsys, "label", "--feature", "3", "--name", "court, judge", "--author", "Ann")
    document = answer(capsys, "label")
    assert isinstance(document, dict)
    ours = next(one for one in document["labels"] if one["feature_id"] == 3)
    assert (ours["text"], ours["method"], ours["author"]) == ("court, judge", "person", "Ann")
    assert answer(capsys, "label", "--feature", "99", "--name", "x", code=2)["kind"] == "NotFound"  # type: ignore[index]


def test_relevance_is_judged_by_a_label_of_the_samples(workspace, capsys, tmp_path):
    from fac_core.store.workspace import Workspace

    place = Workspace(workspace)
    metadata = [{"label": s % 2} for s in range(200)]
    toxic = [(0, s, 1.0 + s) for s in range(1, 200, 2)] + [(1, s, 1.0 + s) for s in range(200)]
    make_run(place.run_path("id-tox"), "tox", toxic, 200, 12, space_id="another", metadata=metadata).close()
    found = answer(capsys, "relevance", "toxicity", "--run", "tox")
    levels = {row["feature_id"]: row["level"] for row in found}  # type: ignore[attr-defined, index]
    assert (levels[0], levels[1], levels[2]) == ("yes", "no", "no")
    assert answer(capsys, "relevance", "no-such-task", "--run", "tox", code=2)["kind"] == "NotFound"  # type: ignore[index]


def test_a_person_judges_and_their_word_holds(workspace, capsys):
    held = answer(
        capsys, "relevance", "toxicity", "--judge", "3", "--level", "yes", "--author", "Ann", "--reason", "seen it"
    )
    assert (held["level"], held["source"], held["author"]) == ("yes", "person", "Ann")  # type: ignore[index]
    wrong = answer(capsys, "relevance", "toxicity", "--judge", "3", "--level", "perhaps", "--author", "Ann", code=2)
    assert wrong["kind"] == "BadParameter"  # type: ignore[index]


def test_labels_lists_what_one_feature_was_ever_called(workspace, capsys):
    for name in ("court", "judge"):
        answer(capsys, "label", "--feature", "3", "--name", name)
    assert [one["text"] for one in answer(capsys, "label", "--list", "--feature", "3")] == ["court", "judge"]  # type: ignore[attr-defined, index]
    assert [one["text"] for one in answer(capsys, "label", "--list")] == ["judge"]  # type: ignore[attr-defined, index]


def test_a_candidate_is_reviewed_exported_and_traced_unattended(workspace, tmp_path, capsys):
    from fac_core.store.workspace import Workspace
    from tests.batches import candidate, make_batch

    made = make_batch(
        Workspace(workspace),
        [(candidate(feature_id=f, text=f"[red]{f}[/]"), {f: 3.0}) for f in (6, 7)],
        anchor_run_id="id-broad",
        seed_run_id="id-small",
    )
    ids = [one.candidate_id for one in made]
    answer(capsys, "review", "accept", ids[0], "--author", "Ann")
    assert answer(capsys, "review", "reject", ids[1], code=2)["kind"] == "WrongUse"  # type: ignore[index]
    answer(capsys, "review", "reject", ids[1], "--reason", "off target", "--author", "Ann")
    listed = answer(capsys, "review")
    assert listed["coverage"] == {"now": 0.75, "if_accepted": 0.875, "if_pending_pass": 0.875}  # type: ignore[index]
    assert {c["candidate_id"]: c["state"] for c in listed["candidates"]} == {ids[0]: "accepted", ids[1]: "rejected"}  # type: ignore[index]
    done = answer(capsys, "export", "b", "-o", str(tmp_path / "out"))
    row = json.loads(Path(done["data"]).read_text())  # type: ignore[index]
    chain = answer(capsys, "trace", row["fac_candidate"])
    assert (chain["feature_id"], chain["state"], chain["rows"][0]["row"]) == (6, "accepted", 0)  # type: ignore[index]
    answer(capsys, "review", "undo", "--author", "Ann")
    assert [c["state"] for c in answer(capsys, "review", "--state", "rejected")["candidates"]] == []  # type: ignore[index]
    assert answer(capsys, "trace", "nothing", code=2)["kind"] == "NotFound"  # type: ignore[index]
    for arguments in (["review"], ["trace", ids[0]]):
        assert run(arguments) == 0
        assert "[red]6[/]" in capsys.readouterr().out


def test_labels_of_others_are_taken_over_and_what_was_no_label_is_said(workspace, tmp_path, capsys):
    file = tmp_path / "batch-0.jsonl"
    lines = [{"modelId": "m", "layer": "1-res", "index": str(i), "description": f"words of kind {i}"} for i in range(3)]
    file.write_text("\n".join([*map(json.dumps, lines), "{"]), encoding="utf-8")
    document = answer(capsys, "label", "--import", str(file), "--run", "broad")
    assert isinstance(document, dict)
    assert [one["text"] for one in document["imported"]] == ["words of kind 0", "words of kind 1", "words of kind 2"]
    assert document["bad_lines"][0]["origin"] == "batch-0.jsonl:4"
    assert run(["label", "--import", str(file), "--list"]) == 2
    assert "leave out the other options" in " ".join(capsys.readouterr().err.split())
