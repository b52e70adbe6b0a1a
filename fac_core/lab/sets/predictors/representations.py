"""Where texts lie, as predictors see it: hidden states and features, brought to one centre and one scale.

All are float64 `[rows, d]` with a mean squared length of `LENGTH_SQUARED` over the rows that they are fitted on, so that a λ or
a distance means the same in each.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from sklearn.covariance import ledoit_wolf

LENGTH_SQUARED = 576.0
"""Of standardised states of SmolLM2-135M it is what they have anyway."""


def standardised(states: np.ndarray, fitted_on: np.ndarray) -> np.ndarray:
    """Each dimension less its mean and over its spread, as the head sees them.

    Args:
        states: `[rows, d]`.
        fitted_on: rows that means and spreads are of.
    """
    some = states[fitted_on].astype(np.float64)
    return scaled((states - some.mean(axis=0)) / np.maximum(some.std(axis=0), 1e-9), fitted_on)


def whitened(states: np.ndarray, fitted_on: np.ndarray) -> np.ndarray:
    """Every direction over its spread, by a covariance that is shrunk for there being few texts (Ledoit and Wolf, 2004)."""
    some = states[fitted_on].astype(np.float64)
    spread, directions = np.linalg.eigh(ledoit_wolf(some)[0])
    return scaled((states - some.mean(axis=0)) @ directions / np.sqrt(np.maximum(spread, 1e-12)), fitted_on)


def of_features(activations: sparse.csr_matrix, anchor: np.ndarray, fitted_on: np.ndarray) -> np.ndarray:
    """idf_i · g_i / σ_i, as coordinates `[rows, rows]` at most, in which all distances and products are the same.

    Args:
        activations: `[rows, d_sae]`.
        anchor: rows that idf and σ are of; features that fire in none of them are left out.
        fitted_on: rows that lie around the centre.
    """
    here = activations[anchor]
    fires = np.asarray((here > 0).sum(axis=0)).ravel()
    idf = np.maximum(np.log(len(anchor) / (1 + fires)), 0)
    mean, squares = (np.asarray(part.mean(axis=0)).ravel() for part in (here, here.multiply(here)))
    spread = np.sqrt(np.maximum(squares - mean**2, 0))
    weight = np.divide(idf, spread, out=np.zeros_like(idf), where=spread > 1e-9)
    values = activations[:, weight > 0].toarray() * weight[weight > 0]
    return scaled(isometric(values - values[fitted_on].mean(axis=0)), fitted_on)


def isometric(values: np.ndarray) -> np.ndarray:
    """Coordinates with the same inner products, in no more dimensions than there are rows."""
    if values.shape[1] <= len(values):
        return values.astype(np.float64)
    squares, directions = np.linalg.eigh((values @ values.T).astype(np.float64))
    return directions * np.sqrt(np.maximum(squares, 0))


def scaled(values: np.ndarray, fitted_on: np.ndarray) -> np.ndarray:
    """With a mean squared length of `LENGTH_SQUARED` over some rows."""
    mean = (values[fitted_on].astype(np.float64) ** 2).sum(axis=1).mean()
    return values.astype(np.float64) * np.sqrt(LENGTH_SQUARED / max(mean, 1e-12))
