"""The check of a card, its parts tried on the processor in small; without a card it says so and is done."""

from __future__ import annotations

import json

import pytest
import torch

from fac_core.cli.app import run
from fac_core.lab.bench import gpu_check as check
from fac_core.lab.bench.big_shape import Shape
from fac_core.lab.bench.gpu_check import equality, gpu_check, trained

SMALL = Shape(blocks=1, d_model=64, heads=4, groups=2, mlp=96, vocabulary=500, k=8)
TRAINING = (32, 128, 4, 64)


@pytest.fixture
def checked():
    return lambda: gpu_check("cpu", shape=SMALL, latents=(128,), n_texts=4, train_seconds=0.2, train_shape=TRAINING)


def test_without_a_card_one_sentence_and_no_failure(capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert run(["lab", "gpu-check"]) == 0
    assert "no CUDA card here" in " ".join(capsys.readouterr().out.split())


def test_all_parts_are_in_one_json_document(checked):
    found = json.loads(json.dumps(checked()))
    assert found["ok"]
    assert found["device"] == "cpu"
    assert set(found) == {"date", "device", "ok", "equal_to_the_processor", "big_shape", "training"}


def test_the_same_device_is_equal_to_itself():
    cases = equality("cpu")["cases"]
    assert len(cases) == 4
    assert all(case["ok"] for case in cases.values())
    assert cases["topk, float32"]["jaccard"] == cases["elementwise, float32"]["jaccard"] == 1.0
    assert cases["topk, bfloat16"]["jaccard"] < 1.0


def test_a_device_that_computes_otherwise_is_not_ok(checked, monkeypatch):
    whole = check._encoded
    monkeypatch.setattr(check, "_encoded", lambda model, sae, tokens: whole(model, sae, tokens[: 40 - next(fewer)]))
    fewer = iter([0, 5, 5, 0, 5, 5])
    assert not checked()["ok"]


def test_a_part_that_fails_says_why_and_the_others_still_run(checked, monkeypatch):
    def broken(*_args, **_options):
        raise RuntimeError("no kernel image is available")

    monkeypatch.setattr(check, "big_shape", broken)
    found = checked()
    assert found["big_shape"]["failed"] == "RuntimeError: no kernel image is available"
    assert found["training"]["steps"] >= 1
    assert not found["ok"]


def test_training_lowers_the_loss():
    first, last = trained("cpu", *TRAINING, seconds=1)["loss"]
    assert last < first
