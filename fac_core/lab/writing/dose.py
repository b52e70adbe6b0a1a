"""How much of a synthetic set helps: shares of its targets, and texts of one feature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fac_core.lab.sets.material import Material, read_material
from fac_core.lab.sets.pool import pool_of, split, states_of
from fac_core.lab.sets.seeds import Seeds
from fac_core.lab.study.study_files import StudyConfig
from fac_core.lab.tasks import toxicity
from fac_core.lab.tasks.result import mean_interval
from fac_core.lab.writing.scene import IN_ROUNDS, PER_FEATURE
from fac_core.lab.writing.written_sets import read_spec, set_files
from fac_core.progress import Progress, silent
from fac_core.report.charts import scatter
from fac_core.store.workspace import Workspace

SHARES = (0.3, 0.6, 1.0)


@dataclass(frozen=True)
class Dosed:
    """One dose of one set, over the draws of the seed."""

    method: str
    dose: float
    """Share of the targets (of a set without targets: of its texts), or texts of a feature, or rounds."""
    per_draw: tuple[float, ...]
    gains: tuple[float, ...]
    """Over the seed alone, by draw."""
    n_samples: float
    """Added, mean over draws."""
    n_tokens: float

    @property
    def said(self) -> str:
        """The dose in words."""
        if self.method == PER_FEATURE:
            return f"{self.dose:.0f} a feature"
        if self.method == IN_ROUNDS:
            return "round 1" if self.dose == 1 else f"rounds 1 to {self.dose:.0f}"
        return f"{self.dose:.0%}"

    @property
    def mean(self) -> float:
        return float(np.mean(self.per_draw))

    @property
    def gain(self) -> tuple[float, float, float]:
        """Mean over the seed alone, and its 95 % interval over draws."""
        return float(np.mean(self.gains)), *mean_interval(list(self.gains))


def dose(
    config: StudyConfig,
    folder: Path,
    workspace: Workspace,
    *,
    backbone: tuple[str, int] | None = None,
    on_progress: Progress = silent,
) -> list[Dosed]:
    """Every set that was written into a folder for a study at every dose; smaller doses are part of the larger ones.

    Args:
        folder: of `write_sets`; its seeds are the ones that are added to.
        backbone: model and block that learn, where they are not those of the study.

    Raises `NotFound` where there are no sets, `WrongUse` for a study without two classes of texts.
    """
    config.check_two_classes()
    spec = read_spec(folder)
    pool = pool_of(config, workspace, on_progress=on_progress)
    states, parts = states_of(config, workspace, backbone), split(pool, config.split)
    inputs = states.of(pool.passages(), on_progress=on_progress) if backbone else pool.inputs
    everything = Material(inputs, pool.positive, pool.n_tokens)
    test = everything.at(parts.test)
    drawn, draws = Seeds(pool, parts, spec.n_seed, hole=spec.hole), range(spec.draws)
    seeds = [everything.at(drawn.draw(np.random.default_rng(draw)).rows) for draw in draws]
    alone = [_score(seed, test) for seed in seeds]
    found: list[Dosed] = []
    for method, path in set_files(folder).items():
        material = read_material(path, config.positive, states)
        pick, levels = _share, SHARES
        if method in (PER_FEATURE, IN_ROUNDS) and material.nth is not None:
            pick, levels = _first, tuple(float(n + 1) for n in range(int(material.nth.max()) + 1))
        for level in levels:
            added = [material.at(pick(material, draw, level)) for draw in draws]
            scores = tuple(_score(seed + one, test) for seed, one in zip(seeds, added, strict=True))
            gains = tuple(a - b for a, b in zip(scores, alone, strict=True))
            sizes = [len(one.positive) for one in added], [int(one.n_tokens.sum()) for one in added]
            found.append(Dosed(method, level, scores, gains, float(np.mean(sizes[0])), float(np.mean(sizes[1]))))
        on_progress(len(found), 0, method)
    return found


def dose_figure(found: Sequence[Dosed], title: str) -> str:
    """Texts added against what they gain over the seed, one kind of mark a set."""
    points = [(one.n_samples, one.gain[0], one.method) for one in found]
    return scatter(points, title=title, x_title="texts added", y_title=f"{toxicity.METRIC} over the seed alone")


def _share(material: Material, draw: int, share: float) -> np.ndarray:
    """The first texts of each class."""
    classes = [material.rows(label, draw) for label in (True, False)]
    return np.concatenate([rows[: round(share * len(rows))] for rows in classes])


def _first(material: Material, draw: int, n: float) -> np.ndarray:
    """The first n texts of each feature, or those of the first n rounds."""
    rows = np.concatenate([material.rows(label, draw) for label in (True, False)])
    return rows if material.nth is None else rows[material.nth[rows] < n]


def _score(train: Material, test: Material) -> float:
    return toxicity.score(toxicity.margins((train.inputs, train.positive), test.inputs, seed=0), test.positive)
