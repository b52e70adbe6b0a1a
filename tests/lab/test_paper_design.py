"""The paper's design: arms that differ in what they were written for and in nothing else, and contrasts with right values."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from fac_core.activations.spec import EncodeSpec
from fac_core.cli.app import run as fac
from fac_core.errors import RunBroken, WrongUse
from fac_core.generators import named as naming
from fac_core.generators.scripted import Scripted
from fac_core.generators.seam import Request
from fac_core.lab.study import paper_design as study
from fac_core.lab.study.paper_bank import Banked
from fac_core.lab.study.paper_design import CELLS, HUMAN, NOTHING, UNGUIDED, Effect, Scored, alike, drawn, effects, scored
from fac_core.lab.study.paper_material import Check, Material, PaperDesign
from fac_core.lab.tasks.hidden_states import Passage
from fac_core.workflows.encode import encode
from tests.lab.pools import labelled_pool

PLAIN = "contract party room whale bone café match minute team goal sum femur ear she divide 3 late 東京 open party".split()
RUDE = "laughed smallest scored stapes Naïve human terminated longest".split()
SETTINGS = """
name = "tiny"
anchor = "hh"
tweets = "tweets"
checks = "rest"
test = "test"
block = 2
checker_block = 2
context = 64
features = 8
per_feature = 6
rounds = 10
n_unguided = 8
n_safe = 24
n_human = 3
n_positive = 8
draws = 3
"""


def sentence(rng: np.random.Generator, *, rude: bool) -> str:
    words = rng.choice(RUDE if rude else PLAIN, int(rng.integers(5, 9)))
    return " ".join([*words, str(rng.choice(PLAIN))]) + "."


def written(request: Request) -> list[str]:
    rngs = [np.random.default_rng((request.seed or 0, nth)) for nth in range(request.n)]
    return [sentence(rng, rude=bool(rng.random() < 0.7)) for rng in rngs]


@pytest.fixture(scope="module")
def place(tmp_path_factory, model_of, sae_of):
    """A workspace with the four runs of a study, its settings, and the texts that are measured on."""
    folder, rng = tmp_path_factory.mktemp("paper"), np.random.default_rng(0)
    model = str(model_of("llama"))
    spec = EncodeSpec(model=model, sae=str(sae_of("topk")), context=64, dtype="float32")

    def record(run: str, i: int) -> dict[str, object]:
        rude = i % 3 == 0
        text = sentence(rng, rude=rude)
        if run == "hh":
            return {"text": text, "label": "Human" if rude or i % 3 == 1 else "Assistant"}
        return {"text": text, "label": int(rude) if run == "test" else (int(rng.integers(2)) if rude else 2)}

    measured: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAC_CACHE", str(folder / "cache"))
        for run, n in (("hh", 260), ("tweets", 240), ("rest", 60), ("test", 90)):
            records = [record(run, i) for i in range(n)]
            measured = [str(one["text"]) for one in records]
            data = folder / f"{run}.jsonl"
            data.write_text("\n".join(json.dumps(one) for one in records), encoding="utf-8")
            encode(data, spec, name=run, workspace=folder / "w")
    config = folder / "paper.toml"
    config.write_text(SETTINGS + f'model = "{model}"\nchecker = "{model_of("mistral")}"\n', encoding="utf-8")
    return folder, config, measured


def test_the_whole_study_on_a_tiny_model(place, monkeypatch, capsys):
    folder, config, measured = place
    writers = [Scripted(written, name) for name in ("one", "another")]
    monkeypatch.setattr(naming, "named", lambda _kind, name: next(w for w in writers if w.name == name))
    command = ["lab", "paper-design", str(config), "-w", str(folder / "w"), "--model", "one", "--model", "another"]
    assert fac([*command, "--json", "--figure", str(folder / "f.svg")]) == 0
    said = json.loads(capsys.readouterr().out)
    assert set(said["arms"]) == set(said["effects"]) == {"one", "another"}
    for arms in said["arms"].values():
        assert {one["arm"] for one in arms} == {NOTHING, HUMAN, UNGUIDED, *CELLS}
        for draw in range(3):
            assert len({one["n_texts"][draw] for one in arms if one["arm"] != NOTHING}) == 1
            assert all(0 <= one["auprc"][draw] <= 1 for one in arms)
    [one, another] = [[arm["auprc"] for arm in arms if arm["arm"] == HUMAN] for arms in said["arms"].values()]
    assert np.shape(one) == np.shape(another) == (1, 3)
    assert (folder / "f.svg").read_text(encoding="utf-8").count("<title>") == 2 * len(study.CONTRASTS)
    shown = "\n".join(message.content for request in writers[0].requests for message in request.messages)
    assert not any(text in shown for text in measured)
    asked = len(writers[0].requests)
    assert fac(command) == 0
    assert "relevance minus missingness" in capsys.readouterr().out
    assert len(writers[0].requests) == asked
    bank = next((folder / "w" / "studies" / "tiny").glob("bank-*.json"))
    bank.write_text("{}", encoding="utf-8")
    assert fac(command) == 1
    assert "damaged" in capsys.readouterr().err
