"""Runs that are merged are what encoding their datasets one after the other would have given."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import fac_core as fac
from fac_core.activations import budget
from fac_core.activations.spec import EncodeSpec
from fac_core.cli.app import run as run_command
from fac_core.errors import NotFound, WrongUse
from fac_core.models.token_batches import batches
from fac_core.store.runs.info import RunInfo
from fac_core.store.workspace import Workspace
from tests import tiny
from tests.runs import make_run

BROKEN = '{"text": oops}'
CHAT = [{"role": "user", "content": "Where is the contract?"}, {"role": "assistant", "content": "On the table."}]
SYSTEM = [{"role": "system", "content": "Be kind."}]


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    return Workspace.create(tmp_path / "w")


@pytest.fixture(autouse=True)
def _alone(monkeypatch) -> None:
    """Each sample is a batch of its own: among others, the last bit of an activation may fall differently."""
    monkeypatch.setattr(budget, "batches", lambda tokens, _budget: batches(tokens, 1))


@pytest.fixture
def encoded(tmp_path, workspace, model_of, sae_of) -> Callable[..., RunInfo]:
    """`encoded(name, lines)` is the run of these records."""
    spec = EncodeSpec(model=str(model_of("llama")), sae=str(sae_of("topk")), context=32, dtype="float32")

    def encode(name: str, records: Sequence[Any], **changes: Any) -> RunInfo:
        path = tmp_path / f"{name}.jsonl"
        path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in records), encoding="utf-8")
        mapping = fac.ColumnMapping(label="label" if "label" in records[-1] else None)
        return fac.encode(path, replace(spec, **changes), workspace=workspace, name=name, mapping=mapping)

    return encode


def texts(of: str, n: int) -> list[dict[str, str]]:
    """Each begins with a character of its own, so that no two fire a feature alike: which of two equals is shown may differ."""
    first = {"a": 33, "b": 63, "c": 93}[of]
    return [
        {"text": f"{chr(first + i)} {of}: {tiny.TEXTS[i % 7]}", "label": "law" if i % 3 else "sums"} for i in range(n)
    ]


def rows(workspace: Workspace, info: RunInfo, sql: str) -> list[tuple]:
    return [tuple(row.values()) for row in workspace.opened_run(info).query(sql).to_pylist()]


EXACT = {
    "samples": "SELECT sample_id, text, messages, metadata, n_tokens, truncated FROM samples ORDER BY ALL",
    "activations": "FROM activations ORDER BY ALL",
    "feature_stats": "FROM feature_stats ORDER BY ALL",
    "strongest": "FROM examples WHERE kind = 'top' ORDER BY ALL",
    "tokens": "FROM token_activations SEMI JOIN (FROM examples WHERE kind = 'top') USING (feature_id, sample_id) ORDER BY ALL",
    "peak_words": "FROM peak_words ORDER BY ALL",
    "homes": "FROM homes ORDER BY ALL",
    "outside": "FROM outside ORDER BY ALL",
    "failures": "SELECT reason, text FROM failures ORDER BY ALL",
    "run": "SELECT n_samples, n_failures, n_truncated, n_tokens, n_sinks, n_activations, space_id FROM run",
}


@pytest.mark.parametrize("kind", ["texts", "chats"])
def test_merged_runs_are_the_run_of_the_datasets_one_after_the_other(workspace, encoded, kind):
    if kind == "texts":
        parts = [texts("a", 30), [*texts("b", 25), {"text": " "}, {"text": "word " * 80}], [BROKEN, *texts("c", 8)]]
    else:
        chats = [[{**turn, "content": f"{turn['content']} {i}"} for turn in CHAT] for i in range(12)]
        as_records = [{"messages": chat} for chat in chats]
        silent = {"messages": SYSTEM}  # has a number and is no sample
        parts = [[silent, *as_records[:5]], [*as_records[5:8], {"messages": [*SYSTEM, *SYSTEM]}], as_records[8:]]
    runs = [encoded(f"part-{i}", records) for i, records in enumerate(parts)]
    merged = fac.merge_runs([info.name for info in runs], "merged", workspace=workspace)
    whole = encoded("whole", [record for part in parts for record in part])
    for table, sql in EXACT.items():
        assert rows(workspace, merged, sql) == rows(workspace, whole, sql), table
    assert merged.name == "merged"
    assert {origin for (origin,) in rows(workspace, merged, "SELECT split_part(origin, '/', 1) FROM samples")} == {
        "part-0", "part-1", "part-2",
    }  # fmt: skip
    assert fac.merge_runs([info.run_id for info in runs], "again", workspace=workspace) == merged


def test_what_an_earlier_run_has_too_is_a_duplicate(workspace, encoded):
    first = [*texts("a", 9), {"text": "Shared by both."}]
    second = [{"text": "  Shared by both.\u2003\n"}, *texts("b", 9)]
    runs = [encoded("first", first).name, encoded("second", second).name]
    merged = fac.merge_runs(runs, "merged", workspace=workspace)
    whole = encoded("whole", [*first, *second])
    for table in ("samples", "activations", "feature_stats", "strongest", "failures"):
        assert rows(workspace, merged, EXACT[table]) == rows(workspace, whole, EXACT[table]), table
    assert rows(workspace, merged, "SELECT origin FROM failures") == [("second/second.jsonl:1",)]
    both = fac.merge_runs(runs, "both", keep_duplicates=True, workspace=workspace)
    assert (merged.n_samples, both.n_samples, both.n_failures) == (19, 20, 0)


def test_random_positives_are_drawn_from_all_runs_alike(workspace):
    """A part with a tenth of the positives has a tenth of the draw, though it shows as many of them as the others."""
    n_features, n = 200, (90, 10)
    for part, count in enumerate(n):
        active = [(f, s, 1.0 + part) for f in range(n_features) for s in range(count)]
        texts_of = [f"{part} {s}" for s in range(count)]
        make_run(
            workspace.run_path(f"p{part}"), f"p{part}", active, count, n_features, run_id=f"p{part}", texts=texts_of
        )
    merged = fac.merge_runs(["p0", "p1"], "merged", workspace=workspace)
    ((drawn, small, features),) = rows(
        workspace,
        merged,
        "SELECT count(*), count(*) FILTER (sample_id >= 90), count(DISTINCT feature_id) FROM examples WHERE kind = 'random'",
    )
    assert (drawn, features) == (5 * n_features, n_features)
    assert merged.n_sinks == sum(n)
    assert small / drawn == pytest.approx(0.1, abs=0.03)


def test_runs_that_cannot_be_one_are_refused_in_a_sentence(workspace, encoded, sae_of):
    a, b = encoded("a", texts("a", 8)), encoded("b", texts("b", 8), context=64)
    with pytest.raises(WrongUse, match="b was encoded with a window of 64 tokens, a with a window of 32 tokens"):
        fac.merge_runs(["a", "b"], "x", workspace=workspace)
    encoded("c", texts("c", 8), sae=str(sae_of("jumprelu")))
    with pytest.raises(WrongUse, match="c is of another feature space"):
        fac.merge_runs(["a", "c"], "x", workspace=workspace)
    with pytest.raises(WrongUse, match="Name two runs or more"):
        fac.merge_runs(["a", a.run_id], "x", workspace=workspace)
    with pytest.raises(NotFound, match="no run 'nobody'"):
        fac.merge_runs(["a", "nobody"], "x", workspace=workspace)
    assert len(workspace.runs()) == 3
    assert b.context == 64


def test_the_command_says_what_became_of_the_runs(workspace, encoded, capsys):
    encoded("a", texts("a", 8)), encoded("b", texts("b", 6))
    arguments = ["merge", "a", "b", "--name", "both", "-w", str(workspace.folder)]
    assert run_command(arguments) == 0
    assert "14 samples of 2 runs" in " ".join(capsys.readouterr().out.split())
    assert not list(Path(workspace.folder, "cache").glob("merging-*"))
