"""The commands: results on stdout, one JSON document with --json, exit codes 0, 1, 2, errors that say what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fac_core.cli.app import run
from tests import tiny
from tests.runs import make_run

ANCHOR = [(feature, sample, 1.0 + sample) for feature in range(8) for sample in range(4)]
SEED = [(feature, sample, 0.5 + sample) for feature in range(6) for sample in range(3)] + [(9, 0, 1.0)]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one workspace of two runs: 8 features occur, 6 of them fire in the seed, and an extra one."""
    from fac_core.store.workspace import Workspace

    place = Workspace.create(tmp_path / "project" / "workspace")
    make_run(place.run_path("id-broad"), "broad", ANCHOR, 4, 12).close()
    make_run(place.run_path("id-small"), "small", SEED, 3, 12).close()
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.delenv("FAC_WORKSPACE", raising=False)
    return place.folder


def answer(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> object:
    """Run a command and return its one JSON document."""
    assert run([*arguments, "--json"]) == code
    captured = capsys.readouterr().out
    assert captured.count("\n") == 1
    return json.loads(captured)


def test_coverage_needs_no_argument_where_there_is_one_workspace(workspace, capsys):
    document = answer(capsys, "coverage")
    assert isinstance(document, dict)
    assert (document["fac"], document["numerator"], document["denominator"], document["delta"]) == (0.75, 6, 8, 0.0)
    assert document["n_extra"] == 1
    assert document["interval"]["low"] <= 0.75 <= document["interval"]["high"]
    assert set(document["presets"]) == {"paper", "calibrated"}


def test_runs_is_a_list(workspace, capsys):
    assert [r["name"] for r in answer(capsys, "runs")] == ["broad", "small"]  # type: ignore[attr-defined, index]


def test_gaps_name_the_missing_features(workspace, capsys):
    assert [g["feature_id"] for g in answer(capsys, "gaps")] == [6, 7]  # type: ignore[attr-defined, index]


@pytest.mark.parametrize(
    ("kind", "at", "field"), [("threshold", 0, "fac"), ("growth", -1, "mean"), ("count", 0, "fac")]
)
def test_every_curve_meets_coverage_at_one_end(workspace, capsys, kind, at, field):
    points = answer(capsys, "curve", kind)
    assert isinstance(points, list)
    assert points[at][field] == 0.75


def test_top_lists_the_strongest_samples_first(workspace, capsys):
    document = answer(capsys, "feature", "3", "--top", "2")
    assert isinstance(document, dict)
    assert [e["activation"] for e in document["examples"]] == [4.0, 3.0]


def test_gap_closure_stands_beside_fac_under_its_own_name(workspace, capsys):
    from fac_core.store.workspace import Workspace

    make_run(Workspace(workspace).run_path("id-made"), "made", [(6, 0, 2.0)], 1, 12).close()
    document = answer(capsys, "coverage", "made", "--anchor", "broad", "--closes", "small")
    assert isinstance(document, dict)
    assert document["gap_closure"]["closure"] == 0.5
    assert document["fac"] == 0.125


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["feature", "99", "--top", "5"], "features of 'broad' go from 0 to 11"),
        (["coverage", "nothing"], "there is broad"),
        (["coverage", "--preset", "loose"], "is not one of 'paper', 'calibrated'"),
        (["coverage", "--delta", "-1"], "give a number from 0 on"),
        (["curve", "sideways"], "choose threshold, growth, count"),
        (["coverage", "--no-such-option"], "No such option"),
        (["gaps", "--workspace", "elsewhere"], "`fac encode` makes one"),
    ],
)
def test_wrong_use_is_exit_code_2_and_says_what_to_do(workspace, capsys, arguments, says):
    document = answer(capsys, *arguments, code=2)
    assert isinstance(document, dict)
    assert says in document["error"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["runs"],
        ["coverage", "--versus", "broad"],
        ["gaps"],
        ["curve"],
        ["curve", "growth"],
        ["curve", "count"],
        ["gaps", "--why"],
        ["feature", "3", "--top", "3"],
        ["label", "--list"],
        ["compare"],
        ["--help"],
    ],
)
def test_every_table_prints_for_people(workspace, capsys, arguments):
    assert run(arguments) == 0
    assert capsys.readouterr().out.strip()


def test_markup_in_a_text_is_shown_and_not_obeyed(workspace, capsys):
    """Sample text is untrusted: brackets that look like terminal markup come out as they are."""
    from fac_core.cli.output import highlighted
    from fac_core.evidence.examples import Example, TokenValue

    peak = TokenValue(4, 14, 2.0)
    example = Example(0, 2.0, "see [bold red]x[/] \x1b[31mred\u202e", {}, peak, (peak,))
    shown = highlighted(example).plain
    assert "[bold red]" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_encode_from_the_command_line(tmp_path, model_of, sae_of, capsys):
    source = tmp_path / "texts.txt"
    source.write_text("\n".join(tiny.TEXTS), encoding="utf-8")
    info = answer(
        capsys, "encode", str(source), "-w", str(tmp_path / "w"), "--model", str(model_of("llama")), "--sae", str(sae_of("topk")),
        "--dtype", "float32", "--context", "32", "--anchor",
    )  # fmt: skip
    assert isinstance(info, dict)
    assert info["n_samples"] == 7
    assert json.loads((tmp_path / "w" / "workspace.json").read_text())["anchor"] == info["run_id"]


def test_encode_with_several_saes_from_the_command_line(tmp_path, model_of, sae_of, capsys):
    source = tmp_path / "texts.txt"
    source.write_text("\n".join(tiny.TEXTS), encoding="utf-8")
    place = str(tmp_path / "w")
    saes = ["--sae", str(sae_of("topk")), "--sae", str(sae_of("jumprelu"))]
    given = ["encode", str(source), "-w", place, "--model", str(model_of("llama")), "--dtype", "float32", "--anchor"]
    found = answer(capsys, *given, *saes)
    assert [info["activation_mode"] for info in found] == ["topk-6", "jumprelu"]  # type: ignore[attr-defined, index]
    assert json.loads((tmp_path / "w" / "workspace.json").read_text())["anchor"] == found[0]["run_id"]  # type: ignore[index]
    assert run([*given, *saes]) == 0
    assert capsys.readouterr().out.count("Run texts") == 2


def test_a_dataset_without_any_sample_to_encode_is_refused_and_leaves_no_run(tmp_path, model_of, sae_of, capsys):
    """A chat of nothing but a system prompt has no content: before, exit 0, and `fac missing` said that nothing is missing."""
    space = ["--model", str(model_of("llama")), "--sae", str(sae_of("topk")), "--dtype", "float32"]
    (tmp_path / "a.jsonl").write_text('{"messages": [{"role": "system", "content": "Be brief."}]}\n')
    assert run(["encode", str(tmp_path / "a.jsonl"), "-w", str(tmp_path / "w"), *space]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "has no sample that can be encoded: 1 no_content_tokens; the first, a.jsonl:1, " in told
    assert not [*(tmp_path / "w" / "runs").glob("*.duckdb")]


def test_doctor_names_a_mend_for_everything_that_is_missing(capsys, monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    document = answer(capsys, "doctor", code=1)
    assert isinstance(document, dict)
    assert not document["healthy"]
    assert all(check["mend"] for check in document["checks"] if not check["ok"])


def test_doctor_names_the_device_that_encoding_will_take(capsys, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert run(["doctor", "--json"]) == 0
    found = {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert (found["device"]["ok"], found["device"]["found"]) == (True, "mps")


def test_why_gives_every_gap_a_cause(workspace, capsys):
    assert [(g["feature_id"], g["cause"]) for g in answer(capsys, "gaps", "--why")] == [  # type: ignore[attr-defined, index]
        (6, "never fires"),
        (7, "never fires"),
    ]


def test_match_compares_two_spaces_of_one_dataset(tmp_path, workspace, capsys):
    import numpy as np

    from fac_core.store.workspace import Workspace

    g = np.random.default_rng(0).lognormal(size=(40, 6)).round(2)
    rows = [(f, s, float(g[s, f])) for f in range(6) for s in range(40)]
    for space in ("A", "B"):
        path = Workspace(workspace).run_path(f"id-in-{space}")
        make_run(path, f"in-{space}", rows, 40, 6, space, dataset_id="one").close()
    found = answer(capsys, "space", "match", "in-A", "in-B")
    assert (found["share"], found["n_tried"]) == (1.0, 6)  # type: ignore[index]
    assert answer(capsys, "space", "match", "broad", "in-A", code=2)["kind"] == "ModelMismatch"  # type: ignore[index]


def test_feature_shows_both_sides_and_why_it_is_missing(workspace, capsys):
    document = answer(capsys, "feature", "6")
    assert isinstance(document, dict)
    evidence = document["evidence"]
    assert (evidence["state"], evidence["cause"], evidence["nearest_miss"]) == ("uncovered", "never fires", None)
    assert evidence["anchor"]["n_active"] == 4
    assert {n["neighbour_id"] for n in document["neighbours"]["by_samples"]} == set(range(8)) - {6}
    assert run(["feature", "6"]) == 0
    printed = capsys.readouterr().out
    assert "Why it is missing: never fires" in printed
    assert "contains 25.0%" in printed


def test_feature_folds_duplicates_until_asked_for_them(workspace, capsys):
    assert run(["feature", "3"]) == 0
    assert "3 duplicates are folded" in capsys.readouterr().out
    assert run(["feature", "3", "--duplicates"]) == 0
    assert "duplicates are folded" not in capsys.readouterr().out


def test_a_feature_that_there_is_not_is_wrong_use(workspace, capsys):
    assert isinstance(document := answer(capsys, "feature", "12", code=2), dict)
    assert "from 0 to 11" in document["error"]


def test_the_saes_of_a_model_are_listed_with_the_advised_one_first(capsys):
    document = answer(capsys, "space", "list", "google/gemma-2-2b")
    assert isinstance(document, dict)
    assert document["advised"] == document["saes"][0]["name"]
    assert set(document["saes"][0]) >= {"release", "sae_id", "hook", "layer", "width", "l0"}
    assert run(["space", "list", "google/gemma-2-2b", "-n", "1"]) == 0
    said = "".join(capsys.readouterr().out.split())
    assert f"Take{document['advised']}" in said
    assert "1of1,050" in said
    assert run(["space", "list", "nobody/nothing"]) == 2
    assert "fac space train-sae" in capsys.readouterr().err
