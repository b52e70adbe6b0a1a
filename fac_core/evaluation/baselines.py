"""What to add to a seed at an equal budget: samples chosen by coverage against every honest alternative.

All methods add to the same seed set, draw after draw, so differences are paired. A budget counts samples, or tokens: a
method that likes long texts gets fewer of them for the same tokens.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fac_core.errors import WrongUse
from fac_core.evaluation import toxicity
from fac_core.evaluation.comparisons import Budget, Compared
from fac_core.evaluation.material import Material
from fac_core.evaluation.pool import Pool, Split
from fac_core.evaluation.selection import by_coverage, by_features, by_spread
from fac_core.evaluation.variants import Variant, Yardstick
from fac_core.progress import Progress, silent


@dataclass(frozen=True)
class _Round:
    """One draw of the seed, and what may be added to it."""

    pool: Pool
    yardstick: Yardstick
    variant: Variant
    seed: np.ndarray
    offered: np.ndarray
    """Rows of one label."""
    n: int
    tokens: float
    """Of a budget of tokens."""
    rng: np.random.Generator

    def counts(self) -> np.ndarray:
        """`[d_sae]`: samples of the seed in which a feature of F(P) is active."""
        return np.asarray(self.yardstick.incidence(self.variant)[self.seed].sum(axis=0)).ravel()

    def gaps(self) -> np.ndarray:
        return np.flatnonzero(self.yardstick.can_occur(self.variant) & (self.counts() < self.variant.min_count))


def _random(r: _Round) -> np.ndarray:
    return r.rng.permutation(len(r.offered))


def _spread(r: _Round) -> np.ndarray:
    return _filled(r, by_spread(r.pool.points[r.offered], r.n, rng=r.rng))


def _greedy(r: _Round) -> np.ndarray:
    active = r.yardstick.incidence(r.variant)[r.offered]
    return _filled(r, by_coverage(active, 2 * r.n, min_count=r.variant.min_count, counts=r.counts(), rng=r.rng))


def _greedy_per_token(r: _Round) -> np.ndarray:
    active = r.yardstick.incidence(r.variant)[r.offered]
    found = by_coverage(
        active, 2 * r.n, min_count=r.variant.min_count, counts=r.counts(), cost=r.pool.n_tokens[r.offered], rng=r.rng
    )
    return _filled(r, found)


def _gap_features(r: _Round) -> np.ndarray:
    """For every gap, in random order, the real text that fires it most: what retrieval would do in place of synthesis."""
    return _filled(r, by_features(r.pool.activations[r.offered], r.rng.permutation(r.gaps()), 2 * r.n))


def _random_features(r: _Round) -> np.ndarray:
    """The same for as many features of F(P), drawn at random."""
    could = np.flatnonzero(r.yardstick.can_occur(r.variant))
    drawn = r.rng.choice(could, min(len(could), max(1, len(r.gaps()))), replace=False)
    return _filled(r, by_features(r.pool.activations[r.offered], drawn, 2 * r.n))


def _filled(r: _Round, picked: np.ndarray) -> np.ndarray:
    """The rest in random order, for budgets that what was picked does not use up."""
    return np.concatenate([picked, r.rng.permutation(np.setdiff1d(np.arange(len(r.offered)), picked))])


METHODS: dict[str, Callable[[_Round], np.ndarray]] = {
    "random real": _random,
    "spread real": _spread,
    "greedy FAC": _greedy,
    "greedy FAC per token": _greedy_per_token,
    "texts of gaps": _gap_features,
    "texts of random features": _random_features,
}
"""Method -> positions among the offered rows, best first."""


def compare_methods(
    pool: Pool,
    parts: Split,
    variant: Variant,
    *,
    n_seed: tuple[int, int] = (15, 60),
    n_added: tuple[int, int] = (25, 100),
    budget: Budget = "samples",
    draws: int = 20,
    others: Mapping[str, Material] | None = None,
    test_inputs: np.ndarray | None = None,
    dose: float = 1.0,
    real: Sequence[str] = tuple(METHODS),
    on_progress: Progress = silent,
) -> list[Compared]:
    """Every method at the same budget, after `seed only`.

    Args:
        variant: how coverage is counted.
        n_seed, n_added: positive and negative samples of the seed, and those added.
        budget: `tokens` gives every method as many of each label as `n_added` texts of mean length have, or as the
            leanest of `others` has.
        others: texts from elsewhere (synthesis), by method: as many of each label are drawn as are added. Texts that were
            written for one seed are added to that one only.
        test_inputs: `[rows, d]`: states of another backbone, to learn and be measured on (transfer).
        dose: share of the budget that is used.
        real: methods that pick real texts, of `METHODS`; the others are left out.

    Raises `WrongUse` if the pool or other texts are too few.
    """
    if unknown := [one for one in real if one not in METHODS]:
        raise WrongUse(f"There is no method {unknown[0]!r} that picks real texts; there are {', '.join(METHODS)}.")
    x = pool.inputs if test_inputs is None else test_inputs
    everything = Material(x, pool.positive, pool.n_tokens)
    yardstick = Yardstick(pool, parts.anchor)
    labels = by_label(pool, parts)
    for rows, a, b, name in zip(labels, n_seed, n_added, ("positive", "negative"), strict=True):
        if len(rows) < a + 2 * b:
            raise WrongUse(f"Seed and addition need {a + 2 * b} {name} samples to choose from; there are {len(rows)}.")
    per_method: dict[str, list[tuple[float, int, int, float, float]]] = {}
    for draw in range(draws):
        rng = np.random.default_rng(draw)
        seed = drawn_seed(labels, n_seed, rng)
        per_method.setdefault("seed only", []).append(_measured(everything.at(seed), None, everything, parts.test))
        rounds = []
        for label, rows, n in zip((True, False), labels, n_added, strict=True):
            offered = np.setdiff1d(rows, seed)
            lean = [float(m.n_tokens[m.rows(label, draw)].sum()) for m in (others or {}).values()]
            tokens = min(lean, default=n * float(pool.n_tokens[offered].mean()))
            rounds.append(_Round(pool, yardstick, variant, seed, offered, n, tokens, rng))
        for method in real:
            pick = METHODS[method]
            added = np.concatenate([_within(r, r.offered[pick(r)], budget, dose) for r in rounds])
            closed = _closed(rounds[0], added)
            found = _measured(everything.at(seed), everything.at(added), everything, parts.test)
            per_method.setdefault(method, []).append((*found[:4], closed))
        for method, material in (others or {}).items():
            added_text = _drawn(material, draw, budget, rounds, dose, method)
            found = _measured(everything.at(seed), added_text, everything, parts.test)
            per_method.setdefault(method, []).append(found)
        on_progress(draw + 1, draws, "draws of the seed")
    return [_compared(method, budget, results) for method, results in per_method.items()]


def by_label(pool: Pool, parts: Split) -> list[np.ndarray]:
    """Rows that seeds are drawn from: positive ones, negative ones."""
    return [parts.train[pool.positive[parts.train] == label] for label in (True, False)]


def drawn_seed(labels: Sequence[np.ndarray], n_seed: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Rows of one seed. The draw with number i is that of a fresh generator with seed i, wherever it is drawn."""
    return np.concatenate([rng.choice(rows, n, replace=False) for rows, n in zip(labels, n_seed, strict=True)])


def _within(r: _Round, order: np.ndarray, budget: Budget, dose: float) -> np.ndarray:
    if budget == "samples":
        return order[: round(dose * r.n)]
    return order[: _fitting(r.pool.n_tokens[order], dose * r.tokens)]


def _fitting(n_tokens: np.ndarray, allowed: float) -> int:
    """How many texts, in this order, are within as many tokens."""
    return max(1, int(np.searchsorted(np.cumsum(n_tokens), allowed, side="right")))


def _drawn(
    material: Material, draw: int, budget: Budget, rounds: Sequence[_Round], dose: float, method: str
) -> Material:
    picked = []
    for label, r in zip((True, False), rounds, strict=True):
        order = r.rng.permutation(material.rows(label, draw))
        wanted = round(dose * r.n) if budget == "samples" else _fitting(material.n_tokens[order], dose * r.tokens)
        if len(order) < wanted:
            kind = "positive" if label else "negative"
            raise WrongUse(f"{method} has {len(order)} {kind} texts for seed {draw}; the budget is {wanted}.")
        picked.append(order[:wanted])
    return material.at(np.concatenate(picked))


def _closed(r: _Round, added: np.ndarray) -> float:
    gaps = r.gaps()
    if not len(gaps):
        return float("nan")
    counts = np.asarray(r.yardstick.incidence(r.variant)[added][:, gaps].sum(axis=0)).ravel()
    return float((counts >= r.variant.min_count).mean())


def _measured(
    seed: Material, added: Material | None, everything: Material, test: np.ndarray
) -> tuple[float, int, int, float, float]:
    started = time.monotonic()
    train = seed if added is None else seed + added
    margin = toxicity.margins((train.inputs, train.positive), everything.inputs[test], seed=0)
    score = toxicity.score(margin, everything.positive[test])
    n_samples, n_tokens = (0, 0) if added is None else (len(added.positive), int(added.n_tokens.sum()))
    return score, n_samples, n_tokens, time.monotonic() - started, float("nan")


def _compared(method: str, budget: Budget, results: list[tuple[float, int, int, float, float]]) -> Compared:
    scores, samples, tokens, seconds, closed = zip(*results, strict=True)
    return Compared(
        method,
        budget,
        scores,
        float(np.mean(samples)),
        float(np.mean(tokens)),
        float(np.mean(closed)),
        float(sum(seconds)),
    )
