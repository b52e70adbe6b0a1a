"""Whether a SAE reads a model that it was not trained on: a fine-tuned one with the SAE of its base, say.

Measured on some texts of the user, and held against stated bounds (`bounds.py`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from fac_core.activations.sae import SparseAutoencoder, check_fit, load_sae
from fac_core.activations.saes.bounds import Verdict, judged
from fac_core.activations.saes.named import load_with_sae_lens
from fac_core.activations.saes.pretrained import same_model, stated_l0
from fac_core.activations.saes.quality import reconstruction, splice_loss
from fac_core.errors import WrongUse
from fac_core.models.device import chosen_device
from fac_core.models.sinks import sinks
from fac_core.models.token_batches import batches
from fac_core.models.tokens import SampleTokenizer, Tokens
from fac_core.models.truncated import TruncatedModel, load_tokenizer
from fac_core.progress import Progress, silent

logger = logging.getLogger(__name__)

_CONTEXT = 256
_BATCH_TOKENS = 2048
_FEWEST_TOKENS = 200


@dataclass(frozen=True)
class Fit:
    """A SAE measured on a model, and what follows from it."""

    model: str
    sae: str
    trained_on: str | None
    """The model that the SAE says it was trained on."""
    hook: str
    n_texts: int
    n_tokens: int
    """Content tokens that were read."""
    fvu: float
    """Fraction of variance unexplained."""
    l0: float
    """Mean number of features active at a token."""
    stated_l0: float | None
    """What sae-lens's list says of it."""
    dead: float
    """Share of the features that fire in none of the texts."""
    recovered: float
    """Share of the loss that zeros in its place would cost and the SAE wins back."""
    verdict: Verdict
    reasons: tuple[str, ...]
    """What is out of bounds, in words; empty where it fits."""


def measure_fit(
    model: str,
    sae: str,
    texts: Sequence[str],
    *,
    hook: str | None = None,
    device: str = "auto",
    on_progress: Progress = silent,
) -> Fit:
    """Measure a SAE on a model with some texts, of which the first 256 tokens are read. The whole model runs, in float32.

    Args:
        device: as in `EncodeSpec`.

    Raises:
        ModelMismatch: the model has another width or too few blocks: no measuring is needed to say that.
        WrongUse: the texts are too few, the device is not there, or the SAE is a paper checkpoint, which has no decoder of its own to measure.
    """
    if sae.endswith((".pth", ".pt")):
        raise WrongUse(f"{sae} is a paper checkpoint; the fit is measured for SAEs that sae-lens reads.")
    where = chosen_device(device)
    form = load_sae(sae, hook_name=hook)
    reader = TruncatedModel(model, form.n_blocks, device=where)
    check_fit(form, model=model, d_model=reader.d_model, n_layers=reader.n_layers)
    tokens = SampleTokenizer(load_tokenizer(model), context=_CONTEXT)(texts, [None] * len(texts))
    n_tokens = sum(int(one.content.sum()) for one in tokens)
    if n_tokens < _FEWEST_TOKENS:
        raise WrongUse(f"The texts have {n_tokens} tokens; give texts of {_FEWEST_TOKENS} or more with --texts.")
    copy = load_with_sae_lens(sae).to(where)
    on_progress(0, 2, "what the SAE makes of the model's states")
    found = reconstruction(copy, _states(reader, tokens))
    on_progress(1, 2, "what the model predicts with the SAE in it")
    recovered = splice_loss(copy, model, form.n_blocks, [one.input_ids for one in tokens]).recovered
    on_progress(2, 2)
    stated = stated_l0(sae)
    verdict, reasons = judged(found.fvu, recovered, found.l0, 1 - found.alive, stated)
    return Fit(
        model, form.name, form.model_name, form.hook_name, len(texts), found.n_tokens, found.fvu, found.l0, stated,
        1 - found.alive, recovered, verdict, reasons,
    )  # fmt: skip


def warn_of_another_model(sae: SparseAutoencoder, model: str) -> None:
    """One line in the log where a SAE says that it was trained on another model than the one it is to read."""
    if sae.model_name is not None and not same_model(sae.model_name, model):
        logger.warning(
            "The SAE %s was trained on %s, not on %s. Whether it fits says: fac space fit --model %s --sae %s",
            sae.name, sae.model_name, model, model, sae.name,
        )  # fmt: skip


def _states(reader: TruncatedModel, tokens: Sequence[Tokens]) -> Iterator[torch.Tensor]:
    """Residual streams of the content tokens that are no sinks, `[tokens, d_model]`."""
    for batch in batches(tokens, _BATCH_TOKENS):
        batch = batch.to(reader.module.device)
        h = reader.residual(batch.input_ids)
        yield h[batch.content & ~sinks(h, batch.content)]
