"""The encoder: Arrow batch of tokens in, Arrow tables of pooled activations out. Pure: no files, no globals.

One instance holds a truncated model and a SAE and serves any number of shards. The same callable runs in the
local loop, in a subprocess or as an actor of a cluster. Per token it costs the model's blocks up to the hook plus
`2 * d_model * d_sae` operations; memory is the weights plus one batch, whatever the size of the dataset.
Encoders of one model read together for the price of one forward pass.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch

from fac_core.activations.budget import TokenBudget, doubled_while_it_pays, enough_for
from fac_core.activations.outside import Outside
from fac_core.activations.pooling import Pool, brought
from fac_core.activations.proposals import Proposals
from fac_core.activations.sae import SparseAutoencoder, check_fit
from fac_core.errors import BadInput
from fac_core.models.sinks import sinks
from fac_core.models.token_batches import Batch
from fac_core.models.tokens import Tokens
from fac_core.models.truncated import TruncatedModel, check_known
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
        batch_tokens: token budget of a forward pass, padding included; by default what suits the device.
    """

    def __init__(self, model: TruncatedModel, sae: SparseAutoencoder, *, batch_tokens: int | None = None) -> None:
        check_fit(sae, model=model.name, d_model=model.d_model, n_layers=model.n_layers)
        device = str(model.module.device)
        self.model = model
        self.budget = TokenBudget(batch_tokens, device=device)
        self.pool = Pool(sae, dtype=model.compute_dtype, device=device)
        self.sae = self.pool.sae

    def __call__(
        self, sample_ids: np.ndarray, tokens: list[Tokens], *, after_batch: Callable[[int], None] = _nothing
    ) -> Encoded:
        """Encode some samples.

        Args:
            sample_ids: `[samples]` uint32.
            tokens: the tokenised samples, in the same order, each with at least one content token.
            after_batch: told after each forward pass how many samples are encoded; may raise to end it all.
        """
        return encode_together([self], sample_ids, tokens, after_batch=after_batch)[0]


@torch.inference_mode()
def encode_together(
    encoders: Sequence[Encoder],
    sample_ids: np.ndarray,
    tokens: list[Tokens],
    *,
    after_batch: Callable[[int], None] = _nothing,
) -> list[Encoded]:
    """What each of some encoders makes of the samples, from one forward pass of the model that all of them hold.

    The budget is that of the first. Arguments as of an encoder.
    """
    model, budget = encoders[0].model, encoders[0].budget
    check_known(tokens, model)
    found = [_Found(encoder, sample_ids, len(tokens)) for encoder in encoders]
    depths = sorted({encoder.sae.n_blocks for encoder in encoders})

    def streams(batch: Batch) -> list[torch.Tensor]:
        by_depth = dict(zip(depths, model.residuals(batch.input_ids, depths), strict=True))
        return [by_depth[encoder.sae.n_blocks] for encoder in encoders]

    def read(batch: Batch) -> None:
        batch = batch.to(model.module.device)
        for one, h in zip(found, streams(batch), strict=True):
            one.add(batch, h)

    def read_beyond(batch: Batch) -> None:
        batch = batch.to(model.module.device)
        for one, h in zip(found, streams(batch), strict=True):
            one.add_beyond(batch, h)

    def keep() -> None:
        for one in found:
            one.keep()

    def drop() -> None:
        for one in found:
            one.drop()

    n_encoded = 0
    for batch in budget.each(tokens, read, keep=keep, drop=drop):
        n_encoded += len(batch.rows)
        after_batch(n_encoded)
    beyond = [one.beyond for one in tokens if one.beyond is not None]
    for _batch in budget.each(beyond, read_beyond, keep=keep, drop=drop):
        pass
    return [one.tables(tokens) for one in found]


def find_budget(encoders: Sequence[Encoder], tokens: list[Tokens]) -> None:
    """Set the token budget of encoders that read together by measuring with some of the texts; a processor's stays."""
    first = encoders[0]
    if not _is_a_card(first.model):
        return

    def rate(budget: int) -> float:
        some = enough_for(budget, tokens)
        ids = np.arange(len(some), dtype=np.uint32)
        first.budget = TokenBudget(budget)
        encode_together(encoders, ids, some)  # the first time, kernels are chosen and memory is found
        start = time.perf_counter()
        encode_together(encoders, ids, some)
        was_too_much = first.budget.tokens < budget
        return 0.0 if was_too_much else sum(map(len, some)) / (time.perf_counter() - start)

    first.budget = TokenBudget(doubled_while_it_pays(first.budget.tokens, rate))


def _is_a_card(model: TruncatedModel) -> bool:
    return model.module.device.type != "cpu"


class _Found:
    """What one encoder has found in a shard. A batch is added whole or not at all: it counts once `keep` is called."""

    def __init__(self, encoder: Encoder, sample_ids: np.ndarray, n_samples: int) -> None:
        self._pool = encoder.pool
        self._read_from = f"{encoder.model.name} at {encoder.sae.hook_name}"
        self._sample_ids = sample_ids
        self._proposals = Proposals(encoder.sae.d_sae, encoder.sae.W.device)
        self._outside = Outside(encoder.pool)
        self._n_sinks = np.zeros(n_samples, dtype=np.int32)
        self._activations: list[pa.Table] = []
        self._new: list[tuple[torch.Tensor, ...]] = []
        self._new_sinks: list[tuple[np.ndarray, torch.Tensor]] = []
        self._sums: list[torch.Tensor] = []

    def add(self, batch: Batch, h: torch.Tensor) -> None:
        """Take in the residual stream `h [rows, length, d_model]` of a batch on its device."""
        sink = sinks(h, batch.content)
        content = batch.content & ~sink
        self._new_sinks.append((batch.rows, sink.sum(dim=1)))
        self._sums.append(h.sum())
        ids = torch.from_numpy(self._sample_ids[batch.rows].astype(np.int64)).to(h.device)
        for block in self._pool(h, content):
            row, column = block.values.nonzero(as_tuple=True)
            self._new.append((block.first + column, ids[row], block.values[row, column], block.positions[row, column]))
            self._proposals.add(block, ids)
        self._outside.add("special", h, batch.real & ~content)

    def add_beyond(self, batch: Batch, h: torch.Tensor) -> None:
        """The same of windows beyond the first ones."""
        self._outside.add("truncated", h, batch.content & ~sinks(h, batch.content))

    def keep(self) -> None:
        if not all(bool(total.isfinite()) for total in self._sums):
            raise BadInput(
                f"What {self._read_from} reads from these texts are no finite numbers: its weights are damaged, or too large for"
                " their dtype. Encode with --dtype float32; if that fails too, get the model again."
            )
        self._proposals.keep()
        self._outside.keep()
        for rows, n in self._new_sinks:
            feature, sample, value, position, self._n_sinks[rows] = brought(
                *map(torch.cat, zip(*self._new, strict=True)), n
            )
            columns = (feature.astype(np.uint32), sample.astype(np.uint32), value, position.astype(np.uint16))
            self._activations.append(pa.table(dict(zip(ACTIVATIONS.names, columns, strict=True)), schema=ACTIVATIONS))
        self._forget()

    def drop(self) -> None:
        self._proposals.drop()
        self._outside.drop()
        self._forget()

    def _forget(self) -> None:
        self._new, self._new_sinks, self._sums = [], [], []

    def tables(self, tokens: list[Tokens]) -> Encoded:
        found = self._activations
        return Encoded(
            pa.concat_tables(found, promote_options="none") if found else ACTIVATIONS.empty_table(),
            _with_offsets(self._proposals.table(), self._sample_ids, tokens),
            self._outside.table(),
            pa.table(
                {
                    "sample_id": self._sample_ids,
                    "n_tokens": np.array([t.content.sum() for t in tokens], dtype=np.int32) - self._n_sinks,
                    "truncated": [t.truncated for t in tokens],
                    "sinks": self._n_sinks,
                },
                schema=SHARD_SAMPLES,
            ),
        )


def _with_offsets(examples: pa.Table, sample_ids: np.ndarray, tokens: list[Tokens]) -> pa.Table:
    """Add each token's characters in the sample's text."""
    order = np.argsort(sample_ids)
    at = order[np.searchsorted(sample_ids, examples["sample_id"].to_numpy(), sorter=order)]
    first = np.concatenate([[0], np.cumsum([len(t) for t in tokens])])[:-1]
    offsets = np.concatenate([t.offsets for t in tokens]) if tokens else np.zeros((0, 2), dtype=np.uint32)
    here = offsets[first[at] + examples["token_index"].to_numpy()] if len(examples) else offsets[:0]
    columns = {name: examples[name] for name in examples.column_names}
    return pa.table({**columns, "char_start": here[:, 0], "char_end": here[:, 1]}).select(EXAMPLES.names).cast(EXAMPLES)
