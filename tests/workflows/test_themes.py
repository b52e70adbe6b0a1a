"""A whole theme in one act: found by its name, decided about, taken back by one undo."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from fac_core.cli.app import run as command
from fac_core.curation.review import Reviews
from fac_core.errors import NotFound, WrongUse
from fac_core.naming.labels import Labels
from fac_core.store.measurements import Measurement
from fac_core.store.workspace import Workspace
from fac_core.synthesis.candidates import Candidate, Candidates, Verdict
from fac_core.synthesis.spec import SynthesisSpec
from fac_core.synthesis.steps import ask
from fac_core.view import View
from fac_core.workflows.synthesise import prepared
from fac_core.workflows.themes import (
    accepted_by_theme,
    filled_by,
    filled_by_batch,
    find_texts,
    theme_named,
    triage_of,
    triage_theme,
)
from tests.batches import candidate as candidate_of
from tests.batches import make_batch
from tests.runs import make_run

N = 80


@pytest.fixture
def view(tmp_path) -> View:
    """An anchor of courts (features 0 and 1) and bones (2, 3 and 4), and a seed of courts alone."""
    place = Workspace.create(tmp_path / "w")
    courts, bones = ([f"{said} {i}" for i in range(N)] for said in ("the court ruled", "bones and blood"))
    anchor = [(f, s, 1.0 + f + s) for f in range(2) for s in range(N)]
    anchor += [(f, s, 1.0 + f + s) for f in (2, 3, 4) for s in range(N, 2 * N)]
    make_run(
        place.run_path("p"), "anchor", anchor, 2 * N, 6, run_id="p", texts=courts + bones, n_tokens=[6] * 2 * N
    ).close()
    seed = [(f, s, 1.0 + f + s) for f in range(2) for s in range(N)]
    make_run(place.run_path("q"), "seed", seed, N, 6, run_id="q", texts=courts, n_tokens=[6] * N).close()
    place.set_anchor("anchor")
    return View.find("seed", "anchor", workspace=place)


def test_a_theme_is_found_by_the_beginning_of_its_name_and_a_wrong_one_lists_them(view):
    (theme,) = view.missing().themes
    assert theme_named(view, theme.name[:5].upper()) == theme
    for wrong in ("contracts", "", " "):
        with pytest.raises(NotFound, match=theme.name):
            theme_named(view, wrong)


def test_one_act_decides_all_of_it_and_one_undo_takes_it_back(view):
    theme, triage = view.missing().themes[0], triage_of(view)
    triage_theme(view, theme, "target", author="Ann")
    assert triage.targets() == theme.features == (3, 4)
    triage_theme(view, theme, "later", author="Ann", reason="needs an expert")
    assert {d.state for d in triage.decisions().values()} == {"later"}
    triage.undo(triage.last("Ann"), author="Ann")
    assert triage.targets() == (3, 4)
    triage.undo(triage.last("Ann"), author="Ann")
    assert triage.decisions() == {}


def test_what_somebody_took_away_for_a_reason_or_decided_since_is_left(view):
    theme, triage = view.missing().themes[0], triage_of(view)
    triage.decide(3, "label wrong", author="Bob", seen=0, reason="several meanings")
    assert len(triage_theme(view, theme, "target", author="Ann")) == 1
    assert triage.decision(3).author == "Bob"
    assert triage_theme(view, theme, "later", author="Ann", seen={}) == []


def test_a_theme_is_not_put_aside_for_good_without_a_reason(view):
    with pytest.raises(WrongUse, match="needs a reason"):
        triage_theme(view, view.missing().themes[0], "not relevant", author="Ann")


def test_the_command_decides_about_a_theme_or_features_and_takes_back(view, capsys):
    folder = ["-w", str(view.workspace.folder), "--author", "Ann"]
    theme, triage = view.missing().themes[0], triage_of(view)
    assert command(["triage", "--theme", theme.name, "--state", "target", "--json", *folder]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 2
    assert command(["triage", "3", "--state", "not relevant", "--reason", "too rare", *folder]) == 0
    assert triage.targets() == (4,)
    assert command(["triage", "--undo", *folder]) == 0
    assert triage.targets() == (3, 4)
    for wrong in (
        ["--theme", theme.name],
        ["2"],
        [],
        ["2", "--undo"],
        ["--undo", "--state", "later"],
        ["2", "--state", "x"],
    ):
        assert command(["triage", *wrong, *folder]) == 2
    assert command(["triage", "99", "--state", "later", *folder]) != 0


def test_real_texts_of_a_theme_come_from_other_runs_the_strongest_first(view, tmp_path, capsys):
    theme = view.missing().themes[0]
    texts = find_texts(view, theme, n=5)
    assert len(texts) == 5
    assert all(text.run == "anchor" and text.text.startswith("bones") for text in texts)
    strengths = [text.belonging for text in texts]
    assert strengths == sorted(strengths, reverse=True)
    assert strengths[0] == 1.0
    assert texts[0].belongs
    assert find_texts(view, theme, ["seed"]) == ()
    asked = ["find", "--theme", theme.name, "-w", str(view.workspace.folder)]
    assert command([*asked, "-n", "3", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["theme"], len(document["texts"])) == (theme.name, 3)
    share = filled_by(view, theme, texts)
    assert (share.added, share.belong) == (5, sum(text.belongs for text in texts))
    assert (share.before.n, share.after.n, share.after.of) == (0, share.belong, view.run.n_samples + 5)
    assert command([*asked, "-n", "5", "-o", str(tmp_path / "found.jsonl")]) == 0
    assert share.said() in " ".join(capsys.readouterr().out.split())
    written = [json.loads(line) for line in (tmp_path / "found.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(row["run"], row["text"]) for row in written] == [(text.run, text.text) for text in texts]
    assert command([*asked, "-n", "1", "-o", str(tmp_path / "found.jsonl")]) == 2
    assert len((tmp_path / "found.jsonl").read_text(encoding="utf-8").splitlines()) == 5
    assert command([*asked, "-o", str(tmp_path / "found.jsonl" / "no.jsonl")]) == 2
    capsys.readouterr()
    assert command(["find", "2", "-o", str(tmp_path / "no.jsonl"), "-w", str(view.workspace.folder)]) == 2
    assert command([*asked, "--in", "seed"]) == 0
    assert "No text of these runs" in capsys.readouterr().out
    assert command([*asked, "--gaps"]) == 2


def candidate(name: str, verdict: Verdict) -> Candidate:
    return Candidate(name, "batch", 3, name, {}, "text", "one step", "text@1", "scripted", {}, 9.0, 1.0, (), verdict)


def test_what_passes_and_belongs_adds_to_the_share_of_a_theme(view):
    theme, workspace = view.missing().themes[0], view.workspace
    before = filled_by_batch(view, theme, "batch")
    assert (before.before.n, before.after, before.added) == (0, before.before, 0)
    assert before.anchor.n > 0
    strong = np.array([3, 4], np.uint32), np.full(2, 1e6, np.float32)
    silent = np.array([0], np.uint32), np.ones(1, np.float32)
    made: dict[str, tuple[Verdict, tuple[np.ndarray, np.ndarray]]] = {
        "of it": ("passes", strong),
        "other": ("passes", silent),
        "no copy": ("copy", strong),
    }
    measured = [Measurement(name, 1, *fires) for name, (_, fires) in made.items()]
    workspace.measurements().record("batch", measured)
    Candidates(workspace.events()).record(
        [candidate(name, verdict) for name, (verdict, _) in made.items()], author="Ann"
    )
    found = filled_by_batch(view, theme, "batch")
    assert (found.added, found.belong) == (2, 1)
    assert (found.before.n, found.after.n, found.after.of) == (0, 1, view.run.n_samples + 2)


def test_what_people_accepted_is_counted_by_theme_and_each_text_once(view):
    (name, *_) = (theme.name for theme in view.missing().themes)
    assert accepted_by_theme(view) == {}
    strong, silent = {3: 1e6, 4: 1e6}, {0: 1.0}
    made = {"of it": strong, "of it again": strong, "not decided": strong, "of courts": silent}
    runs = {"anchor_run_id": view.anchor.run_id, "seed_run_id": view.run.run_id}
    written = [
        one
        for batch in ("b", "c")
        for one in make_batch(
            view.workspace,
            [(candidate_of(batch, 3, n, text=text), fires) for n, (text, fires) in enumerate(made.items())],
            batch_id=batch,
            **runs,
        )
    ]
    for one in written:
        if one.text != "not decided":
            Reviews(view.workspace.events(), one.batch_id).decide(one, "accepted", author="Ann", seen=0)
    assert accepted_by_theme(view)[name] == 2


def test_a_theme_is_what_texts_are_written_for_and_stands_in_every_prompt(view):
    theme = view.missing().themes[0]
    spec = SynthesisSpec(theme=theme.name[:5].upper(), seed="seed", shape="text", prompt="text")
    found = prepared(spec, view.workspace)
    assert found.settings.targets == theme.features
    assert found.settings.values["theme"] == theme.name
    (one, *_) = ask("one step", found.targets[0], [], 0, spec, found.template)
    said = one.request.messages[-1].content
    assert f'"{theme.name}"' in said
    assert ", ".join(f'"{word}"' for word in theme.words) in said
    passages = said.partition("Passages of real texts of the theme:\n")[2].splitlines()[:3]
    assert all(re.fullmatch(r'- "bones and blood \d+"', line) for line in passages)
    assert one.note["theme"] == theme.name
    triage_of(view).decide(theme.features[0], "label wrong", author="Ann", seen=0, reason="several meanings")
    assert prepared(spec, view.workspace).settings.targets == theme.features[1:]
    with pytest.raises(NotFound, match=theme.name):
        prepared(SynthesisSpec(theme="nothing", seed="seed"), view.workspace)


def test_a_brief_is_of_the_approved_features_or_of_all_while_nobody_decided(view):
    theme, triage = view.missing().themes[0], triage_of(view)
    strongest, other = theme.features
    Labels(view.workspace.events(), view.anchor.space_id).rename(other, "sore bones", author="Ann")
    spec = SynthesisSpec(theme=theme.name, targets=(strongest,), seed="seed")

    def named() -> list[str]:
        (target,) = prepared(spec, view.workspace).targets
        assert target.theme is not None
        return [name for name, _ in target.theme.features]

    assert named() == ["", "sore bones"]
    triage.decide(other, "target", author="Ann", seen=0)
    assert named() == ["sore bones"]


def test_a_batch_without_a_theme_is_the_batch_that_it_was(view):
    assert "theme" not in prepared(SynthesisSpec(targets=(3,), seed="seed"), view.workspace).settings.values
