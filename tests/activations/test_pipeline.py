"""A dataset becomes a run: resumable at any moment, the same whatever the shards, and nothing lost on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from fac_core.activations import pipeline, precision
from fac_core.activations.engines import shard_encoder
from fac_core.activations.engines.shard_encoder import ShardEncoder
from fac_core.activations.pipeline import encode
from fac_core.activations.spec import Dtype, EncodeSpec
from fac_core.errors import BadInput, ModelMismatch, NotFound, Stopped, WrongUse
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


def test_killed_at_any_moment_the_same_command_goes_on(tmp_path, spec, dataset, monkeypatch):
    """SIGKILL after the first shards: they are not computed again, and the result is that of an undisturbed run."""
    small_shards(monkeypatch, 2)
    undisturbed = Workspace.create(tmp_path / "undisturbed")
    expected = contents(undisturbed, encode(dataset, undisturbed, spec))
    workspace = Workspace.create(tmp_path / "w")
    code = (
        "import sys, time; from pathlib import Path; from fac_core.activations import pipeline as p\n"
        "from fac_core.activations.encoder import Encoder; from fac_core.activations.spec import EncodeSpec\n"
        "from fac_core.store.workspace import Workspace\n"
        "p.shard_size = lambda n: 2\n"
        "whole = Encoder.__call__\n"
        "def slow(self, *args, **kwargs): time.sleep(0.2); return whole(self, *args, **kwargs)\n"
        "Encoder.__call__ = slow\n"
        "p.encode(sys.argv[1], Workspace(Path(sys.argv[2])), EncodeSpec(model=sys.argv[3], sae=sys.argv[4], context=32, dtype='float32'))\n"
    )
    arguments = [str(dataset), str(workspace.folder), spec.model, spec.sae]
    process = subprocess.Popen([sys.executable, "-c", code, *arguments])
    present = wait_for(lambda: list(workspace.folder.glob("cache/*/shards/*.activations.parquet")), at_least=3)
    os.kill(process.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    process.wait()
    assert not list(workspace.folder.glob("runs/*.duckdb"))
    written = {path: path.stat().st_mtime_ns for path in present}
    seen: list[dict[Path, int]] = []
    build = pipeline.build_run

    def look_then_build(*args, **kwargs):
        seen.append({path: path.stat().st_mtime_ns for path in present})
        build(*args, **kwargs)

    monkeypatch.setattr(pipeline, "build_run", look_then_build)
    assert contents(workspace, encode(dataset, workspace, spec)) == expected
    assert seen == [written]


def wait_for(look, at_least: int, seconds: float = 60) -> list:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if len(found := look()) >= at_least:
            return found
        time.sleep(0.02)
    raise AssertionError("nothing happened")


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


def test_tries_that_were_interrupted_in_other_dtypes_go_on_each_in_its_own(
    tmp_path, spec, dataset, sae_of, monkeypatch
):
    small_shards(monkeypatch, 6)
    specs = [replace(spec, dtype="auto"), replace(spec, dtype="auto", sae=str(sae_of("jumprelu")))]
    workspace = Workspace.create(tmp_path / "w")

    def stop(done: int, _total: int, note: str) -> None:
        if note.endswith("tokens/s") and done >= 6:
            raise Stopped("that is enough")

    def forced(chosen: Dtype, model: str, saes: list, tokens: list, **options) -> precision.Choice:
        return precision.choose_encoders(model, saes, tokens, **{**options, "dtype": chosen})

    for one, dtype in zip(specs, ("float32", "bfloat16"), strict=True):
        monkeypatch.setattr(
            shard_encoder,
            "choose_encoders",
            partial(forced, dtype),
        )
        with pytest.raises(Stopped):
            encode(dataset, workspace, one, on_progress=stop)
    written = {path: path.stat().st_mtime_ns for path in workspace.folder.glob("cache/*/shards/*.activations.parquet")}
    assert len(written) == 2
    monkeypatch.setattr(shard_encoder, "choose_encoders", None)  # both have their choice
    found = pipeline.encode_together(dataset, workspace, specs)
    assert [info.dtype for info in found] == ["float32", "bfloat16"]


def test_of_two_who_encode_the_same_at_once_one_does_the_work(tmp_path, spec, dataset, monkeypatch):
    small_shards(monkeypatch, 2)
    workspace, encoded, said = Workspace.create(tmp_path / "w"), [], []
    whole = ShardEncoder.__call__

    def slowly(self, portion, *arguments):
        encoded.append(portion.key)
        time.sleep(0.1)
        return whole(self, portion, *arguments)

    monkeypatch.setattr(ShardEncoder, "__call__", slowly)
    found = {}

    def go(who):
        found[who] = encode(dataset, workspace, spec, on_progress=lambda *told: said.append(told[-1]))

    people = [threading.Thread(target=go, args=(who,)) for who in range(2)]
    for one in people:
        one.start()
    for one in people:
        one.join(120)
    assert found[0] == found[1]
    assert len(encoded) == len(set(encoded))
    assert any("somebody else encodes the same" in str(one) for one in said)
    assert list((workspace.folder / "cache").iterdir()) == []


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
def test_a_damaged_shard_of_an_interrupted_try_is_encoded_again(tmp_path, spec, dataset, monkeypatch, damage):
    small_shards(monkeypatch, 2)
    undisturbed, workspace = (Workspace.create(tmp_path / name) for name in ("undisturbed", "w"))
    expected = contents(undisturbed, encode(dataset, undisturbed, spec))

    def stop(*_arguments, **_options):
        raise KeyboardInterrupt

    build = pipeline.build_run
    monkeypatch.setattr(pipeline, "build_run", stop)
    with pytest.raises(KeyboardInterrupt):
        encode(dataset, workspace, spec)
    monkeypatch.setattr(pipeline, "build_run", build)
    path = sorted(workspace.folder.glob("cache/*/shards/*.activations.parquet"))[1]
    content = bytearray(path.read_bytes())
    if damage == "flipped":
        content[len(content) // 3] ^= 4
    path.write_bytes(content if damage == "flipped" else content[: len(content) // 2] if damage == "cut" else b"")
    assert contents(workspace, encode(dataset, workspace, spec)) == expected


def test_a_run_file_that_was_cut_is_made_anew(tmp_path, spec, dataset):
    workspace = Workspace.create(tmp_path / "w")
    info = encode(dataset, workspace, spec)
    expected, path = contents(workspace, info), workspace.run_path(info.run_id)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 10_000)
    assert encode(dataset, workspace, spec).run_id == info.run_id
    assert contents(workspace, info) == expected
