"""How far the words around a token tell whether a feature is active there.

A feature that people can name is one whose tokens and contexts predict it. The score measures that without a
language model as a judge: on one half of a text the evidence is counted, on the other half it has to predict.

Evidence for a feature at a token is the sum of three log-odds, each counted on the training half: of the token,
of its left neighbour, and the mean over the `CONTEXT` tokens before it. The score of a feature is the area under
the ROC curve of that evidence on held-out tokens, averaged over two sets of negatives: random tokens, and hard ones
(inactive tokens with the same id as an active one, or in a window where the feature is active).
0.5 is chance, 1.0 is a feature that its tokens and contexts determine. Only ranks count, so no threshold is chosen.
In spirit this is detection scoring (Paulo et al. 2024, "Automatically Interpreting Millions of Features in Large
Language Models"), with counts in the place of the explaining and judging models.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sae_lens import SAE
from scipy import sparse
from sklearn.metrics import roc_auc_score

from fac_core.models.sinks import sinks
from fac_core.models.token_batches import Batch, as_tokens, batches
from fac_core.models.truncated import TruncatedModel

CONTEXT = 16
"""Tokens before the current one that count as its context."""
_SMOOTHING = 2.0
"""Pseudo-observations, at the base rate, that every token id starts with."""
_MIN_ACTIVE = 10
"""A feature with fewer active, or fewer inactive, tokens on either half is not scored."""
_MAX_NEGATIVES = 4000
_BATCH_TOKENS = 2048


@dataclass(frozen=True)
class TokenText:
    """Tokens in reading order, and where features are active on them."""

    tokens: np.ndarray
    """Token ids, `[tokens]`."""
    window: np.ndarray
    """Number of the window each token belongs to, ascending, `[tokens]`."""
    active: sparse.csc_matrix
    """Whether a feature is active at a token, `[tokens, features]`."""
    strength: sparse.csc_matrix | None = None
    """How strongly, where that was kept, `[tokens, features]`."""


@dataclass(frozen=True)
class FeatureScore:
    """How predictable one feature is from the words around it."""

    feature: int
    against_random: float
    """Area under the ROC curve with random inactive tokens as negatives."""
    against_hard: float
    """The same with inactive tokens of the same id or window as negatives."""

    @property
    def score(self) -> float:
        return (self.against_random + self.against_hard) / 2


def interpretability(
    train: TokenText, held_out: TokenText, features: Sequence[int], n_vocab: int, seed: int = 0
) -> list[FeatureScore]:
    """Score `features`; those with fewer than 10 active tokens on either half are left out.

    Args:
        n_vocab: number of token ids.
        seed: of the negatives that are drawn.
    """
    views = list(zip(_views(train, n_vocab), _views(held_out, n_vocab), strict=True))
    seen = [_weight(there) for there, _ in views]
    rng = np.random.default_rng(seed)
    scores = []
    for feature in features:
        is_active, held_active = (text.active[:, [feature]].toarray().ravel() for text in (train, held_out))
        if min(n for mask in (is_active, held_active) for n in (mask.sum(), (~mask).sum())) < _MIN_ACTIVE:
            continue
        odds = (log_odds(_weight(there[is_active]), of_all) for (there, _), of_all in zip(views, seen, strict=True))
        evidence = np.sum([held @ weight for (_, held), weight in zip(views, odds, strict=True)], axis=0)
        against = (auroc(evidence[held_active], evidence[n]) for n in _negatives(held_out, held_active, n_vocab, rng))
        scores.append(FeatureScore(feature, *against))
    return scores


def _views(text: TokenText, n_vocab: int) -> tuple[sparse.csr_matrix, ...]:
    """What is read of each token: itself, its left neighbour, its context; `[tokens, n_vocab]` each."""
    ones, ends = np.ones(len(text.tokens)), np.arange(len(text.tokens) + 1)
    own, left = (
        sparse.csr_matrix((ones, ids, ends), shape=(len(ones), n_vocab)) for ids in (text.tokens, left_neighbours(text))
    )
    return own, left, context_matrix(text, n_vocab)


def _weight(view: sparse.csr_matrix) -> np.ndarray:
    return np.asarray(view.sum(axis=0)).ravel()


def log_odds(active: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Log-odds that a feature is active, for each token id, relative to its base rate.

    Args:
        active: weight of active tokens, by id `[n_vocab]`.
        seen: weight of all tokens, by id `[n_vocab]`.
    """
    base = active.sum() / max(seen.sum(), 1.0)
    if not 0 < base < 1:  # nothing was seen, or nothing else: no evidence
        return np.zeros(len(seen))
    odds = (active + _SMOOTHING * base) / (np.maximum(seen - active, 0) + _SMOOTHING * (1 - base))
    return np.log(odds) - np.log(base / (1 - base))


def auroc(positive: np.ndarray, negative: np.ndarray) -> float:
    """Probability that a random positive ranks above a random negative; ties count half."""
    is_positive = np.arange(len(positive) + len(negative)) < len(positive)
    return float(roc_auc_score(is_positive, np.concatenate([positive, negative])))


def left_neighbours(text: TokenText) -> np.ndarray:
    """Token id before each token, `[tokens]`; the first of a window is its own neighbour."""
    left = np.roll(text.tokens, 1)
    first = np.r_[True, text.window[1:] != text.window[:-1]]
    left[first] = text.tokens[first]
    return left


def context_matrix(text: TokenText, n_vocab: int) -> sparse.csr_matrix:
    """Share of each id among the up to `CONTEXT` tokens before each token of a window, `[tokens, n_vocab]`."""
    n = len(text.tokens)
    rows, columns = [], []
    for distance in range(1, CONTEXT + 1):
        later = np.arange(distance, n)
        later = later[text.window[later] == text.window[later - distance]]
        rows.append(later)
        columns.append(text.tokens[later - distance])
    row, column = np.concatenate(rows), np.concatenate(columns)
    share = 1 / np.maximum(np.bincount(row, minlength=n), 1)
    return sparse.csr_matrix((share[row], (row, column)), shape=(n, n_vocab))


def _negatives(
    text: TokenText, is_active: np.ndarray, n_vocab: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Positions of random and of hard negatives; random ones stand in where there is no hard one."""
    inactive = np.flatnonzero(~is_active)
    same_id = np.zeros(n_vocab, dtype=bool)
    same_id[text.tokens[is_active]] = True
    same_window = np.zeros(text.window.max() + 1, dtype=bool)
    same_window[text.window[is_active]] = True
    hard = inactive[same_id[text.tokens[inactive]] | same_window[text.window[inactive]]]

    def sample(pool: np.ndarray) -> np.ndarray:
        return rng.choice(pool, size=min(_MAX_NEGATIVES, len(pool)), replace=False)

    return sample(inactive), sample(hard if len(hard) else inactive)


def residuals(
    model: TruncatedModel, windows: Sequence[np.ndarray]
) -> Iterator[tuple[Batch, torch.Tensor, torch.Tensor]]:
    """Batches of windows, which of their tokens a SAE reads (bool `[rows, length]`), and what it reads there `[tokens, d_model]`.

    The first token of a window and attention sinks are left out, as in training.
    """
    for batch in batches(as_tokens(windows), _BATCH_TOKENS):
        stream = model.residual(batch.input_ids).float()
        content = batch.content & ~sinks(stream, batch.content)
        yield batch, content, stream[content]


@torch.inference_mode()
def active_tokens(sae: SAE[Any], model: TruncatedModel, windows: Sequence[np.ndarray]) -> TokenText:
    """Run model and SAE on windows of token ids and keep where each latent is active, and how strongly."""
    tokens, window, rows, columns, strengths, n_tokens, n_windows = [], [], [], [], [], 0, 0
    for batch, content, stream in residuals(model, windows):
        codes = sae.encode(stream)
        row, column = (codes > 0).nonzero(as_tuple=True)
        strengths.append(codes[row, column].numpy())
        rows.append(row.numpy() + n_tokens)
        columns.append(column.numpy())
        tokens.append(batch.input_ids[content].numpy())
        window.append(content.nonzero(as_tuple=True)[0].numpy() + n_windows)
        n_tokens += len(tokens[-1])
        n_windows += len(batch.input_ids)
    places = np.concatenate(rows), np.concatenate(columns)
    strength = sparse.csc_matrix((np.concatenate(strengths), places), shape=(n_tokens, sae.cfg.d_sae))
    strength.sort_indices()
    parts = np.ones(strength.nnz, dtype=bool), strength.indices, strength.indptr
    return TokenText(
        np.concatenate(tokens), np.concatenate(window), sparse.csc_matrix(parts, shape=strength.shape), strength
    )
