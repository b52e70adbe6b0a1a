"""The made-up workspace is one that the engine reads, and says what it was told to say."""

from __future__ import annotations

import json

import pytest

from fac_core.cli.app import run as command
from fac_core.coverage.fac import coverage
from fac_core.evidence.examples import top_examples
from fac_core.evidence.homes import fields
from fac_core.lab.bench.large import SPACE, Size, make_workspace
from fac_core.lab.bench.large_space import words_of
from fac_core.naming.labels import Labels
from fac_core.store.runs.space_file import SpaceFile

TINY = Size(200, 256, 20, 100)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return make_workspace(tmp_path_factory.mktemp("large") / "w", TINY)


def test_a_feature_peaks_on_its_own_word(workspace):
    words = words_of(TINY.d_sae)
    assert len(set(words)) == TINY.d_sae
    with workspace.run("anchor") as anchor:
        for feature in (0, 17, 60):
            best = top_examples(anchor, feature, 1)[0]
            assert best.peak is not None
            assert best.text[best.peak.char_start : best.peak.char_end] == words[feature]


def test_the_seed_is_smaller_and_lacks_some(workspace):
    anchor, seed = (next(r for r in workspace.runs() if r.name == n) for n in ("anchor", "seed"))
    assert (anchor.n_samples, seed.n_samples, seed.d_sae) == (200, 20, 256)
    assert workspace.anchor() == anchor
    with workspace.run("anchor") as p, workspace.run("seed") as q:
        assert 0 < coverage(q, p).fac < 1


def test_it_has_labels_homes_and_an_atlas(workspace):
    assert len(Labels(workspace.events(), SPACE).all()) == TINY.d_sae
    with workspace.run("anchor") as run:
        assert fields(run) == ["set"]
    with SpaceFile(workspace.space_path(SPACE)) as space:
        assert len(space.query("FROM neighbours WHERE feature_id = 3")) == 10


def test_made_again_it_is_left_as_it_is(workspace):
    before = workspace.run_path("anchor").stat().st_mtime_ns
    make_workspace(workspace.folder, TINY)
    assert workspace.run_path("anchor").stat().st_mtime_ns == before


def test_the_command_says_what_it_made(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("fac_core.lab.bench.large.SMALL", TINY)
    assert command(["lab", "large-workspace", str(tmp_path / "w"), "--small", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert {name: sizes["n_samples"] for name, sizes in said["runs"].items()} == {"anchor": 200, "seed": 20}


def test_the_command_takes_a_number_of_samples(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("fac_core.lab.bench.large.LARGE", TINY)
    assert command(["lab", "large-workspace", str(tmp_path / "w"), "--samples", "310", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert {name: sizes["n_samples"] for name, sizes in said["runs"].items()} == {"anchor": 310, "seed": 31}
