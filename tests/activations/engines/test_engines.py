"""What engines have in common, without a cluster: who gets which shard, where files lie, what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow.fs import FileSelector

from fac_core.activations import pipeline
from fac_core.activations.engines import team
from fac_core.activations.engines.places import Folder, Store, place_in
from fac_core.activations.engines.shard_encoder import ShardEncoder
from fac_core.activations.engines.share import Share, share_of
from fac_core.activations.engines.spec import EngineSpec, workers_of
from fac_core.activations.engines.team import ActorLost, Team
from fac_core.activations.sae import load_sae
from fac_core.activations.shards import Portion, Shard
from fac_core.activations.spec import EncodeSpec
from fac_core.errors import FacError, MissingExtra, NotFound, WrongUse
from fac_core.jobs.kinds import checked
from fac_core.store.partitioned.address import opened
from fac_core.store.runs.run_file import RunFile
from fac_core.store.runs.schema import TABLES
from fac_core.store.workspace import Workspace
from tests import tiny


@dataclass
class FakeActor:
    """Writes its shard when it is asked about it, unless it has no place or is to be lost."""

    cluster: FakeCluster
    fate: str
    portion: Any = None

    def take(self, portion: Portion) -> None:
        self.portion = portion

    def ended(self) -> int:
        if self.fate == "lost":
            raise ActorLost("out of memory")
        if self.fate != "writes elsewhere":
            (self.portion.places[0].path / f"{self.portion.key}.activations.parquet").touch()
        self.cluster.did.append(self.portion.key)
        return 10

    def so_far(self) -> int | None:
        return None if self.fate == "waits" else 1

    def end(self) -> None:
        self.cluster.ended += 1


class FakeCluster:
    """Actors with these fates, one after the other; the last one's for all that follow."""

    def __init__(self, *fates: str, wanted: int = 2) -> None:
        self.fates, self.n_wanted = list(fates), wanted
        self.did: list[str] = []
        self.ended = 0

    def start(self, _dtype: str) -> FakeActor:
        return FakeActor(self, self.fates.pop(0) if len(self.fates) > 1 else self.fates[0])

    def wait(self, actors: Any, _seconds: float) -> list[FakeActor]:
        return [actor for actor in actors if actor.fate != "waits"]

    def wanted(self) -> int:
        return self.n_wanted

    def room(self) -> str:
        return "a seat"


def a_team(folder: Path, cluster: FakeCluster, n: int = 4) -> tuple[Team, list[int]]:
    """A team with n shards of two samples, and the numbers of the shards that were read."""
    read: list[int] = []

    def planned():
        for i in range(n):
            read.append(i)
            ids = np.array([2 * i, 2 * i + 1], dtype=np.uint32)
            yield Portion((Shard(Folder(folder), f"shard-{i}", ids, ["a", "b"], [None, None], ["x:1", "x:2"]),))

    return Team(cluster, planned(), "float32", 2 * n), read


def work(one: Team) -> None:
    while one.goes_on():
        pass


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch) -> None:
    monkeypatch.setattr(team, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(team, "_SEEN_WITHIN", 0.0)


def test_a_shard_is_read_when_an_actor_is_there_for_it(tmp_path):
    one, read = a_team(tmp_path, FakeCluster("works"), n=10)
    one.goes_on()
    assert read == [0, 1, 2, 3]  # two were done, two are under way
    work(one)
    assert [portion.key for portion in one.portions] == [f"shard-{i}" for i in range(10)]
    assert not any(portion.shards[0].texts for portion in one.portions)
    assert one.how_far()[:2] == (20, 20)


def test_what_is_present_is_left_alone(tmp_path):
    (tmp_path / "shard-1.activations.parquet").touch()
    cluster = FakeCluster("works")
    one, _ = a_team(tmp_path, cluster)
    work(one)
    assert sorted(cluster.did) == ["shard-0", "shard-2", "shard-3"]
    assert one.how_far()[2].endswith("tokens/s")
    again, _ = a_team(tmp_path, cluster)
    work(again)
    assert again.how_far() == (8, 8, "found from an earlier try")
    assert cluster.ended == 2


def test_a_lost_shard_goes_to_another_actor(tmp_path):
    cluster = FakeCluster("lost", "works")
    one, _ = a_team(tmp_path, cluster)
    work(one)
    assert sorted(cluster.did) == [f"shard-{i}" for i in range(4)]
    assert one.how_far()[0] == 8


def test_a_shard_that_kills_every_actor_ends_it_all(tmp_path):
    one, _ = a_team(tmp_path, FakeCluster("lost", wanted=1))
    with pytest.raises(FacError, match="lost its actor 4 times, the last time so: out of memory"):
        work(one)


def test_who_is_done_takes_over_from_who_still_waits_for_a_place(tmp_path):
    cluster = FakeCluster("works", "waits")
    one, _ = a_team(tmp_path, cluster)
    work(one)
    assert sorted(cluster.did) == [f"shard-{i}" for i in range(4)]


def test_without_room_the_progress_says_for_what_it_waits(tmp_path):
    cluster = FakeCluster("works", wanted=0)
    one, read = a_team(tmp_path, cluster)
    assert one.goes_on()
    assert one.how_far() == (0, 8, "waiting for a node with a seat")
    cluster.n_wanted = 1
    one._counted = float("-inf")
    work(one)
    assert (one.how_far()[0], read) == (8, [0, 1, 2, 3])


def test_a_folder_that_is_not_shared_is_told_of(tmp_path):
    one, _ = a_team(tmp_path, FakeCluster("writes elsewhere"))
    with pytest.raises(NotFound, match="Name a folder that all nodes share, or an object store, with --shards"):
        work(one)


@pytest.mark.parametrize(
    ("nodes", "actors", "gpus", "expected", "held"),
    [
        ([{"CPU": 2.0}], None, 0, Share(2, 0), 1),
        ([{"CPU": 2.0}], 2, 0, Share(1, 0), 2),
        ([{"CPU": 1.0}, {"CPU": 1.0}], None, 0, Share(1, 0), 2),
        ([{"CPU": 64.0}, {"memory": 1.0}], None, 0, Share(4, 0), 16),
        ([{"CPU": 64.0}], 30, 0, Share(2, 0), 32),
        ([{"CPU": 2.0}], 9, 0, Share(1, 0), 2),
        ([{"CPU": 8.0, "GPU": 2.0}, {"CPU": 8.0}], None, 1, Share(1, 1), 2),
        ([{"CPU": 8.0, "GPU": 3.0}], None, 0.5, Share(1, 0.5), 6),
        ([{"CPU": 8.0, "GPU": 3.0}], None, 0.4, Share(1, 0.4), 6),
        ([], None, 0, Share(1, 0), 0),
    ],
)
def test_an_actor_gets_what_lets_the_most_of_them_run(nodes, actors, gpus, expected, held):
    got = share_of(nodes, actors=actors, gpus=gpus)
    assert (got, got.held_by(nodes)) == (expected, held)


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"engine": "spark"}, "engine is 'spark'; choose one of local, ray"),
        ({"actors": 2}, "add --engine ray"),
        ({"address": "auto"}, "add --engine ray"),
        ({"engine": "ray", "actors": 0}, "at least 1"),
        ({"engine": "ray", "gpus_per_actor": -1}, "such as 0.5"),
    ],
)
def test_an_engine_that_makes_no_sense_is_refused_also_as_a_job(chosen, said):
    with pytest.raises(WrongUse, match=said):
        EngineSpec(**chosen)
    with pytest.raises(WrongUse, match=r"."):
        checked("encode", {"source": "texts.jsonl", **chosen})


def test_without_ray_the_error_says_how_to_install_it(monkeypatch):
    from fac_core.activations.engines import cluster

    monkeypatch.setattr(cluster, "ray", None)
    with (
        pytest.raises(MissingExtra, match=r'pip install "fac-explorer\[cluster\]"'),
        workers_of(EngineSpec("ray"), EncodeSpec(), [cast(Any, None)]),
    ):
        pass


def test_a_share_of_a_gpu_needs_the_device():
    with (
        pytest.raises(WrongUse, match="add --device cuda"),
        workers_of(EngineSpec("ray", gpus_per_actor=0.5), EncodeSpec(device="cpu"), [cast(Any, None)]),
    ):
        pass


TABLE = pa.table({"n": [1, 2, 3]})
OURS = "0123456789abcdef.samples.parquet"


@pytest.mark.parametrize("where", ["{tmp}/shared", "file://{tmp}/shared", "memory://{name}/shards"])
def test_files_lie_in_a_folder_or_a_store(tmp_path, where):
    place = place_in(where.format(tmp=tmp_path, name=tmp_path.name), "run-1", near=tmp_path / "near")
    place.make()
    assert place.is_there
    assert not place.has(OURS)
    for name in (OURS, "theirs.parquet"):
        place.write(name, TABLE)
    assert pq.read_table(place.local(OURS)).equals(TABLE)
    place.remove()
    assert not place.has(OURS)
    assert place.has("theirs.parquet")  # whoever put it there, it was no encoding
    assert isinstance(place, Store) == where.startswith("memory")


def test_a_store_that_nothing_here_reads_is_refused_without_telling_keys(tmp_path):
    place = place_in("nowhere://me:secret@bucket/x", "run-1", near=tmp_path)
    with pytest.raises(WrongUse, match="Nothing can lie in nowhere://bucket/x/run-1") as refused:
        place.make()
    assert "secret" not in str(refused.value)


def test_a_run_whose_shards_lie_in_a_store_is_the_same_and_leaves_nothing_there(
    tmp_path, model_of, sae_of, monkeypatch
):
    monkeypatch.setattr(pipeline, "shard_size", lambda _n: 2)
    texts = tmp_path / "texts.txt"
    texts.write_text("\n".join(tiny.TEXTS), encoding="utf-8")
    encoding = EncodeSpec(model=str(model_of("llama")), sae=str(sae_of("topk")), context=32, dtype="float32")
    place = Store(f"memory://{tmp_path.name}/fac", tmp_path / "near")
    seen: list[bool] = []
    tables: list[list[pa.Table]] = []
    for engine in (EngineSpec(), EngineSpec(shards=place.uri)):
        workspace = Workspace.create(tmp_path / f"w{len(tables)}")
        look = lambda *_news: seen.append(bool(objects(place)))  # noqa: E731
        info = pipeline.encode(texts, workspace, encoding, engine=engine, on_progress=look)
        assert not objects(place)
        with RunFile(workspace.run_path(info.run_id)) as run:
            tables.append([run.query(f"FROM {table}") for table in TABLES if table != "run"])
    assert tables[0] == tables[1]
    assert seen[-1]


def test_whose_portion_was_written_by_a_worker_that_died_has_nothing_left_to_do(tmp_path, model_of, sae_of):
    spec = EncodeSpec(model=str(model_of("llama")), sae=str(sae_of("topk")), context=32, dtype="float32")
    ids = np.arange(2, dtype=np.uint32)
    shard = Shard(Folder(tmp_path), "shard", ids, tiny.TEXTS[:2], [None, None], ["x:1", "x:2"])
    told: list[int] = []
    encode = ShardEncoder(spec, [load_sae(spec.sae)])
    n_tokens = encode(Portion((shard,)), "float32", told.append)
    assert shard.is_present
    assert told == [2]
    assert encode(Portion((shard,)), "float32", told.append) == n_tokens
    assert told == [2]


def objects(place: Store) -> list[str]:
    """What lies in a store."""
    system, prefix = opened(place.uri)
    return [found.path for found in system.get_file_info(FileSelector(prefix, allow_not_found=True, recursive=True))]
