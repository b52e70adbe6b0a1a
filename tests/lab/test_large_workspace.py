"""The made-up workspace is one that the engine reads, and says what it was told to say."""

from __future__ import annotations

import pytest

import fac_core as fac
from fac_core.evidence.homes import fields
from fac_core.lab.bench.large import Size, make_workspace
from fac_core.lab.bench.large_space import words_of
from fac_core.store.runs.run_file import RunFile

TINY = Size(200, 256, 20, 100)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return make_workspace(tmp_path_factory.mktemp("large") / "w", TINY)


def test_a_feature_peaks_on_its_own_word(place):
    words = words_of(TINY.d_sae)
    assert len(set(words)) == TINY.d_sae
    for feature in (0, 17, 60):
        best = fac.top(feature, workspace=place.folder, n=1)[0]
        assert best.peak is not None
        assert best.text[best.peak.char_start : best.peak.char_end] == words[feature]


def test_the_seed_is_smaller_and_lacks_some(place):
    anchor, seed = (next(r for r in fac.runs(place.folder) if r.name == n) for n in ("anchor", "seed"))
    assert (anchor.n_samples, seed.n_samples, seed.d_sae) == (200, 20, 256)
    assert 0 < fac.coverage(workspace=place.folder).fac < 1


def test_it_has_labels_homes_and_an_atlas(place):
    assert len(fac.labels(workspace=place.folder)) == TINY.d_sae
    with RunFile(place.run_path("anchor")) as run:
        assert fields(run) == ["set"]
    assert len(fac.neighbours(3, workspace=place.folder)) == 10


def test_made_again_it_is_left_as_it_is(place):
    before = place.run_path("anchor").stat().st_mtime_ns
    make_workspace(place.folder, TINY)
    assert place.run_path("anchor").stat().st_mtime_ns == before
