"""The gap list is F_miss with the anchor's evidence, the most frequent first."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from fac_core.coverage.definition import CALIBRATED, PAPER, Definition
from fac_core.coverage.fac import coverage
from fac_core.coverage.gaps import gaps
from fac_core.store.runs.run_file import RunFile

Runs = Callable[..., RunFile]


@pytest.mark.parametrize("definition", [PAPER, Definition(delta=1.0, min_count=2), CALIBRATED])
def test_gaps_are_the_missing_features_in_order_of_their_anchor_samples(
    random_run: Runs, definition: Definition
) -> None:
    run, anchor = random_run(101, 6), random_run(1, 60)
    table = gaps(run, anchor, definition)
    assert sorted(table["feature_id"].to_pylist()) == list(coverage(run, anchor, definition).missing)
    order = list(zip(table["n_active"].to_pylist(), table["feature_id"].to_pylist(), strict=True))
    assert order == sorted(order, key=lambda row: (-row[0], row[1]))
    assert len(order) > 3


def test_evidence_is_that_of_the_anchor_and_the_nearest_miss_that_of_the_run(run_of: Runs) -> None:
    text = "no word here matters until the peak comes and after it there is nothing more"
    anchor = run_of(
        "anchor",
        [(0, 0, 2.0), (0, 1, 4.0), (0, 2, 0.5), (1, 0, 9.0)],
        4,
        texts=["x", text, "y", "z"],
        token_index=[0, 6, 0, 0],
    )
    run = run_of("run", [(0, 0, 0.25), (0, 1, 1.0), (0, 2, 1.5), (1, 0, 9.0)], 4)
    row = gaps(run, anchor, Definition(delta=1.0, min_count=2)).to_pylist()
    assert len(row) == 1
    found = row[0]
    assert (found["feature_id"], found["n_active"], found["share"]) == (0, 2, 0.5)
    assert (found["max"], found["median"]) == (4.0, 2.0)
    assert (found["sample_id"], found["text"], found["token_index"]) == (1, text, 6)
    assert found["peak_token"] == text[found["char_start"] : found["char_end"]] == text[30:34]
    assert found["snippet"] == text  # shorter than the window
    assert (found["run_n_active"], found["nearest_activation"], found["nearest_sample_id"]) == (1, 1.0, 1)


def test_the_snippet_surrounds_the_peak_in_characters_not_bytes(run_of: Runs) -> None:
    text = "ä" * 200 + "漢" + "é" * 200
    anchor = run_of("anchor", [(0, 0, 1.0)], 1, texts=[text], token_index=[40])
    row = gaps(run_of("run", [], 1), anchor).to_pylist()[0]
    assert text[200:204] == "漢ééé"
    assert row["peak_token"] == text[200:204]
    assert row["snippet"] == text[140:264]


def test_without_tokens_the_evidence_is_the_beginning_of_the_text(run_of: Runs) -> None:
    anchor = run_of("anchor", [(0, 0, 1.0)], 1, texts=["b" * 300], shown=False)
    row = gaps(run_of("run", [], 1), anchor).to_pylist()[0]
    assert (row["char_start"], row["peak_token"], row["snippet"]) == (None, None, "b" * 60)


def test_a_feature_that_the_run_never_fires_has_no_nearest_miss(run_of: Runs) -> None:
    row = gaps(run_of("run", []), run_of("anchor", [(0, 0, 1.0)])).to_pylist()[0]
    assert (row["run_n_active"], row["nearest_activation"], row["nearest_sample_id"]) == (0, None, None)


def test_ties_for_the_strongest_sample_go_to_the_earlier_one(run_of: Runs) -> None:
    row = gaps(run_of("run", []), run_of("anchor", [(0, s, 1.0) for s in (3, 1, 2)])).to_pylist()[0]
    assert row["sample_id"] == 1


def test_relevance_and_limit_shorten_the_list(random_run: Runs) -> None:
    run, anchor = random_run(101, 6), random_run(1, 60)
    every = gaps(run, anchor)["feature_id"].to_pylist()
    assert gaps(run, anchor, limit=2)["feature_id"].to_pylist() == every[:2]
    assert gaps(run, anchor, relevant=every[1:3])["feature_id"].to_pylist() == every[1:3]


def test_a_run_without_gaps_has_an_empty_list_with_the_same_columns(random_run: Runs) -> None:
    anchor = random_run(1, 60)
    table = gaps(anchor, anchor)
    assert table.num_rows == 0
    assert table.schema.names == gaps(random_run(101, 6), anchor).schema.names


def test_activations_on_the_list_equal_the_run_file(random_run: Runs) -> None:
    run, anchor = random_run(102, 6), random_run(2, 60)
    definition = Definition(delta=2.0)
    for row in gaps(run, anchor, definition).to_pylist():
        mine = run.query("SELECT activation FROM activations WHERE feature_id = ?", [row["feature_id"]])
        values = mine["activation"].to_numpy()
        assert row["nearest_activation"] == (values.max() if len(values) else None)
        assert np.all(values <= 2.0)
