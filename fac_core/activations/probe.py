"""Which features fire on a text that is in no run, and where: the model and SAE of a run, read on one text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch

from fac_core.activations.encoder import Encoder
from fac_core.activations.sae import load_sae
from fac_core.activations.space import feature_space
from fac_core.activations.spec import spec_of
from fac_core.errors import BadInput, ModelMismatch
from fac_core.models.tokens import SampleTokenizer
from fac_core.models.truncated import TruncatedModel, load_tokenizer
from fac_core.store.runs.info import RunInfo


@dataclass(frozen=True)
class Fired:
    """One feature on one text."""

    feature_id: int
    activation: float
    """Pooled: that of the strongest token; 0 where silent."""
    tokens: tuple[tuple[int, int, float], ...]
    """(char_start, char_end, activation) of its active tokens, in reading order."""


@dataclass(frozen=True)
class Reading:
    """What one text fires, the strongest features first."""

    text: str
    n_tokens: int
    """Content tokens that were read."""
    truncated: bool
    fired: tuple[Fired, ...]

    def of(self, feature_id: int) -> Fired:
        """One feature, also where it is silent."""
        return next((f for f in self.fired if f.feature_id == feature_id), Fired(feature_id, 0.0, ()))


class Reader:
    """Reads texts exactly as a run's were read: same model, SAE, mode, dtype, window."""

    def __init__(self, tokenizer: SampleTokenizer, encoder: Encoder) -> None:
        self.tokenizer = tokenizer
        self.encoder = encoder

    @classmethod
    def of_run(cls, info: RunInfo, *, device: str = "cpu") -> Self:
        """Load what a run was encoded with. Raises `ModelMismatch` if the files at hand are others now."""
        spec = spec_of(info)
        sae = load_sae(spec.sae, hook_name=spec.hook).in_mode(spec.mode, spec.k)
        if feature_space(info.model, sae).space_id != info.space_id:
            raise ModelMismatch(
                f"{info.model!r} and {info.sae!r} are not what run {info.name!r} was encoded with: their files differ."
            )
        model = TruncatedModel(info.model, sae.n_blocks, device=device)
        dtype = torch.bfloat16 if spec.dtype == "bfloat16" else torch.float32
        tokenizer = SampleTokenizer(load_tokenizer(info.model), context=spec.context, roles=spec.roles)
        return cls(tokenizer, Encoder(model.computing_in(dtype), sae))

    def __call__(self, text: str) -> Reading:
        """Read a plain text. Raises `BadInput` for one without any token."""
        tokens = self.tokenizer([text], [None])[0]
        if not tokens.content.any():
            raise BadInput("The text is empty: write at least one word.")
        encoded = self.encoder(np.zeros(1, dtype=np.uint32), [tokens])
        by_feature: dict[int, list[tuple[int, int, float]]] = {}
        for row in encoded.examples.sort_by("token_index").to_pylist():
            value: Any = (row["char_start"], row["char_end"], round(row["activation"], 4))
            by_feature.setdefault(row["feature_id"], []).append(value)
        pooled = encoded.activations.sort_by([("activation", "descending"), ("feature_id", "ascending")])
        fired = tuple(
            Fired(row["feature_id"], round(row["activation"], 4), tuple(by_feature.get(row["feature_id"], ())))
            for row in pooled.select(["feature_id", "activation"]).to_pylist()
            if row["activation"] > 0
        )
        return Reading(text, encoded.samples["n_tokens"][0].as_py(), tokens.truncated, fired)
