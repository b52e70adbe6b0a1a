"""The demo's first answer: from a part now, of the whole as soon as jobs have read it, and never twice the same work."""

from __future__ import annotations

import json
import re
from contextlib import nullcontext
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

import fac_core as fac
from fac_core import demo
from fac_core.activations.spec import EncodeSpec
from fac_core.cli import machine
from fac_core.jobs.control import list_jobs, work
from fac_core.progress import silent
from fac_core.store.workspace import Workspace
from fac_core.workflows.naming import labels_of
from tests import tiny


@pytest.fixture
def folder(tmp_path: Path, model_of, sae_of, monkeypatch) -> Path:
    """A workspace to be, and a demo of a tiny model over two sets of 30 texts each and a seed of one."""
    sources = {}
    for name, sets in (("broad", ("a", "b")), ("everyday", ("c",))):
        tables = []
        for one in sets:
            texts = [json.dumps({"text": f"{tiny.TEXTS[i % 7]} In {one} number {i}."}) for i in range(30)]
            (tmp_path / f"{one}.jsonl").write_text("\n".join(texts), encoding="utf-8")
            tables.append(f'[[set]]\nname = "{one}"\npath = "{one}.jsonl"')
        sources[name] = tmp_path / f"{name}.toml"
        sources[name].write_text("\n".join([f'name = "{name}"', *tables]), encoding="utf-8")
    anchor, seed = sources["broad"], sources["everyday"]
    monkeypatch.setattr(demo, "ANCHOR", anchor)
    monkeypatch.setattr(demo, "SEED", seed)
    monkeypatch.setattr(demo, "_FIRST", {anchor: 20, seed: 6})
    monkeypatch.setattr(demo, "_NAMES", {anchor: "broad", seed: "everyday"})
    spec = EncodeSpec(model=str(model_of("llama")), sae=str(sae_of("topk")), context=32, dtype="float32")
    monkeypatch.setattr(demo, "SPEC", spec)
    monkeypatch.setattr(demo, "ensure_worker", lambda _workspace: True)
    return tmp_path / "w"


def watch(_title: str):
    return nullcontext(silent)


def printed(answer: demo.Answer) -> str:
    console = Console(width=120, record=True, file=StringIO())
    machine.tell(console, answer)
    return console.export_text()


def test_the_first_answer_is_of_a_part_and_says_so(folder):
    answer = demo.run_first(folder, watch)
    assert (answer.anchor.name, answer.anchor.n_samples) == ("broad, first 20 of each set", 40)
    assert (answer.seed.name, answer.seed.n_samples) == ("everyday, first 6 of each set", 6)
    assert answer.coverage.denominator > 0
    text = printed(answer)
    assert "Seed: A part: 6 samples. The rest waits to be read." in text
    assert "not yet the percentages" in text
    assert "FAC against" not in text
    assert [job.params["name"] for job in list_jobs(folder) if job.kind == "encode"] == ["everyday", "broad"]


def test_asked_again_while_the_rest_is_read_nothing_is_asked_for_twice(folder):
    demo.run_first(folder, watch)
    before = list_jobs(folder)
    assert demo.run_first(folder, watch).anchor.n_samples == 40
    assert list_jobs(folder) == before


def test_when_the_whole_is_there_it_is_the_default_and_the_answer(folder):
    demo.run_first(folder, watch)
    work(folder, once=True)
    view = fac.View.find(workspace=folder)
    assert (view.anchor.name, view.anchor.n_samples) == ("broad", 60)
    assert (view.run.name, view.run.n_samples) == ("everyday", 30)
    assert labels_of(folder).names().text  # this SAE ships none, so a job made them
    assert view.has_atlas
    answer = demo.run_first(folder, watch)
    assert (answer.anchor.name, answer.seed.name) == ("broad", "everyday")
    assert Workspace(folder).anchor().name == "broad"
    assert all(job.state == "succeeded" for job in list_jobs(folder))
    assert "A part" not in printed(answer)
    assert answer.coverage == demo.run_demo(folder, watch).coverage


def test_the_first_texts_are_among_all_of_them(folder):
    demo.run_first(folder, watch)
    work(folder, once=True)
    place = Workspace(folder)
    texts = {
        info.name: set(place.opened_run(info).query("SELECT text FROM samples")["text"].to_pylist())
        for info in place.runs()
    }
    for name in ("broad", "everyday"):
        part = next(texts[other] for other in texts if re.match(f"{name}, first", other))
        assert part < texts[name]
