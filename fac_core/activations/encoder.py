"""The encoder: Arrow batch of tokens in, Arrow tables of pooled activations out. Pure: no files, no globals.

One instance holds a truncated model and a SAE and serves any number of shards. The same callable runs in the
local loop, in a subprocess or as an actor of a cluster. Per token it costs the model's blocks up to the hook plus
`2 * d_model * d_sae` operations; memory is the weights plus one batch, whatever the size of the dataset.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch

from fac_core.activations.outside import Outside
from fac_core.activations.pooling import Pool
from fac_core.activations.proposals import Proposals
from fac_core.activations.sae import SparseAutoencoder, check_fit
from fac_core.models.sinks import sinks
from fac_core.models.token_batches import Batch, batches
from fac_core.models.tokens import Tokens
from fac_core.models.truncated import TruncatedModel
from fac_core.store.runs.shard_schema import ACTIVATIONS, EXAMPLES, SHARD_SAMPLES


@dataclass(frozen=True)
class Encoded:
    """What a shard becomes."""

    activations: pa.Table
    """Schema `ACTIVATIONS`: one row a sample and active feature."""
    examples: pa.Table
    """Schema `EXAMPLES`: token-level values of the samples proposed as examples."""
    outside: pa.Table
    """Schema `OUTSIDE`: which features fire outside the content."""
    samples: pa.Table
    """Schema `SHARD_SAMPLES`: content tokens, truncation and sinks of each sample."""


def _nothing(_n_encoded: int) -> None:
    """Tell nobody."""


class Encoder:
    """A truncated model and a SAE, as a function.

    Args:
        model, sae: must fit each other; otherwise `ModelMismatch`, naming both.
        batch_tokens: token budget of a forward pass, padding included.
    """

    def __init__(self, model: TruncatedModel, sae: SparseAutoencoder, *, batch_tokens: int = 1024) -> None:
        check_fit(sae, model=model.name, d_model=model.d_model, n_layers=model.n_layers)
        self.model = model
        self.batch_tokens = batch_tokens
        self._pool = Pool(sae, dtype=model.compute_dtype, device=str(model.module.device))
        self.sae = self._pool.sae

    @torch.inference_mode()
    def __call__(
        self, sample_ids: np.ndarray, tokens: list[Tokens], *, after_batch: Callable[[int], None] = _nothing
    ) -> Encoded:
        """Encode some samples.

        Args:
            sample_ids: `[samples]` uint32.
            tokens: the tokenised samples, in the same order, each with at least one content token.
            after_batch: told after each forward pass how many samples are encoded; may raise to end it all.
        """
        proposals = Proposals(self.sae.d_sae)
        activations: list[pa.Table] = []
        outside = Outside(self._pool)
        n_sinks = np.zeros(len(tokens), dtype=np.int32)
        n_encoded = 0
        for batch in batches(tokens, self.batch_tokens):
            h = self.model.residual(batch.input_ids)
            content = batch.content.to(h.device)
            sink = sinks(h, content)
            n_sinks[batch.rows] = sink.sum(dim=1).cpu().numpy()
            activations.append(self._pooled(batch, h, content & ~sink, sample_ids, proposals))
            outside.add("special", h, batch.real.to(h.device) & ~(content & ~sink))
            n_encoded += len(batch.rows)
            after_batch(n_encoded)
        for batch in batches([one.beyond for one in tokens if one.beyond is not None], self.batch_tokens):
            h = self.model.residual(batch.input_ids)
            content = batch.content.to(h.device)
            outside.add("truncated", h, content & ~sinks(h, content))
        return Encoded(
            pa.concat_tables(activations, promote_options="none") if activations else ACTIVATIONS.empty_table(),
            _with_offsets(proposals.table(), sample_ids, tokens),
            outside.table(),
            pa.table(
                {
                    "sample_id": sample_ids,
                    "n_tokens": np.array([t.content.sum() for t in tokens], dtype=np.int32) - n_sinks,
                    "truncated": [t.truncated for t in tokens],
                    "sinks": n_sinks,
                },
                schema=SHARD_SAMPLES,
            ),
        )

    def _pooled(
        self, batch: Batch, h: torch.Tensor, content: torch.Tensor, sample_ids: np.ndarray, proposals: Proposals
    ) -> pa.Table:
        parts: list[pa.Table] = []
        ids = torch.from_numpy(sample_ids[batch.rows].astype(np.int64)).to(h.device)
        for block in self._pool(h, content):
            row, column = block.values.nonzero(as_tuple=True)
            parts.append(
                pa.table(
                    {
                        "feature_id": (block.first + column).cpu().numpy().astype(np.uint32),
                        "sample_id": ids[row].cpu().numpy().astype(np.uint32),
                        "activation": block.values[row, column].cpu().numpy(),
                        "token_index": block.positions[row, column].cpu().numpy().astype(np.uint16),
                    },
                    schema=ACTIVATIONS,
                )
            )
            proposals.add(block, ids)
        return pa.concat_tables(parts)


def _with_offsets(examples: pa.Table, sample_ids: np.ndarray, tokens: list[Tokens]) -> pa.Table:
    """Add each token's characters in the sample's text."""
    order = np.argsort(sample_ids)
    at = order[np.searchsorted(sample_ids, examples["sample_id"].to_numpy(), sorter=order)]
    first = np.concatenate([[0], np.cumsum([len(t) for t in tokens])])[:-1]
    offsets = np.concatenate([t.offsets for t in tokens]) if tokens else np.zeros((0, 2), dtype=np.uint32)
    here = offsets[first[at] + examples["token_index"].to_numpy()] if len(examples) else offsets
    columns = {name: examples[name] for name in examples.column_names}
    return pa.table({**columns, "char_start": here[:, 0], "char_end": here[:, 1]}).select(EXAMPLES.names).cast(EXAMPLES)
