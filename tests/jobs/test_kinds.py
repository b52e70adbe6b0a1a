"""Parameters are checked before anybody waits; the parts of a worker do what they say."""

from __future__ import annotations

import doctest
import json
import logging

import numpy as np
import pytest

from fac_core.diversity.sentences import MODEL_SHA256
from fac_core.errors import WrongUse
from fac_core.jobs import pace, warm
from fac_core.jobs.kinds import KINDS, Asked, checked
from fac_core.jobs.log_file import last_lines, recording
from fac_core.store.workspace import Workspace
from tests.runs import make_run


@pytest.mark.parametrize(
    ("kind", "params", "said"),
    [
        ("paint", {}, "no kind of job 'paint'; choose one of encode"),
        ("encode", {}, "source: Field required"),
        ("encode", {"source": "x", "contxt": 5}, "contxt"),
        ("encode", {"source": "x", "context": 3}, "context is 3; give a window of 8"),
        ("encode", {"source": "x", "mode": "sparse"}, "mode"),
        ("probe", {"text": ""}, "text"),
        ("probe", [1, 2], "probe"),
    ],
)
def test_a_wrong_parameter_is_one_sentence_that_names_it(kind, params, said):
    with pytest.raises(WrongUse) as wrong:
        checked(kind, params)
    assert said in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_paths_are_those_of_who_asks_not_of_the_worker(tmp_path, monkeypatch):
    (tmp_path / "texts.txt").write_text("a\n")
    monkeypatch.chdir(tmp_path)
    params = checked("encode", {"source": "texts.txt", "model": "owner/model"}).model_dump()
    assert (params["source"], params["model"]) == (str(tmp_path / "texts.txt"), "owner/model")


def test_every_kind_has_a_title_and_parameters_that_survive_json():
    for name, kind in KINDS.items():
        assert kind.title, name
        given = {"source": "x", "task": "t", "text": "x", "batch_id": "b", "runs": ["a"]}
        needed = {key: given[key] for key, field in kind.params.model_fields.items() if field.is_required()}
        params = checked(name, needed)
        assert checked(name, params.model_dump(mode="json")) == params


def test_diversity_is_a_job_whose_result_the_log_can_hold(tmp_path):
    place = Workspace.create(tmp_path / "w")
    kept = place.folder / "cache" / "embeddings"
    kept.mkdir(parents=True)
    for name in ("anchor", "seed"):
        rows = [(0, s, 1.0 + s) for s in range(8)]
        texts = [f"text {s}" for s in range(8)]
        with make_run(place.run_path(name), name, rows, 8, 4, run_id=name, texts=texts) as run:  # embedded before
            vectors = np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32)
            np.save(kept / f"{run.info.dataset_id}-{name}-{MODEL_SHA256[:12]}.npy", vectors)
    heard: list[tuple] = []
    params = checked("diversity", {"runs": ["seed", "anchor"], "anchor": "anchor"})
    found = KINDS["diversity"].run(Asked(place, params, "Ann", lambda *news: heard.append(news), warm.Warm()))
    assert json.loads(json.dumps(found))["rows"][0]["metrics"]["fac_paper"]["mean"] == 1.0
    assert heard == [(0, 2, "measuring"), (1, 2, "measuring"), (2, 2, "measuring")]


def test_the_documented_examples_hold():
    for module in (pace, warm):
        assert doctest.testmod(module).failed == 0


def test_the_rate_forgets_what_was_found_done_and_another_phase():
    measured = pace.Pace()
    assert measured.rate(0, 900, 1000) is None
    assert measured.rate(10, 910, 1000) == 1.0
    assert measured.rate(11, 0, 50) is None


def test_a_log_keeps_what_was_there_and_shows_its_end(tmp_path):
    path = tmp_path / "1.log"
    assert last_lines(path) == []
    for n in range(3):
        with recording(path):
            logging.getLogger("fac_core.jobs").info("line %d", n)
    assert [line.split()[-1] for line in last_lines(path, 2)] == ["1", "2"]
