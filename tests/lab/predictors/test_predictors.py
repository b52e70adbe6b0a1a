"""The study of predictors from end to end on a tiny model, and what is concluded from sets whose truth is made."""

from __future__ import annotations

import gzip
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from fac_core.cli.app import run as fac
from fac_core.errors import NotFound, WrongUse
from fac_core.lab.sets.predictors.collected import COLLECTIONS
from fac_core.lab.sets.predictors.measured import family_of
from fac_core.lab.study import predictors as study
from fac_core.lab.study import predictors_compared as compared
from fac_core.lab.study.predictors import REFERENCE, Examined, PredictorsConfig, examine, named
from fac_core.lab.study.predictors_compared import THE_PREDICTOR, choose, compare, report, verdict
from fac_core.store.workspace import Workspace

FAMILIES = {
    "F2b V-optimality on states", "F2b V-optimality on features", "F3 gradient likeness", "F4 soft coverage",
    "F5 NovelSum", "F6 sensitive FAC", "F2a residual coverage", "FAC", "likeness", "shortfall",
    "control random dictionary", "control PCA", "control RDS+", "control k-centre", "control facility location",
    "control log-det", "text metrics", "size",
}  # fmt: skip


def made(name: str, *, seed: int, good: str = "good: one", noise: float = 0.1, split: float = 0.05) -> Examined:
    """68 sets of 17 kinds; a metric that goes with the score, one that goes with length alone, one that does not vary."""
    rng = np.random.default_rng(seed)
    quality, length = np.repeat(rng.normal(size=17), 4) + 0.3 * rng.normal(size=68), rng.normal(size=68)
    score = quality + noise * rng.normal(size=68)
    return Examined(
        name,
        pa.table(
            {
                "set_id": [str(i) for i in range(68)],
                "kind": [f"k{i // 4}" for i in range(68)],
                "draw": [i % 4 for i in range(68)],
                "log length": length,
                "score": score,
                "half a": score + split * rng.normal(size=68),
                "half b": score + split * rng.normal(size=68),
                REFERENCE: score,
                good: quality,
                "size: log length": length + 1e-3 * rng.normal(size=68),
                "good: constant": np.full(68, np.nan if name == "a" else 1.0),
            }
        ),
    )


@pytest.fixture(scope="module")
def found() -> compared.Compared:
    noisy = made("noisy", seed=3, split=10)
    return compare([made("a", seed=1), made("b", seed=2), noisy], n_resamples=200)


def test_the_metric_that_goes_with_the_score_is_chosen_and_never_the_one_that_trains(found):
    chosen = choose(found)
    assert chosen == {
        THE_PREDICTOR: "good: one",
        "good": "good: one",
        "size": "size: log length",
        "reference": REFERENCE,
    }


def test_means_are_over_reliable_collections_with_intervals_over_kinds(found):
    assert found.reliable.tolist() == [True, True, False]
    at = found.metrics.index("good: one")
    value, low, high = found.estimate("good: one", "pearson")
    assert value == pytest.approx(found.each[:2, 0, at].mean())
    assert low <= value <= high
    assert found.mean[0, found.metrics.index("good: constant")] == 0
    gain, *_ = found.difference("good: one", "size: log length", "pearson")
    assert gain == pytest.approx(value - found.estimate("size: log length", "pearson")[0])
    assert found.difference("good: one", "good: one", "partial") == (0, 0, 0)


def test_a_verdict_needs_both_bars_and_either_excluded_bar_is_against_it(found):
    assert report(found, choose(found))["families"][THE_PREDICTOR]["verdict"] == "holds"
    assert verdict((0.9, 0.8, 1.0), (0.5, 0.3, 0.7)) == "open"
    assert verdict((0.9, 0.8, 1.0), (0.5, 0.3, 0.59)) == "does not"
    assert verdict((0.9, -0.1, 1.0), (0.7, 0.3, 0.9)) == "open"


def test_states_and_features_are_equal_where_no_interval_leaves_a_tenth(found):
    chosen = {"F2b V-optimality on states": "good: one", "F2b V-optimality on features": "good: one"}
    assert report(found, chosen)["states and features"] == "equal"
    chosen["F2b V-optimality on features"] = "size: log length"
    assert report(found, chosen)["states and features"] == "different"


def test_scores_of_noise_are_compared_with_nothing():
    with pytest.raises(WrongUse, match="reliable"):
        compare([made("noisy", seed=3, split=10)])


def test_collections_are_asked_for_by_half_or_by_name():
    assert [one.half for one in named("test")] == ["test"] * 6
    assert [one.name for one in named("test", ["toxicchat"])] == ["toxicchat"]
    with pytest.raises(NotFound, match="no collection 'nowhere'"):
        named("test", ["nowhere"])


def test_a_small_study_from_files_to_what_was_chosen_and_then_tested(model_of, sae_of, tmp_path, monkeypatch, capsys):
    rng = np.random.default_rng(0)
    words = "the cat sat on a mat and saw some birds fly over its old red house in spring"
    texts = [
        f"{'please shout' if i % 3 == 0 else 'say'} {i} " + " ".join(rng.choice(words.split(" "), rng.integers(3, 14)))
        for i in range(240)
    ]
    rows = "\n".join(json.dumps({"text": t, "label": int(i % 3 == 0 or i % 7 == 0)}) for i, t in enumerate(texts))
    (tmp_path / "toxicchat_train.jsonl.gz").write_bytes(gzip.compress(rows.encode()))
    one = COLLECTIONS[0]
    monkeypatch.setattr(study, "COLLECTIONS", (one,))

    def small(**given: Any) -> PredictorsConfig:
        return PredictorsConfig(
            model=str(model_of("llama")), block=3, sae=str(sae_of("topk")), n_positive=10, n_negative=20, **given
        )

    monkeypatch.setattr("fac_core.lab.study.predictors.PredictorsConfig", small)
    monkeypatch.setattr(compared, "LEAST_RELIABLE", -1)
    monkeypatch.setattr(compared.compare, "__kwdefaults__", {"n_resamples": 20, "seed": 0})
    command = ["lab", "predictors", str(tmp_path), "-w", str(tmp_path / "w"), "--draws", "1"]
    Workspace.create(tmp_path / "w")
    assert fac([*command, "--half", "test"]) == 2  # nothing is chosen yet
    assert fac([*command, "--json", "--figure", str(tmp_path / "f.svg")]) == 0
    said = json.loads(capsys.readouterr().out)
    assert set(said["families"]) == FAMILIES | {THE_PREDICTOR, "reference", *compared.ALWAYS_SHOWN}
    assert set(said["learned minus random dictionary"]) == set(compared.LEARNED_AND_RANDOM)
    assert (tmp_path / "f.svg").read_text(encoding="utf-8").startswith("<svg")
    config = small(folder=tmp_path, draws=1)
    workspace = Workspace.at(tmp_path / "w")
    (sets,) = examine([one], config, workspace)
    assert len(sets.sets) == 17
    assert {family_of(metric) for metric in sets.metrics} == FAMILIES | {"reference"}
    assert np.isfinite(sets.sets["F2b V-optimality on states: standardised, λ 100, all texts"].to_numpy()).all()
    chosen = study.read_chosen(workspace, config)
    assert fac([*command, "--only", "toxicchat", "--cut", "1"]) == 0
    assert "given log length" in capsys.readouterr().out
    assert study.read_chosen(workspace, config) == chosen  # another cut chooses nothing


def test_what_was_not_chosen_cannot_be_tested(tmp_path):
    with pytest.raises(WrongUse, match="--half choice"):
        study.read_chosen(Workspace.create(tmp_path / "w"), PredictorsConfig(folder=tmp_path))
