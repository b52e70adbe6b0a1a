"""A linear head on frozen states: the cheapest honest fine-tuning, and the same for every task.

How strongly it is regularised is chosen by cross-validation inside the training set. That is all a seed decides: given
its strength the fit is convex, so seeds hardly differ, and what noise there is comes from the draw of the set.
"""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1)
"""C of the logistic regression that the folds choose among."""

_FOLDS = 3


def fitted(
    inputs: np.ndarray, labels: np.ndarray, *, scoring: str, seed: int, through_origin: bool = False
) -> Pipeline:
    """A standardised logistic regression, its strength chosen by 3 folds of the training set.

    Args:
        inputs: `[samples, d]`.
        labels: bool `[samples]`, both kinds in it.
        scoring: scikit-learn's name of the metric that chooses.
        through_origin: no intercept and no centring, for differences.
    """
    least = int(min(labels.sum(), (~labels).sum()))
    if least < 2:
        return _head(STRENGTHS[-2], through_origin).fit(inputs, labels)
    folds = StratifiedKFold(min(_FOLDS, least), shuffle=True, random_state=seed)
    strengths = {"logisticregression__C": STRENGTHS}
    search = GridSearchCV(_head(STRENGTHS[0], through_origin), strengths, scoring=scoring, cv=folds)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a weak strength may stop early: it is then judged as it is
        return search.fit(inputs, labels).best_estimator_


def _head(strength: float, through_origin: bool) -> Pipeline:
    return make_pipeline(
        StandardScaler(with_mean=not through_origin),
        LogisticRegression(C=strength, fit_intercept=not through_origin, max_iter=200),
    )
