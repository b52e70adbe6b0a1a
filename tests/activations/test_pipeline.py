"""A dataset becomes a run: resumable at any moment, the same whatever the shards, and nothing lost on the way."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fac_core.activations import pipeline
from fac_core.activations.engines import shard_encoder
from fac_core.activations.pipeline import encode
from fac_core.activations.spec import EncodeSpec
from fac_core.errors import BadInput, ModelMismatch, NotFound, WrongUse
from fac_core.models.truncated import TruncatedModel
from fac_core.store.runs.info import RunInfo
from fac_core.store.runs.run_file import RunFile
from fac_core.store.workspace import Workspace
from tests import tiny

TABLES = ("samples", "activations", "feature_stats", "token_activations", "examples", "outside", "failures")


@pytest.fixture
def spec(model_of, sae_of) -> EncodeSpec:
    return EncodeSpec(model=str(model_of("llama")), sae=str(sae_of("topk")), context=32, dtype="float32")


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """20 good texts, an empty one, a repeated one and a line that is no JSON."""
    path = tmp_path / "texts.jsonl"
    lines = [json.dumps({"text": f"{tiny.TEXTS[i % 7]} Number {i}."}) for i in range(20)]
    path.write_text("\n".join([*lines, '{"text": " "}', lines[0], '{"text": oops}']) + "\n", encoding="utf-8")
    return path


def contents(workspace: Workspace, info: RunInfo) -> dict[str, list]:
    with RunFile(workspace.run_path(info.run_id)) as run:
        return {table: run.query(f"SELECT * FROM {table} ORDER BY ALL").to_pylist() for table in TABLES}  # noqa: S608


def small_shards(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(pipeline, "shard_size", lambda _n: size)


def test_every_record_is_a_sample_or_a_failure_with_a_reason(tmp_path, spec, dataset):
    workspace = Workspace.create(tmp_path / "w")
    info = encode(dataset, workspace, spec)
    assert (info.n_samples, info.n_failures) == (20, 3)
    reasons = {f["origin"]: f["reason"] for f in contents(workspace, info)["failures"]}
    assert reasons == {"texts.jsonl:21": "empty", "texts.jsonl:22": "duplicate", "texts.jsonl:23": "unreadable"}
    assert info.dtype_reason == "asked for, on cpu"
    assert info.activation_mode == "topk-6"


def test_a_finished_run_is_returned_at_once(tmp_path, spec, dataset, monkeypatch):
    workspace = Workspace.create(tmp_path / "w")
    first = encode(dataset, workspace, spec)
    monkeypatch.setattr(pipeline, "workers_of", None)  # loading a model again would fail
    assert encode(dataset, workspace, spec) == first
    assert not list((workspace.folder / "cache").iterdir())


@pytest.mark.parametrize("size", [1, 3, 20])
def test_the_shards_leave_no_trace_in_the_result(tmp_path, spec, dataset, monkeypatch, size):
    whole = Workspace.create(tmp_path / "whole")
    expected = contents(whole, encode(dataset, whole, spec))
    small_shards(monkeypatch, size)
    workspace = Workspace.create(tmp_path / "w")
    got = contents(workspace, encode(dataset, workspace, spec))
    for table in ("samples", "failures"):
        assert got[table] == expected[table]
    assert [(r["feature_id"], r["sample_id"], r["token_index"]) for r in got["activations"]] == [
        (r["feature_id"], r["sample_id"], r["token_index"]) for r in expected["activations"]
    ]
    # Another batch shape may round the last bit of a float differently.
    assert [r["activation"] for r in got["activations"]] == pytest.approx(
        [r["activation"] for r in expected["activations"]], rel=2e-3
    )


def test_a_chat_is_encoded_for_the_roles_that_were_chosen(tmp_path, spec):
    path = tmp_path / "chats.jsonl"
    chat = [{"role": "user", "content": "Where is the contract?"}, {"role": "assistant", "content": "On the table."}]
    path.write_text(json.dumps({"messages": chat}) + "\n", encoding="utf-8")
    workspace = Workspace.create(tmp_path / "w")
    covered = {}
    for role in ("user", "assistant"):
        info = encode(path, workspace, EncodeSpec(**{**vars(spec), "roles": (role,)}))
        covered[role] = {(r["char_start"], r["char_end"]) for r in contents(workspace, info)["token_activations"]}
    assert covered["user"]
    assert all(len("user: ") <= start < end <= len("user: Where is the contract?") for start, end in covered["user"])
    assert covered["assistant"]
    assert all(start >= len("user: Where is the contract?\nassistant: ") for start, _ in covered["assistant"])


def test_a_sample_without_content_tokens_is_a_failure(tmp_path, spec):
    path = tmp_path / "chats.jsonl"
    chats = [[{"role": "system", "content": "Be kind."}], [{"role": "user", "content": "Hello there"}]]
    path.write_text("\n".join(json.dumps({"messages": chat}) for chat in chats), encoding="utf-8")
    workspace = Workspace.create(tmp_path / "w")
    info = encode(path, workspace, spec)
    assert (info.n_samples, info.n_failures) == (1, 1)
    assert contents(workspace, info)["failures"][0]["reason"] == "no_content_tokens"


def test_truncation_is_counted(tmp_path, spec):
    path = tmp_path / "long.txt"
    path.write_text("word " * 100 + "\nshort one\n", encoding="utf-8")
    info = encode(path, Workspace.create(tmp_path / "w"), spec)
    assert info.n_truncated == 1


def test_wrong_requests_say_so_before_anything_is_computed(tmp_path, spec, dataset, sae_of):
    workspace = Workspace.create(tmp_path / "w")
    with pytest.raises(ModelMismatch, match="reads 48 dimensions"):
        encode(dataset, workspace, EncodeSpec(**{**vars(spec), "sae": str(sae_of("topk", d_in=48))}))
    with pytest.raises(BadInput):
        encode(tmp_path / "empty.jsonl", workspace, spec)
    with pytest.raises(NotFound, match="No SAE ships"):
        encode(dataset, workspace, EncodeSpec(**{**vars(spec), "sae": ""}))
    with pytest.raises(WrongUse, match="choose one of native, topk, dense"):
        EncodeSpec(mode="sparse")  # type: ignore[arg-type]


def test_a_device_that_is_not_there_is_said_before_the_dataset_is_read(tmp_path, spec, monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    workspace = Workspace.create(tmp_path / "w")
    with pytest.raises(WrongUse, match="no device cuda here"):
        encode(tmp_path / "nothing.jsonl", workspace, EncodeSpec(**{**vars(spec), "device": "cuda"}))


def test_the_run_and_whoever_waits_are_told_where_the_model_runs(tmp_path, spec, dataset):
    notes: list[str] = []
    info = encode(
        dataset, Workspace.create(tmp_path / "w"), spec, on_progress=lambda _done, _total, note: notes.append(note)
    )
    assert "loading the model on cpu" in notes
    assert info.dtype_reason == "asked for, on cpu"


def test_several_saes_in_one_pass_give_the_runs_that_each_gives_alone(tmp_path, spec, dataset, sae_of, monkeypatch):
    """Also SAEs of another layer and of another kind: the same ids and rows, from as many forward passes as one takes."""
    passes: list[int] = []
    forward = TruncatedModel.residuals
    monkeypatch.setattr(TruncatedModel, "residuals", lambda *a: passes.append(1) or forward(*a))
    small_shards(monkeypatch, 6)
    saes = [spec.sae, str(sae_of("jumprelu", n_blocks=3)), str(sae_of("topk", n_blocks=1))]
    specs = [replace(spec, sae=one) for one in saes]
    alone = Workspace.create(tmp_path / "alone")
    expected = [encode(dataset, alone, one) for one in specs]
    n_alone = len(passes)
    passes.clear()
    together = Workspace.create(tmp_path / "together")
    got = pipeline.encode_together(dataset, together, specs)
    assert 3 * len(passes) == n_alone
    assert [info.run_id for info in got] == [info.run_id for info in expected]
    for mine, theirs in zip(got, expected, strict=True):
        assert contents(together, mine) == contents(alone, theirs)
        unlike = {"seconds", "created_at"}
        assert {k: v for k, v in vars(mine).items() if k not in unlike} == {
            k: v for k, v in vars(theirs).items() if k not in unlike
        }
    assert not list((together.folder / "cache").iterdir())


def test_of_several_saes_only_those_without_a_run_are_encoded(tmp_path, spec, dataset, sae_of, monkeypatch):
    workspace = Workspace.create(tmp_path / "w")
    other = replace(spec, sae=str(sae_of("jumprelu")))
    first = encode(dataset, workspace, spec)
    assert pipeline.encode_together(dataset, workspace, [spec, other])[0] == first
    assert len(workspace.runs()) == 2
    monkeypatch.setattr(shard_encoder, "choose_encoders", None)  # loading a model again would fail
    assert pipeline.encode_together(dataset, workspace, [other, spec])[1] == first
