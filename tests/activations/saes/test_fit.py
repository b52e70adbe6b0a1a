"""Whether a SAE fits a model: measured, judged by stated bounds, and warned of where an encoding uses another model."""

from __future__ import annotations

import json
import logging

import pytest
import torch
from sae_lens import StandardSAE, StandardSAEConfig
from sae_lens.saes.sae import SAEMetadata

from fac_core.activations.pipeline import encode
from fac_core.activations.saes.bounds import judged
from fac_core.activations.saes.fit import measure_fit
from fac_core.activations.saes.pretrained import same_model, stated_l0
from fac_core.activations.spec import EncodeSpec
from fac_core.cli.app import run
from fac_core.errors import ModelMismatch, WrongUse
from fac_core.store.workspace import Workspace
from tests import tiny
from tests.runs import make_run

TEXTS = [f"{tiny.TEXTS[5]} {tiny.TEXTS[6]} {n}" for n in range(8)]


@pytest.fixture
def identity(tmp_path):
    """A SAE that copies what it reads: two latents a dimension, one for each sign."""
    eye = torch.eye(tiny.D_MODEL)
    about = SAEMetadata(hook_name="blocks.1.hook_resid_post", model_name="base/of-it")
    sae = StandardSAE(StandardSAEConfig(d_in=tiny.D_MODEL, d_sae=2 * tiny.D_MODEL, device="cpu", metadata=about))
    with torch.no_grad():
        sae.W_enc.copy_(torch.cat([eye, -eye], dim=1))
        sae.W_dec.copy_(torch.cat([eye, -eye]))
        sae.b_enc.zero_()
        sae.b_dec.zero_()
    sae.save_model(tmp_path / "identity")
    return str(tmp_path / "identity")


def test_a_sae_that_copies_what_it_reads_fits(identity, model_of):
    found = measure_fit(str(model_of("llama")), identity, TEXTS)
    assert (found.verdict, found.reasons) == ("fits", ())
    assert found.fvu == pytest.approx(0, abs=1e-6)
    assert found.recovered == pytest.approx(1, abs=1e-4)
    assert found.l0 == pytest.approx(tiny.D_MODEL, abs=0.1)
    assert (found.trained_on, found.n_texts, found.dead) == ("base/of-it", 8, 0)


def test_a_sae_of_noise_is_refused(model_of, sae_of):
    found = measure_fit(str(model_of("llama")), str(sae_of("topk")), TEXTS)
    assert found.verdict == "refuses"
    assert "of the variance unexplained" in found.reasons[0]


def test_what_cannot_be_measured_is_said(model_of, sae_of, identity):
    with pytest.raises(ModelMismatch, match="reads 48 dimensions"):
        measure_fit(str(model_of("llama")), str(sae_of("topk", d_in=48)), TEXTS)
    with pytest.raises(WrongUse, match="give texts of 200 or more"):
        measure_fit(str(model_of("llama")), identity, ["short"])
    with pytest.raises(WrongUse, match="paper checkpoint"):
        measure_fit(str(model_of("llama")), "TopK7_l16_h65536_epoch3.pth", TEXTS)
    with pytest.raises(WrongUse, match="device is 'gpu'"):
        measure_fit(str(model_of("llama")), identity, TEXTS, device="gpu")


@pytest.mark.parametrize(
    ("numbers", "verdict", "reason"),
    [
        ((0.4, 0.9, 30.0, 0.95), "fits", None),
        ((0.41, 0.99, 30.0, 0.5), "warns", "41% of the variance"),
        ((0.1, 0.89, 30.0, 0.5), "warns", "keeps 89% of its predictions"),
        ((0.1, 0.99, 30.0, 0.96), "warns", "96% of its features"),
        ((0.1, 0.99, 301.0, 0.5, 100.0), "warns", "301 features active at a token, and 100"),
        ((0.1, 0.99, 30.0, 0.5, 100.0), "warns", "30 features active"),
        ((0.71, 0.99, 30.0, 0.5), "refuses", "71%"),
        ((0.1, 0.69, 30.0, 0.5), "refuses", "69%"),
        ((0.1, 0.99, 0.5, 0.5), "refuses", "0.5 features active"),
        ((float("nan"), 0.99, 30.0, 0.5), "refuses", "nan"),
    ],
)
def test_the_bounds_are_the_stated_ones(numbers, verdict, reason):
    found, reasons = judged(*numbers)
    assert found == verdict
    assert reason is None or any(reason in one for one in reasons)


def test_an_encoding_with_another_model_is_warned_of_in_one_line(model_of, sae_of, tmp_path, caplog):
    texts = tmp_path / "texts.txt"
    texts.write_text("\n".join(tiny.TEXTS), encoding="utf-8")
    model, sae = str(model_of("llama")), str(sae_of("topk"))
    with caplog.at_level(logging.WARNING):
        encode(texts, Workspace.create(tmp_path / "w"), EncodeSpec(model=model, sae=sae, context=32, dtype="float32"))
    said = [one.getMessage() for one in caplog.records if "was trained on" in one.getMessage()]
    assert said == [
        f"The SAE {sae} was trained on tiny, not on {model}. Whether it fits says: fac space fit --model {model} --sae {sae}"
    ]


def test_models_are_the_same_by_their_usual_spellings():
    cached = "/hf/hub/models--google--gemma-2-2b/snapshots/0123456789"
    for other in ("google/gemma-2-2b", "gemma-2-2b@main", "/models/gemma-2-2b", cached):
        assert same_model("gemma-2-2b", other)
    assert not same_model("gemma-2-2b", "me/gemma-2-2b-mine")


def test_what_a_release_says_of_itself_is_found():
    assert stated_l0("gpt2-small-resid-post-v5-32k@v1/blocks.6.hook_resid_post") == 32
    assert stated_l0("a/folder") is None


def test_the_command_says_it_in_words(identity, model_of, tmp_path, capsys):
    texts = tmp_path / "texts.txt"
    texts.write_text("\n".join(TEXTS), encoding="utf-8")
    command = ["space", "fit", "--model", str(model_of("llama")), "--sae", identity, "--texts", str(texts), "-n", "5"]
    assert run([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["verdict"], found["n_texts"]) == ("fits", 5)
    place = Workspace.create(tmp_path / "w")
    make_run(place.run_path("id-a"), "a", [(0, 0, 1.0)], 8, 2, texts=TEXTS).close()
    place.set_anchor("a")
    assert run([*command[:6], "-w", str(place.folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n_texts"] == 8
    assert run(command) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "trained on base/of-it" in said
    assert "It fits: use it as it is." in said
