"""Who learns from a seed and what was added to it, and its loss where the hole was and elsewhere.

*head*: a linear head on frozen states, from all of the seed and the addition; positive and negative test texts are a half each.
A head is surer, and more wrong, where it has seen nothing, so texts of a hole help there a little whatever their labels. So it
is fitted once more with the labels of its own texts shuffled: what an arm wins beyond that was learned.

*next-token*: LoRA of the whole model on the texts themselves, nats a token on the test's. A label says one thing of a text, and
a head on frozen states carries it over from one topic to another; what comes next in a text is said at every token, and a topic
has words of its own. It learns from the addition and some texts of the seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from fac_core.lab.sets.pool import Pool
from fac_core.lab.sets.seeds import Seed
from fac_core.lab.tasks.lora import LoraConfig
from fac_core.lab.tasks.next_token import surprise
from fac_core.lab.tasks.toxicity import margins

LearnerName = Literal["head", "next-token"]


class Losses(NamedTuple):
    """Of one set."""

    in_hole: float
    elsewhere: float
    in_hole_shuffled: float | None = None
    """None for who looks at no labels."""


@dataclass(frozen=True)
class Learner:
    """Who learns."""

    losses: Callable[[Pool, Seed, np.ndarray, np.ndarray, int], Losses]
    """`(pool, seed, added rows, test rows, draw) -> losses`."""
    longest: int = 1_000_000
    """Tokens of a text that it reads: what lies behind them is no part of a budget."""


def by_head(pool: Pool, seed: Seed, added: np.ndarray, test: np.ndarray, draw: int) -> Losses:
    """Of a head on frozen states."""
    rows = np.concatenate([seed.rows, added])
    labels, here = pool.positive[rows], np.isin(test, seed.hole)
    shuffled = np.random.default_rng(draw).permutation(labels)
    real, noise = (_of_head(pool, rows, said, test, draw) for said in (labels, shuffled))
    there, elsewhere, noise_there = (
        _evenly(loss, pool.positive[test], at) for loss, at in ((real, here), (real, ~here), (noise, here))
    )
    return Losses(there, elsewhere, noise_there)


def _of_head(pool: Pool, rows: np.ndarray, labels: np.ndarray, test: np.ndarray, draw: int) -> np.ndarray:
    margin = margins((pool.inputs[rows], labels), pool.inputs[test], seed=draw)
    return np.logaddexp(0, np.where(pool.positive[test], -margin, margin))


def _evenly(loss: np.ndarray, positive: np.ndarray, at: np.ndarray) -> float:
    """Mean loss of some texts, both labels a half each; of one label, where there is no other."""
    sides = [loss[at & side] for side in (positive, ~positive)]
    return float(np.mean([side.mean() for side in sides if len(side)]))


TUNED = LoraConfig(epochs=2, context=64)
_FROM_SEED = 60
"""Texts of the seed that it learns from: a whole seed would take minutes a set."""
_READ = 60
"""Test texts of the hole that it reads, and as many others."""


def by_next_token(
    pool: Pool, seed: Seed, added: np.ndarray, test: np.ndarray, draw: int, config: LoraConfig = TUNED
) -> Losses:
    """Of a language model. Which texts of seed and test it sees is the same for every arm of a draw."""
    rng = np.random.default_rng(draw)
    here = np.isin(test, seed.hole)
    there, elsewhere = (_some(test[at], _READ, rng) for at in (here, ~here))
    learned, read = (
        [pool.texts[row] for row in np.concatenate(rows)]
        for rows in ((_some(seed.rows, _FROM_SEED, rng), added), (there, elsewhere))
    )
    summed, n_tokens = surprise(learned, read, config, seed=draw)
    parts = (slice(len(there)), slice(len(there), None))
    in_hole, outside = (float(summed[part].sum() / n_tokens[part].sum()) for part in parts)
    return Losses(in_hole, outside)


def _some(rows: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    return rng.choice(rows, min(n, len(rows)), replace=False)


LEARNERS: dict[LearnerName, Learner] = {"head": Learner(by_head), "next-token": Learner(by_next_token, TUNED.context)}
