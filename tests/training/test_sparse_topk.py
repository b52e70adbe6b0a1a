"""The sparse training is sae-lens's dense one, computed otherwise: the same losses, gradients and weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from sae_lens import TopKTrainingSAE, TopKTrainingSAEConfig
from sae_lens.saes.sae import TrainStepInput, TrainStepOutput

from fac_core.training.config import TrainConfig
from fac_core.training.sparse_topk import SparseTopKTrainingSAE, largest
from fac_core.training.train import _trainer

D_IN = 16


def _both(d_sae: int, k: int, aux_share: float = 1.0) -> tuple[TopKTrainingSAE, SparseTopKTrainingSAE]:
    """A dense and a sparse SAE with the same weights, no longer those of the start."""
    configs = [TopKTrainingSAEConfig(d_in=D_IN, d_sae=d_sae, k=k, decoder_init_norm=0.3) for _ in range(2)]
    torch.manual_seed(d_sae)
    dense, sparse = TopKTrainingSAE(configs[0]), SparseTopKTrainingSAE(configs[1])
    sparse.aux_share = aux_share
    with torch.no_grad():
        for parameter in dense.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    sparse.load_state_dict(dense.state_dict())
    return dense, sparse


def _stepped(sae: TopKTrainingSAE, x: torch.Tensor, dead: torch.Tensor | None) -> TrainStepOutput:
    output = sae.training_forward_pass(TrainStepInput(x, {}, dead, n_training_steps=0, is_logging_step=False))
    output.loss.backward()
    return output


@pytest.mark.parametrize(("d_sae", "k", "n_dead"), [(8, 6, 0), (32, 3, 0), (256, 5, 0), (256, 5, 3), (1024, 7, 200)])
def test_losses_and_gradients_are_those_of_the_dense_training(d_sae: int, k: int, n_dead: int) -> None:
    dense, sparse = _both(d_sae, k)
    x = torch.randn(60, D_IN)
    dead = torch.zeros(d_sae, dtype=torch.bool)
    dead[torch.randperm(d_sae)[:n_dead]] = True
    expected, found = _stepped(dense, x, dead), _stepped(sparse, x, dead)
    assert (expected.losses["auxiliary_reconstruction_loss"] > 0) == (n_dead > 0)
    for name, loss in expected.losses.items():
        assert torch.allclose(found.losses[name], loss, rtol=1e-5), name
    assert torch.allclose(found.loss, expected.loss, rtol=1e-5)
    assert torch.allclose(found.sae_out, expected.sae_out, atol=1e-5)
    assert torch.allclose(found.feature_acts.to_dense(), expected.feature_acts, atol=1e-5)
    gradients = dict(sparse.named_parameters())
    for name, parameter in dense.named_parameters():
        assert parameter.grad is not None
        assert torch.allclose(gradients[name].grad, parameter.grad, atol=1e-6), name


def test_pieces_and_groups_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    x, dead = torch.randn(60, D_IN), torch.arange(1024) < 100
    whole, cut = _both(1024, 7)[1], _both(1024, 7)[1]
    expected = _stepped(whole, x, dead)
    monkeypatch.setattr("fac_core.training.sparse_topk._PIECE", 7 * 1024)
    found = _stepped(cut, x, dead)
    assert torch.allclose(found.loss, expected.loss)
    assert all(
        torch.allclose(a.grad, b.grad, atol=1e-6) for a, b in zip(whole.parameters(), cut.parameters(), strict=True)
    )


def test_the_auxiliary_loss_of_a_part_is_that_of_the_first_tokens() -> None:
    x, dead = torch.randn(80, D_IN), torch.arange(256) < 40
    part, of_the_first = _both(256, 5, aux_share=1 / 8)[1], _both(256, 5)[1]
    name = "auxiliary_reconstruction_loss"
    assert torch.allclose(_stepped(part, x, dead).losses[name], _stepped(of_the_first, x[:10], dead).losses[name])


@pytest.mark.parametrize("n", [40, 64, 320, 2048])
def test_the_largest_are_found_exactly_with_and_without_groups(n: int) -> None:
    rows = torch.randn(50, n).bfloat16()  # in which many are equal
    values, places = largest(rows, 7)
    assert torch.equal(values.sort(descending=True).values, rows.topk(7).values)
    assert torch.equal(rows.gather(1, places), values)
    assert all(len(set(row)) == 7 for row in places.tolist())


def test_the_trainer_of_sae_lens_makes_the_same_weights_of_both(tmp_path: Path) -> None:
    dense, sparse = _both(256, 5)
    config = TrainConfig(
        d_sae=256, k=5, total_tokens=60 * 20, batch_tokens=60, warm_up_steps=2, dead_after_tokens=60 * 4
    )
    trainers = [_trainer(config, sae) for sae in (dense, sparse)]
    for trainer in trainers:
        trainer.autocast_if_enabled = torch.autocast("cpu", enabled=False)
        torch.manual_seed(1)
        for _ in range(20):
            trainer.step(torch.randn(60, D_IN) + 1)
    assert torch.equal(trainers[0].act_freq_scores, trainers[1].act_freq_scores)
    assert torch.equal(trainers[0].dead_neurons, trainers[1].dead_neurons)
    assert trainers[0].dead_neurons.any()
    trainers[1].save_checkpoint("step", tmp_path)
    read = TopKTrainingSAE.load_from_disk(tmp_path / "step").state_dict()
    assert all(torch.allclose(read[name], weights, atol=1e-4) for name, weights in dense.state_dict().items())


def test_an_sae_that_the_sparse_training_is_not_made_for_is_refused() -> None:
    with pytest.raises(ValueError, match="rescale_acts_by_decoder_norm"):
        SparseTopKTrainingSAE(TopKTrainingSAEConfig(d_in=4, d_sae=8, k=2, rescale_acts_by_decoder_norm=False))
