"""Round after round: what passed is encoded with the seed, and only what is still missing is asked for again."""

from __future__ import annotations

import json

import pytest

from fac_core.coverage.fac import coverage
from fac_core.errors import WrongUse
from fac_core.lab.markdown import markdown
from fac_core.lab.writing.rounds import RoundsSpec, as_table, points, rounds
from fac_core.report.charts import scatter
from tests.synthesis.loop import WORDS, Scripted
from tests.synthesis.test_pipeline import NEW


def writer():
    return Scripted(lambda _request, before: NEW[before % len(NEW)])


def coverage_of(workspace, name):
    with workspace.run(name) as run, workspace.run("anchor") as anchor:
        return coverage(run, anchor).fac


def go(loop, folder, generator, n_rounds=2, **options):
    spec = RoundsSpec(loop.spec(targets=None, n=1, m=1, budget=3 * WORDS), n_rounds, **options)
    return rounds(spec, folder, loop.place, generator=generator)


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_each_round_begins_with_the_run_of_the_one_before(loop, tmp_path):
    first, second = go(loop, tmp_path / "out", writer())
    assert (first.number, second.number) == (1, 2)
    assert second.fac["paper"][0] == first.fac["paper"][1] > first.fac["paper"][0]
    assert second.n_gaps == first.n_gaps - first.n_closed < first.n_gaps
    assert second.fac["paper"][1] == coverage_of(loop.place, "seed+2")
    assert max(first.n_tokens, second.n_tokens) <= 3 * WORDS


def test_the_texts_of_a_round_are_a_file_and_the_merged_ones_hold_all(loop, tmp_path):
    first, second = go(loop, tmp_path, writer())
    alone = [lines(tmp_path / f"round-{n}.jsonl") for n in (1, 2)]
    assert [len(one) for one in alone] == [first.n_samples, second.n_samples]
    seed = lines(tmp_path / "merged-1.jsonl")[: -len(alone[0])]
    assert lines(tmp_path / "merged-2.jsonl") == [*seed, *alone[0], *alone[1]]
    assert {row["text"] for row in alone[0]} <= set(NEW)


def test_the_same_call_again_asks_for_nothing(loop, tmp_path):
    before = go(loop, tmp_path, writer())
    again = writer()
    assert go(loop, tmp_path, again) == before
    assert again.asked == []


def test_a_round_waits_for_what_people_accept(loop, tmp_path):
    with pytest.raises(WrongUse, match="accepted yet"):
        go(loop, tmp_path, writer(), only_accepted=True)
    with pytest.raises(WrongUse, match="n_rounds"):
        RoundsSpec(n_rounds=0)


def test_rounds_are_compared_in_a_table_and_a_figure(loop, tmp_path):
    found = go(loop, tmp_path, writer())
    table = markdown(*as_table(found))
    assert f"{found[0].n_closed} of {found[0].n_gaps}" in table
    assert table.count("\n") == 2 + len(found)
    marks = [one for one in points(found) if one[2] == "paper"]
    assert [fac for _, fac, _ in marks] == [found[0].fac["paper"][0], *(one.fac["paper"][1] for one in found)]
    assert "<svg" in scatter(points(found), title="t", x_title="x", y_title="y")
    assert (tmp_path / "rounds.svg").read_text(encoding="utf-8").startswith("<svg")
