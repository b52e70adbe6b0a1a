"""A small study from end to end: it resumes, chooses on one half only, and leaves files that say what it found."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from fac_core.cli.app import run as fac
from fac_core.errors import BadInput, NotFound, WrongUse
from fac_core.generators.scripted import Scripted
from fac_core.lab.sets.kinds_of_sets import Ground, draw_sets
from fac_core.lab.sets.pool import split
from fac_core.lab.sets.variants import Yardstick
from fac_core.lab.study import run as study_module
from fac_core.lab.study.conclusion import conclude
from fac_core.lab.study.run import run_study
from fac_core.lab.study.study_files import StudyConfig, open_folder, read_answers, read_config, read_study, studies
from fac_core.lab.tasks.answer_judge import judge_answers
from fac_core.report.charts import scatter
from fac_core.store.workspace import Workspace
from tests.checkout import ROOT
from tests.lab.pools import labelled_pool, pair_pool
from tests.runs import make_run

SMALL = {"n_positive": 12, "n_negative": 24, "draws": 2, "seeds": 1, "resamples": 30}
CONFIG = StudyConfig(name="small", task="toxicity", run="synthetic", **SMALL)


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    return Workspace.create(tmp_path / "w")


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Workspace:
    workspace = Workspace.create(tmp_path_factory.mktemp("study") / "w")
    run_study(labelled_pool(), CONFIG, open_folder(workspace, CONFIG))
    return workspace


def test_pool_anchor_and_test_share_no_row_and_have_like_shares_of_positives():
    pool = labelled_pool()
    parts = split(pool, 0)
    rows = np.concatenate([parts.train, parts.anchor, parts.test])
    assert sorted(rows) == list(range(len(pool)))
    shares = [pool.positive[p].mean() for p in (parts.train, parts.anchor, parts.test)]
    assert max(shares) - min(shares) < 0.02


def test_every_set_has_as_many_of_each_label_and_only_rows_of_the_pool():
    pool = labelled_pool()
    parts = split(pool, 0)
    sets = draw_sets(Ground(pool, Yardstick(pool, parts.anchor), parts.train), 12, 24, 2)
    assert len({s.set_id for s in sets}) == len(sets) > 30
    for one in sets:
        assert len(set(one.rows.tolist())) == len(one.rows) == 36
        assert pool.positive[one.rows].sum() == 12
        assert np.isin(one.rows, parts.train).all()


def test_kinds_move_what_their_names_say():
    pool = labelled_pool()
    parts = split(pool, 0)
    sets = draw_sets(Ground(pool, Yardstick(pool, parts.anchor), parts.train), 12, 24, 3)
    length = {
        k: np.mean([pool.n_tokens[s.rows].mean() for s in sets if s.kind == k]) for k in ("short", "medium", "long")
    }
    assert length["short"] < length["medium"] < length["long"]
    features = {
        k: np.mean([(pool.activations[s.rows].sum(axis=0) > 0).sum() for s in sets if s.kind == k])
        for k in ("greedy paper", "random", "narrow paper")
    }
    assert features["greedy paper"] >= features["random"] > features["narrow paper"]


def test_a_study_says_what_was_chosen_and_how_that_did_on_other_sets(finished):
    study = read_study(finished, "small")
    assert studies(finished) == ["small"]
    assert set(study.sets["half"].to_pylist()) == {"choice", "test"}
    assert study.summary["chosen"].startswith("FAC")
    assert study.summary["rival"].startswith("text")
    low, value, high = (study.summary["test"][study.summary["chosen"]]["pearson"][i] for i in (1, 0, 2))
    assert low <= value <= high
    assert study.summary["reached"].keys() == study.summary["bars"].keys()


def test_what_is_chosen_does_not_depend_on_the_scores_of_the_test_half(finished):
    sets = read_study(finished, "small").sets
    metrics = [c for c in sets.column_names if c.startswith(("FAC", "text", "size"))]
    half = np.array(sets["half"].to_pylist())
    mixed = sets["score"].to_numpy().copy()
    mixed[half == "test"] = np.random.default_rng(0).random((half == "test").sum())
    changed = sets.set_column(sets.column_names.index("score"), "score", [mixed])
    (_, before), (_, after) = (conclude(s, metrics, chosen=None, n_resamples=10) for s in (sets, changed))
    assert before["chosen"] == after["chosen"]
    assert before["test"] != after["test"]


def test_an_interrupted_study_scores_only_what_is_missing(workspace, monkeypatch):
    pool, folder = labelled_pool(), open_folder(workspace, CONFIG)
    first = run_study(pool, CONFIG, folder)
    lines = (folder / "scores.jsonl").read_text().splitlines()
    (folder / "scores.jsonl").write_text("\n".join(lines[:-2]) + "\n" + lines[-2][:20])  # the last line is cut
    learned, calls = study_module.learned, []
    monkeypatch.setattr(study_module, "learned", lambda *a, **k: calls.append(1) or learned(*a, **k))
    assert run_study(pool, CONFIG, folder)["test"] == first["test"]
    assert len(calls) == 2


def test_a_definition_that_another_study_chose_is_tested_on_every_set(workspace, finished):
    config = StudyConfig(
        name="pairs", task="reward", run="a", rejected="b", **{**SMALL, "n_positive": 40, "n_negative": 0}
    )
    before = read_study(finished, "small")
    summary = run_study(pair_pool(), config, open_folder(workspace, config), chosen_by=before)
    assert summary["chosen"] == before.summary["chosen"]
    assert set(summary["n_sets"]) == {"test"}
    assert "agreement" not in summary


def test_a_definition_of_positives_is_carried_to_pairs(finished, workspace):
    before = read_study(finished, "small")
    before = replace(before, summary={**before.summary, "chosen": "FAC q90 m1 positives relevant"})
    config = replace(CONFIG, name="carried", task="reward", rejected="worse", n_negative=0, chosen_by="small")
    summary = run_study(pair_pool(), config, open_folder(workspace, config), chosen_by=before)
    assert summary["chosen"] == "FAC q90 m1 all"


def test_another_learner_is_held_against_the_head_on_the_same_sets(workspace, finished, model_of):
    pool, before = labelled_pool(), read_study(finished, "small")
    config = replace(CONFIG, name="adapted", learner="LoRA", model=str(model_of("llama")), kinds="near; short; long")
    summary = run_study(pool, config, open_folder(workspace, config), chosen_by=before)
    sets = read_study(workspace, "adapted").sets
    assert sorted(set(sets["kind"].to_pylist())) == ["long", "near", "short"]
    assert summary["agreement"]["n_sets"] == len(sets) == 6
    mine = dict(zip(before.sets["set_id"].to_pylist(), before.sets["score"].to_pylist(), strict=True))
    paired = [mine[name] for name in sets["set_id"].to_pylist()]
    wanted = np.corrcoef(paired, sets["score"].to_numpy())[0, 1]
    assert summary["agreement"]["pearson"][0] == pytest.approx(wanted)


def test_instructions_are_learned_by_lora_and_their_demands_are_checked(workspace, finished, model_of):
    words = labelled_pool(120)
    pairs = tuple((f"Say {text.split()[0]}", text) for text in words.texts)
    pool = replace(words, task="instructions", positive=np.ones(120, dtype=bool), pairs=pairs)
    config = StudyConfig(
        name="asked", task="instructions", run="i", learner="LoRA", model=str(model_of("llama")), context=32,
        kinds="short; long", chosen_by="small", **{**SMALL, "n_positive": 8, "n_negative": 0, "draws": 1},
    )  # fmt: skip
    run_study(pool, config, open_folder(workspace, config), chosen_by=read_study(finished, "small"))
    sets = read_study(workspace, "asked").sets
    assert (sets["score"].to_numpy() < 0).all()
    assert all(0 <= share <= 1 for share in sets["also demands met"].to_pylist())
    assert (sets["n_samples"].to_numpy() == 8).all()
    taught = read_answers(workspace, "asked", "short 0")
    found = judge_answers("asked", "short 0", "short 0", Scripted(lambda _: "1"), workspace)
    assert (found.win_rate, found.consistency, found.n_pairs) == (0.5, 0, len(taught[0]))  # it answers by position
    with pytest.raises(NotFound, match="long 0, short 0"):
        read_answers(workspace, "asked", "random 0")
    with pytest.raises(WrongUse, match="kept no answers"):
        read_answers(finished, "small", "random 0")


def test_a_study_does_not_go_on_under_other_settings(workspace):
    open_folder(workspace, CONFIG)
    other = StudyConfig(name="small", task="toxicity", run="synthetic", **{**SMALL, "seeds": 2})
    with pytest.raises(WrongUse, match="another seeds"):
        open_folder(workspace, other)
    with pytest.raises(NotFound, match="there is none"):
        read_study(workspace, "small")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "x"\ntask = "toxicity"', "lacks a setting"),
        ('name = "x"\ntask = "toxicity"\nrun = "r"\ncolour = 1', "'colour'"),
        ('name = "x"\ntask = "toxicity"\nrun = "r"\nseeds = "three"', "whole number"),
        ('name = "x"\ntask = "instructions"\nrun = "r"', "head cannot"),
        ('name = "../x"\ntask = "toxicity"\nrun = "r"', "letters, digits"),
        ('name = "x"\ntask = "reward"\nrun = "r"', "rejected"),
        ("name = ", "is not TOML"),
    ],
)
def test_settings_that_make_no_sense_are_refused_with_the_file_and_the_reason(tmp_path, text, said):
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(BadInput, match=said) as error:
        read_config(tmp_path / "s.toml")
    assert "s.toml" in str(error.value)


def test_the_settings_that_ship_can_be_read():
    for path in sorted((ROOT / "data" / "studies").glob("*.toml")):
        assert read_config(path).name == path.stem


def test_the_command_runs_a_study_on_a_real_run_and_draws_it(workspace, model_of, tmp_path, monkeypatch, capsys):
    pool = labelled_pool(220, topics=4)
    cells = pool.activations.tocoo()
    active = [(int(f), int(s), float(f"{v:.3e}")) for s, f, v in zip(cells.row, cells.col, cells.data, strict=True)]
    labels = [{"label": int(p)} for p in pool.positive]
    texts = [f"{'She laughed' if p else 'Sum 3 and 4'} {t}" for p, t in zip(pool.positive, pool.texts, strict=True)]
    run = make_run(
        workspace.run_path("id-r"),
        "r",
        active,
        len(pool),
        60,
        texts=texts,
        n_tokens=pool.n_tokens.tolist(),
        metadata=labels,
    )
    run.close()
    settings = f'name = "tiny"\ntask = "toxicity"\nrun = "r"\nmodel = "{model_of("llama").as_posix()}"\nblock = 2\n'
    settings += "n_positive = 8\nn_negative = 14\ndraws = 2\nseeds = 1\nresamples = 20\n"
    (tmp_path / "tiny.toml").write_text(settings)
    monkeypatch.setenv("FAC_WORKSPACE", str(workspace.folder))
    assert fac(["lab", "study", str(tmp_path / "tiny.toml"), "--figure", str(tmp_path / "f.svg"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["summary"]["name"] == "tiny"
    assert "<svg" in (tmp_path / "f.svg").read_text()
    made = tmp_path / "made.jsonl"
    made.write_text(
        "\n".join(
            json.dumps({"text": f"{t} {i}", "label": n}) for i in range(9) for t, n in [("laughed", 1), ("Sum", 0)]
        )
    )
    call = ["lab", "baselines", str(tmp_path / "tiny.toml"), "--seed", "4,8", "--add", "5,9", "--draws", "2"]
    assert fac([*call, "--backbone", f"{model_of('llama').as_posix()}:1", "--texts", f"made={made}", "--json"]) == 0
    methods = {row["method"]: row for row in json.loads(capsys.readouterr().out)}
    assert methods["made"]["n_samples"] == methods["random real"]["n_samples"] == 14
    assert fac([*call, "--backbone", "llama"]) == 2
    assert "MODEL:BLOCK" in capsys.readouterr().err


def test_a_figure_escapes_what_it_shows():
    drawn = scatter([(0.0, 1.0, "<script>"), (1.0, 1.0, "b")], title="a & b", x_title="<x>", y_title="y")
    assert "<script>" not in drawn
    assert "a &amp; b" in drawn
