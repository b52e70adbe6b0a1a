"""An encoding that was killed, doubled or damaged goes on, and ends as an undisturbed one."""

from __future__ import annotations

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
from fac_core.activations.spec import Dtype
from fac_core.errors import Stopped
from fac_core.store.workspace import Workspace
from tests.activations.test_pipeline import contents, dataset, small_shards, spec

__all__ = ["dataset", "spec"]


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
