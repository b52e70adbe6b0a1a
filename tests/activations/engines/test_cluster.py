"""A cluster of several worker processes on this machine gives the run of the local loop, whatever is killed meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from fac_core.activations import pipeline
from fac_core.activations.engines.spec import EngineSpec
from fac_core.activations.pipeline import encode, encode_together
from fac_core.activations.spec import EncodeSpec
from fac_core.errors import ModelMismatch, Stopped, WrongUse
from fac_core.store.runs.run_file import RunFile
from fac_core.store.runs.schema import TABLES
from fac_core.store.workspace import Workspace
from tests import tiny
from tests.activations.engines.slow_folder import SlowFolder
from tests.checkout import ROOT

ray = pytest.importorskip("ray", reason='Ray is not installed: pip install "fac-explorer[cluster]".')

N_SAMPLES = 20

DRIVER = """
import sys
from pathlib import Path
from fac_core.activations import pipeline
from fac_core.activations.engines.spec import EngineSpec
from fac_core.activations.spec import EncodeSpec
from fac_core.store.workspace import Workspace
from tests.activations.engines.slow_folder import SlowFolder

source, workspace, model, sae, address = sys.argv[1:]
pipeline.shard_size = lambda n: 2
pipeline.Folder = SlowFolder
spec = EncodeSpec(model=model, sae=sae, context=32, dtype="float32")
pipeline.encode(source, Workspace(Path(workspace)), spec, engine=EngineSpec("ray", address=address))
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head without cores; each test adds the nodes that it needs."""
    from ray.cluster_utils import Cluster

    quick = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 300, "health_check_failure_threshold": 3}
    found = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "_system_config": quick})
    ray.init(found.address, log_to_driver=False)
    yield found
    ray.shutdown()
    found.shutdown()


@pytest.fixture
def node(cluster) -> Iterator[Callable[[], Any]]:
    """`node()` adds a node of one core; it is gone after the test."""
    added: list[Any] = []

    def add() -> Any:
        added.append(cluster.add_node(num_cpus=1))
        return added[-1]

    yield add
    for one in added:
        if one in cluster.worker_nodes:
            cluster.remove_node(one)


@pytest.fixture(scope="module")
def spec(model_of, sae_of) -> EncodeSpec:
    return EncodeSpec(model=str(model_of("llama")), sae=str(sae_of("topk")), context=32, dtype="float32")


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """Texts in ten shards, and a record that is none."""
    path = tmp_path_factory.mktemp("texts") / "texts.jsonl"
    lines = [json.dumps({"text": f"{tiny.TEXTS[i % 7]} Number {i}."}) for i in range(N_SAMPLES)]
    path.write_text("\n".join([*lines, '{"text": " "}']) + "\n", encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def _small_slow_shards(monkeypatch) -> None:
    monkeypatch.setattr(pipeline, "shard_size", lambda _n: 2)
    monkeypatch.setattr(pipeline, "Folder", SlowFolder)


@pytest.fixture(scope="module")
def expected(tmp_path_factory, spec, source) -> dict[str, Any]:
    """What the local loop makes of the texts: tables of the run, and of the shards by their names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "shard_size", lambda _n: 2)
        return outcome(Workspace.create(tmp_path_factory.mktemp("local") / "w"), source, spec, EngineSpec())


def outcome(
    workspace: Workspace, source: Path, spec: EncodeSpec, engine: EngineSpec = EngineSpec("ray"), **more: Any
) -> dict[str, Any]:
    kept = workspace.folder / "kept"
    build = pipeline.build_run

    def keep_then_build(*args: Any, **kwargs: Any) -> None:
        (shards,) = workspace.folder.glob("cache/*/shards")
        shutil.copytree(shards, kept)
        build(*args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "build_run", keep_then_build)
        info = encode(source, workspace, spec, engine=engine, **more)
    return {
        "tables": rows(workspace, info.run_id),
        "shards": {path.name: pq.read_table(path).to_pylist() for path in kept.glob("*.parquet")},
    }


def rows(workspace: Workspace, run_id: str) -> dict[str, Any]:
    with RunFile(workspace.run_path(run_id)) as run:
        return {t: run.query(f"FROM {t} ORDER BY ALL").to_pylist() for t in TABLES if t != "run"}


def differences(got: Any, expected: Any, where: str = "") -> list[str]:
    """Where two outcomes differ by more than the last of four digits: other threads and processors add in another order."""
    if type(got) is not type(expected):
        return [f"{where}: {got!r} for {expected!r}"]
    if isinstance(expected, dict):
        if got.keys() != expected.keys():
            return [f"{where}: {sorted(got.keys() ^ expected.keys())} in one of them only"]
        return [one for key in expected for one in differences(got[key], expected[key], f"{where}/{key}")]
    if isinstance(expected, list):
        if len(got) != len(expected):
            return [f"{where}: {len(got)} for {len(expected)}"]
        pairs = enumerate(zip(got, expected, strict=True))
        return [one for i, (a, b) in pairs for one in differences(a, b, f"{where}/{i}")]
    same = np.isclose(got, expected, rtol=2e-3) if isinstance(expected, float) else got == expected
    return [] if same else [f"{where}: {got!r} for {expected!r}"]


def place(workspace: Workspace) -> SlowFolder:
    (shards,) = workspace.folder.glob("cache/*/shards")
    return SlowFolder(shards)


class Heard:
    """The progress; at a number of samples something is done, once."""

    def __init__(self, at: int = N_SAMPLES + 1, act: Callable[[], object] = lambda: None) -> None:
        self.news: list[tuple[int, int, str]] = []
        self._at, self._act = at, act

    def __call__(self, done: int, total: int, note: str = "") -> None:
        if total:
            self.news.append((done, total, note))
        if total == N_SAMPLES and done >= self._at:
            self._at = N_SAMPLES + 1
            self._act()


def test_the_shards_have_the_names_and_rows_of_the_local_loop(tmp_path, node, spec, source, expected):
    node(), node()
    heard = Heard()
    got = outcome(Workspace.create(tmp_path / "w"), source, spec, on_progress=heard)
    assert not differences(got, expected)
    assert len(got["shards"]) == 10 * 5
    done = [one[0] for one in heard.news if one[1] == N_SAMPLES]
    assert done == sorted(done)
    assert done[-1] == N_SAMPLES
    assert any("actor" in note for _, _, note in heard.news)  # how many, is a matter of how fast the second starts
    assert "waiting for a node with 1 free CPU" in {note for _, _, note in heard.news}


def test_several_saes_read_along_and_each_gives_the_run_of_its_own(tmp_path, node, spec, sae_of, source, expected):
    node()
    workspace = Workspace.create(tmp_path / "w")
    heard = Heard()
    specs = [spec, replace(spec, sae=str(sae_of("jumprelu", n_blocks=1)))]
    found = encode_together(source, workspace, specs, engine=EngineSpec("ray"), on_progress=heard)
    done = [one[0] for one in heard.news if one[1] == N_SAMPLES]
    assert done == sorted(done)  # with a pass for each it would begin anew
    assert not differences(rows(workspace, found[0].run_id), expected["tables"])
    alone = Workspace.create(tmp_path / "alone")
    other = encode(source, alone, specs[1])
    assert other.run_id == found[1].run_id
    assert not differences(rows(workspace, other.run_id), rows(alone, other.run_id))


def test_an_actor_is_killed(tmp_path, node, spec, source, expected):
    node(), node()
    workspace = Workspace.create(tmp_path / "w")
    killed: list[int] = []

    def kill() -> None:
        killed.append(place(workspace).at_work()[0])
        os.kill(killed[0], signal.SIGKILL)

    assert not differences(outcome(workspace, source, spec, on_progress=Heard(4, kill)), expected)
    assert killed


def test_a_node_is_added_and_the_first_is_killed(tmp_path, cluster, node, spec, source, expected):
    first = node()
    workspace = Workspace.create(tmp_path / "w")

    def exchange() -> None:
        node()
        cluster.remove_node(first, allow_graceful=False)

    assert not differences(outcome(workspace, source, spec, on_progress=Heard(4, exchange)), expected)


def test_the_driver_is_killed_and_the_local_loop_goes_on(tmp_path, cluster, node, spec, source, expected):
    node()
    workspace = Workspace.create(tmp_path / "w")
    arguments = [str(source), str(workspace.folder), spec.model, spec.sae, cluster.address]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    driver = subprocess.Popen([sys.executable, "-c", DRIVER, *arguments], env=environment)
    found = wait_for(lambda: list(workspace.folder.glob("cache/*/shards/*.activations.parquet")), at_least=2)
    os.kill(driver.pid, signal.SIGKILL)
    driver.wait()
    wait_for(lambda: [pid for pid in place(workspace).at_work() if not Path(f"/proc/{pid}").exists()], at_least=1)
    written = {path: path.stat().st_mtime_ns for path in found}
    seen: list[dict[Path, int]] = []
    look = Heard(N_SAMPLES, lambda: seen.append({path: path.stat().st_mtime_ns for path in found}))
    assert not differences(outcome(workspace, source, spec, EngineSpec(), on_progress=look), expected)
    assert seen == [written]


def test_either_engine_goes_on_where_the_other_was_stopped(tmp_path, node, spec, source, expected):
    node()
    workspace = Workspace.create(tmp_path / "w")
    with pytest.raises(Stopped):
        encode(source, workspace, spec, on_progress=Heard(6, stop))
    heard = Heard(10, stop)
    with pytest.raises(Stopped):
        encode(source, workspace, spec, engine=EngineSpec("ray"), on_progress=heard)
    assert min(done for done, total, _ in heard.news if total == N_SAMPLES and done) >= 4
    (actor,) = place(workspace).at_work()
    wait_for(lambda: [actor] if not Path(f"/proc/{actor}").exists() else [], at_least=1, seconds=20)
    assert not differences(outcome(workspace, source, spec, EngineSpec()), expected)


def test_what_fails_on_a_node_is_told_in_its_own_sentence(tmp_path, node, spec, source, monkeypatch):
    from fac_core.activations.engines import cluster as engine

    node()
    monkeypatch.setattr(engine, "model_hash", lambda _model: "of other files")
    with pytest.raises(ModelMismatch, match="Install the same model on all nodes"):
        encode(source, Workspace.create(tmp_path / "w"), spec, engine=EngineSpec("ray"))


def test_without_a_cluster_at_the_address_the_error_says_so(monkeypatch, spec):
    from fac_core.activations.engines import cluster as engine

    monkeypatch.setattr(engine.ray, "is_initialized", lambda: False)
    monkeypatch.setattr(engine.ray, "init", refuse)
    with (
        pytest.raises(WrongUse, match=r"No Ray cluster answers at 10\.0\.0\.9:6379"),
        engine.cluster_workers(EngineSpec("ray", address="10.0.0.9:6379"), spec, None),  # type: ignore[arg-type]
    ):
        pass


def refuse(*_args: Any, **_more: Any) -> None:
    raise ConnectionError("nobody")


def stop() -> None:
    raise Stopped("enough")


def wait_for(look: Callable[[], list], at_least: int, seconds: float = 60) -> list:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if len(found := look()) >= at_least:
            return found
        time.sleep(0.02)
    raise AssertionError("nothing happened")
