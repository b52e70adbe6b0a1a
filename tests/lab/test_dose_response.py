"""Losses that fall where a set has a feature, and losses that do not: the slope tells them apart."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from fac_core.cli.app import run as fac
from fac_core.errors import WrongUse
from fac_core.lab.study import dose_response as study
from fac_core.lab.study.dose_response import ALONE, NEAR, NOISE, OTHER, Grid, grids_of, responses
from fac_core.lab.study.study_files import StudyConfig
from fac_core.store.workspace import Workspace
from tests.lab.pools import labelled_pool

CONFIG = StudyConfig(
    name="d", task="toxicity", run="synthetic", n_positive=16, n_negative=32, draws=12, kinds="random; few topics"
)


def grid_with(slope: float, *, by_nearness: float = 0.0, seed: int = 0) -> Grid:
    rng = np.random.default_rng(seed)
    n = rng.poisson(2, (40, 30))
    nearness = 0.5 * np.log1p(n) + rng.normal(0, 0.3, n.shape)
    of_set, of_feature = rng.normal(0, 1, (40, 1)), rng.normal(0, 1, (1, 30))
    loss = of_set + of_feature + slope * np.log1p(n) + by_nearness * nearness + rng.normal(0, 0.05, n.shape)
    return Grid(loss, n, nearness, rng.integers(10, 40, 30))


def slopes(grids: list[Grid]) -> dict[tuple[str, str], study.Response]:
    return {(one.dose, one.control): one for one in responses([{"as they come": grid} for grid in grids])}


def test_a_planted_slope_is_found_and_another_feature_has_none():
    found = slopes([grid_with(-0.3, seed=seed) for seed in range(5)])
    assert found["log(1+n)", ALONE].mean == pytest.approx(-0.3, abs=0.01)
    assert found["log(1+n)", ALONE].explained > 0.8
    assert abs(found["log(1+n)", OTHER].mean) < 0.03
    assert found["log(1+n)", NEAR].mean == pytest.approx(-0.3, abs=0.02)
    assert found["n ≥ 1", ALONE].explained < found["log(1+n)", ALONE].explained


def test_what_states_explain_is_not_credited_to_features():
    found = slopes([grid_with(0.0, by_nearness=-0.4, seed=seed) for seed in range(5)])
    assert found["log(1+n)", ALONE].interval[1] < -0.1
    assert abs(found["log(1+n)", NEAR].mean) < 0.02


def test_labels_that_are_noise_teach_less_than_labels_that_are_not():
    """In the pool of code each topic has its own way of being positive, so its features help where they fire."""
    pool = labelled_pool(2000)
    noise = replace(pool, positive=np.random.default_rng(1).permutation(pool.positive))
    grids, shuffled = ([grids_of(p, replace(CONFIG, split=cut)) for cut in range(3)] for p in (pool, noise))
    found = {(one.texts, one.dose, one.control): one for one in responses(grids, shuffled)}
    real, none = (found["labels alike", "log(1+n)", control] for control in (ALONE, NOISE))
    assert max(real.per_cut) < 0
    assert none.mean > real.mean / 2
    assert real.n_sets == 24


def test_the_command_tells_of_each_pool_and_draws_them(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(study, "pool_of", lambda *_, **__: labelled_pool(2000))
    files = []
    for name in ("one", "two"):
        files.append(tmp_path / f"{name}.toml")
        files[-1].write_text(f'name = "{name}"\ntask = "toxicity"\nrun = "r"\nn_positive = 16\nn_negative = 32\n')
    Workspace.create(tmp_path / "w")
    command = ["lab", "dose-response", *map(str, files), "--workspace", str(tmp_path / "w"), "--kinds", "random"]
    command += ["--draws", "4", "--cuts", "2", "--first", "3", "--figure", str(tmp_path / "f.svg"), "--json"]
    assert fac(command) == 0
    said = json.loads(capsys.readouterr().out)
    assert list(said) == ["one", "two"]
    assert len(said["one"]) == len(study.TEXTS) * len(study.DOSES) * 4
    assert said["one"][0]["n_sets"] == 4
    assert (tmp_path / "f.svg").read_text(encoding="utf-8").count("<title>") == 8


def test_pairs_and_single_cuts_are_refused(tmp_path):
    pairs = StudyConfig(name="p", task="reward", run="a", rejected="b")
    with pytest.raises(WrongUse, match="two classes"):
        study.dose_response(pairs, None, cuts=[0, 1])  # type: ignore[arg-type]
    with pytest.raises(WrongUse, match="two or more"):
        study.dose_response(CONFIG, None, cuts=[0])  # type: ignore[arg-type]
