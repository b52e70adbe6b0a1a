"""Parameters are checked before anybody waits; the parts of a worker do what they say."""

from __future__ import annotations

import doctest
import logging

import pytest

from fac_core.errors import WrongUse
from fac_core.jobs import pace, warm
from fac_core.jobs.kinds import KINDS, checked
from fac_core.jobs.log_file import last_lines, recording


@pytest.mark.parametrize(
    ("kind", "params", "said"),
    [
        ("paint", {}, "no kind of job 'paint'; choose one of encode"),
        ("encode", {}, "source: Field required"),
        ("encode", {"source": "x", "contxt": 5}, "contxt"),
        ("encode", {"source": "x", "context": 3}, "context: Input should be greater than or equal to 8"),
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
        given = {"source": "x", "task": "t", "text": "x", "batch_id": "b"}
        needed = {key: given[key] for key, field in kind.params.model_fields.items() if field.is_required()}
        params = checked(name, needed)
        assert checked(name, params.model_dump(mode="json")) == params


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
