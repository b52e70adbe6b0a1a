"""Synthetic sets from end to end: one file a method, for seeds that no other row leaks into, compared at equal budgets."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fac_core.activations.spec import EncodeSpec
from fac_core.cli.app import run as command
from fac_core.datasets.chats import Message
from fac_core.errors import NotFound, WrongUse
from fac_core.generators.local import LocalGenerator
from fac_core.generators.scripted import Scripted
from fac_core.generators.seam import Request
from fac_core.lab.sets.label_check import label_check
from fac_core.lab.sets.pool import pool_of, split, states_of
from fac_core.lab.study.study_files import StudyConfig, read_config
from fac_core.lab.writing.dose import dose
from fac_core.lab.writing.scene import IN_ROUNDS, LIKEST, METHODS, PER_FEATURE, WritingSpec
from fac_core.lab.writing.written_sets import set_file, set_files, write_sets
from fac_core.store.workspace import Workspace
from fac_core.workflows.encode import encode

WORDS = [
    "contract",
    "party",
    "room",
    "whale",
    "bone",
    "café",
    "match",
    "minute",
    "team",
    "goal",
    "sum",
    "femur",
    "ear",
    "laugh",
    "she",
    "divide",
    "3",
    "late",
    "東京",
    "open",
]
SPEC = WritingSpec(n_seed=(4, 8), n_added=(3, 6), draws=2, per_feature=2)


def sentence(rng: np.random.Generator, *, n: int = 7) -> str:
    return " ".join(rng.choice(WORDS, n)) + "."


def written(request: Request) -> list[str]:
    return [sentence(np.random.default_rng((request.seed or 0, nth))) for nth in range(request.n)]


@pytest.fixture(scope="module")
def made(tmp_path_factory, model_of, sae_of):
    """A workspace with an encoded run, its study, and sets that were written for it."""
    folder, rng = tmp_path_factory.mktemp("written"), np.random.default_rng(0)
    records = []
    for i in range(160):
        rude = i % 4 == 0
        records.append({"text": sentence(rng) + (" She laughed!" if rude else ""), "label": int(rude)})
    data = folder / "texts.jsonl"
    data.write_text("\n".join(json.dumps(one) for one in records), encoding="utf-8")
    model = str(model_of("llama"))
    encoding = EncodeSpec(model=model, sae=str(sae_of("topk")), context=64, dtype="float32")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAC_CACHE", str(folder / "cache"))
        encode(data, encoding, name="texts", workspace=folder / "w")
        config = folder / "study.toml"
        config.write_text(f'name = "s"\ntask = "toxicity"\nrun = "texts"\nmodel = "{model}"\nblock = 2\ncontext = 64\n')
        generator = Scripted(written)
        costs = write_sets(read_config(config), folder / "sets", SPEC, Workspace(folder / "w"), generator=generator)
    return folder, config, costs, generator


def records(folder: Path, method: str) -> list[dict]:
    return [json.loads(line) for line in set_file(folder / "sets", method).read_text(encoding="utf-8").splitlines()]


def test_every_method_writes_as_many_texts_of_each_class_for_every_seed(made):
    folder, _, costs, _ = made
    assert set(set_files(folder / "sets")) == {*METHODS, PER_FEATURE, LIKEST}
    for method in (*METHODS, LIKEST):
        for draw in (0, 1):
            labels = [one["label"] for one in records(folder, method) if one["draw"] == draw]
            assert (labels.count("1"), labels.count("0")) == (3, 6)
    assert all(one.kept <= one.asked or one.method == PER_FEATURE for one in costs)


def test_texts_towards_a_feature_name_it_and_fire_it_and_are_not_written_twice(made):
    folder, _, _, _ = made
    for method in ("random features", "FAC Synthesis", IN_ROUNDS, "shortfalls"):
        found = [one for one in records(folder, method) if one["draw"] == 0]
        assert all(one["feature"] is not None for one in found)
        assert len({one["text"] for one in found}) == len(found)
    several = [one for one in records(folder, PER_FEATURE) if one["draw"] == 0]
    assert {one["nth"] for one in several} == {0, 1}
    assert {one["nth"] for one in records(folder, IN_ROUNDS)} == {0, 1, 2}


def test_the_likest_are_picked_from_what_the_others_wrote(made):
    folder, _, costs, _ = made
    theirs = {one["text"] for method in METHODS for one in records(folder, method)}
    assert {one["text"] for one in records(folder, LIKEST)} <= theirs
    asked = {one.method: one.asked for one in costs if one.draw == 0}
    assert asked[LIKEST] >= sum(asked[method] for method in METHODS)


def test_prompts_show_no_text_that_models_are_measured_on(made):
    folder, config, _, generator = made
    pool = pool_of(read_config(config), Workspace(folder / "w"))
    shown = "\n".join(message.content for request in generator.requests for message in request.messages)
    measured = [pool.texts[row] for row in split(pool, 0).test]
    others = {pool.texts[row] for row in range(len(pool))} - set(measured)
    assert any(text in shown for text in others)
    assert not any(text in shown for text in measured)


def test_written_again_the_files_are_the_same(made):
    folder, config, _, _ = made
    before = {method: path.read_bytes() for method, path in set_files(folder / "sets").items()}
    write_sets(read_config(config), folder / "sets", SPEC, Workspace(folder / "w"), generator=Scripted(written))
    assert {method: path.read_bytes() for method, path in set_files(folder / "sets").items()} == before


def test_sets_are_compared_at_equal_samples_and_at_equal_tokens_and_by_dose(made, capsys):
    folder, config, _, _ = made
    where = ["--sets", str(folder / "sets"), "-w", str(folder / "w"), "--json"]
    assert command(["lab", "baselines", str(config), *where, "--against", "unguided"]) == 0
    found = {one["method"]: one for one in json.loads(capsys.readouterr().out)}
    assert {*METHODS, "random real", "seed only"} <= set(found)
    assert {one["n_samples"] for name, one in found.items() if name != "seed only"} == {9}
    assert found["unguided"]["minus"][0] == 0
    assert command(["lab", "baselines", str(config), *where, "--budget", "tokens"]) == 0
    tokens = {one["method"]: one["n_tokens"] for one in json.loads(capsys.readouterr().out)}
    assert tokens["random real"] <= max(tokens[m] for m in METHODS) * 1.5
    figure = folder / "dose.svg"
    assert command(["lab", "dose", str(config), *where, "--figure", str(figure)]) == 0
    doses = json.loads(capsys.readouterr().out)
    mine = [one for one in doses if one["method"] == "FAC Synthesis"]
    assert [one["dose"] for one in mine] == [0.3, 0.6, 1.0]
    assert mine[0]["n_samples"] < mine[1]["n_samples"] < mine[2]["n_samples"] == 9
    assert [one["dose"] for one in doses if one["method"] == PER_FEATURE] == [1.0, 2.0]
    rounds = [one for one in doses if one["method"] == IN_ROUNDS]
    assert [one["dose"] for one in rounds] == [1.0, 2.0, 3.0]
    assert [one["n_samples"] for one in rounds] == [3, 6, 9]
    assert figure.read_text(encoding="utf-8").startswith("<svg")


def test_labels_are_checked_by_what_learned_from_the_anchor(made):
    folder, config, _, _ = made
    settings, workspace = read_config(config), Workspace(folder / "w")
    pool = pool_of(settings, workspace)
    parts = split(pool, settings.split)
    classify = label_check(pool, parts.anchor, states_of(settings, workspace), SPEC.names)
    found = np.array(classify([pool.texts[row] for row in parts.anchor])) == SPEC.names[0]
    assert (found == pool.positive[parts.anchor]).mean() > 0.7
    rude = Scripted(lambda r: [one + " She laughed!" * (nth % 2) for nth, one in enumerate(written(r))])
    checked = replace(SPEC, check_labels=True, draws=1)
    write_sets(settings, folder / "checked", checked, workspace, generator=rude)
    for path in set_files(folder / "checked").values():
        made_ones = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        names = [SPEC.names[0 if one["label"] == "1" else 1] for one in made_ones]
        assert classify([one["text"] for one in made_ones]) == names
        assert set(names) == set(SPEC.names)


def test_sets_that_are_not_there_and_wrong_settings_are_named(made, tmp_path):
    folder, config, _, _ = made
    with pytest.raises(NotFound, match="fac lab write-sets"):
        dose(read_config(config), tmp_path, Workspace(folder / "w"))
    with pytest.raises(WrongUse, match="no method 'magic'"):
        WritingSpec(methods=("magic",))
    pairs = StudyConfig(name="r", task="reward", run="texts", rejected="texts")
    with pytest.raises(WrongUse, match="two classes"):
        write_sets(pairs, tmp_path, SPEC, Workspace(folder / "w"))


def test_an_empty_message_of_the_user_is_written_by_the_model(model_of):
    generator = LocalGenerator(str(model_of("qwen2")))
    prompt = generator._prompt(Request((Message("system", "Sums."), Message("user", ""))))
    assert generator.tokenizer.decode(prompt).endswith("<|start|>user\n")
