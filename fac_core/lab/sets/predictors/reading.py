"""Texts read once for all that predictors look at: hidden states, pooled twice, and activations under three dictionaries.

One forward pass for each text, kept on disk collection by collection, so that an interruption costs one collection.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from scipy import sparse

from fac_core.activations.pooling import Pool as Pooled
from fac_core.activations.sae import load_sae
from fac_core.activations.space import model_hash
from fac_core.lab.sets.predictors.dictionaries import principal_dictionary, random_dictionary
from fac_core.models.sinks import sinks
from fac_core.models.token_batches import Batch, batches
from fac_core.models.tokens import SampleTokenizer, Tokens
from fac_core.models.truncated import TruncatedModel, load_tokenizer
from fac_core.progress import Progress, silent
from fac_core.whole import whole

SAE, RANDOM, PCA = DICTIONARIES = ("SAE", "random", "PCA")

_BUDGET = 1024
"""Tokens of a forward pass, padding included."""

_SEEN_FIRST = 3000
"""Tokens, about, that principal components and centres are of."""


@dataclass(frozen=True)
class Reading:
    """What one pass over some texts sees."""

    n_tokens: np.ndarray
    """`[texts]`: content tokens."""
    states: np.ndarray
    """float32 `[texts, d_model]`: mean over content tokens, after the head's block."""
    weighted: np.ndarray
    """The same with each token weighted by its place in the text (RDS+): later tokens have seen more."""
    fired: dict[str, sparse.csr_matrix]
    """float32 `[texts, features]` under each of `DICTIONARIES`: the largest activation over content tokens."""


class Reader:
    """A truncated model that reads texts with a SAE and with dictionaries that nothing was learned for.

    Args:
        block: states are those after it.
        cache: folder that may be deleted at any time.
        context: window in tokens.
        dtype: of the matrix products.
    """

    def __init__(
        self,
        model: str,
        block: int,
        sae: str,
        cache: Path,
        *,
        context: int,
        dtype: Literal["float32", "bfloat16"] = "bfloat16",
    ) -> None:
        self.model, self.block, self.context, self.dtype = model, block, context, dtype
        self.sae, self.cache = load_sae(sae), Path(cache) / "predictors"

    def read(self, texts: Sequence[str], *, on_progress: Progress = silent) -> Reading:
        """The texts, from the cache where all of them are there."""
        identity = json.dumps(
            [
                model_hash(self.model),
                self.block,
                self.context,
                self.dtype,
                _SEEN_FIRST,
                self.sae.sha256,
                self.sae.k,
                list(texts),
            ]
        )
        path = self.cache / f"{hashlib.sha256(identity.encode()).hexdigest()[:16]}.npz"
        if not path.exists():
            self._write(path, self._read(texts, on_progress))
        with np.load(path, allow_pickle=False) as kept:
            fired = {
                name: sparse.csr_matrix(
                    tuple(kept[f"{name} {part}"] for part in ("data", "indices", "indptr")),
                    shape=tuple(kept[f"{name} shape"]),
                )
                for name in DICTIONARIES
            }
            return Reading(kept["n_tokens"], kept["states"], kept["weighted"], fired)

    @torch.inference_mode()
    def _read(self, texts: Sequence[str], on_progress: Progress) -> Reading:
        model = self._model
        tokens = SampleTokenizer(load_tokenizer(self.model), context=self.context)(list(texts), [None] * len(texts))
        depths = sorted({self.sae.n_blocks, self.block})
        seen = self._first_tokens(model, tokens)
        dictionaries = (self.sae, random_dictionary(self.sae, seen.mean(dim=0)), principal_dictionary(self.sae, seen))
        pools = [Pooled(one, dtype=model.compute_dtype) for one in dictionaries]
        states, weighted = (np.zeros((len(texts), model.d_model), dtype=np.float32) for _ in range(2))
        cells: list[list[tuple[np.ndarray, np.ndarray, np.ndarray]]] = [[] for _ in pools]
        n_read = 0
        for batch in batches(tokens, _BUDGET):
            at = dict(zip(depths, model.residuals(batch.input_ids, depths), strict=True))
            for kept, pool in zip(cells, pools, strict=True):
                kept += _cells(pool, batch, at[self.sae.n_blocks])
            h = at[self.block].float()
            pooled = (batch.content & ~sinks(h, batch.content)).float()
            for found, weight in ((states, pooled), (weighted, pooled * pooled.cumsum(dim=1))):
                shares = weight / weight.sum(dim=1, keepdim=True).clamp(min=1)
                found[batch.rows] = torch.einsum("btd,bt->bd", h, shares).numpy()
            n_read += len(batch.rows)
            on_progress(n_read, len(texts), "texts read")
        fired = {
            name: _matrix(kept, (len(texts), one.d_sae))
            for name, kept, one in zip(DICTIONARIES, cells, dictionaries, strict=True)
        }
        return Reading(np.array([int(one.content.sum()) for one in tokens]), states, weighted, fired)

    @cached_property
    def _model(self) -> TruncatedModel:
        """Loaded when the first texts are missing."""
        model = TruncatedModel(self.model, max(self.block, self.sae.n_blocks))
        return model.computing_in(getattr(torch, self.dtype))

    def _first_tokens(self, model: TruncatedModel, tokens: list[Tokens]) -> torch.Tensor:
        """States of content tokens of the first texts, at the block that the SAE reads, `[tokens, d_model]`."""
        n_texts = int(np.searchsorted(np.cumsum([len(one) for one in tokens]), _SEEN_FIRST)) + 1
        found = []
        for batch in batches(tokens[:n_texts], _BUDGET):
            h = model.residuals(batch.input_ids, [self.sae.n_blocks])[0].float()
            found.append(h[batch.content & ~sinks(h, batch.content)])
        return torch.cat(found)

    @staticmethod
    def _write(path: Path, reading: Reading) -> None:
        parts: dict[str, np.ndarray] = {name: getattr(reading, name) for name in ("n_tokens", "states", "weighted")}
        for name, fired in reading.fired.items():
            parts |= {f"{name} {part}": getattr(fired, part) for part in ("data", "indices", "indptr")}
            parts[f"{name} shape"] = np.array(fired.shape)
        with whole(path) as building:
            np.savez(building, allow_pickle=False, **parts)


def _cells(pool: Pooled, batch: Batch, h: torch.Tensor) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Rows, features and values that a batch fires; sinks fire nothing."""
    found = []
    for block in pool(h, batch.content & ~sinks(h, batch.content)):
        row, column = block.values.nonzero(as_tuple=True)
        found.append((batch.rows[row.numpy()], (column + block.first).numpy(), block.values[row, column].numpy()))
    return found


def _matrix(cells: list[tuple[np.ndarray, np.ndarray, np.ndarray]], shape: tuple[int, int]) -> sparse.csr_matrix:
    rows, features, values = (np.concatenate(part) for part in zip(*cells, strict=True))
    return sparse.csr_matrix((values, (rows, features)), shape=shape, dtype=np.float32)
