"""The numbers that the card of a SAE cites, measured on texts that it was not trained on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from sae_lens import SAE

from fac_core.activations.sae import check_fit, load_sae
from fac_core.activations.saes.named import SHIPPED, default_sae
from fac_core.activations.saes.quality import Reconstruction, SpliceLoss, reconstruction, splice_loss
from fac_core.errors import WrongUse
from fac_core.lab.sae_card.interpretability import FeatureScore, active_tokens, interpretability, residuals
from fac_core.lab.sae_card.shown_features import ShownFeature, shown_features
from fac_core.models.truncated import TruncatedModel, load_tokenizer
from fac_core.progress import Progress, silent
from fac_core.training.harvest import token_windows

CONTEXT = 256


@dataclass(frozen=True)
class CardNumbers:
    """What was measured, and on how much."""

    sae: str
    model: str
    n_blocks: int
    """The SAE reads after this many blocks of the model's `n_layers`."""
    n_layers: int
    n_windows: int
    """At most `CONTEXT` tokens of a text each."""
    copy: Reconstruction
    """FVU, L0 and which latents are alive."""
    loss: SpliceLoss
    """Of the whole model with the SAE in it, on the first of these windows."""
    scores: tuple[FeatureScore, ...]
    """Of random alive latents that fire often enough; learned from one half of the windows, tested on the other."""
    chance: tuple[FeatureScore, ...]
    """The same latents with the held-out tokens at which each is active drawn anew: what nothing to find looks like."""
    shown: tuple[ShownFeature, ...]
    """Some of the scored latents, with what they fire on."""

    @property
    def dead(self) -> float:
        """Share of the latents that are active at no token."""
        return 1 - self.copy.alive

    @property
    def interpretability(self) -> tuple[float, float]:
        """Mean score, and that of chance; not numbers where no latent fires often enough."""
        score, by_chance = (
            float(np.mean([one.score for one in scores])) if scores else float("nan")
            for scores in (self.scores, self.chance)
        )
        return score, by_chance


def sae_folder(name: str) -> Path:
    """Where a SAE is that ships, or that is a folder.

    >>> sae_folder("smollm2-135m-b12").parent.name
    'sae'
    """
    return SHIPPED / name if (SHIPPED / name).exists() else Path(name)


def card_numbers(
    texts: Iterable[str],
    model: str,
    sae: str | None = None,
    *,
    limit: int = 500,
    n_features: int = 250,
    n_spliced: int = 100,
    seed: int = 0,
    on_progress: Progress = silent,
) -> CardNumbers:
    """Measure a SAE of a model; in float32.

    Args:
        texts: held out; what was in training makes every number better than it is.
        sae: one that ships, or a folder that sae-lens saved; by default the one that ships for the model.
        limit: texts that are read.
        n_features: latents that are scored, drawn at random.
        n_spliced: windows that the whole model predicts three times.

    Raises `WrongUse` with fewer than four windows of text, and what an unknown model or SAE raises.
    """
    name = sae or default_sae(model)
    form = load_sae(name)
    copy = SAE.load_from_disk(sae_folder(name), dtype="float32")
    reader = TruncatedModel(model, form.n_blocks)
    check_fit(form, model=model, d_model=reader.d_model, n_layers=reader.n_layers)
    tokenizer = load_tokenizer(model)
    windows = list(token_windows(islice(texts, limit), tokenizer, CONTEXT))
    if len(windows) < 4:
        raise WrongUse(f"There are {len(windows)} windows of text; give texts for at least 4.")
    rng = np.random.default_rng(seed)
    mixed = [windows[i] for i in rng.permutation(len(windows))]
    found = reconstruction(copy, (stream for *_, stream in residuals(reader, mixed)))
    on_progress(1, 3, "reconstruction")
    loss = splice_loss(copy, model, form.n_blocks, mixed[:n_spliced])
    on_progress(2, 3, "loss with the SAE in the model")
    learn, held_out = (active_tokens(copy, reader, half) for half in (mixed[::2], mixed[1::2]))
    alive = np.flatnonzero(np.diff(learn.active.indptr))
    chosen = np.sort(rng.permutation(alive)[:n_features]).tolist()
    n_vocab = max(len(tokenizer), *(int(half.tokens.max()) + 1 for half in (learn, held_out)))
    shuffled = replace(held_out, active=held_out.active[rng.permutation(len(held_out.tokens))])
    scores, chance = (interpretability(learn, half, chosen, n_vocab, seed) for half in (held_out, shuffled))
    on_progress(3, 3, "interpretability")
    shown = shown_features(scores, held_out, lambda ids: str(tokenizer.decode(ids)), seed)
    place = (form.n_blocks, reader.n_layers)
    return CardNumbers(form.name, model, *place, len(windows), found, loss, tuple(scores), tuple(chance), tuple(shown))
