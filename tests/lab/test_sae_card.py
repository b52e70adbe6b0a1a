"""The command that measures what the card of a SAE cites."""

from __future__ import annotations

import json

import numpy as np
import pytest

from fac_core.cli.app import run as command
from fac_core.errors import WrongUse
from fac_core.lab.sae_card.card_numbers import card_numbers
from tests import tiny

WORDS = sorted({word for text in tiny.TEXTS for word in text.split()})


@pytest.fixture
def texts() -> list[str]:
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(WORDS, 40)) for _ in range(60)]


def test_the_command_prints_every_number_with_chance_beside_it(texts, tmp_path, model_of, sae_of, capsys):
    path = tmp_path / "texts.jsonl"
    path.write_text("\n".join(json.dumps({"text": text}) for text in texts), encoding="utf-8")
    asked = ["lab", "sae-card", str(path), "--sae", str(sae_of("topk")), "--model", str(model_of("llama"))]
    assert command([*asked, "--limit", "50", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["windows"] >= 50
    assert found["l0"] == pytest.approx(6, abs=0.5)  # k of this SAE; what is not positive is not active
    assert 0 <= found["dead"] < 1
    assert found["fvu"] > 0
    loss = found["loss"]
    assert found["loss_recovered"] == pytest.approx(
        (loss["ablated"] - loss["spliced"]) / (loss["ablated"] - loss["clean"])
    )
    score = found["interpretability"]
    assert score["features"] > 5
    assert score["score"] > score["chance"] + 0.1
    assert score["chance"] == pytest.approx(0.5, abs=0.06)
    assert command([*asked, "--limit", "50"]) == 0
    assert "loss recovered" in capsys.readouterr().out


def test_the_same_texts_give_the_same_numbers_and_too_few_are_refused(texts, model_of, sae_of):
    model, sae = str(model_of("llama")), str(sae_of("topk"))
    one, again = (card_numbers(texts, model, sae, n_features=5, n_spliced=2) for _ in range(2))
    assert one == again
    assert len(one.scores) <= 5
    with pytest.raises(WrongUse, match="1 windows"):
        card_numbers(texts, model, sae, limit=1)
