"""How right an answer is, as numbers: of one case, and over many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fac_core.lab.holes.answers import MAX_Q, Answer, Theme
from fac_core.lab.holes.cases import Case

HEAD = 20
"""The strongest texts of a theme that say what it is about."""
LEAST_LIFT = 3.0
"""Of the group's share in a right theme over its share in the anchor."""


def auroc(scores: np.ndarray, positive: np.ndarray) -> float:
    """How often a positive scores above a negative, ties counting half; not a number without both.

    >>> auroc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
    0.75
    """
    from scipy.stats import rankdata

    n_positive = int(positive.sum())
    n_negative = len(positive) - n_positive
    if not n_positive or not n_negative:
        return float("nan")
    ranks = rankdata(scores)[positive].sum()
    return float((ranks - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def precision_at_head(scores: np.ndarray, positive: np.ndarray) -> float:
    """Share of positives among the highest scores, as many as there are positives; of ties, what is to be expected."""
    n = int(positive.sum())
    if not n:
        return float("nan")
    last = np.sort(scores)[::-1][n - 1]
    above, tied = scores > last, scores == last
    room = n - above.sum()
    return float((positive[above].sum() + room * positive[tied].mean()) / n)


def is_right(theme: Theme, missing: np.ndarray) -> bool:
    """Whether most of a theme's strongest texts are of the missing group, and many more than by chance."""
    n = min(HEAD, int(missing.sum()))
    head = theme.members[:n]
    if not n or not len(head):
        return False
    share = float(missing[head].sum() / n)  # a theme with fewer texts than there is room for lacks the rest
    return share > 0.5 and share >= LEAST_LIFT * float(missing.mean())


def measure(case: Case, answer: Answer) -> dict[str, Any]:
    """The figures of one answer, as they are written down."""
    reported = [theme for theme in answer.themes if theme.q <= MAX_Q]
    right = [is_right(theme, case.missing) for theme in answer.themes[:3]]
    false = sum(not is_right(theme, case.missing) for theme in reported)
    hole = bool(case.missing.any())
    return {
        "auroc": _number(auroc(answer.scores, case.missing)),
        "head": _number(precision_at_head(answer.scores, case.missing)),
        "first": right[:1] == [True] if hole else None,
        "among_three": any(right) if hole else None,
        "n_themes": len(answer.themes),
        "n_reported": len(reported),
        "n_false": false,
        "reported_right": any(is_right(theme, case.missing) for theme in reported) if hole else None,
        "significant": answer.significant,
    }


def mean_with_interval(
    lines: Sequence[dict[str, Any]], figure: str, *, resamples: int = 1000
) -> tuple[float, float, float] | None:
    """Mean of a figure over cases, and its 95 % interval: groups are drawn, and of each its cuts.

    A mean over groups of means over cuts, so that no group counts twice. None where no case has the figure.
    """
    by_group: dict[str, list[float]] = {}
    for line in lines:
        if line.get(figure) is not None:
            by_group.setdefault(f"{line['collection']} {line['group']}", []).append(float(line[figure]))
    if not by_group:
        return None
    values = [np.array(found) for found in by_group.values()]
    rng = np.random.default_rng(0)
    drawn = np.empty(resamples)
    for i in range(resamples):
        groups = rng.integers(len(values), size=len(values))
        drawn[i] = np.mean([rng.choice(values[g], len(values[g])).mean() for g in groups])
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(np.mean([v.mean() for v in values])), float(low), float(high)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 5)
