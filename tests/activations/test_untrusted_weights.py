"""Weights from somebody else: no loader runs what is in them, and what is no SAE is one sentence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from pickle import UnpicklingError

import pytest
import torch
from sae_lens.loading import pretrained_sae_loaders as loaders
from safetensors.torch import load_file, save_file

from fac_core.activations.sae import load_sae
from fac_core.activations.saes.named import load_with_sae_lens
from fac_core.errors import BadInput, FacError, ModelMismatch
from fac_core.models.truncated import TruncatedModel
from fac_core.training.plan import last_checkpoint
from fac_core.training.train import train_sae
from tests import tiny
from tests.training.test_train import CONFIG, write_shard


class Payload:
    """Unpickled, it leaves a file behind."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    return tmp_path / "it-was-run"


@pytest.fixture
def evil(tmp_path: Path, mark: Path) -> Path:
    path = tmp_path / "TopK7_l3_h64_epoch5.pth"
    torch.save({"W": Payload(mark)}, path)
    torch.load(path, weights_only=False)
    assert mark.exists()  # it would do harm
    mark.unlink()
    return path


def test_a_checkpoint_of_the_paper(evil, mark):
    with pytest.raises(BadInput, match="tensors only"):
        load_sae(evil)
    assert not mark.exists()


READERS = [name for name in vars(loaders) if name.endswith(("_huggingface_loader", "_huggingface_loader_1"))]


@pytest.mark.parametrize("name", READERS)
def test_every_reader_of_sae_lens_s_list(evil, mark, monkeypatch, name):
    """Each gets the file for whatever it fetches; those of other formats fail in their own way."""
    monkeypatch.setattr(loaders, "hf_hub_download", lambda *_args, **_more: str(evil))
    for getter in [one for one in vars(loaders) if one.startswith("get_") and "config" in one]:
        monkeypatch.setattr(loaders, getter, lambda *_args, **_more: {"d_in": 8, "d_sae": 32, "dtype": "float32"})
    try:
        getattr(loaders, name)("owner/repo", "folder")
    except Exception as error:  # noqa: BLE001 - in whichever words
        failed = error
    else:
        failed = None
    assert not mark.exists()
    if name in {"qwen_scope_sae_huggingface_loader", "dictionary_learning_sae_huggingface_loader_1"}:
        assert isinstance(failed, UnpicklingError)


def test_what_the_hub_gave_is_said_in_a_sentence(evil, mark, monkeypatch):
    from sae_lens import SAE

    monkeypatch.setattr(SAE, "from_pretrained", lambda *_args, **_more: torch.load(evil))
    with pytest.raises(BadInput, match="holds more than tensors, so it is not read"):
        load_with_sae_lens("gpt2-small-res-jb/blocks.0.hook_resid_pre")
    assert not mark.exists()


def test_the_state_of_a_training(evil, mark, tmp_path):
    shards = [write_shard(tmp_path / "shards", number) for number in range(4)]

    def stop(done: int, *_: object) -> None:
        if done > 50 * 60:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_sae(CONFIG, shards, tmp_path / "sae", on_progress=stop)
    checkpoint = last_checkpoint(tmp_path / "sae.training")
    assert checkpoint is not None
    (state,) = checkpoint.glob("trainer_state*")
    shutil.copy(evil, state)
    with pytest.raises((FacError, UnpicklingError)):
        train_sae(CONFIG, shards, tmp_path / "sae")
    assert not mark.exists()


def test_a_model_whose_weights_are_a_pickle(evil, mark, model_of, tmp_path):
    folder = shutil.copytree(model_of("llama"), tmp_path / "model")
    (folder / "model.safetensors").unlink()
    shutil.copy(evil, folder / "pytorch_model.bin")
    with pytest.raises(Exception):  # noqa: B017, PT011 - in whichever words
        TruncatedModel(str(folder), 2)
    assert not mark.exists()


def changed(folder: Path, **config: object) -> Path:
    path = folder / "cfg.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **config}))
    return folder


def test_what_is_no_sae_is_one_sentence(tmp_path):
    def sae(name: str) -> Path:
        return tiny.save_sae(tmp_path / name, "topk")

    for name, content in (("list", "[]"), ("null", "null"), ("empty", "{}"), ("cut", '{"d_in": 32,')):
        (sae(name) / "cfg.json").write_text(content)
        with pytest.raises(BadInput, match="cannot be read as a SAE"):
            load_sae(tmp_path / name)
    for k in (0, 100):
        with pytest.raises(BadInput, match=f"keeps k = {k} of its 64 latents"):
            load_sae(changed(sae(f"k{k}"), k=k))
    with pytest.raises(ModelMismatch, match="does not say which layer"):
        load_sae(changed(sae("hook"), metadata={"hook_name": 5}))
    weights = load_file(sae("nan") / "sae_weights.safetensors")
    weights["W_enc"][0, 3] = torch.nan
    save_file(weights, tmp_path / "nan" / "sae_weights.safetensors")
    with pytest.raises(BadInput, match="weights that are not finite numbers"):
        load_sae(tmp_path / "nan")


@pytest.mark.parametrize(
    "state",
    [
        7,
        [],
        {"W": [[1.0]], "b_enc": 3, "b_dec": None},
        {"W": torch.zeros(64, 32), "b_enc": torch.zeros(64), "b_dec": torch.zeros(32)},
        {"W": torch.zeros(32), "b_enc": torch.zeros(64), "b_dec": torch.zeros(32)},
        {"W": torch.zeros(32, 64), "b_enc": torch.zeros(63), "b_dec": torch.zeros(32)},
    ],
)
def test_a_checkpoint_of_other_shapes_says_which_it_has(tmp_path, state):
    path = tmp_path / "TopK7_l3_h64_epoch5.pth"
    torch.save(state, path)
    with pytest.raises(BadInput, match=r"is no paper checkpoint: it has W \[.*should have W \[d_model, d_sae\]"):
        load_sae(path)
