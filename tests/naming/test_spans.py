"""What a model is shown: excerpts with their peak, and cases that the label was not made from."""

from __future__ import annotations

import numpy as np
import pytest

from fac_core.naming.spans import materials, numbered
from tests.kitchen import COOKS, DEAD, RARE, SAILS, SALT, WALKS, kitchen_run
from tests.runs import make_run


@pytest.fixture
def run(tmp_path):
    with kitchen_run(tmp_path) as opened:
        yield opened


def test_excerpts_come_strongest_first_and_the_peak_is_in_them(run):
    spans = materials(run, [SALT])[SALT].spans
    assert len(spans) == 6
    assert {span.marked for span in spans} == {"cook with «salt» and lard"}
    assert [s.sample_id for s in spans] == sorted((s.sample_id for s in spans), reverse=True)


def test_cases_are_held_out_and_half_of_the_silent_ones_tempt(run):
    found = materials(run, [SALT])[SALT]
    positives = [case for case, fires in zip(found.cases, found.fires, strict=True) if fires]
    silent = [case.text for case, fires in zip(found.cases, found.fires, strict=True) if not fires]
    assert {span.sample_id for span in found.spans} | {span.sample_id for span in positives} == set(range(12))
    assert not {span.sample_id for span in found.spans} & {span.sample_id for span in positives}
    assert {span.text for span in positives} == {COOKS}
    assert sorted(silent)[:3] == [SAILS] * 3
    assert len(silent) == len(positives) == 6


def test_the_same_seed_gives_the_same_material(run):
    assert materials(run, [SALT], seed=3) == materials(run, [SALT], seed=3)
    assert materials(run, [SALT], seed=3) != materials(run, [SALT], seed=4)


def test_a_threshold_leaves_only_what_is_above_it(run):
    high = np.full(3, 8.0, dtype=np.float32)
    found = materials(run, [SALT], thresholds=high)[SALT]
    assert len(found.spans) == 2  # activations 9 to 12: four samples, of which half are held out
    assert sum(found.fires) == 2


def test_a_feature_that_never_fires_has_nothing_to_show(run):
    found = materials(run, [RARE, DEAD])
    assert (len(found[RARE].spans), found[RARE].cases, found[DEAD].spans) == (1, (), ())


def test_a_list_is_numbered_and_unmarked_where_the_peak_would_give_it_away(run):
    spans = materials(run, [SALT])[SALT].spans[:2]
    assert numbered(spans, marked=True) == "1. cook with «salt» and lard\n2. cook with «salt» and lard"
    assert "«" not in numbered(spans, marked=False)


def test_a_long_text_is_cut_between_words_to_one_line(tmp_path):
    text = " ".join(["word"] * 40 + ["peak"] + ["tail"] * 40).replace("word peak", "word\npeak")
    with make_run(tmp_path, "long", [(0, 0, 2.0)], 1, 1, texts=[text], token_index=[40], n_tokens=[81]) as run:
        [span] = materials(run, [0])[0].spans
    assert "\n" not in span.text
    assert span.marked.count("«peak»") == 1
    assert span.text.startswith("… word")
    assert span.text.endswith("tail …")
    assert len(span.text) < 180


def test_the_mark_covers_the_whole_word_of_which_the_token_is_a_piece(tmp_path):
    texts = ["salt overcooked meal"]  # the second token of four letters is `over`
    with make_run(tmp_path, "piece", [(0, 0, 2.0)], 1, 1, texts=texts, token_index=[1], n_tokens=[3]) as run:
        assert materials(run, [0])[0].spans[0].marked == "salt «overcooked» meal"


def test_texts_that_walk_do_not_tempt(run):
    found = materials(run, [SALT])[SALT]
    walking = [case for case in found.cases if case.text == WALKS or case.text in WALKS]
    assert len(walking) == 3
