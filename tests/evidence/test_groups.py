"""The groups that are shown for a feature: exact at the edges, the same every time, and whole where there is little."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fac_core.errors import NotFound
from fac_core.evidence.groups import N_NEAR_MISSES, N_SILENT, Fired, choose, evidence
from fac_core.store.runs.schema import N_INTERVALS, N_RANDOM, N_TOP_EXAMPLES
from tests.runs import make_run

HOSTILE = "<script>alert('x')</script> **b** ‏עברית é́ <0x0A>"


def shown(group) -> list[float]:
    return [one.example.activation for one in group.examples]


def distinct_texts(n: int) -> list[str]:
    return [f"word{i} other{i} third{i} number {i}" for i in range(n)]


@pytest.fixture
def run(tmp_path):
    """Feature 0 fires with 1..10 in samples 0..9, 2 with 5 in sample 3 alone; 1 is dead. Samples 10..29 are silent."""
    activations = [(0, s, 1.0 + s) for s in range(10)] + [(2, 3, 5.0)]
    return make_run(tmp_path, "run", activations, 30, 4, texts=distinct_texts(30))


def test_the_groups_come_in_the_order_that_people_know(run):
    kinds = [group.kind for group in evidence(run, 0, 4.0).groups]
    assert kinds == ["top", *["interval"] * N_INTERVALS, "random", "near miss", "silent"]


def test_an_interval_holds_its_lower_edge_and_the_highest_one_also_the_maximum(run):
    intervals = [g for g in evidence(run, 0).groups if g.kind == "interval"]
    assert [(g.low, g.high) for g in intervals] == [(8, 10), (6, 8), (4, 6), (2, 4), (0, 2)]
    assert [shown(g) for g in intervals] == [[10, 9, 8], [7, 6], [5, 4], [3, 2], [1]]
    assert [g.share for g in intervals] == [0.3, 0.2, 0.2, 0.2, 0.1]


@pytest.mark.parametrize("maximum", [0.1, 0.3, 0.7, 1.1, 4.3, 9.7, 12.41, 51.33])
def test_an_activation_on_an_edge_belongs_to_the_interval_above_it_whatever_the_maximum(tmp_path, maximum):
    high = np.float32(maximum)
    edges = [np.float32(float(high) * i / N_INTERVALS) for i in range(1, N_INTERVALS)]
    run = make_run(tmp_path, "run", [(0, 0, float(high)), *((0, 1 + i, float(e)) for i, e in enumerate(edges))], 5, 1)
    stored = run.query("SELECT activation FROM activations")["activation"].to_numpy().astype(float)
    exact = [min(N_INTERVALS - 1, int(np.floor(np.longdouble(a) * N_INTERVALS / np.longdouble(stored[0])))) for a in stored]  # fmt: skip
    counted = np.bincount(exact, minlength=N_INTERVALS)
    assert [g.n for g in evidence(run, 0).groups if g.kind == "interval"] == counted[::-1].tolist()


def test_near_misses_are_the_highest_at_or_below_delta_strongest_first(run):
    near = evidence(run, 0, 4.0).group("near miss")
    assert shown(near) == [4, 3, 2, 1]
    assert (near.n, near.share) == (4, 0.4)


def test_without_a_threshold_there_is_no_near_miss(run):
    assert evidence(run, 0, 0.0).group("near miss").n == 0


def test_silent_samples_fire_nothing_and_are_the_same_every_time(run):
    first, again, other = (evidence(run, 0, seed=seed).group("silent") for seed in (0, 0, 1))
    ids = {one.example.sample_id for one in first.examples}
    assert first == again != other
    assert len(ids) == N_SILENT
    assert ids <= set(range(10, 30))
    assert (first.n, first.share, set(shown(first))) == (20, 20 / 30, {0.0})


def test_random_positives_are_drawn_from_all_that_fire_with_their_tokens(tmp_path):
    run = make_run(tmp_path, "run", [(0, s, 1.0 + s) for s in range(200)], 200, 1, texts=distinct_texts(200))
    drawn = evidence(run, 0).group("random")
    assert len(drawn.examples) == N_RANDOM
    assert all(one.example.tokens for one in drawn.examples)
    assert min(shown(drawn)) < 180  # not just the strongest


def test_a_sample_whose_tokens_are_not_stored_says_so_by_having_none(tmp_path):
    run = make_run(tmp_path, "run", [(0, s, 1.0 + s) for s in range(9)], 9, 1, texts=distinct_texts(9), shown=False)
    top = evidence(run, 0).group("top").examples
    assert [one.example.activation for one in top] == [float(a) for a in range(9, 0, -1)]
    assert {(one.example.tokens, one.example.peak) for one in top} == {((), None)}


def test_a_feature_that_never_fires_has_every_sample_silent_and_no_interval(run):
    found = evidence(run, 1, 2.0)
    assert {g.kind: g.n for g in found.groups} == {"top": 0, "random": 0, "near miss": 0, "silent": 30}
    assert (found.density, found.max, found.quantiles, sum(found.histogram)) == (0, 0, {}, 0)


def test_one_sample_is_enough(tmp_path):
    run = make_run(tmp_path, "run", [(0, 0, 3.0)], 1, 1)
    found = evidence(run, 0, 3.0)
    assert {g.kind: g.n for g in found.groups if g.n} == {"top": 1, "interval": 1, "random": 1, "near miss": 1}
    assert (found.density, found.n_above, found.quantiles[0.5]) == (1.0, 0, 3.0)


def test_a_run_without_samples_has_evidence_of_nothing(tmp_path):
    found = evidence(make_run(tmp_path, "run", [], 0, 3), 2, 1.0)
    assert all(group.n == 0 and not group.examples for group in found.groups)


def test_when_all_features_are_dead_every_feature_is_silent(tmp_path):
    run = make_run(tmp_path, "run", [], 4, 3, texts=distinct_texts(4))
    assert [evidence(run, f).group("silent").n for f in range(3)] == [4, 4, 4]


def test_duplicates_are_folded_within_a_group_and_counted(tmp_path):
    run = make_run(tmp_path, "run", [(0, s, 1.0 + s) for s in range(6)], 6, 1, texts=["the same text"] * 6)
    (only,) = evidence(run, 0).group("top").examples
    assert (only.example.activation, len(only.duplicates)) == (6.0, 5)


def test_hostile_text_comes_through_unchanged(tmp_path):
    run = make_run(tmp_path, "run", [(0, 0, 1.0)], 1, 1, texts=[HOSTILE])
    assert evidence(run, 0).group("top").examples[0].example.text == HOSTILE


def test_a_feature_that_the_sae_lacks_is_an_error_with_the_range(run):
    with pytest.raises(NotFound, match="from 0 to 3"):
        evidence(run, 4)


@given(
    st.lists(st.integers(1, 40), max_size=60).map(lambda a: sorted(a, reverse=True)),
    st.integers(0, 40),
    st.integers(0, 5),
)
def test_whatever_fires_each_group_shows_only_its_own(values, delta, seed):
    ids = np.random.default_rng(seed).permutation(100)[: len(values)].astype(np.uint32)
    activations = np.array(values, dtype=np.float32)
    top = max(values, default=1)
    intervals = np.minimum(N_INTERVALS - 1, activations.astype(int) * N_INTERVALS // top)
    stored = np.arange(len(values)) % 3 == 0
    every = np.arange(100, dtype=np.uint32)
    value = dict(zip(ids.tolist(), values, strict=True))
    choices = choose(Fired(ids, activations, intervals, stored, stored), every, delta, np.random.default_rng(seed))
    for choice in choices:
        assert len(set(choice.sample_ids)) == len(choice.sample_ids) <= choice.n
        if choice.kind == "silent":
            assert not set(choice.sample_ids) & set(value)
            continue
        strengths = [value[sample] for sample in choice.sample_ids]
        assert strengths == sorted(strengths, reverse=True)
        if choice.kind == "near miss":
            assert strengths == sorted((v for v in values if v <= delta), reverse=True)[:N_NEAR_MISSES]
        if choice.interval is not None:
            assert {min(N_INTERVALS - 1, v * N_INTERVALS // top) for v in strengths} <= {choice.interval}
    assert sum(c.n for c in choices if c.kind == "interval") == len(values)
    assert choices[0].n == min(len(values), N_TOP_EXAMPLES)
