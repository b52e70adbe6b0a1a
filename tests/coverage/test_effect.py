"""The effect of texts on coverage equals the coverage of the run that they are encoded into."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fac_core.coverage.definition import CALIBRATED, PAPER, Definition
from fac_core.coverage.effect import Counts, addition, fired, seed_counts, smallest_set
from fac_core.coverage.fac import coverage
from fac_core.errors import ModelMismatch
from fac_core.store.measurements import Measurement
from fac_core.store.runs.rounding import stored
from tests.coverage.conftest import D_SAE, random_activations

DEFINITIONS = [
    PAPER,
    CALIBRATED,
    Definition(delta=2.5, min_count=2),
    Definition(quantile=0.9, min_count=4, exclude_dense_above=0.5, exclude_sinks=True),
]


def measurement(name: str, rows: list[tuple[int, float]]) -> Measurement:
    ids, values = zip(*sorted(rows), strict=True) if rows else ((), ())
    return Measurement(name, 1, np.array(ids, np.uint32), np.array(values, np.float32))


def texts_of(rows, n):
    """The samples of a run, as single texts."""
    return {str(s): measurement(str(s), [(f, a) for f, at, a in rows if at == s]) for s in range(n)}


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_counts_of_the_seed_alone_are_its_coverage(random_run, definition):
    seed, anchor = random_run(1), random_run(2, 80)
    counts = seed_counts(seed, anchor, definition)
    result = coverage(seed, anchor, definition)
    assert (counts.numerator, counts.denominator, counts.fac) == (result.numerator, result.denominator, result.fac)
    assert tuple(np.flatnonzero(counts.covered)) == result.covered


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_seed_and_texts_cover_what_the_run_of_both_covers(random_run, run_of, definition):
    """Full-precision measurements, so that a text at δ is decided by the rounding of the run file."""
    anchor, n = random_run(2, 80), 30
    noise = np.random.default_rng(5)
    made = [(f, s, float(np.float32(a * noise.uniform(0.99, 1.01)))) for f, s, a in random_activations(3, n)]
    seed_rows = random_activations(1, 40)
    both = run_of("both", [*seed_rows, *((f, s + 40, a) for f, s, a in made)], 40 + n, D_SAE)
    counts = seed_counts(random_run(1), anchor, definition)
    after = counts.plus(fired(texts_of(made, n), counts).values())
    result = coverage(both, anchor, definition)
    assert (after.numerator, after.denominator) == (result.numerator, result.denominator)
    assert tuple(np.flatnonzero(after.covered)) == result.covered


def test_what_one_text_adds_is_the_difference_that_it_makes(random_run):
    counts = seed_counts(random_run(1), random_run(2, 80), CALIBRATED)
    for features in fired(texts_of(random_activations(3, 20), 20), counts).values():
        after = counts.plus([features])
        added = addition(features, counts)
        assert added.new == tuple(np.flatnonzero(after.covered & ~counts.covered))
        assert added.points == pytest.approx(after.fac - counts.fac)
        counts = after


def test_a_feature_that_needs_three_samples_is_brought_nearer_by_the_first_two():
    counts = Counts(np.array([0, 2, 3]), np.array([True, True, True]), np.zeros(3, np.float32), 3)
    added = addition(np.array([0, 1, 2]), counts)
    assert (added.new, added.nearer, added.points) == ((1,), 1, pytest.approx(1 / 3))


def test_activations_are_rounded_as_the_run_file_rounds_them(run_of):
    values = np.random.default_rng(0).lognormal(1, 2, 500).astype(np.float32)
    run = run_of("one", [(f, 0, float(a)) for f, a in enumerate(values)], 1, 500)
    kept = run.query("SELECT activation FROM activations ORDER BY feature_id")["activation"].to_numpy()
    assert kept.tobytes() == stored(values).tobytes()
    assert stored(kept).tobytes() == kept.tobytes()
    assert len(stored(np.zeros(0, np.float32))) == 0


def test_a_text_at_the_threshold_after_rounding_does_not_fire(run_of):
    anchor = run_of("anchor", [(0, 0, 1.0), (0, 1, 1.0), (0, 2, 2.0)], d_sae=2)
    seed = run_of("seed", [], d_sae=2)
    counts = seed_counts(seed, anchor, Definition(quantile=0.5))
    just_above = {"a": measurement("a", [(0, 1.0001)])}
    assert fired(just_above, counts)["a"].tolist() == []
    assert fired({"a": measurement("a", [(0, 1.001)])}, counts)["a"].tolist() == [0]


def test_runs_of_another_space_are_refused(run_of):
    with pytest.raises(ModelMismatch):
        seed_counts(run_of("seed", [(0, 0, 1.0)], space_id="other"), run_of("anchor", [(0, 0, 1.0)]))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sets(st.integers(0, 11), max_size=5), max_size=12), st.integers(1, 3))
def test_the_smallest_set_keeps_the_share_of_the_gain_that_was_asked_for(sets, needed):
    counts = Counts(np.zeros(12, np.int64), np.arange(12) < 10, np.zeros(12, np.float32), needed)
    texts = {f"{i:02d}": np.array(sorted(found), np.int64) for i, found in enumerate(sets)}
    for share in (0.0, 0.5, 0.98, 1.0):
        chosen = smallest_set(texts, counts, share=share)
        gain = counts.plus(texts[name] for name in chosen).numerator
        assert gain >= share * counts.plus(texts.values()).numerator
        assert len(set(chosen)) == len(chosen)


def test_the_smallest_set_leaves_out_what_repeats():
    counts = Counts(np.zeros(4, np.int64), np.ones(4, bool), np.zeros(4, np.float32), 1)
    texts = {"a": np.array([0]), "b": np.array([0, 1, 2]), "c": np.array([1]), "d": np.array([3])}
    assert smallest_set(texts, counts, share=1.0) == ("b", "d")
    assert smallest_set({}, counts) == ()


def test_encoding_the_texts_gives_what_their_measurements_said(tmp_path, model_of, sae_of):
    """With a real forward pass: seed and accepted texts, encoded as one run, have the FAC that was predicted."""
    from fac_core.activations.pipeline import encode
    from fac_core.activations.spec import EncodeSpec
    from fac_core.store.workspace import Workspace
    from tests.tiny import TEXTS

    place = Workspace.create(tmp_path / "w")
    spec = EncodeSpec(model=str(model_of("llama")), sae=str(sae_of("topk")), dtype="float32", context=64)

    def run(name: str, texts: list[str]):
        path = tmp_path / f"{name}.jsonl"
        path.write_text("\n".join(json.dumps({"text": t}) for t in texts), encoding="utf-8")
        return place.run(encode(path, place, spec, name=name).run_id)

    made = TEXTS[2:5]
    anchor, seed, alone = run("anchor", TEXTS), run("seed", TEXTS[:2]), run("alone", made)
    rows = alone.query("SELECT feature_id, sample_id, activation FROM activations").to_pylist()
    texts = texts_of([(r["feature_id"], r["sample_id"], r["activation"]) for r in rows], len(made))
    for definition in (PAPER, Definition(quantile=0.5, min_count=2)):
        counts = seed_counts(seed, anchor, definition)
        after = counts.plus(fired(texts, counts).values())
        both = coverage(run(f"both-{definition.min_count}", TEXTS[:5]), anchor, definition)
        assert (after.fac, after.numerator) == (both.fac, both.numerator)
        assert after.fac > counts.fac
