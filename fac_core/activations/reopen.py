"""The encoder that made a run, made again: what is not in a run yet is read exactly as the run was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fac_core.activations.encoder import Encoder
from fac_core.activations.precision import encoder_of
from fac_core.activations.sae import SparseAutoencoder, load_sae
from fac_core.activations.space import model_hash
from fac_core.activations.spec import spec_of
from fac_core.errors import BadInput, ModelMismatch
from fac_core.models.device import chosen_device
from fac_core.models.tokens import SampleTokenizer
from fac_core.models.truncated import load_tokenizer
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

    n_tokens: int
    """Content tokens that were read."""
    truncated: bool
    fired: tuple[Fired, ...]

    def of(self, feature_id: int) -> Fired:
        """One feature, also where it is silent."""
        return next((f for f in self.fired if f.feature_id == feature_id), Fired(feature_id, 0.0, ()))


@dataclass(frozen=True)
class Reader:
    """Tokenizer and encoder of one run."""

    tokenizer: SampleTokenizer
    encoder: Encoder


def reopen(info: RunInfo, *, device: str = "auto") -> Reader:
    """Load what a run was encoded with, in its dtype. Raises `ModelMismatch` if model or SAE at hand are others."""
    spec, sae = spec_of(info), run_sae(info)
    tokenizer = SampleTokenizer(load_tokenizer(spec.model), context=spec.context, roles=spec.roles)
    return Reader(tokenizer, encoder_of(spec.model, sae, spec.dtype, chosen_device(device)))


def run_sae(info: RunInfo) -> SparseAutoencoder:
    """The SAE of a run in the run's activation mode. Raises `ModelMismatch` if the files at hand are others."""
    spec = spec_of(info)
    sae = load_sae(spec.sae, hook_name=spec.hook)
    if sae.sha256 != info.sae_hash or model_hash(spec.model) != info.model_hash:
        raise ModelMismatch(
            f"{info.model!r} and {info.sae!r} are not what run {info.name!r} was encoded with: their files differ."
        )
    return sae.in_mode(spec.mode, spec.k)


def read_text(reader: Reader, text: str) -> Reading:
    """Read a plain text exactly as the run's were read. Raises `BadInput` for one without any token."""
    tokens = reader.tokenizer([text], [None])[0]
    if not tokens.content.any():
        raise BadInput("The text is empty: write at least one word.")
    encoded = reader.encoder(np.zeros(1, dtype=np.uint32), [tokens])
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
    return Reading(encoded.samples["n_tokens"][0].as_py(), tokens.truncated, fired)
