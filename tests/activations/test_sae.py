"""SAEs that cannot be read, and modes."""

from __future__ import annotations

import pickle

import pytest
import torch

from fac_core.activations.pooling import Pool
from fac_core.activations.sae import load_sae
from fac_core.errors import BadInput, ModelMismatch, NotFound
from tests import tiny


def test_a_folder_without_cfg_is_not_a_sae(tmp_path):
    with pytest.raises(NotFound, match=r"no cfg\.json"):
        load_sae(tmp_path)


def test_a_damaged_sae_says_so(tmp_path):
    folder = tiny.save_sae(tmp_path / "sae", "topk")
    (folder / "sae_weights.safetensors").write_bytes(b"no weights")
    with pytest.raises(BadInput, match="cannot be read as a SAE"):
        load_sae(folder)


def test_an_unknown_name_says_what_to_give():
    with pytest.raises(NotFound, match="release/sae_id"):
        load_sae("nothing")


def test_a_checkpoint_that_holds_code_is_never_run(tmp_path):
    """weights_only: a pickle with anything but tensors is an error, not an execution."""
    path = tmp_path / "TopK7_l3_h64_epoch5.pth"
    torch.save({"W": print}, path)
    with pytest.raises(BadInput, match="tensors only"):
        load_sae(path)


def test_a_checkpoint_without_a_layer_in_its_name_asks_for_the_hook(tmp_path):
    path = tmp_path / "sae.pth"
    torch.save({"W": torch.ones(2, 30), "b_enc": torch.ones(30), "b_dec": torch.ones(2)}, path)
    with pytest.raises(ModelMismatch, match="--hook"):
        load_sae(path)
    assert load_sae(path, hook_name="blocks.1.hook_resid_post").n_blocks == 2


def test_the_mode_says_what_it_is(sae_of):
    assert load_sae(sae_of("topk")).mode == "topk-6"
    assert load_sae(sae_of("topk")).in_mode("dense").mode == "dense"
    assert load_sae(sae_of("jumprelu")).mode == "jumprelu"
    assert load_sae(sae_of("jumprelu")).in_mode("topk", 5).mode == "topk-5"
    with pytest.raises(ModelMismatch, match="give --k"):
        load_sae(sae_of("jumprelu")).in_mode("topk")


def test_the_weights_are_in_memory_once_and_the_decoder_is_not(sae_of, tmp_path):
    """What reads is the tensor that was loaded, as products want it; directions are read when asked for."""
    torch.save(
        {"W": torch.randn(8, 32), "b_enc": torch.zeros(32), "b_dec": torch.zeros(8)}, path := tmp_path / "l3.pth"
    )
    for sae in (load_sae(sae_of("topk")), load_sae(path, hook_name="blocks.1.hook_resid_post")):
        pool = Pool(sae, dtype=torch.float32)
        assert pool.sae.W.T.is_contiguous()
        assert pool.sae.W.data_ptr() == sae.W.data_ptr()
        half = Pool(sae, dtype=torch.bfloat16)
        assert half.sae.W.dtype == torch.bfloat16
        big = [key for key, value in vars(half.sae).items() if isinstance(value, torch.Tensor) and value.dim() == 2]
        assert big == ["W"]
        assert sae.W_dec.shape == (sae.d_sae, sae.d_model)
        assert pickle.loads(pickle.dumps(half.sae)).sha256 == sae.sha256  # noqa: S301 - our own: an actor is sent one
