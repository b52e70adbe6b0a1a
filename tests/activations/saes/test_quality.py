"""FVU, L0, alive share and loss recovered, against SAEs whose quality is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from sae_lens import SAE, StandardSAE, StandardSAEConfig

from fac_core.activations.saes.quality import reconstruction, splice_loss
from fac_core.models.truncated import TruncatedModel
from tests.tiny import D_MODEL


def _identity(share: float = 1.0) -> StandardSAE:
    """2·d latents, +x and -x: a perfect copy, or that copy shrunk towards zero."""
    sae = StandardSAE(StandardSAEConfig(d_in=D_MODEL, d_sae=2 * D_MODEL, apply_b_dec_to_input=False))
    both = torch.cat([torch.eye(D_MODEL), -torch.eye(D_MODEL)])
    with torch.no_grad():
        sae.W_enc.copy_(both.T)
        sae.W_dec.copy_(both * share)
        sae.b_enc.zero_()
        sae.b_dec.zero_()
    return sae


def test_a_perfect_copy_leaves_no_variance_unexplained() -> None:
    found = reconstruction(_identity(), [torch.randn(70, D_MODEL), torch.randn(30, D_MODEL)])
    assert found.fvu == pytest.approx(0, abs=1e-9)
    assert found.n_tokens == 100
    assert found.l0 == pytest.approx(D_MODEL)
    assert found.alive == 1.0


def test_fvu_is_measured_around_the_mean_of_all_tensors() -> None:
    """Half of every activation missing: the residual is h/2, whose share depends on where the mean is."""
    h = torch.randn(5000, D_MODEL) + 1.0
    found = reconstruction(_identity(0.5), h.split(1300))
    expected = (h / 2).pow(2).sum() / (h - h.mean(dim=0)).pow(2).sum()
    assert found.fvu == pytest.approx(float(expected), rel=1e-4)


def test_latents_that_never_fire_are_not_alive() -> None:
    h = torch.randn(50, D_MODEL).abs()  # only the +x half can fire
    found = reconstruction(_identity(), [h])
    assert found.alive == 0.5


@pytest.fixture(scope="module")
def windows() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [np.r_[4, rng.integers(5, 200, size=size)].astype(np.int32) for size in (10, 20, 40)]


def test_a_perfect_copy_recovers_all_of_the_loss(model_of: Callable[[str], Path], windows: list[np.ndarray]) -> None:
    loss = splice_loss(_identity(), str(model_of("llama")), 2, windows)
    assert loss.spliced == pytest.approx(loss.clean, rel=1e-5)
    assert loss.recovered == pytest.approx(1.0, abs=1e-4)
    assert loss.n_tokens == 70


def test_a_sae_that_returns_nothing_recovers_nothing(
    model_of: Callable[[str], Path], windows: list[np.ndarray]
) -> None:
    loss = splice_loss(_identity(0.0), str(model_of("llama")), 2, windows)
    assert loss.ablated != pytest.approx(loss.clean, rel=1e-3)
    assert loss.recovered == pytest.approx(0.0, abs=1e-4)


def test_the_clean_loss_is_the_one_of_transformers(model_of: Callable[[str], Path], windows: list[np.ndarray]) -> None:
    from transformers import AutoModelForCausalLM

    folder = model_of("gpt_neox")
    network = AutoModelForCausalLM.from_pretrained(folder).eval()
    ids = torch.from_numpy(windows[0]).long()[None]
    with torch.inference_mode():
        expected = network(input_ids=ids, labels=ids).loss
    assert splice_loss(_identity(), str(folder), 2, windows[:1]).clean == pytest.approx(float(expected), rel=1e-4)


def test_the_splice_is_at_the_block_that_the_sae_reads(
    model_of: Callable[[str], Path], sae_of: Callable[..., Path], windows: list[np.ndarray]
) -> None:
    folder = str(model_of("llama"))
    sae = SAE.load_from_disk(sae_of("topk"))
    seen: list[torch.Tensor] = []

    def keep(_module: object, args: tuple[torch.Tensor, ...]) -> None:
        seen.append(args[0].clone())

    handle = sae.register_forward_pre_hook(keep)
    splice_loss(sae, folder, 3, windows[:1])
    handle.remove()
    residual = TruncatedModel(folder, 3).residual(torch.from_numpy(windows[0]).long()[None])
    assert torch.allclose(seen[0][0, : len(windows[0])], residual[0], atol=1e-5)
