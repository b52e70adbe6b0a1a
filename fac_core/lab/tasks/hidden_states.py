"""Hidden states of texts, mean-pooled and kept on disk, so that a thousand training sets cost one forward pass.

A text's state is known by what it says, and lies in a folder of the model, block and window that made it. Values are
float16: the residual stream of the middle of a small model reaches some hundreds outside the sinks, which are left out.
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
from torch.nn.utils.rnn import pad_sequence

from fac_core.activations.space import model_hash
from fac_core.models.sinks import sinks
from fac_core.models.token_batches import batches
from fac_core.models.tokens import SampleTokenizer, Tokens
from fac_core.models.truncated import TruncatedModel, load_tokenizer
from fac_core.progress import Progress, silent
from fac_core.whole import whole

_PART = 512
"""Texts computed before they are written down: what an interruption can cost."""

_BUDGET = 1024
"""Tokens of a forward pass, padding included."""


@dataclass(frozen=True)
class Passage:
    """A text, or the end of one: everything is read, and what stands from `start` on is pooled."""

    text: str
    start: int = 0
    """In characters."""

    @property
    def key(self) -> bytes:
        return hashlib.sha256(f"{self.start}\0{self.text}".encode()).digest()


class States:
    """Mean-pooled residual streams after `block` blocks, from the cache where they are there.

    Args:
        cache: folder that may be deleted at any time.
        context: window in tokens; what is beyond is not read.
        dtype: of the matrix products. bfloat16 halves the time where the processor has instructions for it; a mean over
            tokens hides its rounding.
    """

    def __init__(
        self,
        model: str,
        block: int,
        cache: Path,
        *,
        context: int = 512,
        dtype: Literal["float32", "bfloat16"] = "float32",
    ) -> None:
        self.model, self.block, self.context, self.dtype = model, block, context, dtype
        identity = json.dumps([model_hash(model), block, context, dtype, "mean"])
        self.folder = Path(cache) / "states" / hashlib.sha256(identity.encode()).hexdigest()[:16]
        self._known: dict[bytes, np.ndarray] | None = None

    def of(self, passages: Sequence[Passage], *, on_progress: Progress = silent) -> np.ndarray:
        """float32 `[passages, d_model]`. A text without a content token is all zeros. Progress counts forward passes."""
        known = self._read() if self._known is None else self._known
        self._known = known
        missing = list({p.key: p for p in passages if p.key not in known}.values())
        missing.sort(key=lambda p: len(p.text))  # a part is then padded to like lengths
        for start in range(0, len(missing), _PART):
            part = missing[start : start + _PART]
            keys, states = [p.key for p in part], self._compute(part)
            self._write(keys, states)
            known.update(zip(keys, states, strict=True))
            on_progress(start + len(part), len(missing), "hidden states")
        return np.stack([known[p.key] for p in passages]).astype(np.float32)

    def fresh(self, passages: Sequence[Passage]) -> np.ndarray:
        """The same without the cache, for texts that are looked at once."""
        return self._compute(passages).astype(np.float32)

    def _compute(self, passages: Sequence[Passage]) -> np.ndarray:
        """float16 `[passages, d_model]`."""
        model, tokenizer = self._reader
        tokens = tokenizer([p.text for p in passages], [None] * len(passages))
        wanted = [_from(one, p.start) for one, p in zip(tokens, passages, strict=True)]
        states = np.zeros((len(passages), model.d_model), dtype=np.float16)
        for batch in batches(tokens, _BUDGET):
            h = model.residual(batch.input_ids)
            pooled = pad_sequence([torch.from_numpy(wanted[position]) for position in batch.rows], batch_first=True)
            weight = (pooled & ~sinks(h, batch.content)).float()
            mean = torch.einsum("btd,bt->bd", h.float(), weight) / weight.sum(dim=1, keepdim=True).clamp(min=1)
            states[batch.rows] = mean.to(torch.float16).numpy()
        return states

    @cached_property
    def _reader(self) -> tuple[TruncatedModel, SampleTokenizer]:
        """Loaded when the first text is missing."""
        model = TruncatedModel(self.model, self.block).computing_in(getattr(torch, self.dtype))
        return model, SampleTokenizer(load_tokenizer(self.model), context=self.context)

    def _read(self) -> dict[bytes, np.ndarray]:
        known: dict[bytes, np.ndarray] = {}
        for path in sorted(self.folder.glob("*.npz")):
            with np.load(path, allow_pickle=False) as part:
                known.update((key.tobytes(), state) for key, state in zip(part["keys"], part["states"], strict=True))
        return known

    def _write(self, keys: list[bytes], states: np.ndarray) -> None:
        name = hashlib.sha256(b"".join(keys)).hexdigest()[:16]
        with whole(self.folder / f"{name}.npz") as building:
            np.savez(building, keys=np.frombuffer(b"".join(keys), np.uint8).reshape(-1, 32), states=states)


def _from(tokens: Tokens, start: int) -> np.ndarray:
    """bool `[tokens]`: content that ends after character `start`; all of it where the window ends before."""
    after = tokens.content & (tokens.offsets[:, 1] > start)
    return after if after.any() else tokens.content
