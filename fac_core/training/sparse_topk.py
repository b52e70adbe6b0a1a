"""A Top-K SAE of sae-lens whose training costs what k latents cost: only the encoder's product is dense.

                  dense, as sae-lens does it                here
    encode        x W_enc, all latents                      the same product, in pieces that stay in the cache
    top k         over all latents                          over the maxima of groups, then over the best groups: the same k
    decode        all latents, nearly all of them zero      k rows of W_dec a token
    backward      three dense products                      k rows a token, gathered by token and then by latent

With `rescale_acts_by_decoder_norm` a latent is chosen by its pre-activation times the norm of its decoder row, and decoded
divided by that norm: both cancel, so the norms decide what is chosen and have no gradient. The auxiliary loss looks at a
part of the batch; losses and gradients are otherwise those of sae-lens (`tests/training/test_sparse_topk.py`).

Gradients and pieces are large blocks, which glibc gives back to the system at every step and the system fills with zeros
anew. `MALLOC_MMAP_THRESHOLD_=1000000000 MALLOC_TRIM_THRESHOLD_=4000000000` in the environment keeps them: a third faster.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from sae_lens import TopKTrainingSAE, TopKTrainingSAEConfig
from sae_lens.saes.sae import TrainStepInput, TrainStepOutput
from torch import Tensor, nn
from torch.autograd import Function
from torch.nn.functional import embedding_bag, linear
from typing_extensions import override

_GROUP = 32
"""Latents of a group; only the largest of each group is looked at first."""
_PIECE = 2**23
"""Pre-activations computed at once: 16 MB in bfloat16."""


class SparseTopKTrainingSAE(TopKTrainingSAE):
    """Trained by sae-lens's trainer, saved and loaded in its format; the same SAE as `TopKTrainingSAE`, sooner.

    >>> cfg = TopKTrainingSAEConfig(d_in=8, d_sae=32, k=3, normalize_activations="expected_average_only_in")
    >>> SparseTopKTrainingSAE(cfg).encode(torch.ones(5, 8)).count_nonzero(dim=1).max().item() <= 3
    True
    """

    aux_share = 1 / 8
    """Share of a batch's tokens, the first of them, on which the auxiliary loss is computed."""

    def __init__(self, cfg: TopKTrainingSAEConfig) -> None:
        if not (cfg.apply_b_dec_to_input and cfg.rescale_acts_by_decoder_norm):
            raise ValueError("The sparse training wants apply_b_dec_to_input and rescale_acts_by_decoder_norm.")
        super().__init__(cfg)
        # A latent's encoder weights lie side by side, so that they are read, and their gradient written, as one row.
        self.W_enc = nn.Parameter(self.W_enc.detach().T.contiguous().T)

    @override
    def training_forward_pass(self, step_input: TrainStepInput) -> TrainStepOutput:
        x = step_input.sae_in
        dead, n_aux = step_input.dead_neuron_mask, max(1, int(len(x) * self.aux_share))
        of_dead = None if dead is None or not dead.any() else dead.nonzero().ravel()
        norms = self.get_W_dec_norm()
        latents, values, aux_latents, aux_values = _Encode.apply(
            x, self.W_enc, self.b_enc, self.b_dec, norms, self.cfg.k, n_aux, of_dead
        )
        active = values.relu()
        out = _decoded(latents, active, self.W_dec) + self.b_dec
        losses = {"mse_loss": (out - x).pow(2).sum(dim=-1).mean()}
        aux = out.new_tensor(0.0)
        if of_dead is not None:  # the dead latents that come closest explain what is left over
            left = (x - out).detach()[:n_aux]
            scale = self.cfg.aux_loss_coefficient * min(len(of_dead) / (self.cfg.d_in // 2), 1.0)
            aux = scale * (_decoded(aux_latents, aux_values, self.W_dec) - left).pow(2).sum(dim=-1).mean()
        losses["auxiliary_reconstruction_loss"] = aux
        loss = losses["mse_loss"] + aux
        acts = _sparse(latents, active.detach() * norms[latents], self.cfg.d_sae)
        return TrainStepOutput(sae_in=x, sae_out=out, feature_acts=acts, hidden_pre=values, loss=loss, losses=losses)

    @override
    def process_state_dict_for_saving(self, state_dict: dict[str, Any]) -> None:
        state_dict["W_enc"] = state_dict["W_enc"].contiguous()


def largest(rows: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k largest values of each row and where they are, in no order; exact.

    The k largest lie in at most k groups, and the k groups with the largest maxima are among those that will do.

    >>> values, places = largest(torch.arange(200.0)[None], 2)
    >>> sorted(places[0].tolist()), sorted(values[0].tolist())
    ([198, 199], [198.0, 199.0])
    """
    n = rows.shape[1]
    if n % _GROUP or n // _GROUP <= k:
        return rows.topk(k, sorted=False)
    grouped = rows.view(len(rows), _GROUP, -1)
    groups = grouped.amax(dim=1).topk(k, sorted=False).indices
    values, best = grouped.gather(2, groups[:, None].expand(-1, _GROUP, -1)).flatten(1).topk(k, sorted=False)
    return values, best // k * grouped.shape[2] + groups.gather(1, best % k)


@dataclass(frozen=True)
class _ByLatent:
    """Pairs of token and latent in the order of latents, to add up what the tokens of each latent bring."""

    tokens: Tensor
    order: Tensor
    starts: Tensor

    @classmethod
    def of(cls, latents: Tensor, n_latents: int) -> _ByLatent:
        order = latents.ravel().argsort()
        counts = torch.bincount(latents.ravel(), minlength=n_latents)
        return cls(order // latents.shape[1], order, counts.cumsum(0) - counts)

    def summed(self, weights: Tensor, of_tokens: Tensor) -> Tensor:
        """`[latents, d]`: for each latent, the weighted sum of rows of `of_tokens` `[tokens, d]`."""
        weights = weights.ravel()[self.order]
        return embedding_bag(self.tokens, of_tokens, self.starts, per_sample_weights=weights, mode="sum")


class _Encode(Function):
    """Each token's k largest pre-activations, and those of the dead latents for the first tokens."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        W_enc: Tensor,
        b_enc: Tensor,
        b_dec: Tensor,
        norms: Tensor,
        k: int,
        n_aux: int,
        dead: Tensor | None,
    ) -> Any:
        kind = x.device.type
        dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else x.dtype
        centred = x - b_dec
        weight, bias, factor = W_enc.T.to(dtype), (b_enc * norms).to(dtype), norms.to(dtype)
        pieces, aux_pieces = [], []
        size = max(1, _PIECE // len(weight))
        for first in range(0, len(x), size):
            pre = linear(centred[first : first + size].to(dtype), weight)
            torch.addcmul(bias, pre, factor, out=pre)
            pieces.append(largest(pre, k))
            if dead is not None and first < n_aux:
                values, best = pre[: n_aux - first, dead].topk(min(x.shape[1] // 2, len(dead)), sorted=False)
                aux_pieces.append((values, dead[best]))
        found = []
        for part in (pieces, aux_pieces):
            values, latents = (
                (torch.cat(one) for one in zip(*part, strict=True))
                if part
                else (x[:0], torch.empty(0, 0, dtype=torch.long, device=x.device))
            )
            found += [latents, (values.float() / norms[latents]) if part else values]
        ctx.mark_non_differentiable(found[0], found[2])
        ctx.save_for_backward(centred, W_enc, found[0], found[2])
        return tuple(found)

    @staticmethod
    def backward(ctx: Any, _l: Any, grad: Tensor, _a: Any, aux_grad: Tensor) -> Any:
        centred, W_enc, latents, aux_latents = ctx.saved_tensors
        of_W = _ByLatent.of(latents, W_enc.shape[1]).summed(grad, centred)
        of_b = grad.new_zeros(W_enc.shape[1]).index_add_(0, latents.ravel(), grad.ravel())
        if aux_latents.numel():
            of_W += _ByLatent.of(aux_latents, W_enc.shape[1]).summed(aux_grad, centred[: len(aux_latents)])
            of_b.index_add_(0, aux_latents.ravel(), aux_grad.ravel())
        return None, of_W.T, of_b, -(W_enc @ of_b), None, None, None, None


def _sparse(latents: Tensor, values: Tensor, n_latents: int) -> Tensor:
    rows = torch.arange(len(latents), device=latents.device).repeat_interleave(latents.shape[1])
    shape = (len(latents), n_latents)
    return torch.sparse_coo_tensor(torch.stack([rows, latents.ravel()]), values.ravel(), shape, check_invariants=False)


def _decoded(latents: Tensor, values: Tensor, W_dec: Tensor) -> Tensor:
    return _Decode.apply(latents, values, W_dec)


class _Decode(Function):
    """The sum of a token's decoder rows, each times its value; `[tokens, d]`."""

    @staticmethod
    def forward(ctx: Any, latents: Tensor, values: Tensor, W_dec: Tensor) -> Tensor:
        ctx.save_for_backward(latents, values, W_dec)
        return embedding_bag(latents, W_dec, per_sample_weights=values, mode="sum")

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        latents, values, W_dec = ctx.saved_tensors
        of_W = _ByLatent.of(latents, len(W_dec)).summed(values, grad.contiguous())
        tokens = torch.arange(len(latents), device=latents.device)
        of_values = torch.ops.aten._embedding_bag_per_sample_weights_backward(
            grad.contiguous(),
            W_dec,
            latents.ravel(),
            tokens * latents.shape[1],
            tokens.repeat_interleave(latents.shape[1]),
            0,
        )
        return None, of_values.view_as(values), of_W
