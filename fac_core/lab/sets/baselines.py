"""What to add to a seed at an equal budget: samples chosen by coverage against every honest alternative.

All methods add to the same seed set, draw after draw, so differences are paired. A budget counts samples, or tokens: a
method that likes long texts gets fewer of them for the same tokens.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from fac_core.coverage.definition import PRESETS, Definition
from fac_core.errors import WrongUse
from fac_core.lab.sets.adding import METHODS, Offer, gaps_of
from fac_core.lab.sets.comparisons import Budget, Compared, keep_comparison
from fac_core.lab.sets.material import Material, read_material
from fac_core.lab.sets.pool import Pool, Split, pool_of, split, states_of
from fac_core.lab.sets.seeds import Seeds
from fac_core.lab.sets.variants import Yardstick
from fac_core.lab.study.study_files import StudyConfig
from fac_core.lab.tasks import toxicity
from fac_core.lab.writing.scene import PER_FEATURE
from fac_core.lab.writing.written_sets import read_spec, set_files
from fac_core.progress import Progress, silent
from fac_core.store.workspace import Workspace

log = logging.getLogger(__name__)


def baselines(
    config: StudyConfig,
    workspace: Workspace,
    *,
    budget: Budget = "samples",
    preset: Literal["paper", "calibrated"] = "calibrated",
    n_seed: tuple[int, int] = (15, 60),
    n_added: tuple[int, int] = (25, 100),
    draws: int = 20,
    dose: float = 1.0,
    backbone: tuple[str, int] | None = None,
    others: Mapping[str, Path] | None = None,
    sets: Path | None = None,
    real: Sequence[str] = tuple(METHODS),
    hole: bool = False,
    on_progress: Progress = silent,
) -> list[Compared]:
    """`compare_methods` on the texts of a study; what comes out is kept with it.

    Args:
        config: the study whose pool and split are used.
        preset: how coverage is counted.
        backbone: model and block that learn, where they are not those of the study (transfer).
        others: JSONL files of texts from elsewhere, by method: a line is `{"text": ..., "label": ...}`.
        sets: folder of written sets: its texts take part, and its sizes and seeds are used in place of those given.
        hole: seeds that lack a topic; of `sets`, what they were written for.

    Raises `WrongUse` for a study without two classes of texts, and for a dose or draws that make no sense.
    """
    config.check_two_classes()
    if not 0 < dose <= 1 or draws < 2:
        raise WrongUse(f"dose is {dose} and draws {draws}; give a dose above 0, up to 1, and two draws or more.")
    pool = pool_of(config, workspace, on_progress=on_progress)
    states = states_of(config, workspace, backbone)
    files = dict(others or {})
    if sets is not None:
        written = read_spec(sets)
        n_seed, n_added, draws, hole = written.n_seed, written.n_added, written.draws, written.hole
        files |= {name: path for name, path in set_files(sets).items() if name != PER_FEATURE}
    sizes = {"n_seed": n_seed, "n_added": n_added, "draws": draws, "dose": dose, "hole": hole}
    found = compare_methods(
        pool,
        split(pool, config.split),
        PRESETS[preset],
        **sizes,
        budget=budget,
        others={name: read_material(path, config.positive, states) for name, path in files.items()},
        test_inputs=states.of(pool.passages(), on_progress=on_progress) if backbone else None,
        real=real,
        on_progress=on_progress,
    )
    texts = {
        "texts": ", ".join([*(others or {}), *([sets.name] if sets is not None else [])]),
        "sets": str(sets.resolve()) if sets is not None else "",
        "real": list(real),
    }
    learner = ":".join(map(str, backbone or ()))
    asked = {"budget": budget, "preset": preset, **sizes, "backbone": learner, **texts}
    keep_comparison(workspace, config.name, asked, found)
    return found


def compare_methods(
    pool: Pool,
    parts: Split,
    definition: Definition,
    *,
    n_seed: tuple[int, int] = (15, 60),
    n_added: tuple[int, int] = (25, 100),
    budget: Budget = "samples",
    draws: int = 20,
    others: Mapping[str, Material] | None = None,
    test_inputs: np.ndarray | None = None,
    dose: float = 1.0,
    real: Sequence[str] = tuple(METHODS),
    hole: bool = False,
    on_progress: Progress = silent,
) -> list[Compared]:
    """Every method at the same budget, after `seed only`.

    Args:
        definition: how coverage is counted.
        n_seed, n_added: positive and negative samples of the seed, and those added.
        budget: `tokens` gives every method as many of each label as `n_added` texts of mean length have, or as the
            leanest of `others` has.
        others: texts from elsewhere (synthesis), by method: as many of each label are drawn as are added. Texts that were
            written for one seed are added to that one only. Where one of them has fewer, all methods add as few.
        test_inputs: `[rows, d]`: states of another backbone, to learn and be measured on (transfer).
        dose: share of the budget that is used.
        real: methods that pick real texts, of `METHODS`; the others are left out.
        hole: draw seeds that lack a topic, and measure on the test texts of that topic as well.

    Raises `WrongUse` if the pool has too few texts.
    """
    if unknown := [one for one in real if one not in METHODS]:
        raise WrongUse(f"There is no method {unknown[0]!r} that picks real texts; there are {', '.join(METHODS)}.")
    x = pool.inputs if test_inputs is None else test_inputs
    everything = Material(x, pool.positive, pool.n_tokens)
    yardstick = Yardstick(pool, parts.anchor)
    seeds = Seeds(pool, parts, n_seed, hole=hole)
    for rows, a, b, name in zip(seeds.by_label, n_seed, n_added, ("positive", "negative"), strict=True):
        if len(rows) < a + 2 * b:
            raise WrongUse(f"Seed and addition need {a + 2 * b} {name} samples to choose from; there are {len(rows)}.")
    per_method: dict[str, list[_Measured]] = {}
    for draw in range(draws):
        rng = np.random.default_rng(draw)
        seed = seeds.draw(rng)
        in_hole = np.intersect1d(parts.test, seed.hole)
        learn = partial(_measured, everything.at(seed.rows), everything=everything, test=parts.test, hole=in_hole)
        per_method.setdefault("seed only", []).append(learn(None))
        offers: list[Offer] = []
        for label, rows, n in zip((True, False), seeds.by_label, n_added, strict=True):
            offered = np.setdiff1d(rows, seed.rows)
            theirs = {name: m.n_tokens[m.rows(label, draw)] for name, m in (others or {}).items()}
            tokens = min((float(t.sum()) for t in theirs.values()), default=n * float(pool.n_tokens[offered].mean()))
            fewest = _fewest(theirs, n, label, draw)
            offers.append(Offer(pool, yardstick, definition, seed.rows, offered, label, fewest, tokens, rng))
        for method in real:
            added = np.concatenate([o.within(o.order(method), pool.n_tokens, budget, dose) for o in offers])
            found = learn(everything.at(added))
            per_method.setdefault(method, []).append(found._replace(closed=_closed(offers[0], added)))
        for method, material in (others or {}).items():
            orders = [offer.rng.permutation(material.rows(offer.label, draw)) for offer in offers]
            parts_of = zip(offers, orders, strict=True)
            drawn = np.concatenate([o.within(order, material.n_tokens, budget, dose) for o, order in parts_of])
            per_method.setdefault(method, []).append(learn(material.at(drawn)))
        on_progress(draw + 1, draws, "draws of the seed")
    return [_compared(method, budget, results) for method, results in per_method.items()]


def _fewest(theirs: Mapping[str, np.ndarray], n: int, label: bool, draw: int) -> int:
    """Texts of a label that every method can add. Raises `WrongUse` if one has none."""
    least = min(theirs, key=lambda name: len(theirs[name]), default=None)
    if least is None or len(theirs[least]) >= n:
        return n
    kind, there = "positive" if label else "negative", len(theirs[least])
    if not there:
        raise WrongUse(f"{least} has no {kind} texts for seed {draw}.")
    log.warning("%s has %d %s texts for seed %d, not %d: all methods add %d.", least, there, kind, draw, n, there)
    return there


def _closed(offer: Offer, added: np.ndarray) -> float | None:
    """Share of the seed's gaps; None where it has none."""
    gaps, counts = gaps_of(offer.counts), offer.yardstick.counts(added, offer.definition)
    return float(counts.covered[gaps].mean()) if len(gaps) else None


class _Measured(NamedTuple):
    """One draw of one method: the fields of `Compared`."""

    score: float
    in_hole: float | None
    n_samples: int
    n_tokens: int
    closed: float | None
    seconds: float


def _measured(
    seed: Material, added: Material | None, *, everything: Material, test: np.ndarray, hole: np.ndarray
) -> _Measured:
    started = time.monotonic()
    train = seed if added is None else seed + added
    margin = toxicity.margins((train.inputs, train.positive), everything.inputs[test], seed=0)
    positive, here = everything.positive[test], np.isin(test, hole)
    in_hole = toxicity.score(margin[here], positive[here]) if len(hole) else None
    sizes = (0, 0) if added is None else (len(added.positive), int(added.n_tokens.sum()))
    return _Measured(toxicity.score(margin, positive), in_hole, *sizes, None, time.monotonic() - started)


def _compared(method: str, budget: Budget, results: Sequence[_Measured]) -> Compared:
    scores, in_hole, samples, tokens, closed, seconds = zip(*results, strict=True)
    shares = [one for one in closed if one is not None]
    return Compared(
        method,
        budget,
        scores,
        float(np.mean(samples)),
        float(np.mean(tokens)),
        float(np.mean(shares)) if shares else None,
        float(sum(seconds)),
        tuple(one for one in in_hole if one is not None),
    )
