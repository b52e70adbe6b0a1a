"""Real texts that close gaps: what they close is what FAC says after they are added."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fac_core.coverage.closing import closing
from fac_core.coverage.definition import CALIBRATED, PAPER, Definition
from fac_core.coverage.fac import coverage
from fac_core.errors import ModelMismatch
from fac_core.store.runs.run_file import RunFile
from tests.runs import make_run

Runs = Callable[..., RunFile]


def test_a_hand_made_case(run_of: Runs):
    anchor = run_of("anchor", [(f, 0, 1.0) for f in range(5)])
    seed = run_of("seed", [(0, 0, 1.0)])
    web = run_of("web", [(1, 2, 1.0), (2, 2, 1.0), (3, 1, 1.0)])
    books = run_of("books", [(3, 0, 1.0), (1, 0, 1.0), (2, 0, 1.0)])
    first, second, together = closing(seed, [web, books], anchor)
    assert (first.n_gaps, first.closed, first.samples) == (4, (1, 2, 3), (("web", 2), ("web", 1)))
    assert second.samples == (("books", 0),)
    assert (together.sources, together.closed, together.samples) == (("web", "books"), (1, 2, 3), (("books", 0),))


def test_a_gap_needs_only_what_the_run_lacks(run_of: Runs):
    anchor = run_of("anchor", [(f, s, 1.0) for f in range(2) for s in range(3)])
    seed = run_of("seed", [(0, 0, 1.0), (0, 1, 1.0)])
    source = run_of("source", [(0, 0, 1.0), (1, 0, 1.0), (1, 1, 1.0)])
    (found,) = closing(seed, [source], anchor, Definition(min_count=3))
    assert found.n_gaps == 2
    assert found.closed == (0,)  # one more sample is enough; feature 1 would need three and there are two
    assert found.samples == (("source", 0),)


@pytest.mark.parametrize("definition", [PAPER, Definition(delta=0.5, min_count=2), CALIBRATED])
def test_the_run_with_the_texts_covers_what_was_promised(random_run: Runs, tmp_path, definition: Definition):
    seed, source, anchor = random_run(105, 8), random_run(103, 40), random_run(1, 60)
    (found,) = closing(seed, [source], anchor, definition)
    place = {sample: 8 + i for i, (_, sample) in enumerate(found.samples)}
    rows = [(r["feature_id"], r["sample_id"], r["activation"]) for r in seed.query("FROM activations").to_pylist()]
    rows += [
        (r["feature_id"], place[r["sample_id"]], r["activation"])
        for r in source.query("FROM activations").to_pylist()
        if r["sample_id"] in place
    ]
    mended = make_run(tmp_path, "mended", rows, 8 + len(place), seed.info.d_sae)
    before, after = coverage(seed, anchor, definition), coverage(mended, anchor, definition)
    assert set(after.covered) - set(before.covered) >= set(found.closed)
    assert found.closed
    assert 0 < found.n_for_90 <= len(found.samples) <= 40


def test_without_gaps_there_is_nothing_to_close(random_run: Runs):
    anchor = random_run(1, 60)
    (found,) = closing(anchor, [random_run(102, 40)], anchor)
    assert (found.n_gaps, found.closed, found.samples, found.n_for_90) == (0, (), (), 0)


def test_a_source_of_another_space_is_refused(run_of: Runs):
    anchor = run_of("anchor", [(0, 0, 1.0)])
    with pytest.raises(ModelMismatch):
        closing(anchor, [run_of("other", [(0, 0, 1.0)], space_id="other")], anchor)
