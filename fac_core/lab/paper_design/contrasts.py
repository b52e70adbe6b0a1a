"""The paper's design, small and honest: do texts written for gaps teach more, or texts written for what is relevant?

A seed has safe texts of the anchor's source and a few positive ones. Every arm adds as many written positive texts, of equal
lengths, their labels checked by a model that saw neither source. The texts of four arms are written for features of a cell:
gap or covered by the seed, relevant or irrelevant by a third source. A head learns from seed and addition, and is measured on texts
of a source that had no part in anything. So three differences tell relevance and missingness apart: two main effects and the interaction.

Each draw has an anchor of its own (a third of the source) and a seed from the rest, so whether a feature is a gap is anew
decided. With `apart`, draws of different parts share no written text and no feature. Otherwise the same texts come back in
many draws, and intervals over draws are too narrow for another bank.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from scipy import sparse
from scipy.optimize import linear_sum_assignment
from scipy.stats import t

from fac_core.coverage.definition import CALIBRATED
from fac_core.errors import WrongUse
from fac_core.generators.seam import Generator
from fac_core.lab.paper_design.bank import Banked, bank_of
from fac_core.lab.paper_design.draws import CELLS, Draw, drawn, features_of
from fac_core.lab.paper_design.sources import PaperDesign, Sources, sources_of
from fac_core.lab.sets.variants import Yardstick
from fac_core.lab.tasks import toxicity
from fac_core.lab.tasks.hidden_states import Passage
from fac_core.lab.tasks.result import LEVEL, half_width
from fac_core.progress import Progress, silent
from fac_core.report.charts import dots
from fac_core.store.workspace import Workspace

NOTHING, HUMAN, UNGUIDED = "nothing", "human", "unguided"
CONTRASTS: dict[str, tuple[float, ...]] = {
    "relevance": (0.5, -0.5, 0.5, -0.5),
    "missingness": (0.5, 0.5, -0.5, -0.5),
    "interaction": (1.0, -1.0, -1.0, 1.0),
    "relevance minus missingness": (0.0, -1.0, 1.0, 0.0),
}
"""Weights of the cells, in their order. The last is what tells the two main effects apart."""
POWER = 0.8
COLUMNS = ("added", "AUPRC", "texts", "tokens a text", "relevant gaps closed", "rudeness over the border")
_BIN = 4
"""Tokens: texts of arms are matched by length in steps of so many."""


@dataclass(frozen=True)
class Scored:
    """One arm; a value for each draw."""

    arm: str
    auprc: tuple[float, ...]
    n_texts: tuple[int, ...]
    """Added."""
    n_tokens: tuple[float, ...]
    """Of an added text, mean."""
    closed: tuple[float, ...]
    """Share of the relevant gaps that the added texts close by themselves, at one text."""
    rudeness: tuple[float, ...]
    """Margin of the check over its border, mean over the added texts: a label may be clearer in one arm than in another."""

    def as_row(self) -> tuple[str, ...]:
        """For people, under `COLUMNS`: means over draws."""
        auprc, n_texts, n_tokens, closed, rudeness = (
            float(np.mean(values)) for values in (self.auprc, self.n_texts, self.n_tokens, self.closed, self.rudeness)
        )
        return self.arm, f"{auprc:.3f}", f"{n_texts:.0f}", f"{n_tokens:.1f}", f"{closed:.0%}", f"{rudeness:+.2f}"


@dataclass(frozen=True)
class Effect:
    """A difference of arms over draws."""

    name: str
    per_draw: tuple[float, ...]

    @property
    def interval(self) -> tuple[float, float, float]:
        """Mean, and both ends of its 95 % interval."""
        mean, half = float(np.mean(self.per_draw)), half_width(self.per_draw)
        return mean, mean - half, mean + half

    @property
    def detectable(self) -> float:
        """The effect that would have been found with a power of 80 %, at the spread seen."""
        n = len(self.per_draw)
        error = float(np.std(self.per_draw, ddof=1)) / n**0.5
        return float(t.ppf((1 + LEVEL) / 2, n - 1) + t.ppf(POWER, n - 1)) * error

    def as_dict(self) -> dict[str, Any]:
        return {"name": self.name, "per_draw": self.per_draw, "interval": self.interval, "detectable": self.detectable}


def paper_design(
    design: PaperDesign,
    workspace: Workspace,
    writers: Sequence[Generator],
    *,
    apart: int = 1,
    on_progress: Progress = silent,
) -> dict[str, list[Scored]]:
    """Every arm by writer, after `nothing` and `human`, which no writer wrote and all share.

    Args:
        writers: each writes a bank, or has written it.
        apart: parts that features are dealt into, a draw choosing from one of them; 1 lets all choose from everything.

    Raises `WrongUse` where the anchor has too few texts or a cell too few features, and as `sources_of` does.
    """
    given = sources_of(design, workspace, on_progress=on_progress)
    draws = [drawn(design, given, number) for number in range(design.draws)]
    features = features_of(design, given, draws)
    found: dict[str, list[Scored]] = {}
    for writer in writers:
        bank = bank_of(design, given, features, writer, workspace, on_progress=on_progress)
        found[writer.name] = scored(design, given, draws, bank, apart=apart, on_progress=on_progress)
    return found


def scored(
    design: PaperDesign,
    given: Sources,
    draws: Sequence[Draw],
    bank: Sequence[Banked],
    *,
    apart: int = 1,
    on_progress: Progress = silent,
) -> list[Scored]:
    """Every arm in every draw, from a bank."""
    stock = _stock(given, bank)
    found: dict[str, list[_Added]] = {}
    for draw in draws:
        offered = _offered(given, draw, bank, apart) | {HUMAN: draw.people}
        n = min(design.n_positive, *map(len, offered.values()))
        if n < 4:
            raise WrongUse(f"Draw {draw.number} has {n} texts for its smallest arm; write for more features.")
        rng = np.random.default_rng(draw.number)
        places = alike({name: stock.n_tokens[rows] for name, rows in offered.items()}, n, rng)
        arms = {NOTHING: draw.seed[:0]} | {name: rows[places[name]] for name, rows in offered.items()}
        for name, rows in arms.items():
            found.setdefault(name, []).append(_added(given, draw, stock, rows))
        on_progress(draw.number + 1, len(draws), f"{n} texts an arm")
    columns = {name: zip(*(vars(one).values() for one in of), strict=True) for name, of in found.items()}
    return [Scored(name, *map(tuple, of)) for name, of in columns.items()]


def alike(lengths: Mapping[str, np.ndarray], n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Places of n texts of every arm whose lengths are as alike as can be.

    How many of each length is what all arms have a share of; an arm that lacks one takes the nearest.

    Args:
        lengths: tokens of the texts that each arm has, n or more.
    """
    steps = {name: of // _BIN for name, of in lengths.items()}
    most = max(int(of.max()) for of in steps.values()) + 1
    shares = np.min([np.bincount(of, minlength=most) / len(of) for of in steps.values()], axis=0)
    if not shares.any():
        shares = np.mean([np.bincount(of, minlength=most) / len(of) for of in steps.values()], axis=0)
    wanted = np.searchsorted(np.cumsum(shares) / shares.sum(), (np.arange(n) + 0.5) / n)
    places: dict[str, np.ndarray] = {}
    for name, of in steps.items():
        mixed = rng.permutation(len(of))
        cost = np.abs(wanted[:, None] - of[mixed][None, :])
        places[name] = mixed[linear_sum_assignment(cost)[1]]
    return places


def effects(found: Sequence[Scored]) -> list[Effect]:
    """The contrasts of the cells, then each written or human arm less the seed alone, and less the unguided one."""
    by_arm = {one.arm: np.array(one.auprc) for one in found}
    cells = np.array([by_arm[name] for name in CELLS])
    made = [Effect(name, tuple((np.array(weights) @ cells).tolist())) for name, weights in CONTRASTS.items()]
    for base in (NOTHING, UNGUIDED):
        others = [arm for arm in by_arm if arm not in (NOTHING, base)]
        made += [Effect(f"{arm} minus {base}", tuple((by_arm[arm] - by_arm[base]).tolist())) for arm in others]
    return made


def figure(found: Mapping[str, Sequence[Effect]]) -> str:
    """SVG of the contrasts, a band for each writer."""
    rows = [(name, one.name, one.interval) for name, of in found.items() for one in of if one.name in CONTRASTS]
    return dots(rows, title="What texts are written for", x_title="AUPRC")


@dataclass(frozen=True)
class _Added:
    """One arm in one draw."""

    auprc: float
    n_texts: int
    n_tokens: float
    closed: float
    rudeness: float


@dataclass(frozen=True)
class _Stock:
    """All that arms choose from: the rows of the pool, and after them the texts of the bank."""

    inputs: np.ndarray
    n_tokens: np.ndarray
    rudeness: np.ndarray
    fires: sparse.csr_matrix


def _stock(given: Sources, bank: Sequence[Banked]) -> _Stock:
    pool, texts = given.pool, [one.text for one in bank]
    active = Yardstick(pool, np.arange(len(pool))).incidence(CALIBRATED)
    sizes = np.cumsum([0, *(len(one.fires) for one in bank)])
    fired = np.concatenate([np.array(one.fires, dtype=np.int64) for one in bank])
    shape = len(bank), active.get_shape()[1]
    written = sparse.csr_matrix((np.ones(len(fired), dtype=np.int32), fired, sizes), shape=shape)
    return _Stock(
        np.concatenate([pool.inputs, given.states.of([Passage(text) for text in texts])]),
        np.concatenate([pool.n_tokens, [one.n_tokens for one in bank]]),
        given.check.margins([*pool.texts, *texts]) - given.check.border,
        cast(sparse.csr_matrix, sparse.vstack([active, written]).tocsr()),
    )


def _offered(given: Sources, draw: Draw, bank: Sequence[Banked], apart: int) -> dict[str, np.ndarray]:
    """Rows of the stock that each written arm may choose from in a draw."""
    first = len(given.pool)
    features = {feature: nth for nth, feature in enumerate(dict.fromkeys(one.feature for one in bank))}
    unguided = [i for i, one in enumerate(bank) if one.feature is None]
    part = draw.number % apart
    mine = [i for i, one in enumerate(bank) if one.feature is not None and features[one.feature] % apart == part]
    offered = {}
    for name in CELLS:
        wanted = draw.cell(given, name)
        offered[name] = first + np.array([i for i in mine if wanted[bank[i].feature]], dtype=np.int64)
    return offered | {UNGUIDED: first + np.array(unguided[part::apart], dtype=np.int64)}


def _added(given: Sources, draw: Draw, stock: _Stock, rows: np.ndarray) -> _Added:
    inputs = np.concatenate([given.pool.inputs[draw.seed], stock.inputs[rows]])
    labels = np.concatenate([given.pool.positive[draw.seed], np.ones(len(rows), dtype=bool)])
    margin = toxicity.margins((inputs, labels), given.test.inputs, seed=draw.number)
    auprc = toxicity.score(margin, given.test.positive)
    if not len(rows):
        return _Added(auprc, 0, 0.0, 0.0, 0.0)
    gaps = np.flatnonzero(draw.gap & given.relevant)
    closed = np.asarray(stock.fires[rows][:, gaps].sum(axis=0)).ravel() > 0
    means = (float(values[rows].mean()) for values in (stock.n_tokens, stock.rudeness))
    n_tokens, rudeness = means
    return _Added(auprc, len(rows), n_tokens, float(closed.mean()) if len(gaps) else 0.0, rudeness)
